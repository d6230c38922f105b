"""orchestrator.services.controllers"""

from datetime import UTC, datetime, timedelta

import pytest

from orchestrator.backends.errors import Unreachable
from orchestrator.errors import NotNow
from orchestrator.models import Activity, ControllerRun
from orchestrator.services import controllers, leases

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def held():
    return leases.acquire("stacks", owner="a", at=NOON)


def run(held, *, at=NOON, error=""):
    controllers.began(held, at=at)
    return controllers.ended(held, at=at + SECOND, duration=SECOND, next_due=at + MINUTE, error=error)


def row():
    return controllers.status(NOON)[0]


def texts():
    return [entry.text for entry in Activity.objects.order_by("pk")]


def test_a_run_is_recorded(held):
    run(held)
    assert (row().owner, row().result, row().runs, row().duration_ms) == ("a", "done", 1, 1000)


def test_a_failure_is_recorded_with_its_sentence(held):
    run(held, error="No route.")
    assert (row().result, row().last_error, row().failures) == ("failed", "No route.", 1)


def test_a_later_success_keeps_the_last_error(held):
    run(held, error="No route.")
    run(held, at=NOON + MINUTE)
    assert (row().result, row().last_error, row().last_error_at) == ("done", "No route.", NOON + SECOND)


def test_a_failure_and_the_recovery_are_on_the_timeline_once(held):
    for error in ("No route.", "No route.", "", ""):
        run(held, error=error)
    assert texts() == ["failed: No route.", "works again"]


def test_a_take_over_is_on_the_timeline(held):
    run(held)
    end = NOON + leases.DURATION
    run(leases.acquire("stacks", owner="b", at=end), at=end)
    assert texts() == ["took over the controller stacks from a, which stopped answering"]


def test_a_late_process_does_not_write_over_its_successor(held):
    end = NOON + leases.DURATION
    run(leases.acquire("stacks", owner="b", at=end), at=end)
    assert not run(held, error="Woke up late.")
    assert row().last_error == ""


def test_pages_hear_of_changes_and_not_of_every_run(held, published):
    with published() as first:
        run(held)
    with published() as second:
        run(held, at=NOON + MINUTE)
    with published() as third:
        run(held, at=NOON + 2 * MINUTE, error="No route.")
    assert ("controllers" in first, "controllers" in second, "controllers" in third) == (True, False, True)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (NotNow("It sleeps."), "It sleeps."),
        (Unreachable("No route.", service="kubernetes"), "No route."),
        (OSError("10.0.0.1"), "An unexpected OSError; the log of the process has the details."),
    ],
    ids=["ours", "backend", "unexpected"],
)
def test_errors_become_sentences(error, sentence):
    assert controllers.sentence(error) == sentence


def test_announced_controllers_are_shown_before_their_first_run():
    controllers.announce(["stacks", "activity"], at=NOON)
    assert [each.name for each in controllers.status(NOON)] == ["activity", "stacks"]


def test_a_controller_that_no_version_runs_any_more_is_forgotten(held):
    run(held)
    controllers.announce(["activity"], at=NOON + leases.DURATION)
    assert [each.name for each in ControllerRun.objects.all()] == ["activity"]


def test_a_controller_that_another_version_runs_is_kept(held):
    run(held)
    controllers.announce(["activity"], at=NOON)
    assert [each.name for each in ControllerRun.objects.all()] == ["activity", "stacks"]


@pytest.mark.parametrize(
    ("later", "problem"),
    [
        (timedelta(0), []),
        (leases.DURATION + 15 * SECOND, []),
        (leases.DURATION + 16 * SECOND, ["stacks: no process runs it."]),
    ],
    ids=["held", "taking over", "nobody"],
)
def test_a_take_over_is_no_problem_and_nobody_is(held, later, problem):
    run(held)
    assert controllers.problems(NOON + later) == problem


def test_a_failing_controller_is_shown_and_does_not_make_us_unready(held):
    run(held, error="No route.")
    assert controllers.healthy(NOON)


def test_an_overdue_run_is_a_problem(held):
    run(held)
    leases.renew(owner="a", at=NOON + 9 * SECOND)
    ControllerRun.objects.update(next_due=NOON - 2 * MINUTE)
    assert controllers.problems(NOON) == ["stacks: its run is overdue."]


def test_nothing_that_ever_ran_is_a_problem():
    assert not controllers.healthy(NOON)


@pytest.mark.parametrize(
    ("started", "due", "running", "overdue"),
    [
        (None, None, False, False),
        (-MINUTE, MINUTE, False, False),
        (-5 * MINUTE, -MINUTE, False, False),
        (-5 * MINUTE, -2 * MINUTE, False, True),
        (-5 * MINUTE, -5 * MINUTE, True, False),
        (-11 * MINUTE, -11 * MINUTE, True, True),
    ],
)
def test_what_is_overdue(started, due, running, overdue):
    started_at = None if started is None else NOON + started
    next_due = None if due is None else NOON + due
    found = controllers.is_overdue(started_at=started_at, next_due=next_due, running=running, at=NOON)
    assert found is overdue


def test_processes_and_what_they_hold(held):
    leases.acquire("activity", owner="a", at=NOON)
    leases.acquire("projects", owner="b", at=NOON - MINUTE)
    found = [(each.owner, each.controllers, each.live) for each in controllers.processes(NOON)]
    assert found == [("a", ("activity", "stacks"), True), ("b", ("projects",), False)]
