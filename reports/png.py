"""PNG files, read with the standard library alone: whether they are whole, their size, what they were drawn from."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
SOURCE = "Source"
"""Keyword of the text chunk that names the data a plot was drawn from."""


@dataclass(frozen=True)
class Image:
    """What is known of a PNG image: its size in pixels and its :data:`SOURCE` text (empty if it has none)."""

    width: int
    height: int
    source: str


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the type and content of each chunk up to ``IEND``, after checking its length and CRC."""
    if not data.startswith(_SIGNATURE):
        raise ValueError("not a PNG file")
    position = len(_SIGNATURE)
    while True:
        if position + 12 > len(data):
            raise ValueError("cut short")
        (length,) = struct.unpack_from(">I", data, position)
        end = position + 12 + length
        if end > len(data):
            raise ValueError("cut short")
        kind, content = data[position + 4 : position + 8], data[position + 8 : end - 4]
        if struct.unpack_from(">I", data, end - 4)[0] != zlib.crc32(kind + content):
            raise ValueError("damaged: a checksum is wrong")
        yield kind, content
        if kind == b"IEND":
            return
        position = end


def read(data: bytes) -> Image:
    """Read a PNG image.

    Raises
    ------
    ValueError
        If the bytes are not a PNG file, are cut short or damaged, or hold no pixels.
    """
    chunks = list(_chunks(data))
    kind, header = chunks[0]
    if kind != b"IHDR" or len(header) != 13:
        raise ValueError("damaged: no header")
    width, height = struct.unpack_from(">II", header)
    pixels = b"".join(content for kind, content in chunks if kind == b"IDAT")
    try:
        empty = width == 0 or height == 0 or not zlib.decompress(pixels)
    except zlib.error:
        raise ValueError("damaged: its pixels cannot be decompressed") from None
    if empty:
        raise ValueError("holds no pixels")
    texts = dict(content.split(b"\0", 1) for kind, content in chunks if kind == b"tEXt" and b"\0" in content)
    return Image(width, height, texts.get(SOURCE.encode(), b"").decode("latin-1"))
