"""Commands that run in containers of a real cluster, each over a WebSocket of its API server.

https://kubernetes.io/docs/reference/using-api/websockets/ tells of the channels: the first byte of a frame.
"""

import asyncio
import json
import re
import socket
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from threading import Thread
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from orchestrator.backends.cluster.kinds import RESOURCES, Kind
from orchestrator.backends.cluster.transport import (
    READ_SECONDS,
    SERVICE,
    Transport,
    refusal,
    translated_errors,
)
from orchestrator.backends.cluster.upgrade import Upgrade
from orchestrator.backends.errors import BackendError, Invalid, Unreachable

V5, V4 = Subprotocol("v5.channel.k8s.io"), Subprotocol("v4.channel.k8s.io")
STDIN, ERROR, RESIZE = b"\x00", b"\x03", b"\x04"
CLOSE_STDIN = b"\xff" + STDIN  # since v5
PING_SECONDS = 20
SILENCE_MILLISECONDS = 30_000  # After so long without a sign of TCP the API server is gone.
FAREWELL_SECONDS = 1
NO_COMMAND = re.compile(r"executable file .*not found|exec: .*no such file or directory")
NOT_RUNNING = re.compile(r"container not found|container .* is not running|cannot exec in a stopped")
NO_NODE = re.compile(r"error dialing backend")
Result = TypeVar("Result")


class ExecShell:
    """A command at the other end of a WebSocket."""

    def __init__(self, connection: ClientConnection, *, container: str, command: str) -> None:
        self._connection = connection
        self._container = container
        self._command = command
        self._exit_code: int | None = None
        self._left = False

    def chunks(self) -> Iterator[bytes]:
        try:
            while (frame := self._next()) is not None:
                channel, data = frame[:1], frame[1:]
                if channel == ERROR:
                    self._exit_code = exit_code_of(data, container=self._container, command=self._command)
                    return
                if data:
                    yield data
        finally:
            self.close()

    def write(self, data: bytes) -> None:
        self._send(STDIN + data)

    def resize(self, *, columns: int, rows: int) -> None:
        self._send(RESIZE + json.dumps({"Width": columns, "Height": rows}).encode())

    @property
    def exit_code(self) -> int | None:
        return self._exit_code

    def close(self) -> None:
        if not self._left:
            self._left = True
            asyncio.run_coroutine_threadsafe(_bid_farewell(self._connection), _loop())

    def _next(self) -> bytes | None:
        """Return what comes next; None if it was us who ended the connection."""
        try:
            return _run(self._connection.recv(decode=False))
        except ConnectionClosed as exc:
            if self._left:
                return None
            raise _broken() from exc

    def _send(self, frame: bytes) -> None:
        # Without a time-out: what is not read over there makes its writer wait, as in any pipe.
        try:
            _run(self._connection.send(frame))
        except ConnectionClosed as exc:
            if not self._left:
                raise _broken() from exc


def open_shell(
    transport: Transport, pod: str, *, namespace: str, container: str, command: Sequence[str], tty: bool
) -> ExecShell:
    """Run a command; raise what the port says."""
    asked = [
        ("container", container),
        ("stdin", "true"),
        ("stdout", "true"),
        ("stderr", "false" if tty else "true"),  # A terminal has one output.
        ("tty", "true" if tty else "false"),
        *(("command", part) for part in command),
    ]
    path = RESOURCES[Kind.PODS].path(namespace, quote(pod, safe=""), "exec")
    with _handshake_errors():
        connection = _run(_connect(transport.upgrade(path, asked)))
    return ExecShell(connection, container=container, command=command[0])


def exit_code_of(status: bytes, *, container: str, command: str) -> int:
    """Return the exit code out of the last word of the API server; raise why the command did not run.

    https://github.com/kubernetes/apimachinery/blob/v0.34.0/pkg/util/remotecommand/constants.go
    """
    with translated_errors():
        said = msgspec.json.decode(status, type=dict)
    if said.get("status") == "Success":
        return 0
    causes = (said.get("details") or {}).get("causes") or ()
    code = next((each.get("message", "") for each in causes if each.get("reason") == "ExitCode"), "")
    if said.get("reason") == "NonZeroExitCode" and code.isdecimal():
        return int(code)
    raise _failure(str(said.get("message", "")), container=container, command=command)


def _failure(message: str, *, container: str, command: str) -> BackendError:
    """Return what went wrong before a command ran. The words are those of the node or its runtime."""
    if NO_NODE.search(message):
        return Unreachable("The API server cannot reach the node of the pod.", service=SERVICE, reason="Node")
    if NO_COMMAND.search(message):
        sentence = f"There is no command {command} in container {container}."
        return Invalid(sentence, service=SERVICE, reason="NoSuchCommand")
    if NOT_RUNNING.search(message):
        return Invalid(f"Container {container} does not run.", service=SERVICE, reason="NotRunning")
    return Invalid(message[:500] or "The command did not start.", service=SERVICE, reason="NotStarted")


async def _connect(upgrade: Upgrade) -> ClientConnection:
    tls: dict[str, Any] = {"ssl": upgrade.tls} if upgrade.tls else {}
    if upgrade.server_name:
        tls["server_hostname"] = upgrade.server_name
    found = await connect(
        upgrade.url,
        additional_headers=upgrade.headers,
        user_agent_header=None,
        subprotocols=[V5, V4],
        compression=None,
        proxy=upgrade.proxy,
        open_timeout=READ_SECONDS,
        ping_interval=PING_SECONDS,
        ping_timeout=None,  # While nobody takes the output, answers to pings are not read either.
        close_timeout=FAREWELL_SECONDS,
        max_size=None,
        **tls,
    )
    if found.subprotocol is None:
        await found.close()
        raise _no_websocket()
    wire = found.transport.get_extra_info("socket")  # None if it has ended already
    if wire is not None and hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SILENCE_MILLISECONDS)
    return found


async def _bid_farewell(connection: ClientConnection) -> None:
    with suppress(ConnectionClosed, TimeoutError):
        if connection.subprotocol == V5:
            await asyncio.wait_for(connection.send(CLOSE_STDIN), FAREWELL_SECONDS)
    await connection.close()


def _run(work: Coroutine[Any, Any, Result]) -> Result:
    return asyncio.run_coroutine_threadsafe(work, _loop()).result()


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """Return the loop that carries the connections of this process; it lives as long as the process does.

    Reading and writing a TLS connection from two threads is not safe in Python; one loop does both.
    """
    loop = asyncio.new_event_loop()
    Thread(target=loop.run_forever, name="shells", daemon=True).start()
    return loop


@contextmanager
def _handshake_errors() -> Iterator[None]:
    """Turn what keeps a WebSocket from being opened into `BackendError`."""
    try:
        with translated_errors():
            yield
    except InvalidStatus as exc:
        answer = exc.response
        if answer.status_code < 400:
            raise _no_websocket() from exc
        wait = answer.headers.get("Retry-After", "")
        raise refusal(answer.status_code, bytes(answer.body or b""), wait=wait) from exc
    except InvalidHandshake as exc:
        raise _no_websocket() from exc


def _no_websocket() -> Unreachable:
    sentence = "The API server, or a proxy before it, does not let WebSockets through."
    return Unreachable(sentence, service=SERVICE, reason="NoWebSocket")


def _broken() -> Unreachable:
    return Unreachable("The connection to the container broke off.", service=SERVICE, reason="ECONNRESET")
