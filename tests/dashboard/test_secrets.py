"""dashboard.secrets"""

from base64 import b64encode

import pytest

from dashboard import secrets
from orchestrator.models import AuditEvent

PAGE = "/dashboard/secrets/default/api-keys"
REVEAL = f"{PAGE}/reveal?context=demo-cluster"


@pytest.fixture
def boss(client, admin):
    client.force_login(admin)
    return client


def text(response) -> str:
    return response.content.decode()


def keys_of(client) -> list[str]:
    found = client.get("/api/secrets/api-keys?namespace=default&context=demo-cluster").json()
    return found["keys"]


def test_values_are_shown_after_asking_and_the_audit_says_why(boss):
    one, *others = keys_of(boss)
    asked = boss.get(REVEAL)
    assert AuditEvent.objects.count() == 0
    assert all(f'value="{key}"' in text(asked) for key in (one, *others))
    shown = boss.post(REVEAL, {"keys": [one], "reason": "incident 12"})
    assert f"Value of {one}" in text(shown)
    assert not any(f"Value of {key}" in text(shown) for key in others)
    assert "no-store" in shown.headers["Cache-Control"]
    event = AuditEvent.objects.get()
    assert (event.action, event.result, "incident 12" in event.note) == ("Reveal secret", "done", True)


def test_a_bad_wish_is_explained_and_kept(boss):
    refused = boss.post(REVEAL, {"keys": ["no-such-key"], "reason": "because"})
    assert refused.status_code == 422
    assert 'value="because"' in text(refused)


def test_who_chooses_no_key_sees_no_value(boss):
    refused = boss.post(REVEAL, {"reason": "curious"})
    assert (refused.status_code, "choose at least one key" in text(refused)) == (422, True)
    assert "Value of" not in text(refused)
    assert not AuditEvent.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_others_than_admins_see_no_way_there(client, request, role):
    client.force_login(request.getfixturevalue(role))
    assert "Reveal…" not in text(client.get(f"{PAGE}?context=demo-cluster"))
    assert client.get(REVEAL).status_code == 403
    assert client.post(REVEAL).status_code == 403


def test_admins_find_the_way_on_the_page_of_the_secret(boss):
    assert REVEAL.replace("&", "&amp;") in text(boss.get(f"{PAGE}?context=demo-cluster"))


def test_without_a_context_nothing_is_revealed(boss):
    assert boss.post(f"{PAGE}/reveal").status_code == 422
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (b"plain\ntext\t1", "plain\ntext\t1"),
        ("schlüssel".encode(), "schlüssel"),
        (b"", ""),
        (b"\x00\x01", ""),
        (b"\xff\xfe", ""),
        (b"red \x1b[31m", ""),
        ("\u202ereversed".encode(), ""),
    ],
)
def test_only_what_is_text_is_shown_as_text(content, shown):
    value = secrets.decoded("key", b64encode(content).decode())
    assert (value.text, value.size) == (shown, len(content))
