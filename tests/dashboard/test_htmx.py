"""dashboard.htmx"""

import pytest
from django.urls import reverse

HTMX = {"HX-Request": "true"}


@pytest.fixture
def signed_in(client, viewer):
    client.force_login(viewer)
    return client


def test_htmx_gets_the_fragment(signed_in):
    answer = signed_in.get(reverse("dashboard:pods"), headers=HTMX)
    assert "<html" not in answer.content.decode()
    assert 'id="pods"' in answer.content.decode()


@pytest.mark.parametrize("header", ["HX-Boosted", "HX-History-Restore-Request"])
def test_a_boosted_link_and_the_back_button_get_the_whole_page(signed_in, header):
    answer = signed_in.get(reverse("dashboard:pods"), headers=HTMX | {header: "true"})
    assert "<html" in answer.content.decode()


def test_caches_know_that_the_answer_depends_on_who_asks(signed_in):
    assert "HX-Request" in signed_in.get(reverse("dashboard:pods")).headers["Vary"]


def test_what_is_on_the_screen_already_is_not_sent_again(signed_in):
    shown = signed_in.get(reverse("dashboard:nodes"), headers=HTMX).context["etag"]
    again = signed_in.get(reverse("dashboard:nodes"), headers=HTMX | {"If-None-Match": shown})
    assert again.status_code == 204
    assert "HX-Request" in again.headers["Vary"]


def test_another_filter_is_sent_in_full(signed_in):
    shown = signed_in.get(reverse("dashboard:nodes"), headers=HTMX).context["etag"]
    answer = signed_in.get(reverse("dashboard:nodes"), {"q": "x"}, headers=HTMX | {"If-None-Match": shown})
    assert answer.status_code == 200


def test_a_page_is_never_answered_with_nothing(signed_in):
    shown = signed_in.get(reverse("dashboard:nodes"), headers=HTMX).context["etag"]
    assert signed_in.get(reverse("dashboard:nodes"), headers={"If-None-Match": shown}).status_code == 200


@pytest.mark.django_db
def test_a_stranger_is_sent_to_sign_in(client):
    answer = client.get(reverse("dashboard:pods"))
    assert answer.status_code == 302
    assert answer.url.startswith(reverse("dashboard:login"))


@pytest.mark.django_db
def test_htmx_of_a_stranger_leaves_the_page_as_a_whole(client):
    answer = client.get(reverse("dashboard:pods"), headers=HTMX)
    assert answer.headers["HX-Redirect"].startswith(reverse("dashboard:login"))
