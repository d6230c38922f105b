"""The terminal of a pod: what its page shows, and the WebSocket behind it.

Frames of bytes are what is typed and printed. Frames of text are JSON. The page says `{"resize": [columns,
rows]}` and `{"read": bytes}`; the server says `{"ready": {...}}` and `{"note": text}`, and before it closes
`{"exit": code}`, `{"ended": why}` or `{"error": why}`.
"""

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

from channels.auth import get_user
from channels.db import DatabaseSyncToAsync
from channels.generic.websocket import AsyncWebsocketConsumer
from csp.constants import NONCE, SELF, UNSAFE_INLINE
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest
from django.utils.timezone import now

from dashboard import errors
from dashboard.consumers import SIGNED_OUT
from orchestrator.backends.cluster.port import Kind
from orchestrator.backends.errors import BackendError
from orchestrator.errors import DomainError
from orchestrator.services import access
from orchestrator.services.clusters import acting, contexts, objects, terminal
from orchestrator.services.clusters.terminal import Terminal, Wish

PATH = "dashboard/terminal"
SCOPE = terminal.SCOPE
# xterm makes its styles itself: elements, which carry the nonce of the page, and attributes.
POLICY = {"style-src": [SELF, NONCE], "style-src-attr": [UNSAFE_INLINE]}
BAD_FRAME = 4400
ENDED = 1000
THREADS = 4  # of one terminal: one reads, one types, one looks after it, one ends it
MOST_UNREAD = 256 * 1024  # bytes that the page has not drawn yet; then the container waits
MOST_TYPED = 1024 * 1024  # bytes that the container has not read yet
CHECK_SECONDS = 5.0
GONE = (RuntimeError, OSError)  # what servers raise if the page left while something was on its way to it
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Way:
    """A button that leads to a page, or says why it does not."""

    href: str
    why_not: str


class TerminalConsumer(AsyncWebsocketConsumer):
    """One terminal of one page."""

    work: asyncio.Task[None] | None = None
    opened: Terminal | None = None
    left = False  # by the page, or because somebody says so
    why = terminal.LEFT

    async def connect(self) -> None:
        request = ASGIRequest(self.scope | {"method": "GET"}, BytesIO())
        if not (self.scope["user"].is_authenticated and is_same_origin(request)):
            await self.close(SIGNED_OUT)
            return
        await self.accept()
        # Threads of its own: those that all share must stay free.
        self.threads = ThreadPoolExecutor(THREADS, thread_name_prefix="terminal")
        self.typed: asyncio.Queue[bytes | tuple[int, int]] = asyncio.Queue()
        self.waiting = self.unread = 0
        self.drawn = asyncio.Event()
        self.work = asyncio.create_task(self.live(request))

    async def disconnect(self, code: int) -> None:
        if self.work is not None:
            self.leave(terminal.LEFT)
            await self.work

    async def receive(
        self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any
    ) -> None:
        """Take what was typed, or what the page says of itself. It never waits: else nobody could leave."""
        if self.work is None:
            return
        if bytes_data is not None:
            await self.type(bytes_data)
        elif not self.obey(text_data or ""):
            await self.close(BAD_FRAME)

    async def type(self, data: bytes) -> None:
        """Take what was typed, if the container reads."""
        if self.waiting + len(data) > MOST_TYPED:
            await self.say(note="That was too much at once: the container has not read 1 MiB of it yet.")
            return
        self.waiting += len(data)
        self.typed.put_nowait(data)

    def obey(self, text: str) -> bool:
        """Do what the page says; return False for nonsense."""
        match parsed(text):
            case {"read": int(number)} if number > 0:
                self.unread = max(0, self.unread - number)
                self.drawn.set()
            case {"resize": [int(columns), int(rows)]} if terminal.is_size(columns, rows):
                self.typed.put_nowait((columns, rows))
            case _:
                return False
        return True

    def leave(self, why: str) -> None:
        """Let the terminal come to its end."""
        if not self.left:
            self.left, self.why = True, why
        if self.opened is not None:
            self.opened.stop()
        self.drawn.set()

    async def live(self, request: HttpRequest) -> None:
        """Open the terminal, carry bytes both ways until it ends, and say how it did."""
        try:
            self.opened = opened = await self.in_database(start, self.scope["user"], request)
            await self.say(ready={"shell": opened.name, "container": opened.container})
            await self.carry(opened)
            code = opened.exit_code
            await self.say(**({"ended": self.why} if code is None else {"exit": code}))
        except (DomainError, BackendError) as exc:
            self.why = errors.sentence_of(exc)
            await self.say(error=self.why)
        finally:
            await self.tidy_up()
            with suppress(*GONE):
                await self.close(ENDED)

    async def carry(self, opened: Terminal) -> None:
        """Carry bytes until the terminal ends; raise the `BackendError` that broke it."""
        helpers = [asyncio.create_task(each) for each in (self.pass_on(opened), self.watch_over(opened))]
        chunks = opened.chunks()
        try:
            while not self.left and (chunk := await self.in_thread(next, chunks, None)) is not None:
                self.unread += len(chunk)
                await self.deliver(bytes_data=chunk)
                while self.unread > MOST_UNREAD and not self.left:
                    self.drawn.clear()
                    await self.drawn.wait()
        finally:
            self.left = True
            for each in helpers:
                each.cancel()

    async def pass_on(self, opened: Terminal) -> None:
        """Type what was typed, and tell the size."""
        with suppress(BackendError):  # Who reads hears of it too.
            while True:
                match await self.typed.get():
                    case bytes(data):
                        await self.in_thread(opened.write, data)
                        self.waiting -= len(data)
                    case (columns, rows):
                        await self.in_thread(
                            lambda size: opened.resize(columns=size[0], rows=size[1]), (columns, rows)
                        )

    async def watch_over(self, opened: Terminal) -> None:
        """End a terminal that nobody uses, or whose user may no longer have it."""
        idle = settings.TERMINAL_IDLE
        while not self.left:
            await asyncio.sleep(min(CHECK_SECONDS, idle.total_seconds() / 4))
            signed_in, role = await self.standing()
            why = terminal.why_end(signed_in=signed_in, role=role, quiet=opened.quiet, idle=idle)
            if why:
                self.leave(why)

    async def standing(self) -> tuple[bool, str]:
        """Return whether the user is still signed in, and in which role now."""
        user, session = await get_user(self.scope), self.scope["session"]
        # What the session holds was read once; that it was ended elsewhere only its store knows.
        if not user.is_authenticated or not await self.in_database(session.exists, session.session_key):
            return False, ""
        return True, await self.in_database(access.role_of, user)

    async def tidy_up(self) -> None:
        if self.opened is not None:
            await self.in_database(terminal.end, self.opened, at=now(), why=self.why)
        self.threads.shutdown(wait=False)

    async def say(self, **message: Any) -> None:
        await self.deliver(text_data=json.dumps(message))

    async def deliver(self, **frame: Any) -> None:
        with suppress(*GONE):
            await self.send(**frame)

    async def in_thread(self, function: Callable[..., Result], *arguments: Any) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self.threads, function, *arguments)

    async def in_database(self, function: Callable[..., Result], *arguments: Any, **named: Any) -> Result:
        call = DatabaseSyncToAsync(function, thread_sensitive=False, executor=self.threads)
        found: Result = await call(*arguments, **named)
        return found


