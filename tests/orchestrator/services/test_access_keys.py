"""orchestrator.services.access: API keys"""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.utils.timezone import now
from pydantic import SecretStr

from orchestrator.errors import InvalidInput, Missing
from orchestrator.models import APIKey, AuditEvent
from orchestrator.services import access

DAY = timedelta(days=1)


def issue(name="ci", *, scopes=("stacks:read",), owner=None, **more) -> access.IssuedKey:
    return access.issue_key(name, scopes=list(scopes), owner=owner, at=now(), **more)


def caller_of(issued: access.IssuedKey, *, at=None) -> access.Caller | None:
    return access.caller_of_key(issued.key, at=at or now())


@pytest.mark.django_db
def test_a_key_may_what_its_scopes_say():
    caller = caller_of(issue(scopes=["stacks:read", "metrics:read"]))
    assert (caller.name, caller.scopes) == ("key ci", {"stacks:read", "metrics:read"})


@pytest.mark.django_db
def test_the_key_itself_is_not_stored():
    issued = issue()
    stored = " ".join(map(str, APIKey.objects.values_list().get()))
    assert issued.key not in stored
    assert issued.row.prefix == issued.key[:8]


@pytest.mark.django_db
def test_an_unknown_key_speaks_for_nobody():
    assert access.caller_of_key("orc_guess", at=now()) is None


@pytest.mark.django_db
def test_a_key_expires():
    issued = issue(expires_at=now() + DAY)
    assert caller_of(issued)
    assert caller_of(issued, at=now() + DAY) is None


@pytest.mark.django_db
def test_a_revoked_key_is_refused_at_once(admin):
    issued = issue()
    access.revoke_key(issued.row.pk, by=access.caller_of_user(admin), at=now())
    assert caller_of(issued) is None


def test_a_key_of_a_disabled_user_is_refused(operator):
    issued = issue(owner=operator)
    operator.is_active = False
    operator.save()
    assert caller_of(issued) is None


def test_a_key_goes_with_its_owner(operator):
    issued = issue(owner=operator)
    operator.delete()
    assert caller_of(issued) is None


def test_a_key_never_may_more_than_its_owner(operator):
    issued = issue(owner=operator, scopes=["stacks:write", "stacks:read"])
    operator.groups.clear()
    operator.groups.add(access_group("viewer"))
    assert caller_of(issued).scopes == {"stacks:read"}
    operator.groups.clear()
    assert caller_of(issued).scopes == frozenset()


def access_group(name):
    return Group.objects.get(name=name)


def test_an_admin_key_of_a_former_admin_is_no_longer_one(admin):
    issued = issue(owner=admin, scopes=["admin"])
    assert caller_of(issued).may("clusters:secrets")
    admin.groups.set([access_group("operator")])
    caller = caller_of(issued)
    assert (caller.may("admin"), caller.may("clusters:secrets"), caller.may("stacks:write")) == (
        False,
        False,
        True,
    )


def test_the_strongest_of_several_groups_counts(viewer):
    viewer.groups.add(access_group("operator"))
    assert caller_of(issue(owner=viewer, scopes=["stacks:write"])).may("stacks:write")


@pytest.mark.django_db
def test_a_look_up_is_one_query(django_assert_num_queries, operator):
    issued = issue(owner=operator)
    caller_of(issued)  # notes the use
    with django_assert_num_queries(1):
        caller_of(issued)


@pytest.mark.django_db
def test_last_use_is_written_once_a_minute():
    issued, start = issue(), now()
    seen = []
    for seconds in (0, 30, 59, 61):
        caller_of(issued, at=start + timedelta(seconds=seconds))
        seen.append((APIKey.objects.get().last_used_at - start).total_seconds())
    assert seen == [0, 0, 0, 61]


