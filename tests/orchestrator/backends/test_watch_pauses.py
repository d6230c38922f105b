"""orchestrator.backends.cluster.watch.delay_after"""

import pytest

from orchestrator.backends import errors
from orchestrator.backends.cluster.watch import delay_after


def error(kind: type[errors.BackendError], *, retry_after: float | None = None) -> errors.BackendError:
    return kind("It failed.", service="kubernetes", retry_after=retry_after)


def delays(failure: errors.BackendError | None, *, attempt: int, lasted: float = 0.0) -> tuple[float, float]:
    """Return the shortest and the longest of many pauses."""
    found = [delay_after(failure, attempt=attempt, lasted_seconds=lasted) for _ in range(500)]
    return min(found), max(found)


FAILING = [
    errors.BackendError,
    errors.Forbidden,
    errors.Invalid,
    errors.Overloaded,
    errors.TimedOut,
    errors.Unauthorized,
    errors.Unreachable,
]


@pytest.mark.parametrize("attempt", [1, 2, 3, 10, 100, 10_000])
@pytest.mark.parametrize("kind", FAILING)
def test_a_failing_server_has_a_second_of_peace_and_is_not_forgotten(kind, attempt):
    shortest, longest = delays(error(kind), attempt=attempt)
    assert shortest >= 1
    assert longest <= 60


CEILINGS = [
    (errors.Unreachable, 1, 1, 2),
    (errors.Unreachable, 2, 1.5, 3),
    (errors.Unreachable, 50, 1.5, 3),
    (errors.BackendError, 1, 1, 2),
    (errors.BackendError, 3, 4, 8),
    (errors.BackendError, 50, 15, 30),
    (errors.Unauthorized, 50, 15, 30),
    (errors.TimedOut, 50, 15, 30),
    (errors.Forbidden, 1, 1, 2),
    (errors.Forbidden, 3, 4, 8),
    (errors.Forbidden, 4, 30, 60),
    (errors.Forbidden, 50, 30, 60),
    (errors.Gone, 2, 2, 4),
    (errors.Gone, 50, 15, 30),
]


@pytest.mark.parametrize(("kind", "attempt", "low", "high"), CEILINGS)
def test_pauses_grow_to_a_ceiling_and_spread(kind, attempt, low, high):
    shortest, longest = delays(error(kind), attempt=attempt)
    assert low <= shortest < longest <= high
    assert longest - shortest > (high - low) / 2


@pytest.mark.parametrize(
    ("asked", "low", "high"), [(None, 1, 2), (0.0, 1, 2), (17.0, 17, 17), (86_400.0, 300, 300)]
)
def test_the_server_may_ask_for_a_longer_pause_but_not_for_a_day(asked, low, high):
    shortest, longest = delays(error(errors.Overloaded, retry_after=asked), attempt=1)
    assert low <= shortest <= longest <= high


@pytest.mark.parametrize("failure", [None, error(errors.Gone)])
@pytest.mark.parametrize(("lasted", "pause"), [(0.0, 1.0), (0.4, 0.6), (1.0, 0.0), (300.0, 0.0)])
def test_a_watch_that_ended_as_planned_begins_again_at_once(failure, lasted, pause):
    assert delay_after(failure, attempt=1, lasted_seconds=lasted) == pytest.approx(pause)
