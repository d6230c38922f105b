"""dashboard.sign_in"""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.utils.timezone import now

from orchestrator.models import AuditEvent, SignInLink
from orchestrator.services import access

URL = "/dashboard/login"
GOOD = {"username": "viewer-user", "password": "secret-for-tests"}
BAD = GOOD | {"password": "guess"}


def fail(client, *, times: int = 1, **changes):
    for _ in range(times):
        response = client.post(URL, BAD | changes)
    return response


def signed_in(client) -> bool:
    return "_auth_user_id" in client.session


def test_the_page_is_open(client, db):
    response = client.get(URL)
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    assert "make run" in response.content.decode()


def test_production_does_not_speak_of_make_run(client, db, settings):
    settings.LOCAL = False
    assert "manage.py sign_in_link" in client.get(URL).content.decode()


def test_a_good_password_signs_in(client, viewer):
    assert client.post(URL, GOOD).url == "/dashboard/"
    assert signed_in(client)
    assert AuditEvent.objects.get().action == "Sign in"


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused(client, db, method):
    assert getattr(client, method)(URL).status_code == 405


@pytest.mark.parametrize("changes", [{"username": ""}, {"password": ""}])
def test_both_values_are_needed(client, viewer, changes):
    response = client.post(URL, GOOD | changes)
    assert response.status_code == 422
    assert "Both a user name and a password" in response.content.decode()
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize("username", ["x" * 151, "a\0b"])
def test_odd_names_are_refused_like_wrong_ones(client, viewer, username):
    assert client.post(URL, GOOD | {"username": username}).status_code == 422


def test_the_form_says_how_many_tries_are_left(client, viewer):
    words = [fail(client).content.decode() for _ in range(4)]
    assert "4 tries are left before a pause of 5 min." in words[0]
    assert "1 try is left" in words[3]


def test_after_five_tries_there_is_a_pause(client, viewer):
    response = fail(client, times=5)
    assert (response.status_code, response["Retry-After"]) == (429, "300")
    assert "Wait 5 min" in response.content.decode()
    assert client.post(URL, GOOD).status_code == 429


def test_the_pause_counts_down_and_ends(client, viewer):
    with time_machine.travel(now(), tick=False) as clock:
        fail(client, times=5)
        clock.shift(timedelta(minutes=4, seconds=30))
        response = fail(client)
        assert response["Retry-After"] == "30"
        assert "Wait 30 s" in response.content.decode()
        clock.shift(timedelta(seconds=31))
        assert client.post(URL, GOOD).status_code == 302


def test_a_pause_is_for_one_name_and_address(client, viewer, operator):
    fail(client, times=5)
    assert client.post(URL, GOOD | {"username": "operator-user"}).status_code == 302
    client.logout()
    assert client.post(URL, GOOD, REMOTE_ADDR="203.0.113.9").status_code == 302


def test_a_new_browser_does_not_begin_anew(client, viewer):
    for number in range(5):
        response = client.post(URL, BAD, headers={"User-Agent": f"browser {number}"})
    assert response.status_code == 429


def test_an_invented_forwarding_does_not_begin_anew(client, viewer):
    for number in range(5):
        response = client.post(URL, BAD, headers={"X-Forwarded-For": f"203.0.113.{number}"})
    assert response.status_code == 429


def test_refused_passwords_are_audited_without_the_password(client, viewer):
    fail(client, times=6)
    events = list(AuditEvent.objects.values_list("actor", "result", "note").order_by("pk"))
    assert (
        events
        == [("viewer-user", "refused", "wrong name or password")] * 4
        + [("viewer-user", "refused", "too many tries")] * 2
    )


