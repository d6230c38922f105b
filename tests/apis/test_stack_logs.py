"""apis.stack_logs, over the demo cluster"""

import pytest
from django.test import AsyncClient

from tests.apis.reading import Reader, error_of
from tests.apis.stack_calls import made

pytestmark = pytest.mark.django_db(transaction=True)
KEY = {"X-API-Key": "only-for-tests"}


@pytest.fixture
def address(stacks_api, demo) -> str:
    stack_id = made(stacks_api)["stack_id"]
    demo.tick(60)
    return f"/stacks/{stack_id}/logs"


def test_a_log_is_read_as_json(stacks_api, address):
    response = stacks_api.get(f"{address}?tail=2")
    assert response.headers["Content-Type"] == "application/json; charset=utf-8"
    assert list(response.json()) == ["logs", "parsed", "totalLines"]
    assert response.json()["totalLines"] == len(response.json()["parsed"]) <= 2


def test_a_log_is_read_as_text(stacks_api, address):
    response = stacks_api.get(address, headers={"Accept": "text/plain"})
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.content.decode() == stacks_api.get(address).json()["logs"]


async def test_a_log_is_followed_as_text(address):
    response = await AsyncClient().get(f"{address}?follow=true", headers=KEY)
    assert response.streaming
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    await Reader(response).close()


async def test_a_log_is_followed_as_events(address):
    response = await AsyncClient().get(address, headers={**KEY, "Accept": "text/event-stream"})
    assert response.headers["Content-Type"] == "text/event-stream"
    await Reader(response).close()


@pytest.mark.parametrize("query", ["tail=0", "tail=10001", "tail=x", "follow=perhaps", "container=A"])
def test_a_question_that_makes_no_sense_is_refused(stacks_api, address, query):
    response = stacks_api.get(f"{address}?{query}")
    assert (response.status_code, list(error_of(response)["fields"])) == (400, [query.partition("=")[0]])


def test_what_has_not_started_has_no_log_yet(stacks_api, demo):
    response = stacks_api.get(f"/stacks/{made(stacks_api)['stack_id']}/logs")
    found = error_of(response)
    assert (response.status_code, found["code"]) == (400, "no_log_yet")
    assert "waiting to start" in found["error"]


def test_a_container_that_there_is_not_never_has_a_log(stacks_api, address):
    found = error_of(stacks_api.get(f"{address}?container=nobody"))
    assert (found["code"], found["fields"]) == (
        "validation_error",
        {"container": ["container is one of app"]},
    )


def test_a_stopped_stack_has_no_log_any_more(stacks_api, address):
    stacks_api.post(address.replace("/logs", "/stop"))
    response = stacks_api.get(address)
    assert (response.status_code, error_of(response)["code"]) == (404, "not_found")
