"""dashboard.system"""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from dashboard import system
from orchestrator.models import ControllerRun, Lease
from orchestrator.services import controllers, leases

URL = "/dashboard/system"
SECOND = timedelta(seconds=1)


@pytest.fixture
def look(client, viewer):
    """Return a function that gives the page as text."""
    client.force_login(viewer)
    return lambda **headers: client.get(URL, headers=headers).content.decode()


def run(*, error="", at=None):
    at = at or now()
    held = leases.acquire("stacks", owner="web-1", at=at)
    controllers.began(held, at=at)
    controllers.ended(held, at=at + SECOND / 10, duration=SECOND / 10, next_due=at + 60 * SECOND, error=error)


def word():
    return system.word_for(controllers.status(now())[0])


def test_it_shows_the_controller_and_its_owner(look):
    run()
    assert all(text in look() for text in ("stacks", "web-1", "100 ms"))


def test_a_failure_is_shown_with_its_sentence(look):
    run(error="The API server does not answer.")
    assert "The API server does not answer." in look()


def test_it_shows_the_relay_and_the_version(look, settings):
    assert "not started" in look()
    assert settings.VERSION in look()


def test_before_the_first_run_it_says_how_to_start(look):
    assert "manage.py controllers" in look()


def test_htmx_gets_the_panels_alone(look):
    assert look(**{"HX-Request": "true"}).lstrip().startswith(("<section", "{#"))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("lease_ends_in", "changes", "expected"),
    [
        (10, {}, ("ok", "done")),
        (10, {"result": "failed"}, ("warn", "failing")),
        (10, {"finished_at": None}, ("prog", "running")),
        (10, {"result": ""}, ("off", "not yet")),
        (-5, {}, ("warn", "changing hands")),
        (-60, {}, ("crit", "not running")),
        (10, {"next_due": now() - timedelta(hours=1)}, ("crit", "overdue")),
    ],
)
def test_the_word_for_how_it_does(lease_ends_in, changes, expected):
    run()
    Lease.objects.update(expires_at=now() + lease_ends_in * SECOND)
    ControllerRun.objects.update(**changes)
    assert word() == expected


def test_only_reading_is_allowed(client, viewer):
    client.force_login(viewer)
    assert client.post(URL).status_code == 405


def test_strangers_sign_in_first(client, db):
    assert client.get(URL).status_code == 302
