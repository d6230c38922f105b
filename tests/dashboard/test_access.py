"""dashboard.access"""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils.timezone import now

from orchestrator.models import APIKey, AuditEvent
from orchestrator.services import access

HTMX = {"HX-Request": "true"}
URL = "/dashboard/access"
KEY_FORM = {"name": "ci", "scopes": ["clusters:read"], "expires": "30"}


@pytest.fixture
def as_admin(client, admin):
    client.force_login(admin)
    return client


@pytest.fixture
def as_viewer(client, viewer):
    client.force_login(viewer)
    return client


def html_of(response) -> str:
    return response.content.decode()


def key_of(user: User, name: str = "laptop") -> APIKey:
    return access.issue_key(name, scopes=["clusters:read"], owner=user, at=now()).row


def test_access_begins_with_the_keys(as_viewer):
    assert as_viewer.get(URL).url == f"{URL}/keys"


@pytest.mark.parametrize("view", ["keys", "keys/new", "users", "users/invite", "roles", "audit"])
def test_admins_see_every_page(as_admin, view):
    response = as_admin.get(f"{URL}/{view}")
    assert response.status_code == 200
    assert "<html" in html_of(response)


@pytest.mark.parametrize("view", ["keys", "keys/new", "users", "users/invite", "roles", "audit"])
def test_strangers_are_sent_to_sign_in(client, db, view):
    assert client.get(f"{URL}/{view}").url == f"/dashboard/login?next={URL}/{view}"


@pytest.mark.parametrize("view", ["users", "users/invite", "roles", "audit"])
def test_others_do_not_see_the_pages_of_admins(as_viewer, view):
    assert as_viewer.get(f"{URL}/{view}").status_code == 403
    assert f"{URL}/{view}" not in html_of(as_viewer.get(f"{URL}/keys"))


@pytest.mark.parametrize("view", ["keys", "users", "roles", "audit"])
def test_pages_to_read_take_no_post(as_admin, view):
    assert as_admin.post(f"{URL}/{view}").status_code == 405


@pytest.mark.parametrize("view", ["keys", "users", "audit"])
def test_htmx_gets_only_the_table(as_admin, view):
    html = html_of(as_admin.get(f"{URL}/{view}", headers=HTMX))
    assert re.match(rf'\s*<section class="o-panel"\s+id="{view}-table"', html)


@pytest.mark.parametrize("view", ["keys", "audit"])
def test_what_has_not_changed_is_not_sent_again(as_admin, view):
    url = f"{URL}/{view}"
    tag = re.search(r'data-etag="([^"]+)"', html_of(as_admin.get(url)))[1]
    assert as_admin.get(url, headers=HTMX | {"If-None-Match": tag}).status_code == 204
    as_admin.post(f"{URL}/keys/new", KEY_FORM)
    assert as_admin.get(url, headers=HTMX | {"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize("view", ["keys", "users", "roles", "audit", "keys/new", "users/invite"])
def test_no_page_has_inline_style_or_script(as_admin, view):
    html = html_of(as_admin.get(f"{URL}/{view}"))
    assert not re.search(r"\sstyle=|\son\w+=|<script>", html)


def test_a_new_key_is_shown_once(as_viewer):
    response = as_viewer.post(f"{URL}/keys/new", KEY_FORM)
    key = re.search(r"orc_[\w-]{43}", html_of(response)).group()
    assert access.caller_of_key(key, at=now()).may("clusters:read")
    assert "no-store" in response["Cache-Control"]
    assert key not in html_of(as_viewer.get(f"{URL}/keys"))


def test_the_same_form_sent_again_makes_no_second_key(as_viewer):
    as_viewer.post(f"{URL}/keys/new", KEY_FORM)
    assert as_viewer.post(f"{URL}/keys/new", KEY_FORM).status_code == 422
    assert APIKey.objects.count() == 1


@pytest.mark.parametrize(("days", "ends"), [("30", timedelta(days=30)), ("0", None)])
def test_when_a_new_key_ends(as_viewer, days, ends):
    as_viewer.post(f"{URL}/keys/new", KEY_FORM | {"expires": days})
    key = APIKey.objects.get()
    found = key.expires_at and round((key.expires_at - key.created_at) / timedelta(days=1))
    assert found == (ends and ends.days)


@pytest.mark.parametrize(("text", "limit"), [("", None), ("0", 0), ("7", 7)])
def test_a_key_may_have_so_many_stacks(as_viewer, text, limit):
    as_viewer.post(f"{URL}/keys/new", KEY_FORM | {"stack_limit": text})
    assert APIKey.objects.get().stack_limit == limit


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "id_name-error"),
        ({"name": "x" * 65}, "id_name-error"),
        ({"name": "a\0b"}, "id_name-error"),
        ({"scopes": []}, "id_scopes-error"),
        ({"scopes": ["clusters:fly"]}, "id_scopes-error"),
        ({"scopes": ["clusters:write"]}, "id_scopes-error"),
        ({"scopes": ["admin"]}, "id_scopes-error"),
        ({"expires": "soon"}, "id_expires-error"),
        ({"expires": "9" * 30}, "id_expires-error"),
        ({"stack_limit": "many"}, "id_stack_limit-error"),
        ({"stack_limit": "-1"}, "id_stack_limit-error"),
        ({"stack_limit": "9" * 30}, "id_stack_limit-error"),
    ],
)
def test_a_bad_key_is_explained_beside_its_field(as_viewer, changes, field):
    response = as_viewer.post(f"{URL}/keys/new", KEY_FORM | changes)
    assert (response.status_code, APIKey.objects.count()) == (422, 0)
    assert f'id="{field}"' in html_of(response)


