"""All formulas of this package as identities, and their exact check."""

from __future__ import annotations

from dataclasses import dataclass

from symbolic.domain import require_depth
from symbolic.identity import Identity
from symbolic.regression import regression_identities
from symbolic.regression_blocks import block_identities, curve_identities
from symbolic.remainder_certificate import remainder_identities
from symbolic.scalar import scalar_identities
from symbolic.shape import shape_identities

REGRESSION_SIZES = ((1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3), (3, 1), (3, 2))
"""The numbers of samples and features at which the identities of the squared regression model are checked."""

REGRESSION_BLOCKS = (
    (1, ((1,),)),
    (1, ((-1,),)),
    (1, ((1, 1),)),
    (1, ((1, -1),)),
    (1, ((1, -1, 1),)),
    (1, ((1, -1, 0),)),
    (2, ((-1, 1, -1),)),
    (2, ((1, -1, 0), (0, 0, 1))),
    (3, ((1, 0, 0), (0, 1, 0), (0, 0, 1))),
)
"""Numbers of samples and sign vectors at which its reduction to blocks is checked."""


@dataclass(frozen=True)
class IdentityResult:
    """An identity and whether it holds exactly."""

    identity: Identity
    holds: bool


def identities(depth: int) -> tuple[Identity, ...]:
    """Return every derived-versus-stated identity at one depth; their names are unique.

    Raises
    ------
    ValueError
        If ``depth`` is not an integer of at least 2.
    """
    require_depth(depth)
    return (*scalar_identities(depth), *shape_identities(depth), *remainder_identities(depth))


def check_identities(depth: int) -> tuple[IdentityResult, ...]:
    """Decide every identity at one depth exactly, in the order of :func:`identities`.

    Takes under a second up to depth 5, a few seconds at depth 6, and about eight times longer for each depth more.

    Raises
    ------
    ValueError
        If ``depth`` is not an integer of at least 2.
    """
    return tuple(IdentityResult(identity, identity.holds()) for identity in identities(depth))


def all_regression_identities() -> tuple[Identity, ...]:
    """Return the identities of the squared regression model at a fixed list of small sizes; their names are unique.

    The sizes are those of ``REGRESSION_SIZES`` and ``REGRESSION_BLOCKS``.
    """
    general = (identity for size in REGRESSION_SIZES for identity in regression_identities(*size))
    blocks = (identity for case in REGRESSION_BLOCKS for identity in block_identities(*case))
    return (*general, *blocks, *curve_identities())


def check_regression_identities() -> tuple[IdentityResult, ...]:
    """Decide the identities of :func:`all_regression_identities` exactly, in their order; takes a few seconds."""
    return tuple(IdentityResult(identity, identity.holds()) for identity in all_regression_identities())
