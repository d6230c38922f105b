"""A plugin for tests that need a real system: `@pytest.mark.needs("TEST_REDIS_URL")`.

A test whose variable is missing is skipped, and counted at the end. CI leaves nothing out: there it fails.
"""

import os
from collections import Counter

import pytest

LEFT_OUT = "needs "
# Real systems take their time. Each wait of a test has a bound and says what did not come; this one ends what
# hangs, so it has to be longer than all of them together.
HANG_SECONDS = 240


def missing(item: pytest.Item) -> list[str]:
    """Return the variables that the test is marked with and that are not set."""
    wanted = [name for mark in item.iter_markers("needs") for name in mark.args]
    return sorted({name for name in wanted if not os.environ.get(name)})


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("needs") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(HANG_SECONDS))


@pytest.hookimpl(tryfirst=True)  # before the fixtures, which read the variables
def pytest_runtest_setup(item: pytest.Item) -> None:
    names = missing(item)
    if not names:
        return
    reason = LEFT_OUT + ", ".join(names)
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason}: CI leaves nothing out", pytrace=False)
    pytest.skip(reason)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = [str(report.longrepr[2]).removeprefix("Skipped: ") for report in skipped]
    left_out = Counter(reason for reason in reasons if reason.startswith(LEFT_OUT))
    if not left_out:
        return
    terminalreporter.section("left out")
    for reason, number in sorted(left_out.items()):
        terminalreporter.line(f"{number} of the tests: {reason}")
    terminalreporter.line("`make lab` starts these parts on this machine; `make test` then finds them.")
