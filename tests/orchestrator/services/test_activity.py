"""orchestrator.services.activity"""

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from structlog.contextvars import bound_contextvars

from orchestrator.models import Activity
from orchestrator.services import activity, leases

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def add(text="deleted 2 stacks", *, area="stacks", at=NOON, **values):
    return activity.add(text, area=area, at=at, **values)


def texts(page):
    return [line.entry.text for line in page.lines]


def test_open_pages_hear_of_it(published):
    with published() as topics:
        add()
    assert topics == ["activity"]


def test_it_keeps_the_id_of_the_request():
    with bound_contextvars(request_id="8f1c2ab"):
        assert add().request_id == "8f1c2ab"


def test_long_texts_are_cut_and_not_refused():
    assert len(add("x" * 1000, actor="y" * 1000, object="z" * 1000).text) == 500


def test_newest_first():
    add("one")
    add("two")
    assert texts(activity.recent()) == ["two", "one"]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"area": "pods"}, ["restarted"]),
        ({"area": "nothing"}, []),
        ({"failures": True}, ["was refused"]),
        ({"q": "MARA"}, ["deleted 2 stacks"]),
        ({"q": "cart-api"}, ["restarted"]),
        ({"q": "8f1c2ab"}, ["was refused"]),
        ({"q": "100%"}, []),
        ({"q": "a", "area": "stacks"}, ["deleted 2 stacks"]),
        ({"area": "stacks", "failures": True}, []),
    ],
)
def test_filters(filters, found):
    add(actor="mara")
    add("restarted", area="pods", object="pod shop/cart-api-1", actor="lena")
    with bound_contextvars(request_id="8f1c2ab"):
        add("was refused", area="access", level="error")
    assert texts(activity.recent(**filters)) == found


def test_pages_do_not_move_while_entries_arrive():
    for number in range(5):
        add(str(number))
    first = activity.recent(size=2)
    add("new")
    second = activity.recent(size=2, before=first.older)
    last = activity.recent(size=2, before=second.older)
    assert [texts(first), texts(second), texts(last), last.older] == [["4", "3"], ["2", "1"], ["0"], None]


def test_repeats_in_a_row_are_one_line():
    for text in ("failed", "failed", "works again", "failed"):
        add(text)
    lines = activity.recent().lines
    assert [(line.entry.text, line.times) for line in lines] == [
        ("failed", 1),
        ("works again", 1),
        ("failed", 2),
    ]


def test_areas_are_those_of_the_entries():
    add(area="stacks")
    add(area="access")
    add(area="stacks")
    assert activity.areas() == ["access", "stacks"]


def test_old_activity_is_pruned_and_the_rest_is_kept():
    add("old", at=NOON - settings.ACTIVITY_KEEP - DAY)
    add("young")
    assert not activity.prune(NOON)
    assert texts(activity.recent()) == ["young"]


def test_a_large_heap_is_pruned_in_rounds(monkeypatch):
    monkeypatch.setattr(activity, "BATCH", 2)
    monkeypatch.setattr(activity, "BATCHES", 2)
    for _ in range(5):
        add(at=NOON - settings.ACTIVITY_KEEP - DAY)
    assert [activity.prune(NOON), Activity.objects.count(), activity.prune(NOON)] == [True, 1, False]


def test_expired_sign_ins_are_pruned():
    for key, expires_at in (("old", NOON - DAY), ("young", NOON + DAY)):
        Session.objects.create(session_key=key, session_data="", expire_date=expires_at)
    activity.prune_sessions(NOON)
    assert [each.pk for each in Session.objects.all()] == ["young"]


def test_who_lost_the_lease_prunes_nothing():
    add(at=NOON - settings.ACTIVITY_KEEP - DAY)
    late = leases.acquire("activity", owner="a", at=NOON)
    leases.acquire("activity", owner="b", at=NOON + DAY)
    with leases.acting(late), pytest.raises(leases.LeaseLost):
        activity.prune(NOON)
    assert Activity.objects.count() == 1
