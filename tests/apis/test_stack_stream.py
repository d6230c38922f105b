"""apis.stack_stream: stacks as server-sent events"""

import asyncio
from contextlib import asynccontextmanager

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient
from django.utils.timezone import now

from apis import stack_stream
from orchestrator import live
from orchestrator.models import APIKey
from orchestrator.services import access
from tests.apis.reading import Reader, check_headers, error_of
from tests.apis.stack_calls import made, post

pytestmark = pytest.mark.django_db(transaction=True)
EVENTS = {"Accept": "text/event-stream"}
OBJECT = "stack_id status ttl ports node_public_ip node_id reason message updated_at"
KEY = {"X-API-Key": "only-for-tests"}


@pytest.fixture
def opened(stacks_api, demo):
    """Return a context manager that opens a stream and reads its greeting."""

    @asynccontextmanager
    async def opened(path: str = "/stacks", **headers):
        response = await AsyncClient().get(path, headers={**EVENTS, **KEY, **headers})
        assert response.status_code == 200
        reader = Reader(response)
        reader.greeting = await reader.next()
        try:
            yield reader
        finally:
            await reader.close()

    return opened


@pytest.fixture
def beating(settings):
    settings.SSE_HEARTBEAT_SECONDS = 0.05


async def new(client) -> str:
    return (await asyncio.to_thread(made, client))["stack_id"]


async def test_a_stream_of_all_tells_what_changes(opened, stacks_api, demo):
    await new(stacks_api)
    async with opened() as reader:
        assert (reader.greeting.event, reader.greeting.fields["retry"]) == ("connected", "3000")
        stack_id = await new(stacks_api)
        added = (await reader.next("stack")).data
        assert (added["type"], added["object"]["stack_id"]) == ("ADDED", stack_id)
        assert list(added["object"]) == OBJECT.split()
        await asyncio.to_thread(demo.tick, 5)
        told = [(await reader.next("stack")).data for _ in range(2)]
        assert {(each["type"], each["object"]["status"]) for each in told} == {("MODIFIED", "running")}
        await asyncio.to_thread(stacks_api.delete, f"/stacks/{stack_id}")
        gone = (await reader.next("stack")).data
        while gone["type"] != "DELETED":
            gone = (await reader.next("stack")).data
        assert gone["object"]["stack_id"] == stack_id


async def test_a_stream_of_one_begins_with_it_and_ends_with_it(opened, stacks_api, demo):
    stack_id = await new(stacks_api)
    async with opened(f"/stacks/{stack_id}") as reader:
        first = (await reader.next()).data
        assert (first["type"], first["object"]["status"]) == ("ADDED", "creating")
        await asyncio.to_thread(demo.tick, 5)
        assert (await reader.next("stack")).data["object"]["status"] == "running"
        await asyncio.to_thread(stacks_api.delete, f"/stacks/{stack_id}")
        while (await reader.next("stack")).data["type"] != "DELETED":
            pass
        await reader.to_the_end()


async def test_a_stream_is_chosen_by_filters(opened, stacks_api, beating):
    async with opened("/stacks?status=failed") as reader:
        await new(stacks_api)
        assert {(await reader.next()).event for _ in range(5)} == {"heartbeat"}


async def test_a_stream_is_not_kept_by_anybody_on_the_way(opened):
    async with opened() as reader:
        headers = reader.response.headers
        assert headers["Content-Type"] == "text/event-stream"
        assert headers["Cache-Control"] == "no-cache, no-transform"
        assert headers["X-Accel-Buffering"] == "no"
        assert headers["X-Backend"] == "demo"
        assert "Accept" in headers["Vary"]
        check_headers(reader.response)


async def test_who_comes_back_is_told_whether_something_was_missed(opened, stacks_api, beating):
    async with opened() as reader:
        begun = reader.greeting.id
    async with opened(**{"Last-Event-ID": begun}) as reader:
        assert (await reader.next()).event == "heartbeat"
    await new(stacks_api)
    async with opened(**{"Last-Event-ID": begun}) as reader:
        assert (await reader.next()).event == "resync"
    async with opened(**{"Last-Event-ID": "deadbeef-1"}) as reader:
        assert (await reader.next()).event == "resync"


async def test_a_stream_ends_after_its_life(opened, beating, monkeypatch):
    monkeypatch.setattr(stack_stream, "LIFETIME_SECONDS", 0.1)
    async with opened() as reader:
        await reader.to_the_end()


async def test_a_reader_that_leaves_frees_everything(opened):
    async with opened():
        assert live.hub.followers() == 1
    assert live.hub.followers() == 0


async def test_a_revoked_key_ends_its_stream(opened, beating):
    issued = await sync_to_async(access.issue_key)("k", scopes=["stacks:read"], owner=None, at=now())
    async with opened(**{"X-API-Key": issued.key}) as reader:
        await reader.next("heartbeat")
        await APIKey.objects.filter(pk=issued.row.pk).aupdate(revoked_at=now())
        await reader.to_the_end()


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [("/stacks?limit=0", 400, "invalid_input"), ("/stacks/unknown", 404, "stack_not_found")],
)
def test_what_is_wrong_is_said_before_a_stream_begins(stacks_api, path, status, code):
    response = stacks_api.get(path, headers=EVENTS)
    assert (response.status_code, error_of(response)["code"]) == (status, code)


def test_head_does_not_begin_a_stream(stacks_api):
    response = stacks_api.head("/stacks", headers=EVENTS)
    assert not response.streaming
    assert response.headers["Content-Type"] == "text/event-stream"


def test_who_accepts_json_as_well_gets_json(stacks_api):
    for accepted in ("application/json, text/event-stream", "text/event-stream;q=0.5, */*"):
        assert stacks_api.get("/stacks", headers={"Accept": accepted}).json() == {"stacks": []}
    assert post(stacks_api, **EVENTS).status_code == 201
