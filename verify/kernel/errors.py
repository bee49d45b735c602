"""Errors of the kernel. Each carries one line that names the place and the offending term."""

MAX_MESSAGE = 280


class KernelError(ValueError):
    """Anything the kernel refuses; the message is made one printable line of at most MAX_MESSAGE characters."""

    def __init__(self, message: str) -> None:
        line = " ".join(message.split()).encode("ascii", "backslashreplace").decode()
        printable = "".join(c if c.isprintable() else "?" for c in line)
        super().__init__(printable if len(printable) <= MAX_MESSAGE else printable[: MAX_MESSAGE - 3] + "...")


class Malformed(KernelError):
    """The text or file is not a certificate or statement: syntax, unknown field, limit exceeded."""


class Rejected(KernelError):
    """The certificate is well formed, but does not prove its statement."""


class Incomplete(KernelError):
    """The certificate is well formed, but some part of the proof is missing."""
