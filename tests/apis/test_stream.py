"""apis.stream, fed by the demo cluster"""

import asyncio
from contextlib import asynccontextmanager

import pytest
from django.test import AsyncClient
from django.utils.timezone import now

from apis import stream as streams
from orchestrator import live
from orchestrator.backends.cluster.port import ChangeType, Kind
from orchestrator.models import APIKey
from orchestrator.services import access
from orchestrator.services.clusters import feed
from tests.apis.reading import Frame, Reader, check_headers, error_of
from tests.orchestrator.services.clusters import make

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def opened(demo):
    """Return a context manager that opens a stream and reads its greeting."""

    @asynccontextmanager
    async def opened(query: str = "", **more):
        response = await AsyncClient().get(f"/api/stream?{query}", **more)
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


async def test_a_stream_begins_with_where_it_is(opened):
    async with opened("namespace=default") as reader:
        assert reader.greeting.event == "connected"
        assert reader.greeting.fields["retry"] == "3000"
        assert reader.greeting.data.keys() == {"timestamp", "namespace", "context"}
        assert (reader.greeting.data["namespace"], reader.greeting.data["context"]) == (
            "default",
            "demo-cluster",
        )


async def test_a_stream_is_not_kept_by_anybody_on_the_way(opened):
    async with opened() as reader:
        headers = reader.response.headers
        assert headers["Content-Type"] == "text/event-stream"
        assert headers["Cache-Control"] == "no-cache, no-transform"
        assert headers["X-Accel-Buffering"] == "no"
        assert (headers["X-Context"], headers["X-Backend"]) == ("demo-cluster", "demo")
        check_headers(reader.response)


async def test_a_change_is_told_with_its_kind_and_status(opened, demo):
    async with opened() as reader:
        demo.cache(Kind.PODS).put(make.pod("new", namespace="default"))
        demo.tick(5)  # The world has no such pod, so it goes.
        frame = await reader.next("pod")
        while frame.data["object"]["name"] != "new":
            frame = await reader.next("pod")
        assert frame.data == {
            "type": "DELETED",
            "object": {"name": "new", "namespace": "default", "status": "Running"},
        }
        assert frame.id.startswith(feed.journal("demo-cluster").process)


async def test_the_world_is_told_as_it_moves(opened, demo, beating):
    async with opened() as reader:
        demo.tick(30)
        frames = await reader.until("heartbeat")
    told = {frame.event: frame.data for frame in frames}
    assert told["event"]["type"] in ("ADDED", "MODIFIED", "DELETED")
    assert {"type", "reason", "message", "kind", "name", "count"} <= told["event"]["object"].keys()
    assert {"name", "namespace", "status"} <= told["pod"]["object"].keys()
    assert all(frame.id for frame in frames)


async def test_kinds_are_chosen(opened, demo, beating):
    async with opened("kinds=node, deployment") as reader:
        demo.tick(60)
        frames = await reader.until("heartbeat")
        assert {frame.event for frame in frames} <= {"node", "deployment"}
    assert set(demo.running()) == {Kind.NODES, Kind.DEPLOYMENTS}


async def test_a_namespace_hears_of_its_own(opened, demo, beating):
    async with opened("namespace=kube-system&kinds=pod") as reader:
        for namespace in ("kube-system", "default"):
            demo.cache(Kind.PODS).put(make.pod("gone-soon", namespace=namespace))
        demo.tick(0)
        frames = await reader.until("heartbeat")
        assert [frame.data["object"]["namespace"] for frame in frames] == ["kube-system"]


async def test_what_exists_is_not_told_on_connecting(opened, beating):
    async with opened() as reader:
        assert (await reader.next()).event == "heartbeat"


async def test_a_snapshot_tells_what_exists(opened):
    async with opened("snapshot=true&kinds=pod,deployment") as reader:
        frames = [await reader.next() for _ in range(15 + 42)]
        assert {(frame.event, frame.data["type"]) for frame in frames} == {
            ("deployment", "ADDED"),
            ("pod", "ADDED"),
        }
        assert all(frame.id is None for frame in frames)
        replicas = frames[0].data["object"]["replicas"]
        assert replicas.keys() == {"desired", "ready", "available"}


async def test_a_snapshot_of_a_namespace_holds_all_nodes(opened):
    async with opened("snapshot=true&kinds=node&namespace=default") as reader:
        assert [(await reader.next()).data["object"]["name"] for _ in range(3)] == [
            "worker-a",
            "worker-b",
            "worker-c",
        ]


async def test_heartbeats_tell_that_all_is_known(opened, beating):
    async with opened() as reader:
        frame = await reader.next("heartbeat")
        assert frame.data.keys() == {"timestamp", "synced"}
        assert frame.data["synced"] is True


# --- Coming back


