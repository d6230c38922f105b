"""A running server of the product, asked over HTTP as clients do."""

import json
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from threading import Thread
from time import monotonic
from typing import Any

import psutil

from tests.real.processes import Process, Processes, free_port

ANSWER_SECONDS = 90  # longer than anything that is waited for in a request


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: dict[str, str]  # by their names in lower case
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of a stream, and when it came by the monotonic clock."""

    event: str
    data: dict[str, Any]
    id: str
    retry: str
    at: float

    @property
    def name(self) -> str:
        return str(self.data.get("object", {}).get("name", ""))


class Stream:
    """Reads `GET /api/stream`, or another stream, in a thread of its own."""

    def __init__(self, port: int, path: str, headers: dict[str, str]) -> None:
        self.frames: list[Frame] = []
        self.received_bytes = 0
        self._connection = HTTPConnection("127.0.0.1", port, timeout=120)
        self._connection.request("GET", path, headers=headers)
        self._socket = self._connection.sock
        self.response = self._connection.getresponse()
        self._reader = Thread(target=self._read, args=(self.response,), daemon=True)
        self._reader.start()

    def of(self, *events: str) -> list[Frame]:
        return [frame for frame in list(self.frames) if frame.event in events]

    def told(self, name: str, type_: str | None = None) -> bool:
        """Return True once a frame told of an object by this name."""
        return any(
            frame.name == name and type_ in (None, frame.data["type"])
            for frame in self.of("pod", "deployment")
        )

    def leave(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._reader.join(5)
        self.response.close()
        self._connection.close()

    def _read(self, response: HTTPResponse) -> None:
        said: dict[str, str] = {}
        with suppress(OSError, ValueError, HTTPException):  # We left, or the server did.
            while line := response.readline():
                self.received_bytes += len(line)
                text = line.decode().rstrip("\n")
                if text:
                    field, _, value = text.partition(": ")
                    said[field] = value
                else:
                    self._keep(said)
                    said = {}

    def _keep(self, said: dict[str, str]) -> None:
        data = json.loads(said.get("data", "{}"))
        ours = (said.get("event", ""), data, said.get("id", ""), said.get("retry", ""))
        self.frames.append(Frame(*ours, at=monotonic()))


class Product:
    """One server process on a port of its own."""

    def __init__(self, processes: Processes, **settings: str) -> None:
        self.port = free_port()
        self._processes = processes
        self._settings = {"PORT": str(self.port)} | settings
        self.process: Process = self.start()

    def start(self) -> Process:
        self.process = self._processes.manage("serve", **self._settings)
        self.process.wait_for("Orchestrator is at")
        return self.process

    def get(self, path: str, *, method: str = "GET", body: bytes = b"", **headers: str) -> Reply:
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_SECONDS)) as connection:
            names = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body=body or None, headers=names)
            response = connection.getresponse()
            return Reply(
                response.status,
                {name.lower(): value for name, value in response.getheaders()},
                response.read(),
            )

    @contextmanager
    def stream(self, query: str = "", *, path: str = "/api/stream", **headers: str) -> Iterator[Stream]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        stream = Stream(self.port, f"{path}?{query}", named)
        try:
            yield stream
        finally:
            stream.leave()

    def figure(self, name: str) -> float:
        """Return a figure of /metrics that has no labels."""
        lines = self.get("/metrics").body.decode().splitlines()
        return next(float(line.split()[1]) for line in lines if line.startswith(f"{name} "))

    def memory_bytes(self) -> int:
        return int(psutil.Process(self.process.child.pid).memory_info().rss)