def test_names_of_keys_are_escaped(as_viewer):
    response = as_viewer.post(f"{URL}/keys/new", KEY_FORM | {"name": "<script>x"})
    assert "<script>x" not in html_of(response)


def test_users_see_their_own_keys_alone(as_viewer, viewer, operator):
    key_of(viewer, "mine"), key_of(operator, "theirs")
    html = html_of(as_viewer.get(f"{URL}/keys"))
    assert ("mine" in html, "theirs" in html) == (True, False)


def test_revoking_asks_first_and_works_without_script(as_viewer, viewer):
    key = key_of(viewer)
    url = f"{URL}/keys/{key.pk}/revoke"
    assert "Revoke “laptop”?" in html_of(as_viewer.get(url))
    assert as_viewer.post(url).url == f"{URL}/keys"
    assert "revoked" in html_of(as_viewer.get(f"{URL}/keys"))
    assert url not in html_of(as_viewer.get(f"{URL}/keys"))


@pytest.mark.parametrize("method", ["get", "post"])
def test_the_keys_of_others_are_not_found(as_viewer, operator, method):
    key = key_of(operator)
    assert getattr(as_viewer, method)(f"{URL}/keys/{key.pk}/revoke").status_code == 404
    assert APIKey.objects.get().revoked_at is None


@pytest.mark.parametrize("key_id", [0, 10**30])
def test_a_key_that_does_not_exist_is_not_found(as_admin, key_id):
    assert as_admin.get(f"{URL}/keys/{key_id}/revoke").status_code == 404


def test_forms_need_the_csrf_token(viewer):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(viewer)
    assert strict.post(f"{URL}/keys/new", KEY_FORM).status_code == 403
    assert not APIKey.objects.exists()


def test_users_are_filtered(as_admin, viewer, operator):
    html = html_of(as_admin.get(f"{URL}/users?q=view", headers=HTMX))
    assert ("viewer-user" in html, "operator-user" in html) == (True, False)
    html = html_of(as_admin.get(f"{URL}/users?role=operator", headers=HTMX))
    assert ("viewer-user" in html, "operator-user" in html) == (False, True)
    assert "No user matches." in html_of(as_admin.get(f"{URL}/users?q=nobody"))


def test_an_admin_sets_a_role(as_admin, viewer):
    assert as_admin.post(f"{URL}/users/{viewer.pk}/role", {"role": "operator"}).url == f"{URL}/users"
    assert access.role_of(User.objects.get(pk=viewer.pk)) == "operator"


def test_setting_a_role_can_be_refused(as_admin, admin, viewer):
    assert as_admin.post(f"{URL}/users/{viewer.pk}/role", {"role": "king"}).status_code == 422
    assert as_admin.post(f"{URL}/users/{admin.pk}/role", {"role": "viewer"}).status_code == 409
    assert as_admin.post(f"{URL}/users/0/role", {"role": "viewer"}).status_code == 404
    assert as_admin.get(f"{URL}/users/{viewer.pk}/role").status_code == 405


def test_nobody_else_sets_a_role(as_viewer, viewer):
    assert as_viewer.post(f"{URL}/users/{viewer.pk}/role", {"role": "admin"}).status_code == 403
    assert access.role_of(User.objects.get(pk=viewer.pk)) == "viewer"


def test_an_invitation_gives_a_link_that_works(as_admin, client):
    response = as_admin.post(f"{URL}/users/invite", {"username": "lena", "role": "viewer"})
    link = re.search(r"http://testserver(/dashboard/sign-in/[\w-]+)", html_of(response)).group(1)
    client.logout()
    assert client.get(link).status_code == 302
    assert client.session["_auth_user_id"] == str(User.objects.get(username="lena").pk)


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"username": "two words"}, "id_username-error"), ({"role": "king"}, "id_role-error")],
)
def test_a_bad_invitation_is_explained(as_admin, changes, field):
    response = as_admin.post(f"{URL}/users/invite", {"username": "lena", "role": "viewer"} | changes)
    assert response.status_code == 422
    assert f'id="{field}"' in html_of(response)


@pytest.mark.parametrize(
    ("query", "targets"),
    [
        ("", "ab"),
        ("?q=restart", "a"),
        ("?actor=mara", "a"),
        ("?area=stacks", "b"),
        ("?result=refused", "b"),
        ("?period=day", "b"),
        ("?result=nonsense&period=nonsense&page=nonsense", "ab"),
        ("?q=%00&page=-5", "ab"),
        ("?page=99999999999999999999", "ab"),
    ],
)
def test_the_audit_is_filtered(as_admin, query, targets):
    at = now()
    mara, tomas = access.nobody("mara"), access.nobody("tomas")
    access.record(mara, area="clusters", action="Restart", target="object-a", at=at - timedelta(days=2))
    access.record(tomas, area="stacks", action="Create", target="object-b", result="refused", at=at)
    html = html_of(as_admin.get(f"{URL}/audit{query}", headers=HTMX))
    assert "".join(name for name in "ab" if f"object-{name}" in html) == targets


def test_the_audit_has_pages_that_keep_the_filter(as_admin):
    for _ in range(51):
        access.record(None, area="stacks", action="Create")
    html = html_of(as_admin.get(f"{URL}/audit?area=stacks"))
    assert "1–50 of 51" in html
    assert "?area=stacks&amp;page=2" in html
    assert AuditEvent.objects.count() == 51