async def test_a_reader_comes_back_to_what_it_missed(opened, demo):
    async with opened("kinds=pod") as reader:
        begun = reader.greeting.id
    demo.cache(Kind.PODS).put(make.pod("a"))
    demo.tick(0)
    async with opened("kinds=pod", headers={"Last-Event-ID": begun}) as reader:
        frame = await reader.next()
        assert (frame.event, frame.data["object"]["name"]) == ("pod", "a")
    async with opened("kinds=pod", headers={"Last-Event-ID": frame.id}) as reader:
        demo.cache(Kind.PODS).put(make.pod("b"))
        demo.tick(0)
        assert (await reader.next()).data["object"]["name"] == "b"


async def test_a_heartbeat_is_a_place_to_come_back_to(opened, demo, beating):
    async with opened("kinds=node") as reader:
        feed.journal("demo-cluster").append(Kind.PODS, ChangeType.ADDED, key=("a", "b"), body=b"{}")
        live.hub.publish(feed.stream_topic("demo-cluster"))
        number = feed.journal("demo-cluster").id_of(1)
        while (await reader.next("heartbeat")).id != number:
            pass


@pytest.mark.parametrize("frame_id", ["nonsense", "deadbeef-1", "-1", "x" * 5000, "1"])
async def test_an_id_that_is_not_from_here_begins_anew(opened, frame_id):
    async with opened("kinds=pod", headers={"Last-Event-ID": frame_id}) as reader:
        frame = await reader.next()
        assert frame.event == "resync"
        assert "missing" in frame.data["reason"]


async def test_who_missed_too_much_begins_anew(opened, demo):
    async with opened("kinds=pod") as reader:
        begun = reader.greeting.id
    for number in range(feed.LONGEST_QUEUE + 1):
        demo.cache(Kind.PODS).put(make.pod(f"pod-{number}"))
    demo.tick(0)
    async with opened("kinds=pod", headers={"Last-Event-ID": begun}) as reader:
        assert (await reader.next()).event == "resync"


async def test_a_list_that_was_read_again_is_a_resync(opened):
    async with opened() as reader:
        feed.journal("demo-cluster").append(
            Kind.PODS, ChangeType.RESYNC, key=("", ""), body=b'{"reason":"Listed."}'
        )
        live.hub.publish(feed.stream_topic("demo-cluster"))
        assert (await reader.next()).event == "resync"


# --- The end


async def test_a_stream_ends_after_its_life(opened, beating, monkeypatch):
    monkeypatch.setattr(streams, "LIFETIME_SECONDS", 0.1)
    async with opened() as reader:
        await reader.to_the_end()


async def test_a_reader_that_leaves_frees_everything(opened):
    async with opened():
        assert live.hub.followers() == 1
    assert live.hub.followers() == 0


async def test_a_revoked_key_ends_its_stream(opened, beating):
    issued = await asyncio.to_thread(access.issue_key, "k", scopes=["clusters:read"], owner=None, at=now())
    async with opened(headers={"X-API-Key": issued.key}) as reader:
        await reader.next("heartbeat")
        await APIKey.objects.filter(pk=issued.row.pk).aupdate(revoked_at=now())
        await reader.to_the_end()


# --- Refusals


async def test_without_a_cluster_the_stream_says_so_and_ends(fresh_catalogue, settings, tmp_path):
    settings.CLUSTER_BACKEND, settings.KUBECONFIG = "kubernetes", str(tmp_path / "absent")
    reader = Reader(await AsyncClient().get("/api/stream"))
    assert reader.response.headers["Content-Type"] == "text/event-stream"
    body = b"".join([part async for part in reader.response.streaming_content]).decode()
    assert body.startswith("retry: 3000\n\n")
    frame = Frame(body.strip().split("\n\n")[-1])
    assert (frame.event, frame.data) == ("error", {"message": streams.NOT_CONFIGURED, "retrying": False})


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_a_stream_can_only_be_read(strict, method):
    response = strict.generic(method, "/api/stream")
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD")
    assert error_of(response)["code"] == "method_not_allowed"


def test_head_does_not_begin_a_stream(api):
    response = api.head("/api/stream")
    assert not response.streaming
    assert response.headers["Content-Type"] == "text/event-stream"
    assert response.headers["X-Context"] == "demo-cluster"


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        ({"REMOTE_ADDR": "192.0.2.1"}, 401, "authentication_required"),
        ({"HTTP_X_FORWARDED_FOR": "192.0.2.1"}, 401, "authentication_required"),
        ({"HTTP_X_API_KEY": "wrong"}, 401, "invalid_api_key"),
    ],
)
def test_a_stream_is_for_whom_we_know(api, more, status, code):
    response = api.get("/api/stream", **more)
    assert (response.status_code, error_of(response)["code"]) == (status, code)
