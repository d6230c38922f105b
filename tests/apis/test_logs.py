"""apis.logs, over the demo cluster"""

from contextlib import asynccontextmanager
from threading import Event

import pytest
from django.test import AsyncClient

from apis import logs as views
from orchestrator.backends.cluster.demo import DemoCluster
from orchestrator.backends.cluster.port import Kind
from orchestrator.backends.errors import Forbidden, Unreachable
from orchestrator.services.clusters import log_tail
from tests.apis.reading import Reader, check_headers, error_of

pytestmark = pytest.mark.django_db(transaction=True)
STAMP = "2026-03-01T10:00:00.00000000%dZ"
TIME = "2026-03-01T10:00:00.000Z"
BAD = "tail=0 tail=10001 tail=abc sinceSeconds=0 since=soon follow=maybe previous=1 container=A"


class Script:
    """A log that says what a test wrote, and then waits or breaks."""

    def __init__(self, *parts: bytes, error: Exception | None = None, endless: bool = False) -> None:
        self.parts, self.error, self.endless = parts, error, endless
        self.left, self.closed = Event(), Event()

    def chunks(self):
        yield from self.parts
        if self.endless:
            self.left.wait(20)
        if self.error:
            raise self.error

    def interrupt(self) -> None:
        self.left.set()

    def close(self) -> None:
        self.closed.set()


@pytest.fixture
def address(demo) -> str:
    """Return the address of the log of a pod that runs."""
    rows = demo.cache(Kind.PODS).rows("default")
    return (
        f"/api/pods/{next(row.name for row in rows if row.name.startswith('nginx'))}/logs?namespace=default"
    )


@pytest.fixture
def saying(monkeypatch):
    """Return a function that lets every log be a script; `asked` is the last question."""

    def saying(*parts: bytes, **more) -> Script:
        script = Script(*parts, **more)

        def logs(cluster, pod, *, namespace, query):
            script.asked = query
            return script

        monkeypatch.setattr(DemoCluster, "logs", logs)
        return script

    return saying


@pytest.fixture
def followed(address):
    """Return a context manager that follows a log by frames."""

    @asynccontextmanager
    async def followed(query: str = "", **more):
        headers = {"Accept": "text/event-stream", **more}
        response = await AsyncClient().get(f"{address}&{query}", headers=headers)
        assert response.status_code == 200
        parts = Reader(response)
        assert (await anext(parts._parts)) == b"retry: 3000\n\n"
        try:
            yield parts
        finally:
            await parts.close()

    return followed


def test_a_log_is_its_text_and_what_that_says(api, address, saying):
    saying(f"{STAMP % 1} [INFO] a\n{STAMP % 2} b\n".encode())
    response = api.get(address)
    check_headers(response)
    assert response.headers["X-Backend"] == "demo"
    first = {
        "line": 1,
        "timestamp": TIME,
        "level": "INFO",
        "message": "a",
        "raw": "[INFO] a",
        "isJson": False,
    }
    second = {"line": 2, "timestamp": TIME, "message": "b", "raw": "b", "isJson": False}
    assert response.json() == {"logs": "[INFO] a\nb\n", "parsed": [first, second], "totalLines": 2}


def test_an_empty_log_is_empty(api, address, saying):
    saying()
    assert api.get(address).json() == {"logs": "", "parsed": [], "totalLines": 0}


def test_a_hundred_lines_are_usual(api, address):
    assert api.get(address).json()["totalLines"] == 100
    assert api.get(f"{address}&tail=3").json()["totalLines"] == 3


def test_timestamps_are_shown_when_asked_for(api, address, saying):
    saying(f"{STAMP % 1} a\n".encode())
    assert api.get(f"{address}&timestamps=true").json()["logs"] == f"{STAMP % 1} a\n"


def test_text_is_the_log_as_it_is(api, address, saying):
    saying(f"{STAMP % 1} \x1b[31ma\n".encode())
    response = api.get(address, headers={"Accept": "text/plain"})
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.content == b"\x1b[31ma\n"


def test_what_is_asked_is_asked_of_the_cluster(api, address, saying):
    script = saying()
    api.get(f"{address}&tail=7&since=5m&previous=true&container=x")
    asked = script.asked
    assert (asked.container, asked.tail, asked.since_seconds, asked.previous) == ("x", 7, 300, True)


@pytest.mark.parametrize("query", BAD.split())
def test_a_bad_value_is_refused(api, address, query):
    response = api.get(f"{address}&{query}")
    assert response.status_code == 400
    body = error_of(response)
    assert (body["code"], list(body["fields"])) == ("validation_error", [query.partition("=")[0]])


def test_a_namespace_must_be_said(api):
    body = error_of(api.get("/api/pods/x/logs"))
    assert body["fields"] == {"namespace": ["Namespace parameter is required"]}


@pytest.mark.parametrize("accept", ["application/json", "text/plain", "text/event-stream"])
def test_an_unknown_pod_is_404_in_every_form(api, accept):
    response = api.get("/api/pods/nobody/logs?namespace=default", headers={"Accept": accept})
    assert response.status_code == 404
    body = error_of(response)
    assert (body["code"], body["error"]) == ("not_found", "Pod not found: nobody")


