"""GET /stacks/{id}/wait: a stack as soon as it is what somebody waits for"""

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

import pytest
from django.db import connection
from django.utils.timezone import now

from orchestrator import live
from orchestrator.models import Stack
from orchestrator.services.clusters import feed
from orchestrator.services.stacks import reads, waiting
from tests.apis.reading import error_of
from tests.apis.stack_calls import made

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stack_id(stacks_api, demo) -> str:
    return made(stacks_api)["stack_id"]


@pytest.fixture
def wait(stacks_api, stack_id, monkeypatch, wait_until):
    """Return a function that begins to wait in a thread, and comes back once the wait is under way."""
    begun: list[str] = []
    original = live.hub.wait

    def noted(*topics, **more):
        begun.extend(topics)
        return original(*topics, **more)

    monkeypatch.setattr(live.hub, "wait", noted)

    def ask(query: str):
        try:
            return stacks_api.get(f"/stacks/{stack_id}/wait?{query}")
        finally:
            connection.close()

    def wait(query: str = "timeout=30") -> Future:
        answer = pool.submit(ask, query)
        wait_until(lambda: begun)
        return answer

    with ThreadPoolExecutor(1) as pool:
        yield wait


def test_a_stack_that_begins_to_run_is_answered_at_once(wait, demo):
    waiting = wait()
    demo.tick(5)
    response = waiting.result(10)
    assert (response.status_code, response.json()["status"]) == (200, "running")


def test_a_stack_that_is_so_already_is_answered_at_once(stacks_api, stack_id):
    response = stacks_api.get(f"/stacks/{stack_id}/wait?for=creating&timeout=60")
    assert response.json()["status"] == "creating"


def test_when_the_time_is_over_the_stack_is_answered_as_it_is(stacks_api, stack_id):
    response = stacks_api.get(f"/stacks/{stack_id}/wait?timeout=1")
    assert (response.status_code, response.json()["status"]) == (200, "creating")


def test_what_cannot_come_true_any_more_is_not_waited_for(wait, stack_id, stacks_api):
    waiting = wait()
    stacks_api.post(f"/stacks/{stack_id}/stop")
    assert waiting.result(10).json()["status"] == "stopped"


def test_a_stack_that_goes_meanwhile_is_not_found(wait, stack_id, stacks_api):
    waiting = wait("for=failed")
    stacks_api.delete(f"/stacks/{stack_id}")
    response = waiting.result(10)
    assert (response.status_code, error_of(response)["code"]) == (404, "stack_not_found")


def test_changes_of_other_pods_do_not_even_ask_the_database(wait, stack_id, demo, monkeypatch):
    waiting = wait()
    looks: list[str] = []
    original = reads.row
    monkeypatch.setattr(reads, "row", lambda *args, **more: looks.append(args[0]) or original(*args, **more))
    live.hub.publish(feed.topic("pods", context=demo.context.name, namespace="stacks"))
    with suppress(TimeoutError):
        waiting.result(0.3)
    assert looks == []
    Stack.objects.filter(pk=stack_id).update(expires_at=now())
    live.hub.publish(f"stack:{stack_id}")
    assert waiting.result(10).status_code == 404


@pytest.mark.parametrize("query", ["for=ready", "timeout=61", "timeout=-1", "timeout=1s", "timeout=1.5"])
def test_a_wait_that_makes_no_sense_is_refused(stacks_api, stack_id, query):
    response = stacks_api.get(f"/stacks/{stack_id}/wait?{query}")
    assert (response.status_code, error_of(response)["code"]) == (400, "invalid_input")


@pytest.mark.parametrize(
    ("status", "wanted", "decided"),
    [
        ("running", "running", True),
        ("creating", "running", False),
        ("failed", "running", True),
        ("node_deleted", "creating", True),
        ("failed", "stopped", False),
        ("running", "failed", False),
        ("stopped", "node_deleted", False),
    ],
)
def test_what_decides_a_wait(status, wanted, decided):
    assert waiting.is_decided(status, wanted) is decided