@pytest.mark.parametrize(
    ("name", "scopes", "path"),
    [
        ("", ["stacks:read"], "name"),
        ("  ", ["stacks:read"], "name"),
        ("x" * 65, ["stacks:read"], "name"),
        ("a\0b", ["stacks:read"], "name"),
        ("ci", [], "scopes"),
        ("ci", ["stacks:fly"], "scopes"),
        ("ci", ["stacks:write"], "scopes"),  # The owner is a viewer.
        ("taken", ["stacks:read"], "name"),
    ],
)
def test_bad_keys_are_explained(viewer, name, scopes, path):
    issue("taken", owner=viewer)
    with pytest.raises(InvalidInput) as caught:
        issue(name, scopes=scopes, owner=viewer)
    assert [problem.path for problem in caught.value.problems] == [path]


@pytest.mark.django_db
def test_a_key_cannot_end_in_the_past():
    with pytest.raises(InvalidInput, match="future"):
        issue(expires_at=now() - DAY)


def test_nobody_makes_a_key_that_may_more_than_they(operator):
    with pytest.raises(InvalidInput, match="has no scope admin"):
        issue(scopes=["admin"], by=access.caller_of_user(operator))


def test_only_admins_make_keys_for_more_stacks_than_usual(operator, admin, settings):
    settings.STACK_LIMIT_PER_KEY = 5
    with pytest.raises(InvalidInput, match="more than 5 stacks"):
        issue(stack_limit=6, by=access.caller_of_user(operator))
    issue(stack_limit=5, by=access.caller_of_user(operator))
    assert issue("other", stack_limit=6, by=access.caller_of_user(admin)).row.stack_limit == 6


def test_a_name_is_free_again_after_its_key_is_revoked(operator):
    first = issue(owner=operator)
    access.revoke_key(first.row.pk, by=access.caller_of_user(operator), at=now())
    assert issue(owner=operator).key != first.key


def test_making_and_revoking_are_audited_once(admin):
    by = access.caller_of_user(admin)
    issued = issue(by=by)
    for _ in range(2):
        access.revoke_key(issued.row.pk, by=by, at=now())
    events = list(AuditEvent.objects.order_by("pk").values_list("actor", "action", "target"))
    assert events == [("admin-user", "Create API key", "ci"), ("admin-user", "Revoke API key", "ci")]


def test_users_see_their_own_keys_and_admins_all(operator, viewer, admin):
    mine, other, free = issue(owner=operator), issue(owner=viewer), issue()
    assert [key.pk for key in access.keys_seen_by(access.caller_of_user(operator))] == [mine.row.pk]
    assert access.keys_seen_by(access.caller_of_user(admin)).count() == 3
    for hidden in (other, free):
        with pytest.raises(Missing):
            access.revoke_key(hidden.row.pk, by=access.caller_of_user(operator), at=now())


@pytest.mark.parametrize(
    ("configured", "sent", "known"),
    [("s3cret", "s3cret", True), (" s3cret ", "s3cret", True), ("s3cret", "s3cre", False), ("", "", False)],
)
@pytest.mark.django_db
def test_the_key_of_the_environment(settings, configured, sent, known):
    settings.API_KEY = SecretStr(configured)
    assert (access.caller_of_key(sent, at=now()) is not None) == known


def test_the_key_of_the_environment_needs_no_database_and_reveals_no_secrets(settings):
    settings.API_KEY = SecretStr("s3cret")
    caller = access.caller_of_key("s3cret", at=now())
    assert caller.may("stacks:write")
    assert not caller.may("clusters:secrets")
    assert not caller.may("admin")


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({}, "never used"),
        ({"last_used_at": 0}, "active"),
        ({"last_used_at": 0, "expires_at": 30}, "active"),
        ({"last_used_at": 0, "expires_at": 2}, "ends soon"),
        ({"expires_at": 0}, "expired"),
        ({"expires_at": 2, "revoked_at": 0}, "revoked"),
    ],
)
def test_state_of_a_key(fields, word):
    at = now()
    key = APIKey(**{name: at + days * DAY for name, days in fields.items()})
    assert access.state_of(key, at=at)[1] == word
