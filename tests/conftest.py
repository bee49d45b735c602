"""Settings for all tests: hypothesis profiles, one thread a process for torch, and no skipped test where CI runs."""

import os

import hypothesis
import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is loaded: the tests run one process a core

hypothesis.settings.register_profile("default", max_examples=50, deadline=None)
hypothesis.settings.register_profile("ci", max_examples=100, deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "default")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run in CI when a test was skipped: a backend that is not there has to be noticed."""
    reporter = session.config.pluginmanager.getplugin("terminalreporter")
    if os.environ.get("CI") and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
