"""The examples in the docstrings run."""

import doctest

import pytest

from numeric import gfs, membership, net_gfs, regression, regression_gfs, scalar


@pytest.mark.parametrize(
    "module", [gfs, membership, net_gfs, regression, regression_gfs, scalar], ids=lambda module: module.__name__
)
def test_examples(module: object) -> None:
    outcome = doctest.testmod(module)  # type: ignore[arg-type]
    assert outcome.attempted > 0
    assert outcome.failed == 0
