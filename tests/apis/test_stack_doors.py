"""apis.stack_doors, on the demo cluster"""

import pytest
from django.test import Client
from pydantic import SecretStr

from orchestrator.models import AuditEvent, Stack
from tests.apis.knocking import ask
from tests.apis.reading import error_of
from tests.apis.stack_rows import running

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stack(demo, wait_until) -> Stack:
    return running(demo, wait_until)


@pytest.fixture
def key(settings) -> str:
    settings.API_KEY = SecretStr("only-for-tests")
    return "only-for-tests"


def post(stack, port, body="{}", **headers):
    client = Client(raise_request_exception=False)
    return client.post(
        f"/stacks/{stack}/ports/{port}/open", body, content_type="application/json", headers=headers
    )


def test_the_api_makes_a_link_and_the_audit_says_so(stack, key):
    port = stack.ports.first().container_port
    answer = post(stack.pk, port, '{"seconds": 60}', **{"X-API-Key": key})
    assert answer.status_code == 201
    assert list(answer.json()) == ["url", "expires_at"]
    assert answer.json()["expires_at"].endswith("Z")
    assert ask(answer.json()["url"])["status"] == 200
    event = AuditEvent.objects.get(action="Open port")
    assert (event.target, event.result) == (f"Stack {stack.pk}:{port}", "done")


@pytest.mark.parametrize("seconds", ['"1"', "true", "1.5", "[]"])
def test_a_life_that_is_no_whole_number_is_no_body(stack, key, seconds):
    port = stack.ports.first().container_port
    answer = post(stack.pk, port, f'{{"seconds": {seconds}}}', **{"X-API-Key": key})
    assert (answer.status_code, error_of(answer)["code"]) == (400, "invalid_json")


def test_nothing_need_be_sent(stack, key):
    port = stack.ports.first().container_port
    assert post(stack.pk, port, "", **{"X-API-Key": key}).status_code == 201


@pytest.mark.parametrize("seconds", ["0", "-1", "86401", "99999999999999"])
def test_a_bad_life_is_refused_with_its_reason(stack, key, seconds):
    port = stack.ports.first().container_port
    answer = post(stack.pk, port, f'{{"seconds": {seconds}}}', **{"X-API-Key": key})
    assert (answer.status_code, "seconds" in error_of(answer)["fields"]) == (400, True)
    assert error_of(answer)["code"] == "invalid_input"


@pytest.mark.parametrize("port", ["9", "0", "x", "999999"])
def test_the_api_opens_no_other_ports(stack, key, port):
    answer = post(stack.pk, port, **{"X-API-Key": key})
    assert answer.status_code == 404


def test_the_api_knows_no_stack_that_is_not_there(stack, key):
    answer = post("stack-0123456789abcdef", 80, **{"X-API-Key": key})
    assert (answer.status_code, error_of(answer)["error"]) == (404, "stack not found")


def test_the_api_asks_for_a_key(stack, key):
    assert post(stack.pk, 80).status_code == 401
