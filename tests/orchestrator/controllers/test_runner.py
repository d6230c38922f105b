"""orchestrator.controllers.runner"""

from datetime import UTC, datetime, timedelta
from threading import Event, Thread

import pytest

from orchestrator.controllers import runner
from orchestrator.errors import NotNow
from orchestrator.models import ControllerRun
from orchestrator.services import controllers, leases

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LATER = NOON + timedelta(minutes=1)
END = NOON + leases.DURATION


class Runs:
    """A controller that notes when it ran, and is due a minute later."""

    def __init__(self):
        self.times = []

    def __call__(self, at):
        self.times.append(at)
        return at + timedelta(minutes=1)


@pytest.fixture
def runs():
    return Runs()


def worker(reconcile, *, owner="a"):
    return runner.Worker("stacks", reconcile, owner=owner)


def fail(at):
    raise NotNow("It is broken.")


def test_runs_at_once_and_then_when_it_is_due(runs):
    each = worker(runs)
    for at in (NOON, NOON + 5 * SECOND):
        each.look(at)
    leases.renew(owner="a", at=NOON + 9 * SECOND)
    each.look(LATER)
    assert runs.times == [NOON, LATER]


def test_looks_again_soon_also_when_nothing_is_due_for_long(runs):
    assert worker(runs).look(NOON) == NOON + leases.POLL


def test_leaves_alone_what_another_process_runs(runs):
    worker(runs).look(NOON)
    assert worker(pytest.fail, owner="b").look(NOON) == NOON + leases.POLL


def test_a_successor_looks_at_everything_at_once(runs):
    worker(runs).look(NOON)
    successor = worker(runs, owner="b")
    successor.look(NOON + SECOND)
    successor.look(END)
    assert runs.times == [NOON, END]


def test_who_gets_a_lease_back_looks_at_everything_again(runs):
    first, other = worker(runs), worker(runs, owner="b")
    first.look(NOON)
    other.look(END)
    first.look(END + leases.DURATION)
    assert len(runs.times) == 3


def test_a_failure_is_recorded_and_tried_again_ever_later(caplog):
    each = worker(fail)
    each.look(NOON)
    first = each.due - NOON
    each.look(each.due)
    assert (first, each.due - NOON - first) == (runner.RETRY, 2 * runner.RETRY)
    assert ControllerRun.objects.get().last_error == "It is broken."
    assert "controller stacks failed" in caplog.text


def test_a_failure_is_tried_again_within_a_minute(caplog):
    each, at = worker(fail), NOON
    for _ in range(15):
        each.look(at)
        waited, at = each.due - at, each.due
    assert waited == runner.LONGEST_RETRY


def test_a_due_time_in_the_past_does_not_make_it_spin():
    assert worker(lambda at: at - timedelta(hours=1)).look(NOON) >= NOON + runner.SHORTEST_PAUSE


def test_a_failing_controller_does_not_stop_the_rest(runs, caplog):
    broken, good = worker(fail), runner.Worker("activity", runs, owner="a")
    for each in (broken, good, broken, good):
        each.look(NOON)
    assert runs.times == [NOON]


def test_joining_ends_at_its_deadline():
    stuck = Event()
    thread = Thread(target=stuck.wait, daemon=True)
    thread.start()
    runner.join([thread], seconds=0.01)
    assert thread.is_alive()
    stuck.set()


def test_no_two_processes_have_the_same_name():
    assert runner.new_owner() != runner.new_owner()


def test_a_controller_that_is_asked_for_runs_before_it_is_due(runs):
    each = worker(runs)
    each.look(NOON)
    controllers.ask("stacks", at=NOON + SECOND)
    each.look(NOON + 2 * SECOND)
    each.look(NOON + 3 * SECOND)
    assert runs.times == [NOON, NOON + 2 * SECOND]


def test_what_is_asked_for_during_a_run_is_heard_after_it():
    times = []

    def asks(at):
        times.append(at)
        if len(times) == 1:
            controllers.ask("stacks", at=at)
        return at + timedelta(minutes=1)

    each = worker(asks)
    each.look(NOON)
    each.look(NOON + SECOND)
    each.look(NOON + 2 * SECOND)
    assert times == [NOON, NOON + SECOND]
