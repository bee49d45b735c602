"""Files: certificates and results, each written to a temporary name and moved into place."""

import gzip
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

COMPRESS_ABOVE = 20_000


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` to `path` so that a reader sees the old file or the new one. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_json(path: Path, data: Any) -> None:
    """Write `data` as readable JSON. Raises OSError."""
    write_atomically(path, (json.dumps(data, indent=1, ensure_ascii=False) + "\n").encode())


def certificate_path(folder: Path, identifier: str) -> Path:
    """Return where the certificate of a claim is: `identifier.json`, or `.json.gz` if that exists."""
    packed = folder / f"{identifier}.json.gz"
    return packed if packed.exists() else folder / f"{identifier}.json"


def certificate_content(certificate: Mapping[str, Any]) -> bytes:
    """Return a certificate as the text of its file."""
    return (json.dumps(certificate, indent=1) + "\n").encode()


def certificate_bytes(certificate: Mapping[str, Any]) -> tuple[bytes, str]:
    """Return the file content of a certificate and its suffix; large ones are compressed (reproducibly)."""
    content = certificate_content(certificate)
    if len(content) <= COMPRESS_ABOVE:
        return content, ".json"
    return gzip.compress(content, compresslevel=9, mtime=0), ".json.gz"


def write_certificate(folder: Path, identifier: str, certificate: Mapping[str, Any]) -> Path:
    """Write a certificate into `folder`, remove a copy with the other suffix, return the path. Raises OSError."""
    content, suffix = certificate_bytes(certificate)
    path = folder / f"{identifier}{suffix}"
    write_atomically(path, content)
    other = folder / f"{identifier}{'.json.gz' if suffix == '.json' else '.json'}"
    other.unlink(missing_ok=True)
    return path
