"""orchestrator.services.stored_keys"""

import pytest
from django.utils.timezone import now

from orchestrator.errors import InvalidInput, Missing
from orchestrator.models import AuditEvent, StoredKey
from orchestrator.services import access, stored_keys

KEY = "sk-proj-0123456789abcdef"


@pytest.mark.parametrize(
    ("key", "hint"),
    [(KEY, "sk-…cdef"), ("ghp_0123456789012345", "ghp_…2345"), ("short", "…"), ("A" * 30, "…AAAA")],
)
def test_a_hint_tells_which_key_it_is_and_gives_no_short_one_away(key, hint):
    assert stored_keys.hint_of(key) == hint


@pytest.mark.django_db
def test_keys_belong_to_their_owners_and_are_encrypted(viewer, admin):
    one, other = map(access.caller_of_user, (viewer, admin))
    stored_keys.keep(one, "openai", value=f" {KEY} ", at=now())
    assert stored_keys.value_of(one, "openai") == KEY
    assert stored_keys.value_of(other, "openai") is None
    assert KEY not in StoredKey.objects.get().sealed
    assert KEY not in f"{AuditEvent.objects.get().__dict__}"


@pytest.mark.django_db
def test_a_key_that_no_longer_opens_counts_as_none(viewer, settings):
    caller = access.caller_of_user(viewer)
    stored_keys.keep(caller, "openai", value=KEY, at=now())
    settings.ENCRYPTION_KEYS = ["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="]
    assert stored_keys.value_of(caller, "openai") is None


@pytest.mark.django_db
@pytest.mark.parametrize("value", ["", " ", "x" * 501, None, 7])
def test_a_bad_value_is_refused(viewer, value):
    with pytest.raises(InvalidInput, match="Invalid request body"):
        stored_keys.keep(access.caller_of_user(viewer), "openai", value=value, at=now())


@pytest.mark.django_db
def test_a_key_is_forgotten_once(viewer):
    caller = access.caller_of_user(viewer)
    stored_keys.keep(caller, "openai", value=KEY, at=now())
    stored_keys.forget(caller, "openai", at=now())
    with pytest.raises(Missing):
        stored_keys.forget(caller, "openai", at=now())
