"""orchestrator.services.preferences"""

import json

import pytest
from django.contrib.auth.models import User

from orchestrator.errors import InvalidInput
from orchestrator.models import AuditEvent, Preference
from orchestrator.services import preference_rules as rules
from orchestrator.services import preferences
from orchestrator.services.access import Caller, caller_of_user
from orchestrator.services.clusters.contexts import Choice

pytestmark = pytest.mark.django_db

PROD = {"name": "admin@prod:eu", "cluster": "prod", "user": "ops"}


@pytest.fixture
def local() -> Caller:
    return Caller("local", frozenset(), anonymous=True)


@pytest.fixture
def ada(db) -> Caller:
    return caller_of_user(User.objects.create_user("ada"))


def kept(**states) -> dict[str, str]:
    return {f"orphelix-{name.replace('_', '-')}": json.dumps(state) for name, state in states.items()}


# --- Settings


def test_who_has_chosen_nothing_has_the_defaults(ada):
    assert preferences.settings_of(ada) == {
        "mode": "demo",
        "selectedContext": None,
        "selectedNamespace": "",
        "clusterConnected": False,
        "connectionError": None,
        "realtimeEnabled": False,
        "autoRefreshEnabled": False,
        "autoRefreshInterval": 30,
        "hasCompletedWelcome": False,
        "themeMode": "system",
        "visualPreset": "liquidGlass",
        "compactMode": False,
    }
    assert preferences.choice_of(ada) == Choice()


def test_the_default_mode_is_that_of_the_process(ada, settings):
    settings.DEFAULT_MODE = "real"
    assert preferences.settings_of(ada)["mode"] == "real"


def test_a_part_can_be_changed(ada):
    before = preferences.settings_of(ada)
    preferences.change_settings(ada, {"compactMode": True, "selectedContext": PROD, "unknown": 1})
    preferences.change_settings(ada, {"compactMode": True, "autoRefreshInterval": 5})
    assert preferences.settings_of(ada) == before | {
        "compactMode": True,
        "selectedContext": PROD,
        "autoRefreshInterval": 5,
    }
    assert preferences.choice_of(ada) == Choice(context="admin@prod:eu")


def test_nothing_changes_nothing(ada):
    preferences.change_settings(ada, {})
    preferences.change_settings(ada, {"unknown": "x"})
    assert not Preference.objects.exists()
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mode", "real"),
        ("selectedContext", None),
        ("selectedContext", PROD | {"namespace": ""}),
        ("selectedContext", PROD | {"namespace": "shop"}),
        ("selectedNamespace", ""),
        ("selectedNamespace", "shop"),
        ("connectionError", None),
        ("connectionError", "It is äöü 😀."),
        ("autoRefreshInterval", 5),
        ("autoRefreshInterval", 300),
        ("themeMode", "dark"),
        ("visualPreset", "classic"),
        ("realtimeEnabled", True),
    ],
)
def test_what_is_allowed_comes_back(ada, name, value):
    preferences.change_settings(ada, {name: value})
    assert preferences.settings_of(ada)[name] == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mode", "live"),
        ("mode", None),
        ("mode", ["demo"]),
        ("selectedContext", "prod"),
        ("selectedContext", {"name": "prod"}),
        ("selectedContext", PROD | {"name": "a..b"}),
        ("selectedContext", PROD | {"namespace": "Bad_NS"}),
        ("selectedContext", PROD | {"user": "a\0b"}),
        ("selectedNamespace", "Bad_NS"),
        ("selectedNamespace", None),
        ("connectionError", "\ud800"),
        ("connectionError", 7),
        ("autoRefreshInterval", 4),
        ("autoRefreshInterval", 301),
        ("autoRefreshInterval", 30.0),
        ("autoRefreshInterval", True),
        ("autoRefreshInterval", "30"),
        ("themeMode", "Dark"),
        ("visualPreset", ""),
        ("compactMode", 1),
    ],
)
def test_a_bad_value_changes_nothing_at_all(ada, name, value):
    with pytest.raises(InvalidInput) as caught:
        preferences.change_settings(ada, {"clusterConnected": True, name: value, "hasCompletedWelcome": True})
    assert [problem.path for problem in caught.value.problems] == [name]
    assert not Preference.objects.exists()


def test_every_bad_value_is_named(ada):
    with pytest.raises(InvalidInput) as caught:
        preferences.change_settings(ada, {"compactMode": 0, "mode": "x"})
    assert {problem.path for problem in caught.value.problems} == {"compactMode", "mode"}


def test_reset_leaves_everything_else(ada):
    preferences.change_settings(ada, {"compactMode": True})
    preferences.set_alias(ada, "prod", alias="Production")
    preferences.pin(ada, "/pods", pinned=False)
    preferences.switch_notifications(ada, True)
    preferences.reset_settings(ada)
    assert preferences.settings_of(ada)["compactMode"] is False
    assert preferences.aliases(ada) == {"prod": "Production"}
    assert "/pods" not in preferences.pins(ada)
    assert preferences.notified(ada)


def test_two_users_and_the_shared_set_do_not_meet(ada, local, viewer):
    preferences.change_settings(ada, {"themeMode": "dark"})
    preferences.change_settings(local, {"themeMode": "light"})
    other = caller_of_user(viewer)
    assert [preferences.settings_of(each)["themeMode"] for each in (ada, local, other)] == [
        "dark",
        "light",
        "system",
    ]
    preferences.reset_settings(local)
    assert preferences.settings_of(ada)["themeMode"] == "dark"


