"""orchestrator.admin"""

import re

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.utils.timezone import now

from orchestrator.models import Activity, APIKey, AuditEvent, ControllerRun, Lease, SignInLink
from orchestrator.services import access

MODELS = [model.__name__.lower() for model in apps.get_app_config("orchestrator").get_models()]
KEYS = "/admin/orchestrator/apikey/"


@pytest.fixture
def root(client, db) -> User:
    root = User.objects.create_superuser("root", password="secret-for-tests")
    client.force_login(root)
    return root


@pytest.fixture
def rows(root, viewer):
    """One row of most tables."""
    access.issue_key("laptop", scopes=["clusters:read"], owner=viewer, at=now())
    access.make_link(viewer, at=now())
    Activity.objects.create(at=now(), area="clusters", text="deleted a pod")
    Lease.objects.create(name="prune", expires_at=now(), heartbeat_at=now())
    ControllerRun.objects.create(name="prune")


def html_of(response) -> str:
    return response.content.decode()


def test_every_table_is_there():
    registered = {model.__name__.lower() for model in admin.site._registry}
    assert set(MODELS) <= registered


@pytest.mark.parametrize("model", [*MODELS, "user", "group"])
def test_every_list_can_be_read_and_searched(client, rows, model):
    app = "auth" if model in ("user", "group") else "orchestrator"
    assert client.get(f"/admin/{app}/{model}/?q=prune").status_code == 200
    assert client.get(f"/admin/{app}/{model}/").status_code == 200


@pytest.mark.parametrize("model", [APIKey, SignInLink])
def test_digests_are_not_shown(client, rows, model):
    row = model.objects.get()
    url = f"/admin/orchestrator/{model.__name__.lower()}/"
    for page in (url, f"{url}{row.pk}/change/"):
        assert row.digest not in html_of(client.get(page))


@pytest.mark.parametrize("model", ["auditevent", "activity", "lease", "controllerrun", "signinlink"])
def test_history_is_not_written_by_hand(client, root, model):
    assert client.get(f"/admin/orchestrator/{model}/add/").status_code == 403


def test_events_are_not_deleted(client, root):
    access.record(None, area="access", action="Test")
    event = AuditEvent.objects.get(action="Test")
    assert (
        client.post(f"/admin/orchestrator/auditevent/{event.pk}/delete/", {"post": "yes"}).status_code == 403
    )


def test_a_key_made_here_is_shown_once(client, root):
    response = client.post(f"{KEYS}add/", {"name": "ci", "scopes": ["clusters:read"], "owner": root.pk})
    key = re.search(r"orc_[\w-]{43}", html_of(response)).group()
    assert access.caller_of_key(key, at=now()).user == root
    assert "no-store" in response["Cache-Control"]
    assert key not in html_of(client.get(KEYS))


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"scopes": []},
        {"scopes": ["fly"]},
        {"expires_at_0": "2001-01-01", "expires_at_1": "00:00"},
    ],
)
def test_a_bad_key_is_not_made(client, root, changes):
    form = {"name": "ci", "scopes": ["clusters:read"], "owner": root.pk} | changes
    assert client.post(f"{KEYS}add/", form).status_code == 200
    assert not APIKey.objects.exists()


def test_keys_are_revoked_by_an_action(client, rows):
    key = APIKey.objects.get()
    client.post(KEYS, {"action": "revoke", "_selected_action": [key.pk]})
    assert APIKey.objects.get().revoked_at
    assert AuditEvent.objects.filter(action="Revoke API key", target="laptop").count() == 1


def test_changes_made_here_are_audited(client, root, viewer):
    client.post(f"/admin/auth/user/{viewer.pk}/delete/", {"post": "yes"})
    event = AuditEvent.objects.get(action="Delete user")
    assert (event.actor, event.target, event.note) == ("root", "viewer-user", "admin site")


def test_the_list_of_users_asks_the_database_a_few_times_only(client, root, django_assert_max_num_queries):
    for number in range(20):
        User.objects.create_user(f"user-{number}")
    with django_assert_max_num_queries(12):
        client.get("/admin/auth/user/")


def test_strangers_are_sent_to_sign_in(client, db):
    assert client.get("/admin/").status_code == 302


def test_other_users_do_not_get_in(client, viewer):
    client.force_login(viewer)
    assert client.get(KEYS).status_code == 302
