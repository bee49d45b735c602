"""Errors of the kernel. Each carries one line that names the place and the offending term."""


class KernelError(ValueError):
    """Anything the kernel refuses."""


class Malformed(KernelError):
    """The text or file is not a certificate or statement: syntax, unknown field, limit exceeded."""


class Rejected(KernelError):
    """The certificate is well formed, but does not prove its statement."""


class Incomplete(KernelError):
    """The certificate is well formed, but some part of the proof is missing."""
