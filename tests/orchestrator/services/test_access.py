"""orchestrator.services.access: roles, users and the audit"""

from datetime import timedelta

import pytest
import structlog
from django.contrib.auth import authenticate
from django.contrib.auth.models import AnonymousUser, Group, User
from django.test import RequestFactory
from django.utils.timezone import now

from orchestrator.errors import InvalidInput, Missing, NotNow
from orchestrator.models import AuditEvent
from orchestrator.services import access


@pytest.mark.parametrize(
    ("role", "scope", "may"),
    [
        ("viewer", "clusters:read", True),
        ("viewer", "metrics:read", True),
        ("viewer", "clusters:write", False),
        ("viewer", "clusters:secrets", False),
        ("operator", "clusters:read", True),
        ("operator", "stacks:write", True),
        ("operator", "clusters:secrets", False),
        ("operator", "admin", False),
        ("admin", "stacks:write", True),
        ("admin", "clusters:secrets", True),
        ("admin", "admin", True),
        ("", "clusters:read", False),
        ("no-such-role", "clusters:read", False),
    ],
)
def test_what_each_role_may(role, scope, may):
    assert access.Caller("mara", access.scopes_of(role)).may(scope) == may


@pytest.mark.django_db
def test_migrate_makes_the_groups_of_the_roles():
    assert set(Group.objects.values_list("name", flat=True)) == {"viewer", "operator", "admin"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("groups", "superuser", "role"),
    [
        ([], False, ""),
        ([], True, "admin"),
        (["viewer"], False, "viewer"),
        (["viewer", "operator"], False, "operator"),
        (["viewer", "admin"], False, "admin"),
        (["viewer"], True, "admin"),
    ],
)
def test_the_role_of_a_user(groups, superuser, role):
    user = User.objects.create_user("mara", is_superuser=superuser)
    user.groups.set(Group.objects.filter(name__in=groups))
    assert access.caller_of_user(user).role == role


def test_the_groups_of_a_user_are_read_once(viewer, django_assert_num_queries):
    access.role_of(viewer)
    with django_assert_num_queries(0):
        access.role_of(viewer)


def test_an_admin_changes_a_role(admin, viewer):
    by = access.caller_of_user(admin)
    for _ in range(2):
        access.set_role(viewer.pk, role="operator", by=by, at=now())
    assert access.role_of(User.objects.get(pk=viewer.pk)) == "operator"
    assert AuditEvent.objects.get().note == "viewer → operator"
    access.set_role(viewer.pk, role="", by=by, at=now())
    assert access.role_of(User.objects.get(pk=viewer.pk)) == ""


def test_roles_that_cannot_be_changed(admin, viewer):
    root, by = User.objects.create_superuser("root"), access.caller_of_user(admin)
    with pytest.raises(NotNow, match="superuser"):
        access.set_role(root.pk, role="viewer", by=by, at=now())
    with pytest.raises(NotNow, match="your own"):
        access.set_role(admin.pk, role="viewer", by=by, at=now())
    with pytest.raises(InvalidInput, match="no role"):
        access.set_role(viewer.pk, role="king", by=by, at=now())
    with pytest.raises(Missing):
        access.set_role(0, role="viewer", by=by, at=now())


def test_an_invited_user_gets_a_role_and_a_link(admin):
    user, link = access.invite("lena", role="viewer", by=access.caller_of_user(admin), at=now())
    assert (access.role_of(user), user.has_usable_password()) == ("viewer", False)
    assert access.redeem(link.rpartition("/")[2], at=now()) == user


@pytest.mark.parametrize(
    ("name", "role", "path"),
    [
        ("", "viewer", "username"),
        ("two words", "viewer", "username"),
        ("x" * 151, "viewer", "username"),
        ("admin-user", "viewer", "username"),
        ("lena", "", "role"),
    ],
)
def test_bad_invitations_are_explained(admin, name, role, path):
    with pytest.raises(InvalidInput) as caught:
        access.invite(name, role=role, by=access.caller_of_user(admin), at=now())
    assert caught.value.problems[0].path == path
    assert User.objects.count() == 1


def test_people_are_found_by_name_and_role(admin, viewer, operator):
    root = User.objects.create_superuser("root")
    assert list(access.people(q="VIEW")) == [viewer]
    assert list(access.people(role="admin")) == [admin, root]
    assert access.users_by_role() == {"viewer": 1, "operator": 1, "admin": 2}


def test_an_event_says_who_from_where_what_and_the_request(viewer):
    caller = access.caller_of_user(viewer, address="203.0.113.7")
    with structlog.contextvars.bound_contextvars(request_id="req-1"):
        access.record(caller, area="clusters", action="Restart", target="checkout", place="prod-eu / shop")
    event = AuditEvent.objects.get()
    assert (event.actor, event.user, event.address) == ("viewer-user", viewer, "203.0.113.7")
    assert (event.action, event.target, event.result, event.request_id) == (
        "Restart",
        "checkout",
        "done",
        "req-1",
    )


@pytest.mark.django_db
def test_long_and_odd_texts_are_kept_as_far_as_they_fit():
    access.record(
        access.nobody("a\0" * 500), area="access", action="Sign in", result="refused", note="x" * 999
    )
    event = AuditEvent.objects.get()
    assert (len(event.actor), len(event.note), "\0" in event.actor) == (150, 300, False)


def test_events_outlive_their_user(viewer):
    access.record(access.caller_of_user(viewer), area="clusters", action="Restart")
    viewer.delete()
    assert (AuditEvent.objects.get().actor, AuditEvent.objects.get().user) == ("viewer-user", None)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wanted", "targets"),
    [
        ({}, ["b", "a"]),
        ({"q": "RESTART"}, ["a"]),
        ({"actor": "mara"}, ["a"]),
        ({"area": "stacks"}, ["b"]),
        ({"result": "refused"}, ["b"]),
        ({"since": timedelta(hours=1)}, ["b"]),
        ({"until": timedelta(hours=1)}, ["a"]),
        ({"q": "%"}, []),
    ],
)
def test_which_events_match(wanted, targets):
    at = now()
    mara, tomas = access.nobody("mara"), access.nobody("tomas")
    access.record(mara, area="clusters", action="Restart", target="a", at=at - timedelta(hours=2))
    access.record(tomas, area="stacks", action="Create", target="b", result="refused", at=at)
    wanted = {name: at - value if name in ("since", "until") else value for name, value in wanted.items()}
    assert [event.target for event in access.events(access.AuditFilter(**wanted))] == targets


@pytest.mark.django_db
def test_a_refused_password_is_audited(rf: RequestFactory):
    request = rf.post("/dashboard/login")
    request.user = AnonymousUser()
    assert authenticate(request, username="mara", password="guess") is None
    event = AuditEvent.objects.get()
    assert (event.actor, event.action, event.result, event.address) == (
        "mara",
        "Sign in",
        "refused",
        "127.0.0.1",
    )