def start(user: User, request: HttpRequest) -> Terminal:
    """Open the terminal that a handshake asks for; raise what `terminal.start` raises."""
    asked = request.GET
    wish = Wish(
        scope=acting.place(context=asked.get("context"), namespace=asked.get("namespace")),
        pod=asked.get("pod", ""),
        container=asked.get("container", ""),
        columns=number(asked.get("columns", "80")),
        rows=number(asked.get("rows", "24")),
    )
    caller = access.caller_of_user(user, address=access.peer_address(request))
    return terminal.start(caller, wish, at=now())


def page(
    request: HttpRequest, scope: contexts.Scope, manifest: dict[str, Any], *, here: str
) -> dict[str, Any]:
    """Return what the page of a terminal shows; `here` is its address."""
    name = manifest["metadata"]["name"]
    choices = terminal.containers(manifest)
    chosen = request.GET.get("container") or terminal.usual(manifest)
    running = any(each.running for each in choices if each.name == chosen)
    asked = {"context": scope.context.name, "namespace": scope.namespace, "pod": name, "container": chosen}
    return {
        "containers": [
            (each, f"{here}&{urlencode({'container': each.name})}", each.name == chosen) for each in choices
        ],
        "chosen": chosen,
        "trouble": terminal.trouble(manifest) or ("" if running else f"Container {chosen} does not run."),
        "socket": f"/{PATH}?{urlencode(asked)}",
        "kubectl": f"kubectl exec -it {name} -n {scope.namespace} -c {chosen or '…'} -- sh",
        "idle": terminal.spoken(settings.TERMINAL_IDLE),
    }


def way(found: objects.Found, *, href: str) -> Way | None:
    """Return the button that leads to the terminal of a pod; None for other kinds."""
    return Way(href, terminal.trouble(found.manifest)) if found.kind is Kind.PODS else None


def is_same_origin(request: HttpRequest) -> bool:
    """Return True for a handshake of our own pages; a site on another port of this host is not ours."""
    try:
        return urlsplit(request.headers.get("Origin", "")).netloc == request.get_host()
    except (DisallowedHost, ValueError):
        return False


def parsed(text: str) -> object:
    """Return JSON that a page sent; None for what is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def number(text: str) -> int:
    """Return a small number; 0, which no size is, for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 0
