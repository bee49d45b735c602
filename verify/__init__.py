"""Verification of theorems about gradient descent: claims, provers, a trusted kernel and the engine that joins them."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from verify.proving import prove

__all__ = ["prove"]


def __getattr__(name: str) -> Any:
    """Import `prove` when it is asked for, so that the kernel alone stays light."""
    if name == "prove":
        from verify.proving import prove

        return prove
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
