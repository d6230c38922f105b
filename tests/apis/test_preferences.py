"""apis.preferences"""

import json

import pytest
from django.contrib.auth.models import User
from django.utils.timezone import now

from orchestrator.services import access
from tests.apis.reading import error_of

SETTINGS, ALIASES, ISSUES, PINS, MIGRATE, NOTIFICATIONS = PATHS = [
    "/api/settings",
    "/api/settings/aliases",
    "/api/settings/critical-issues",
    "/api/settings/sidebar-pins",
    "/api/settings/migrate",
    "/api/notifications",
]
DEFAULTS = (
    b'{"mode":"demo","selectedContext":null,"selectedNamespace":"","clusterConnected":false,'
    b'"connectionError":null,"realtimeEnabled":false,"autoRefreshEnabled":false,"autoRefreshInterval":30,'
    b'"hasCompletedWelcome":false,"themeMode":"system","visualPreset":"liquidGlass","compactMode":false}'
)
DONE = {"success": True}


@pytest.fixture
def post(api):
    """Return a function that posts JSON."""

    def post(path: str, body, **headers):
        return api.post(path, json.dumps(body), content_type="application/json", headers=headers)

    return post


def test_settings_begin_exactly_as_documented(api):
    assert api.get(SETTINGS).content == DEFAULTS


def test_settings_are_changed_in_part_and_reset(api, post):
    assert post(SETTINGS, {"themeMode": "dark", "unknown": 1}).json() == DONE
    assert post(SETTINGS, {}).json() == DONE
    assert api.get(SETTINGS).json()["themeMode"] == "dark"
    assert api.delete(SETTINGS).json() == DONE
    assert api.get(SETTINGS).content == DEFAULTS


def test_a_bad_value_is_named_and_changes_nothing(api, post):
    response = post(SETTINGS, {"themeMode": "dark", "autoRefreshInterval": 301})
    assert response.status_code == 400
    assert error_of(response)["fields"].keys() == {"autoRefreshInterval"}
    assert api.get(SETTINGS).content == DEFAULTS


def test_aliases_are_named_listed_and_removed(api, post):
    assert api.get(ALIASES).json() == {}
    assert post(ALIASES, {"contextName": "prod", "alias": "Production"}).json() == DONE
    assert api.get(ALIASES).json() == {"prod": "Production"}
    assert api.get(ALIASES, {"context": "prod"}).json() == {"alias": "Production"}
    assert api.get(ALIASES, {"context": "other"}).json() == {"alias": None}
    assert api.delete(f"{ALIASES}?context=prod").json() == DONE
    assert api.get(ALIASES).json() == {}


def test_an_alias_is_removed_by_its_context(api):
    response = api.delete(ALIASES)
    assert error_of(response)["details"] == [{"path": "context", "message": "context parameter is required"}]


def test_trouble_is_switched(api, post):
    assert post(ISSUES, {"resourceType": "nodes", "enabled": False}).json() == DONE
    assert api.get(ISSUES).json() == ["pods", "deployments", "pv"]
    assert api.get(ISSUES, {"resource": "nodes"}).json() == {"enabled": False}
    assert api.get(ISSUES, {"resource": "secrets"}).status_code == 400


def test_paths_are_pinned(api, post):
    assert len(api.get(PINS).json()) == 20
    assert post(PINS, {"path": "/pods", "pinned": False}).json() == DONE
    assert api.get(PINS, {"path": "/pods"}).json() == {"pinned": False}
    assert api.get(PINS, {"path": "/"}).json() == {"pinned": True}


def test_notifications_are_switched(api, post):
    everything = ["pods", "nodes", "deployments", "pv"]
    assert api.get(NOTIFICATIONS).json() == {
        "enabled": False,
        "enabledResources": everything,
        "status": "disabled",
    }
    assert post(NOTIFICATIONS, {"enabled": True}).json() == {
        "success": True,
        "enabled": True,
        "message": "Notifications enabled",
    }
    assert api.get(NOTIFICATIONS).json()["status"] == "active"


def test_what_a_browser_kept_is_taken_over(api, post):
    state = json.dumps({"state": {"aliases": {"prod": "Production"}}})
    assert post(MIGRATE, {"orphelix-cluster-aliases": state}).json() == DONE
    assert api.get(ALIASES).json() == {"prod": "Production"}
    assert post(MIGRATE, {"orphelix-mode": "{"}).status_code == 400


# --- Whose they are


def test_users_and_local_callers_have_their_own(api, post, operator):
    post(SETTINGS, {"themeMode": "dark"})
    api.force_login(operator)
    assert api.get(SETTINGS).json()["themeMode"] == "system"
    post(SETTINGS, {"themeMode": "light"})
    api.logout()
    assert api.get(SETTINGS).json()["themeMode"] == "dark"


def test_a_key_has_those_of_its_owner(api, post, operator):
    scopes = ["clusters:read", "clusters:write"]
    key = access.issue_key("ci", scopes=scopes, owner=operator, at=now()).key
    post(SETTINGS, {"themeMode": "dark"}, **{"X-API-Key": key})
    assert api.get(SETTINGS).json()["themeMode"] == "system"
    api.force_login(User.objects.get(pk=operator.pk))
    assert api.get(SETTINGS).json()["themeMode"] == "dark"


def test_the_mode_that_was_chosen_counts_where_a_call_names_none(api, post):
    post(SETTINGS, {"mode": "real"})
    assert api.get("/api/pods").status_code == 503
    assert api.get("/api/contexts").status_code == 503
    assert api.get("/api/pods", {"mode": "demo"}).headers["X-Backend"] == "demo"
    assert api.get("/api/pods", {"context": "demo-cluster"}).headers["X-Backend"] == "demo"


def test_the_context_that_was_chosen_counts_among_real_ones(api, post):
    chosen = {"name": "gone", "cluster": "c", "user": "u"}
    post(SETTINGS, {"mode": "real", "selectedContext": chosen})
    response = api.get("/api/dashboard/summary")
    assert (response.status_code, error_of(response)["details"]) == (404, {"context": "gone"})


# --- Who may


@pytest.mark.parametrize("path", PATHS)
def test_strangers_are_asked_who_they_are(api, post, path):
    assert api.get(path, REMOTE_ADDR="192.0.2.1").status_code in (401, 405)
    response = api.post(path, REMOTE_ADDR="192.0.2.1")
    assert (response.status_code, error_of(response)["code"]) == (401, "authentication_required")


@pytest.mark.parametrize("path", PATHS)
def test_a_viewer_reads_and_changes_nothing(api, post, viewer, path):
    api.force_login(viewer)
    response = post(path, {})
    assert (response.status_code, error_of(response)["code"]) == (403, "insufficient_scope")
    assert path == MIGRATE or api.get(path).status_code == 200


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("body", [[], "text", 7, None])
def test_a_body_that_is_no_object_is_refused(post, path, body):
    response = post(path, body)
    assert (response.status_code, error_of(response)["code"]) == (400, "bad_request")


def test_changes_are_counted_apart(api, post, settings):
    settings.RATE_LIMIT_ENABLED = True
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"SETTINGS": (2, 3600.0)}
    assert [post(SETTINGS, {}).status_code for _ in range(3)] == [200, 200, 429]
    assert api.get(SETTINGS).status_code == 200
