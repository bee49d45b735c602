"""All formulas of this package as identities, and their exact check."""

from __future__ import annotations

from dataclasses import dataclass

from symbolic.domain import require_depth
from symbolic.identity import Identity
from symbolic.remainder_certificate import remainder_identities
from symbolic.scalar import scalar_identities
from symbolic.shape import shape_identities


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
