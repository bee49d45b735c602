"""The server that checks hostile files under limits."""

from collections.abc import Iterator

import pytest
from kernel_cases import ROOT
from kernel_server import Server


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """Start one server for all tests."""
    running = Server(ROOT)
    yield running
    running.close()
