"""What the theory says, derived from the loss by sympy.

The modules state gradient descent on the two models of arXiv 2305.13064. For the scalar network
``L(w) = (prod(w) - 1)**2 / 2``: in weights (:mod:`symbolic.scalar`), in scale-free shape coordinates
(:mod:`symbolic.shape`) and near a minimum (:mod:`symbolic.remainder`). For the squared regression model
``f(x) = <u+**2 - u-**2, x>``: :mod:`symbolic.regression_model`, :mod:`symbolic.regression` and, for data whose
row space is spanned by vectors with disjoint supports, :mod:`symbolic.regression_blocks`. Every closed form is
compared with the one derived from the loss, as an exact identity (:mod:`symbolic.catalogue`). Sympy is imported
on first use of a name; ``symbolic.remainder`` is the module, its function is ``symbolic.remainder.remainder``.

Examples
--------
>>> import symbolic
>>> all(result.holds for result in symbolic.check_identities(2))
True
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from symbolic.catalogue import IdentityResult, check_identities, check_regression_identities, identities
    from symbolic.identity import Identity, Relation
    from symbolic.remainder import Remainder
    from symbolic.remainder_certificate import RemainderCertificate
    from symbolic.shape import ShapeStep, shape_step

_HOME = {
    "Identity": "identity",
    "IdentityResult": "catalogue",
    "Relation": "identity",
    "Remainder": "remainder",
    "RemainderCertificate": "remainder_certificate",
    "ShapeStep": "shape",
    "check_identities": "catalogue",
    "check_regression_identities": "catalogue",
    "identities": "catalogue",
    "shape_step": "shape",
}

__all__ = [
    "Identity",
    "IdentityResult",
    "Relation",
    "Remainder",
    "RemainderCertificate",
    "ShapeStep",
    "check_identities",
    "check_regression_identities",
    "identities",
    "shape_step",
]


def __getattr__(name: str) -> Any:
    """Import a public name from the module that defines it."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
