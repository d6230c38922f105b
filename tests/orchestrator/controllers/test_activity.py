"""orchestrator.controllers.activity"""

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session

from orchestrator.controllers.activity import INTERVAL, LINK_KEEP, SOON, reconcile
from orchestrator.models import Activity, RelayedTopic, SignInLink
from orchestrator.services import activity

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
LONG_AGO = NOON - settings.ACTIVITY_KEEP - timedelta(days=1)


def left():
    return [model.objects.count() for model in (Activity, Session, SignInLink, RelayedTopic)]


@pytest.fixture(autouse=True)
def one_old_and_one_young_of_each(viewer):
    for number, at in enumerate((LONG_AGO, NOON)):
        activity.add("deleted a stack", area="stacks", at=at)
        Session.objects.create(session_key=str(number), session_data="", expire_date=at)
        SignInLink.objects.create(digest=str(number), user=viewer, expires_at=at)
        RelayedTopic.objects.create(origin="a", topic="stacks", at=at)


def test_what_is_over_is_forgotten():
    reconcile(NOON)
    assert left() == [1, 1, 1, 1]


def test_twice_is_the_same_as_once():
    assert reconcile(NOON) == reconcile(NOON) == NOON + INTERVAL
    assert left() == [1, 1, 1, 1]


def test_a_link_can_say_for_a_day_that_it_is_too_old(viewer):
    SignInLink.objects.create(digest="ended", user=viewer, expires_at=NOON - LINK_KEEP / 2)
    reconcile(NOON)
    assert SignInLink.objects.filter(digest="ended").exists()


def test_a_large_heap_is_finished_soon(monkeypatch):
    monkeypatch.setattr(activity, "BATCH", 1)
    monkeypatch.setattr(activity, "BATCHES", 1)
    assert reconcile(NOON) == NOON + SOON
    assert reconcile(NOON) == NOON + INTERVAL


def test_what_fails_does_not_stop_the_rest(monkeypatch, caplog):
    def broken(at):
        raise OSError("The disk is full.")

    monkeypatch.setattr(activity, "prune", broken)
    with pytest.raises(OSError, match="full"):
        reconcile(NOON)
    assert left() == [2, 1, 1, 1]