def test_callers_without_an_owner_share_one_set(local):
    preferences.change_settings(local, {"themeMode": "dark"})
    preferences.change_settings(local, {"themeMode": "light"})
    assert preferences.settings_of(Caller("ci", frozenset()))["themeMode"] == "light"
    assert Preference.objects.count() == 1


def test_changes_are_audited_by_name(ada):
    preferences.change_settings(ada, {"connectionError": "a secret", "compactMode": True})
    (event,) = AuditEvent.objects.all()
    assert (event.actor, event.action, event.target) == (
        "ada",
        "Change settings",
        "connectionError, compactMode",
    )


# --- The others


def test_aliases_are_set_changed_and_removed(ada, local):
    preferences.set_alias(ada, "admin@prod:eu", alias=" Production ")
    preferences.set_alias(ada, "admin@prod:eu", alias="Prod EU")
    assert (preferences.aliases(ada), preferences.aliases(local)) == ({"admin@prod:eu": "Prod EU"}, {})
    preferences.remove_alias(ada, "admin@prod:eu")
    preferences.remove_alias(ada, "admin@prod:eu")
    assert preferences.aliases(ada) == {}


@pytest.mark.parametrize(
    ("context", "alias", "paths"),
    [
        ("a b", "x", ["contextName"]),
        ("a", "x" * 101, ["alias"]),
        ("a", "ä", ["alias"]),
        (None, None, ["contextName", "alias"]),
    ],
)
def test_a_bad_alias_is_refused(ada, context, alias, paths):
    with pytest.raises(InvalidInput) as caught:
        preferences.set_alias(ada, context, alias=alias)
    assert [problem.path for problem in caught.value.problems] == paths


def test_trouble_can_be_switched_off_and_on(ada):
    assert preferences.issues(ada) == ["pods", "nodes", "deployments", "pv"]
    preferences.switch_issue(ada, "nodes", enabled=False)
    assert preferences.issues(ada) == ["pods", "deployments", "pv"]
    preferences.switch_issue(ada, "nodes", enabled=True)
    assert preferences.issues(ada) == ["pods", "nodes", "deployments", "pv"]
    with pytest.raises(InvalidInput):
        preferences.switch_issue(ada, "secrets", enabled=True)


def test_twenty_paths_are_pinned_before_anybody_chose(ada):
    assert len(preferences.pins(ada)) == 20
    preferences.pin(ada, "/pods", pinned=False)
    preferences.pin(ada, "/own", pinned=True)
    assert preferences.pins(ada) == [path for path in rules.PINS if path != "/pods"] + ["/own"]


@pytest.mark.parametrize("path", ["", "pods", "/a b", "/" + "x" * 200, "/\0", None, 7])
def test_what_is_no_path_is_not_pinned(ada, path):
    with pytest.raises(InvalidInput):
        preferences.pin(ada, path, pinned=True)


def test_nobody_is_notified_before_they_say_so(ada):
    assert not preferences.notified(ada)
    assert preferences.switch_notifications(ada, True)
    assert preferences.notified(ada)
    with pytest.raises(InvalidInput):
        preferences.switch_notifications(ada, "yes")


# --- What browsers have kept


def test_what_a_browser_kept_is_taken_over(ada):
    state = {
        "mode": {"state": {"mode": "real", "selectedContext": PROD, "compactMode": True}, "version": 0},
        "cluster_aliases": {"aliases": {"prod": "Production"}},
        "critical_issues_settings": {"state": {"enabledResources": ["pods", "pv", "unknown"]}},
        "sidebar_pins": {"state": {"pinnedItems": ["/pods", "/own"]}},
    }
    preferences.migrate(ada, kept(**state) | {"other": 7})
    found = preferences.settings_of(ada)
    assert (found["mode"], found["selectedContext"], found["compactMode"]) == ("real", PROD, True)
    assert preferences.aliases(ada) == {"prod": "Production"}
    assert preferences.issues(ada) == ["pods", "pv"]
    assert preferences.pins(ada) == ["/pods", "/own"]


@pytest.mark.parametrize("state", [{}, {"state": None}, {"state": {}}, {"aliases": 7, "pinnedItems": {}}])
def test_a_browser_that_kept_nothing_changes_nothing(ada, state):
    preferences.migrate(ada, {key: json.dumps(state) for key in preferences.KEPT_BY_BROWSERS})
    assert not Preference.objects.exists()


@pytest.mark.parametrize(
    "bad",
    [
        {"orphelix-sidebar-pins": "{"},
        {"orphelix-sidebar-pins": "[]"},
        {"orphelix-sidebar-pins": 7},
        {"orphelix-sidebar-pins": "[" * 100_000},
        kept(sidebar_pins={"pinnedItems": ["/pods", 7]}),
        kept(sidebar_pins={"pinnedItems": [f"/{number}" for number in range(600)]}),
        kept(cluster_aliases={"aliases": {"prod": "ä"}}),
        kept(mode={"mode": "real", "compactMode": 7}),
    ],
)
def test_what_a_browser_kept_is_taken_over_whole_or_not_at_all(ada, bad):
    good = kept(mode={"compactMode": True}, cluster_aliases={"aliases": {"prod": "Production"}})
    with pytest.raises(InvalidInput):
        preferences.migrate(ada, good | bad)
    assert not Preference.objects.exists()
    assert not AuditEvent.objects.exists()
