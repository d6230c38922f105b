"""GET /api/stream of a running server, fed by a real API server."""

import json
import os
import socket
from contextlib import ExitStack, closing
from datetime import datetime
from time import monotonic

import pytest

from tests.real.faults import error_frame
from tests.real.place import made
from tests.real.processes import started, wait_until
from tests.real.product import Product, Stream
from tests.real.proxy import Proxy

pytestmark = pytest.mark.needs("TEST_KUBECONFIG")
KINDS = ("pods", "deployments", "events")
CLIENTS = 100
STALLED = 20
MEGABYTE = 2**20


@pytest.fixture(scope="module")
def proxy():
    with closing(Proxy(os.environ["TEST_KUBECONFIG"])) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def product(proxy, tmp_path_factory):
    folder = tmp_path_factory.mktemp("stream")
    settings = {
        "CLUSTER_BACKEND": "auto",
        "KUBECONFIG": str(proxy.kubeconfig(folder / "kubeconfig")),
        "SSE_HEARTBEAT_INTERVAL_MS": "500",
        "LOG_LEVEL": "warning",
    }
    with started(f"sqlite:///{folder}/stream.sqlite3", **settings) as processes:
        product = Product(processes)
        with product.stream() as stream:  # The first stream begins the watches.
            wait_until(lambda: any(beat.data["synced"] for beat in stream.of("heartbeat")))
        yield product


def connected(stream):
    wait_until(lambda: stream.of("connected"))
    return stream


def told(stream, name: str) -> list[str]:
    return [frame.data["type"] for frame in stream.of("pod") if frame.name == name]


def beats(stream, number: int = 1) -> None:
    """Wait for so many more heartbeats: whatever was published before has come by then."""
    before = len(stream.of("heartbeat"))
    wait_until(lambda: len(stream.of("heartbeat")) >= before + number)


def test_it_begins_with_connected_and_when_to_come_back(product):
    with product.stream("namespace=default") as stream:
        connected(stream)
        headers = stream.response.headers
        first = stream.frames[0]
    assert headers["Content-Type"] == "text/event-stream"
    assert headers["Cache-Control"] == "no-cache, no-transform"
    assert headers["X-Accel-Buffering"] == "no"
    assert (first.event, first.retry) == ("connected", "3000")
    assert first.data["namespace"] == "default"
    assert first.data["timestamp"].endswith("Z")
    assert first.data["context"]


def test_what_existed_before_is_not_told(product, place):
    name = place.add()
    wait_until(lambda: name in product.get("/api/pods").body.decode())
    with product.stream() as stream:
        beats(connected(stream), 2)
        assert not stream.told(name)


def test_the_life_of_a_pod_is_told_with_ids(product, place):
    with product.stream() as stream:
        connected(stream)
        name = place.add()
        wait_until(lambda: stream.told(name, "ADDED"))
        place.change(name)
        wait_until(lambda: stream.told(name, "MODIFIED"))
        place.remove(name)
        wait_until(lambda: stream.told(name, "DELETED"))
        frames = [frame for frame in stream.of("pod") if frame.name == name]
    assert frames[0].data["object"] == {"name": name, "namespace": place.name, "status": "Pending"}
    numbers = [int(frame.id.rpartition("-")[2]) for frame in frames]
    assert numbers == sorted(set(numbers))
    assert not stream.of("error", "resync", "bookmark")


def test_a_reader_that_comes_back_hears_what_it_missed_and_no_more(product, place):
    with product.stream("kinds=pod") as stream:
        connected(stream)
        before = place.add()
        wait_until(lambda: stream.told(before))
        beats(stream)
        last = stream.of("pod")[-1].id
    missed, gone = place.add(), place.add()
    place.remove(gone)
    wait_until(lambda: missed in product.get("/api/pods").body.decode())
    wait_until(lambda: gone not in product.get("/api/pods").body.decode())
    with product.stream(f"kinds=pod&namespace={place.name}", Last_Event_ID=last) as stream:
        connected(stream)
        wait_until(lambda: stream.told(missed) and stream.told(gone, "DELETED"))
        beats(stream)
        assert {frame.name for frame in stream.of("pod")} == {missed, gone}
        assert not stream.of("resync")
        last = stream.of("pod")[-1].id
    with product.stream(f"kinds=pod&namespace={place.name}", Last_Event_ID=last) as stream:
        beats(connected(stream), 2)
        assert not stream.of("pod", "resync")


def test_a_reader_may_come_back_although_it_heard_of_nothing(product, place):
    with product.stream("kinds=pod") as stream:
        last = connected(stream).frames[0].id
    missed = place.add()
    wait_until(lambda: missed in product.get("/api/pods").body.decode())
    with product.stream("kinds=pod", Last_Event_ID=last) as stream:
        wait_until(lambda: stream.told(missed, "ADDED"))
        assert not stream.of("resync")


@pytest.mark.parametrize("last", ["00000000-1", "nonsense", "-", "1"])
def test_an_id_of_another_process_means_load_again(product, last):
    with product.stream(Last_Event_ID=last) as stream:
        wait_until(lambda: stream.of("resync"))
        assert [frame.event for frame in stream.frames[:2]] == ["connected", "resync"]
        assert stream.of("resync")[0].id


def test_a_snapshot_tells_what_exists_without_ids(product, place):
    name = place.add()
    wait_until(lambda: name in product.get("/api/pods").body.decode())
    with product.stream("kinds=pod&snapshot=true") as stream:
        wait_until(lambda: stream.told(name))
        frame = next(frame for frame in stream.of("pod") if frame.name == name)
    assert (frame.data["type"], frame.id) == ("ADDED", "")