@pytest.mark.parametrize(
    ("wanted", "url"),
    [
        ("/dashboard/pods?context=a", "/dashboard/pods?context=a"),
        ("", "/dashboard/"),
        ("https://evil.example/", "/dashboard/"),
        ("//evil.example/", "/dashboard/"),
        ("/\\evil.example", "/dashboard/"),
        ("javascript:alert(1)", "/dashboard/"),
        ("http://testserver/dashboard/pods", "/dashboard/"),
    ],
)
def test_where_a_visitor_goes_on_to(client, viewer, wanted, url):
    assert client.post(URL, GOOD | {"next": wanted}).url == url
    assert client.get(URL, {"next": wanted}).url == url


def test_the_page_says_where_one_will_go_on_to(client, db):
    assert "/dashboard/pods" in client.get(URL, {"next": "/dashboard/pods"}).content.decode()
    assert "evil" not in client.get(URL, {"next": "https://evil.example"}).content.decode()


def test_signing_out_takes_a_post(client, viewer):
    client.force_login(viewer)
    assert client.get("/dashboard/logout").status_code == 405
    assert client.post("/dashboard/logout").url == URL
    assert not signed_in(client)


def test_a_link_signs_in_once(client, viewer):
    link = access.make_link(viewer, at=now())
    response = client.get(link)
    assert (response.url, response["Referrer-Policy"]) == ("/dashboard/", "no-referrer")
    assert signed_in(client)
    client.logout()
    again = client.get(link)
    assert again.status_code == 403
    assert "used already" in again.content.decode()
    assert not signed_in(client)


def test_looking_at_a_link_does_not_use_it_up(client, viewer):
    link = access.make_link(viewer, at=now())
    assert client.head(link).status_code == 405
    assert client.get(link).status_code == 302


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [("expires_at", now(), "too old"), ("digest", "0", "not known")],
)
def test_a_bad_link_is_explained_and_audited(client, viewer, field, value, words):
    link = access.make_link(viewer, at=now())
    SignInLink.objects.update(**{field: value})
    response = client.get(link)
    assert response.status_code == 403
    assert words in response.content.decode()
    assert AuditEvent.objects.get().result == "refused"


def test_a_link_of_a_disabled_user_does_not_sign_in(client, viewer):
    link = access.make_link(viewer, at=now())
    User.objects.update(is_active=False)
    assert client.get(link).status_code == 403
    assert not signed_in(client)


NEW = {"new_password1": "tide-water-17", "new_password2": "tide-water-17"}
PASSWORD = "/dashboard/access/password"


def test_a_user_who_came_by_link_sets_a_first_password(client, viewer):
    viewer.set_unusable_password()
    viewer.save()
    client.get(access.make_link(viewer, at=now()))
    assert client.post(PASSWORD, NEW).url == "/dashboard/access"
    assert signed_in(client)
    assert client.get("/dashboard/access/keys").status_code == 200
    assert User.objects.get().check_password("tide-water-17")
    assert AuditEvent.objects.filter(action="Change password").count() == 1


def test_a_new_password_signs_out_other_browsers(client, viewer):
    other = Client()
    for browser in (client, other):
        browser.post(URL, GOOD)
    client.post(PASSWORD, NEW | {"old_password": GOOD["password"]})
    assert client.get("/dashboard/access/keys").status_code == 200
    assert other.get("/dashboard/access/keys").status_code == 302


@pytest.mark.parametrize(
    "changes",
    [
        {"old_password": "guess"},
        {"new_password2": "other"},
        {"new_password1": "12345", "new_password2": "12345"},
    ],
)
def test_a_bad_password_is_explained(client, viewer, changes):
    client.force_login(viewer)
    response = client.post(PASSWORD, NEW | {"old_password": GOOD["password"]} | changes)
    assert (response.status_code, "-error" in response.content.decode()) == (422, True)
    assert User.objects.get().check_password(GOOD["password"])


def test_strangers_set_no_password(client, db):
    assert client.get(PASSWORD).url == f"{URL}?next={PASSWORD}"
    assert client.post(PASSWORD, NEW).status_code == 302


def test_passwords_need_the_csrf_token(viewer):
    assert Client(enforce_csrf_checks=True).post(URL, GOOD).status_code == 403
