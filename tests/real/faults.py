"""A server that fails in every way an API server and the network before it can. A test says how."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR, socket
from threading import Event, Lock, Thread
from time import monotonic
from urllib.parse import parse_qsl, urlsplit

import pytest

from orchestrator.backends.cluster.transport import Transport
from tests.real.processes import free_port


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asked; `at` is the time of the monotonic clock."""

    path: str
    query: dict[str, str]
    at: float = field(default_factory=monotonic)
    method: str = "GET"
    token: str = ""

    @property
    def kind(self) -> str:
        """The last part of the path, such as "pods"."""
        return self.path.rpartition("/")[2]

    @property
    def watch(self) -> bool:
        return "watch" in self.query


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Frames:
    """A watch: these lines, and then its end, or silence until it is cut."""

    lines: Sequence[bytes] = ()
    ends: bool = False


Rule = Callable[[Request], Answer | Frames | None]


def status(code: int, reason: str, message: str = "", **headers: str) -> Answer:
    """Return a failure as an API server writes it."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(code, json.dumps(status_object(code, reason, message)).encode(), names)


def status_object(code: int, reason: str, message: str = "") -> dict:
    common = {"kind": "Status", "apiVersion": "v1", "status": "Failure"}
    return common | {"code": code, "reason": reason, "message": message or f"{reason}, it says"}


def error_frame(code: int, reason: str) -> bytes:
    return json.dumps({"type": "ERROR", "object": status_object(code, reason)}).encode()


class OpenWatch:
    """A watch that somebody reads, in chunks of whole lines."""

    def __init__(self, handler: "Handler", request: Request) -> None:
        self.request = request
        self.cut = Event()
        self._handler = handler
        self._lock = Lock()

    def begin(self, watches: list["OpenWatch"]) -> None:
        """Open it; whoever sees it open finds it among the others, and cannot send before its head is out."""
        with self._lock:
            watches.append(self)
            self._handler.send_response(200)
            self._handler.send_header("Content-Type", "application/json")
            self._handler.send_header("Transfer-Encoding", "chunked")
            self._handler.end_headers()

    def send(self, line: bytes) -> None:
        data = line.rstrip(b"\n") + b"\n"
        with self._lock:
            self._handler.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def end(self) -> None:
        with self._lock:
            self._handler.wfile.write(b"0\r\n\r\n")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Listener"

    def setup(self) -> None:
        super().setup()
        self.server.owner.connections.add(self.connection)

    def finish(self) -> None:
        self.server.owner.connections.discard(self.connection)
        with suppress(OSError):  # It was cut.
            super().finish()

    def do_GET(self) -> None:
        place = urlsplit(self.path)
        query = dict(parse_qsl(place.query, keep_blank_values=True))
        token = (self.headers["Authorization"] or "").removeprefix("Bearer ")
        request = Request(place.path, query, method=self.command, token=token)
        self.server.owner.answer(self, request)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815  # http.server looks for these names.

    def log_message(self, *args: object) -> None:
        pass


class Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, owner: "Server", *, port: int) -> None:
        self.owner = owner
        super().__init__(("127.0.0.1", port), Handler)

    def handle_error(self, *args: object) -> None:
        """Say nothing: cut connections are what this server is for."""


class Server:
    """Answers by a rule that may change at any time, counts what was asked, and can go away and come back."""

    def __init__(self, rule: Rule | None = None) -> None:
        self.rule = rule
        self.requests: list[Request] = []
        self.watches: list[OpenWatch] = []
        self.connections: set[socket] = set()
        self._flowing = Event()
        self._flowing.set()
        self._port = free_port()
        self._listener: Listener | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    # --- What a test does

    def start(self) -> None:
        """Listen, on the same port as before."""
        self._listener = Listener(self, port=self._port)
        Thread(target=self._listener.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Go away: every connection is cut, and new ones are refused."""
        if self._listener is not None:
            self._listener.shutdown()
            self._listener.server_close()
            self._listener = None
        self.cut()

    def close(self) -> None:
        self._flowing.set()
        self.stop()

    def cut(self, kind: str | None = None) -> None:
        """Break the open watches, of one kind or of all; then also every idle connection."""
        for watch in self.open(kind):
            watch.cut.set()
            break_off(watch._handler.connection)
        if kind is None:
            for connection in list(self.connections):
                break_off(connection)

    def hold(self) -> None:
        """Hold every frame of every watch back."""
        self._flowing.clear()

    def release(self) -> None:
        self._flowing.set()

    def send(self, line: bytes, *, kind: str) -> None:
        """Put a frame into the open watches of a kind."""
        for watch in self.open(kind):
            watch.send(line)

    # --- What a test asks

    def open(self, kind: str | None = None) -> list[OpenWatch]:
        return [each for each in list(self.watches) if kind in (None, each.request.kind)]

    def asked(self, kind: str, *, watch: bool | None = None, since: float = 0.0) -> list[Request]:
        """Return the requests for a kind: lists, watches or both, since a time of the monotonic clock."""
        return [
            each
            for each in list(self.requests)
            if each.kind == kind and each.at >= since and watch in (None, each.watch)
        ]

    # --- What the handler calls, in a thread of its own

    def answer(self, handler: Handler, request: Request) -> None:
        self.requests.append(request)
        answer = self.rule(request) if self.rule else None
        if isinstance(answer, Frames):
            self._stream(handler, request, answer)
        else:
            answer = answer or self.otherwise(handler, request)
            if answer is not None:
                send(handler, answer)

    def otherwise(self, handler: Handler, request: Request) -> Answer | None:
        """Answer what the rule does not; None if that is done."""
        return status(404, "NotFound")

    def _stream(self, handler: Handler, request: Request, frames: Frames) -> None:
        with self.watched(handler, request) as watch:
            for line in frames.lines:
                self.pass_on(watch, line)
            if frames.ends:
                watch.end()
            else:
                watch.cut.wait()

    @contextmanager
    def watched(self, handler: Handler, request: Request) -> Iterator[OpenWatch]:
        watch = OpenWatch(handler, request)
        try:
            watch.begin(self.watches)
            yield watch
        finally:
            self.watches.remove(watch)

    def pass_on(self, watch: OpenWatch, line: bytes) -> None:
        self._flowing.wait()
        watch.send(line)


class Sent(list[Request]):
    """What this process asks of API servers, noted when it is sent: a busy machine delays what arrives."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        send = Transport._send

        def note(transport: Transport, method: str, path: str, *, query=None, **more):
            told = {name: str(value) for name, value in (query or {}).items()}
            self.append(Request(path, told, method=method))
            return send(transport, method, path, query=query, **more)

        monkeypatch.setattr(Transport, "_send", note)

    def times(self, kind: str, *, watch: bool) -> list[float]:
        """Return when lists or watches of a kind were asked for, by the monotonic clock."""
        return [each.at for each in list(self) if each.kind == kind and each.watch is watch]


def send(handler: Handler, answer: Answer) -> None:
    handler.send_response(answer.status)
    for name, value in ({"Content-Type": "application/json"} | answer.headers).items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(answer.body)))
    handler.end_headers()
    handler.wfile.write(answer.body)


def break_off(connection: socket) -> None:
    with suppress(OSError):
        connection.shutdown(SHUT_RDWR)