@pytest.mark.parametrize("query", ["container=nobody", "previous=true"])
def test_what_the_cluster_refuses_keeps_its_status(api, address, query):
    response = api.get(f"{address}&{query}")
    assert response.status_code == 400
    assert error_of(response)["code"] == "k8s_api_error"


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Forbidden("You may not.", service="kubernetes", status=403), 403, "forbidden"),
        (Unreachable("No answer.", service="kubernetes", reason="ECONNREFUSED"), 503, "connection_error"),
    ],
)
def test_a_failure_of_the_cluster_is_told(api, address, monkeypatch, error, status, code):
    def logs(*args, **asked):
        raise error

    monkeypatch.setattr(DemoCluster, "logs", logs)
    response = api.get(address)
    assert (response.status_code, error_of(response)["code"]) == (status, code)


def test_other_methods_are_refused(api, address):
    assert api.post(address).status_code == 405


def test_who_is_nobody_here_is_refused(api, address):
    assert api.get(address, REMOTE_ADDR="192.0.2.1").status_code == 401


def test_logs_are_limited_apart_from_lists(api, address, settings):
    settings.RATE_LIMIT_ENABLED = True
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "LOGS": (0, 60)}
    assert api.get(address).status_code == 429
    assert api.get("/api/pods").status_code == 200


def test_older_lines_than_an_answer_holds_are_left_out(api, address, saying, settings):
    settings.LOG_MAX_BYTES = 40
    saying(b"".join(f"{STAMP % each} {each}\n".encode() for each in range(1, 9)))
    response = api.get(address)
    assert (response.json()["logs"], response.headers["X-Partial"]) == ("8\n", "true")


@pytest.mark.parametrize("query", ["follow=true", "download=true"])
def test_only_the_head_of_a_stream_is_no_stream(api, address, saying, query):
    script = saying(endless=True)
    assert api.head(f"{address}&{query}").content == b""
    assert script.closed.is_set()


async def test_a_download_is_everything_as_a_file(address, saying):
    script = saying(b"a\n", b"b")
    response = await AsyncClient().get(f"{address}&download=true")
    assert response.headers["Content-Disposition"].startswith('attachment; filename="nginx')
    assert b"".join([part async for part in response.streaming_content]) == b"a\nb\n"
    assert (script.asked.tail, script.asked.follow) == (None, False)


async def test_following_as_text_ends_with_the_log(address, saying):
    script = saying(b"a\n", b"b\n")
    response = await AsyncClient().get(f"{address}&follow=true")
    assert response.headers["X-Accel-Buffering"] == "no"
    assert b"".join([part async for part in response.streaming_content]) == b"a\nb\n"
    assert script.asked.follow


async def test_a_text_that_breaks_off_says_so(address, saying):
    saying(b"a\n", error=Unreachable("The line is dead.", service="x"))
    response = await AsyncClient().get(f"{address}&follow=true")
    text = b"".join([part async for part in response.streaming_content])
    assert text == b"a\n--- The log broke off here: The line is dead.\n"


async def test_lines_are_frames_with_an_id_to_go_on_after(followed, saying):
    saying(f"{STAMP % 1} [INFO] a\n{STAMP % 2} b\n".encode(), endless=True)
    async with followed() as reader:
        first, second = await reader.next("log"), await reader.next("log")
    assert (first.id, first.data["line"], first.data["level"]) == (STAMP % 1, 1, "INFO")
    assert (second.id, second.data["line"], second.data["message"]) == (STAMP % 2, 2, "b")


async def test_who_comes_back_hears_only_what_is_new(followed, saying):
    script = saying(f"{STAMP % 1} a\n{STAMP % 2} b\n".encode(), endless=True)
    async with followed(**{"Last-Event-ID": STAMP % 1}) as reader:
        assert (await reader.next("log")).data["message"] == "b"
    assert (script.asked.tail, script.asked.since.isoformat()) == (None, "2026-03-01T10:00:00+00:00")


async def test_the_end_of_the_log_is_told(followed, saying):
    saying(b"a\n")
    async with followed() as reader:
        await reader.next("log")
        assert (await reader.next()).event == "end"


async def test_a_log_that_breaks_is_an_error_frame(followed, saying):
    saying(error=Unreachable("The line is dead.", service="x"))
    async with followed() as reader:
        frame = await reader.next("error")
    assert frame.data == {"message": "The line is dead.", "code": "unreachable", "retrying": False}


async def test_silence_is_filled(followed, saying, settings):
    settings.SSE_HEARTBEAT_SECONDS = 0.05
    saying(endless=True)
    async with followed() as reader:
        assert (await reader.next()).event == "heartbeat"


async def test_who_may_no_longer_read_is_left(followed, saying, settings, monkeypatch):
    settings.SSE_HEARTBEAT_SECONDS = 0.05
    script = saying(endless=True)
    async with followed() as reader:
        settings.LOCAL = False
        await reader.to_the_end()
    assert script.left.is_set()


async def test_what_was_missed_is_told(followed, saying, monkeypatch):
    monkeypatch.setattr(log_tail, "HISTORY", 0)
    monkeypatch.setattr(log_tail, "MOST_WAITING", 10)
    monkeypatch.setattr(views, "AT_ONCE", 10)
    script = saying(b"x\n" * 100, endless=True)
    async with followed() as reader:
        heard = 0
        while heard < 100:
            frame = await reader.next()
            heard += frame.data["lines"] if frame.event == "missed" else 1
    assert heard == 100
    assert script.left.is_set()


async def test_who_leaves_frees_the_log(followed, saying):
    script = saying(b"a\n", endless=True)
    async with followed() as reader:
        await reader.next("log")
    assert script.left.wait(5)
    assert script.closed.wait(5)


async def test_the_demo_can_be_followed(followed):
    async with followed("tail=3") as reader:
        assert [(await reader.next("log")).data["line"] for _ in range(3)] == [1, 2, 3]
