"""dashboard.errors"""

import pytest
from django.test import Client
from django.urls import reverse

from dashboard.errors import status_of
from orchestrator.backends import errors as backend
from orchestrator.errors import DomainError, InvalidInput, Missing, NotNow, Refused, UnknownContext
from orchestrator.services.clusters import contexts

HTMX = {"HX-Request": "true"}


@pytest.fixture
def signed_in(viewer):
    client = Client(raise_request_exception=False)
    client.force_login(viewer)
    return client


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InvalidInput("no"), 422),
        (Missing("no"), 404),
        (UnknownContext("no"), 404),
        (Refused("no"), 403),
        (NotNow("no"), 409),
        (DomainError("no"), 422),
        (backend.Unreachable("no", service="kubernetes"), 503),
        (backend.TimedOut("no", service="kubernetes"), 503),
        (backend.Forbidden("no", service="kubernetes"), 403),
        (backend.NotFound("no", service="kubernetes"), 404),
        (backend.Conflict("no", service="kubernetes"), 409),
    ],
)
def test_status(error, status):
    assert status_of(error) == status


def test_an_unknown_context_is_a_page_with_the_reason(signed_in):
    answer = signed_in.get(reverse("dashboard:pods"), {"context": "nowhere"})
    assert answer.status_code == 404
    assert "nowhere" in answer.content.decode()
    assert "<nav" in answer.content.decode()


def test_a_bad_value_names_what_is_wrong(signed_in):
    answer = signed_in.get(reverse("dashboard:pods"), {"sort": "colour"})
    assert answer.status_code == 422
    assert "sort by" in answer.content.decode()


def test_htmx_gets_a_toast_that_leaves_the_data_alone(signed_in):
    answer = signed_in.get(reverse("dashboard:pods"), {"context": "nowhere"}, headers=HTMX)
    assert answer.status_code == 404
    assert answer.headers["HX-Retarget"] == "#toasts"
    assert answer.headers["HX-Reswap"] == "beforeend"
    assert "<html" not in answer.content.decode()


def test_an_unknown_address_is_a_page_with_the_request_id(signed_in):
    answer = signed_in.get("/dashboard/nothing-here")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.headers["X-Request-ID"] in answer.content.decode()


def test_a_wrong_method_says_which_is_right(signed_in):
    answer = signed_in.post(reverse("dashboard:pods"))
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]
    assert answer.headers["Content-Type"].startswith("text/html")


def test_a_mistake_of_ours_is_a_page_without_its_details(signed_in, monkeypatch):
    def fail(**_anything):
        raise ZeroDivisionError("the-secret-detail")

    monkeypatch.setattr(contexts, "scope", fail)
    answer = signed_in.get(reverse("dashboard:pods"))
    assert answer.status_code == 500
    assert "the-secret-detail" not in answer.content.decode()
    assert "This page could not be made" in answer.content.decode()


def test_a_cluster_that_is_not_there_is_503(signed_in, monkeypatch):
    def fail(**_anything):
        raise backend.Unreachable("Nothing listens there.", service="kubernetes")

    monkeypatch.setattr(contexts, "scope", fail)
    answer = signed_in.get(reverse("dashboard:nodes"))
    assert answer.status_code == 503
    assert "Nothing listens there." in answer.content.decode()


def test_somebody_without_a_role_reads_who_can_grant_one(client, django_user_model, db):
    client.force_login(django_user_model.objects.create_user("new"))
    answer = client.get(reverse("dashboard:pods"))
    assert answer.status_code == 403
    assert "An admin can grant it." in answer.content.decode()


def test_errors_of_the_api_stay_json(client, db):
    assert client.get("/nothing-here").headers["Content-Type"].startswith("application/json")


def test_a_forged_form_is_a_page(viewer):
    client = Client(enforce_csrf_checks=True)
    client.force_login(viewer)
    answer = client.post(reverse("dashboard:theme"), {"theme": "dark"})
    assert answer.status_code == 403
    assert answer.headers["Content-Type"].startswith("text/html")
