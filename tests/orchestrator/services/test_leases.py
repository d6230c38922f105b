"""orchestrator.services.leases"""

from datetime import UTC, datetime, timedelta

import pytest

from orchestrator.models import Lease
from orchestrator.services import leases

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
END = NOON + leases.DURATION


def acquire(owner, *, at=NOON):
    return leases.acquire("stacks", owner=owner, at=at)


def test_one_owner_at_a_time():
    assert acquire("a")
    assert acquire("b", at=NOON + SECOND) is None


def test_the_owner_keeps_it():
    acquire("a")
    assert acquire("a", at=NOON + SECOND).fence == 1


def test_looking_at_a_held_lease_writes_nothing(django_assert_num_queries):
    acquire("a")
    with django_assert_num_queries(1):
        acquire("b", at=NOON + SECOND)


def test_a_dead_owner_is_replaced_within_15_seconds():
    acquire("a")
    assert leases.DURATION + leases.POLL < 15 * SECOND
    assert acquire("b", at=END).replaced == "a"


def test_a_lease_ends_after_several_heartbeats():
    assert leases.HEARTBEAT * 3 < leases.DURATION


def test_a_heartbeat_keeps_it_during_long_work():
    acquire("a")
    assert leases.renew(owner="a", at=NOON + 7 * SECOND) == 1
    assert acquire("b", at=NOON + 15 * SECOND) is None


def test_a_late_heartbeat_does_not_take_it_back():
    acquire("a")
    acquire("b", at=END)
    assert leases.renew(owner="a", at=END + SECOND) == 0


def test_a_released_lease_is_free_at_once():
    acquire("a")
    assert leases.release("stacks", owner="a", at=NOON + SECOND)
    assert acquire("b", at=NOON + SECOND).replaced == ""


def test_nobody_releases_the_lease_of_another():
    acquire("a")
    assert not leases.release("stacks", owner="b", at=NOON)
    assert acquire("b", at=NOON + SECOND) is None


def test_the_fence_grows_with_each_change_of_owner():
    acquire("a")
    fences = [acquire("b", at=END).fence, acquire("a", at=END + leases.DURATION).fence]
    assert fences == [2, 3]


def test_the_same_owner_keeps_its_fence_after_an_end_that_nobody_used():
    acquire("a")
    assert acquire("a", at=END).fence == 1


def test_of_two_that_saw_the_same_end_one_wins(monkeypatch):
    acquire("a")
    seen = Lease.objects.get()
    acquire("b", at=END)
    monkeypatch.setattr(Lease.objects, "get_or_create", lambda **_: (seen, False))
    assert acquire("c", at=END) is None


def test_the_guard_lets_the_holder_write():
    with leases.acting(acquire("a")):
        leases.guard()


def test_the_guard_stops_who_woke_up_after_its_successor_began():
    late = acquire("a")
    acquire("b", at=END)
    with leases.acting(late), pytest.raises(leases.LeaseLost, match="stacks"):
        leases.guard()


def test_the_guard_is_silent_outside_a_controller():
    leases.guard()
