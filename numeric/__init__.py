"""Floating-point experiments on gradient descent: evidence about the theorems, never a proof of them.

``numeric.gfs_sharpness(model, loss, data, rtol=...)`` measures the GFS sharpness of a torch network of one's own.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numeric.net_gfs import gfs_sharpness

__all__ = ["gfs_sharpness"]


def __getattr__(name: str) -> Any:
    """Import what needs torch when it is asked for."""
    if name in __all__:
        from numeric import net_gfs

        return getattr(net_gfs, name)
    raise AttributeError(f"module 'numeric' has no attribute {name!r}")