def test_kinds_and_namespace_choose(product, place):
    with ExitStack() as stack:
        other = stack.enter_context(made(os.environ["TEST_KUBECONFIG"]))
        nodes = stack.enter_context(product.stream("kinds=node"))
        ours = stack.enter_context(product.stream(f"kinds=pod,node&namespace={place.name}"))
        everything = stack.enter_context(product.stream())
        for stream in (nodes, ours, everything):
            connected(stream)
        mine, theirs = place.add(), other.add()
        wait_until(lambda: everything.told(mine) and everything.told(theirs) and ours.told(mine))
        beats(ours)
        beats(nodes)
        assert not ours.told(theirs)
        assert not nodes.of("pod", "event", "deployment")


BAD = [
    ("kinds=banana", 400, "validation_error"),
    ("snapshot=maybe", 400, "validation_error"),
    ("namespace=Bad_NS", 400, "validation_error"),
    ("mode=dreaming", 400, "validation_error"),
    ("context=..%2Fetc", 400, "validation_error"),
    ("context=nobody-made-this", 404, "context_not_found"),
    ("api_key=wrong", 401, "invalid_api_key"),
]


@pytest.mark.parametrize(("query", "code", "word"), BAD)
def test_bad_parameters_are_refused_as_json_before_the_stream(product, query, code, word):
    reply = product.get(f"/api/stream?{query}")
    assert (reply.status, reply.json["code"]) == (code, word)
    assert reply.headers["content-type"].startswith("application/json")


def test_a_wrong_key_is_refused_and_a_wrong_method(product):
    assert product.get("/api/stream", X_API_Key="wrong").status == 401
    assert product.get("/api/stream", method="POST").status == 405


def test_silence_is_filled_with_heartbeats(product):
    with product.stream("kinds=node") as stream:
        beats(connected(stream), 3)
        told = [datetime.fromisoformat(frame.data["timestamp"]) for frame in stream.of("heartbeat")]
        assert stream.of("heartbeat")[-1].data["synced"] is True
    assert 0.3 <= (told[-1] - told[0]).total_seconds() / (len(told) - 1) < 2


def test_a_list_that_was_read_again_is_a_resync_and_a_cut_is_no_end(product, proxy, place):
    with product.stream() as stream:
        connected(stream)
        proxy.send(error_frame(410, "Expired"), kind="pods")
        wait_until(lambda: stream.of("resync"))
        proxy.cut("pods")
        name = place.add()
        wait_until(lambda: stream.told(name))
        assert "ERROR" not in {frame.data.get("type") for frame in stream.frames}


def stalled(product: Product) -> socket.socket:
    """Open a stream and never read it."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", product.port))
    client.sendall(b"GET /api/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return client


def test_100_streams_cost_one_watch_and_one_that_stalls_costs_nobody(product, proxy, place):
    lists = {kind: len(proxy.asked(kind, watch=False)) for kind in KINDS}
    with ExitStack() as stack:
        stack.enter_context(closing(stalled(product)))
        streams = [stack.enter_context(product.stream("kinds=pod")) for _ in range(CLIENTS)]
        for stream in streams:
            connected(stream)
        wait_until(lambda: product.figure("orchestrator_live_followers") == CLIENTS + 1)
        before = product.memory_bytes()
        pods = [place.add() for _ in range(20)]
        for _ in range(15):
            for name in pods:
                place.change(name)
        made_at = monotonic()
        last = place.add()
        wait_until(lambda: all(stream.told(last) for stream in streams))
        slowest = max(frame.at for stream in streams for frame in stream.of("pod") if frame.name == last)
        print("slowest_of_100_seconds:", round(slowest - made_at, 3))
        assert slowest - made_at < 2
        assert all(told(stream, name) for stream in streams[::10] for name in pods)
        assert [len(proxy.open(kind)) for kind in KINDS] == [1, 1, 1]
        assert {kind: len(proxy.asked(kind, watch=False)) for kind in KINDS} == lists
        assert product.memory_bytes() - before < 20 * MEGABYTE
    wait_until(lambda: product.figure("orchestrator_live_followers") == 0)


def large(number: int) -> bytes:
    """Return a frame of a pod that says much about itself."""
    metadata = {"name": f"t-large-{number}", "namespace": "t-large", "resourceVersion": "1"}
    return json.dumps(
        {"type": "MODIFIED", "object": {"metadata": metadata, "status": {"reason": "R" * 4000}}}
    ).encode()


def flood(proxy: Proxy, stream: Stream) -> int:
    """Let many pods say much, more than the journal keeps; return how many bytes a reader got."""
    before = stream.received_bytes
    for number in range(6000):
        proxy.send(large(number % 500), kind="pods")
    beats(stream, 2)
    return stream.received_bytes - before


def test_streams_that_nobody_reads_do_not_grow_the_server(product, proxy):
    with ExitStack() as stack:
        reader = stack.enter_context(product.stream("kinds=pod"))
        connected(reader)
        for _ in range(STALLED):
            stack.enter_context(closing(stalled(product)))
        wait_until(lambda: product.figure("orchestrator_live_followers") == STALLED + 1)
        flood(proxy, reader)  # Fills the journal and what each connection holds, which are bounded.
        before = product.memory_bytes()
        sent = flood(proxy, reader)
        grown = product.memory_bytes() - before
        begun = monotonic()
        proxy.send(large(9999), kind="pods")
        wait_until(lambda: reader.told("t-large-9999"))
        assert monotonic() - begun < 2
    print(f"grown by {grown / MEGABYTE:.1f} MB, sent to each {sent / MEGABYTE:.1f} MB")
    assert sent > 4 * MEGABYTE  # more than a socket keeps
    assert grown < STALLED * sent / 8
    wait_until(lambda: product.figure("orchestrator_live_followers") == 0)
    proxy.send(error_frame(410, "Expired"), kind="pods")  # Lists again, so that nothing invented stays.
