"""Terminals in containers: who may open one, which shell it runs, when it has to end, what the audit says."""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from time import monotonic
from typing import Any

from orchestrator.backends.cluster.port import Kind
from orchestrator.backends.errors import BackendError
from orchestrator.errors import InvalidInput, NotNow, Problem
from orchestrator.services import access
from orchestrator.services.access import Caller
from orchestrator.services.clusters import acting, logs, objects, shells
from orchestrator.services.clusters.acting import Act, Target
from orchestrator.services.clusters.contexts import Scope

SCOPE = acting.WRITE
MOST_OF_USER = 8
MOST_OF_PROCESS = 100  # each holds some threads and a connection
OPEN = Act(action="Open terminal", past="opened a terminal in", verb="create", subresource="exec")
# A WebSocket is a GET, which some API servers take for the verb: https://issue.k8s.io/78741
CONNECT = Act(action="Open terminal", past="opened a terminal in", verb="get", subresource="exec")
TOO_MANY = "{count} of your terminals are open, which is the limit. Close one and connect again."
FULL = "This server has {count} terminals open, which is its limit. Connect again later."
NOTHING_RUNS = "No container of this pod runs, so there is nothing to open a terminal in."
LEFT = "the page was left"
IDLE = "Nothing was typed or printed for {length}, so the terminal was closed."
SIGNED_OUT = "You have signed out, so the terminal was closed."
NOT_ALLOWED = "Your role no longer includes terminals, so this one was closed."

MOST_CHARACTERS = 1000  # of a line, and lines

_open: Counter[str] = Counter()  # by user
_lock = Lock()


@dataclass(frozen=True, slots=True)
class Choice:
    """A container as one chooses it; `kind` is init, ephemeral, or "" for those that do the work."""

    name: str
    kind: str
    running: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Where somebody wants a terminal, and how large it is in characters."""

    scope: Scope
    pod: str
    container: str
    columns: int = 80
    rows: int = 24


class Terminal:
    """An open terminal. One thread reads; all else may be called from any other."""

    def __init__(self, begun: shells.Begun, target: Target, *, container: str) -> None:
        self.target = target
        self.container = container
        self.name = begun.name  # of its shell
        self.used_at = monotonic()
        self.began_at = self.used_at
        self.ended = False
        self._begun = begun
        self._shell = begun.shell

    @property
    def exit_code(self) -> int | None:
        return self._shell.exit_code

    @property
    def quiet(self) -> timedelta:
        """Return for how long nothing was typed or printed."""
        return timedelta(seconds=monotonic() - self.used_at)

    def chunks(self) -> Iterator[bytes]:
        """Yield what the terminal prints until its shell ends or `stop` is called; raise `BackendError`."""
        for part in self._begun.parts:
            self.used_at = monotonic()
            if part:
                yield part

    def write(self, data: bytes) -> None:
        """Type; waits while the container does not read. Raises `BackendError` if the connection broke."""
        self.used_at = monotonic()
        self._shell.write(data)

    def resize(self, *, columns: int, rows: int) -> None:
        """Say how large the terminal is; raise `BackendError` if the connection broke."""
        self._shell.resize(columns=columns, rows=rows)

    def stop(self) -> None:
        """Let `chunks` come to its end. Twice is not an error."""
        self._shell.close()

    def hang_up(self) -> None:
        """End what still runs in it, as closing the window of a terminal does; how that ends is not told."""
        self._shell.close()
        if self.exit_code is None:
            with suppress(BackendError):
                shells.output(self.target, self.container, self._begun.farewell)


def containers(manifest: dict[str, Any]) -> list[Choice]:
    """Return the containers of a pod, those that do the work first."""
    status = manifest.get("status", {})
    lists = ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")
    running = {
        each["name"]
        for name in lists
        for each in status.get(name) or ()
        if (each.get("state") or {}).get("running") is not None
    }
    return [Choice(each.name, each.kind, each.name in running) for each in logs.containers(manifest)]


def usual(manifest: dict[str, Any]) -> str:
    """Return the container to begin with: that of logs, else one that runs; "" if none does."""
    running = [each.name for each in containers(manifest) if each.running]
    first = logs.usual(manifest)
    return first if first in running else next(iter(running), "")


def trouble(manifest: dict[str, Any]) -> str:
    """Return in a sentence why no terminal can be opened in a pod; "" if one can."""
    return "" if usual(manifest) else NOTHING_RUNS


def start(caller: Caller, wish: Wish, *, at: datetime) -> Terminal:
    """Open a terminal, audited; whoever gets it calls `end`.

    The cluster is asked for leave first. Raises `Refused` without the scope clusters:write, `InvalidInput`
    for a bad name or size, `NotNow` if too many are open, `Forbidden`, `Missing`, `Invalid` if the container
    does not run or has no shell, and `BackendError`.
    """
    target = acting.target(caller, Kind.PODS, wish.scope, wish.pod)
    _check(wish)
    _take(caller.name)
    try:
        with acting.attempt(target, OPEN, at=at, note=wish.container) as made:
            acting.require(target, CONNECT)
            begun = shells.begin(target, wish.container, columns=wish.columns, rows=wish.rows)
            terminal = Terminal(begun, target, container=wish.container)
            made.note = f"{wish.container}, {terminal.name}"
    except Exception:
        _give_back(caller.name)
        raise
    return terminal


def end(terminal: Terminal, *, at: datetime, why: str = LEFT) -> None:
    """Close a terminal, hang up on what still runs in it, and write down how long it was and how it ended.

    `why` counts if its shell did not end by itself. Repeating it is fine.
    """
    with _lock:
        if terminal.ended:
            return
        terminal.ended = True
    terminal.hang_up()
    caller = terminal.target.caller
    if caller is not None:
        _give_back(caller.name)
    how = why if terminal.exit_code is None else f"exit code {terminal.exit_code}"
    length = timedelta(seconds=round(monotonic() - terminal.began_at))
    access.record(
        caller,
        area=acting.AREA,
        action="Close terminal",
        target=terminal.target.words,
        place=terminal.target.place,
        note=f"{terminal.container}, {terminal.name}, {length}: {how}",
        at=at,
    )


def is_size(columns: int, rows: int) -> bool:
    """Return True if a terminal may be so large."""
    return 1 <= columns <= MOST_CHARACTERS and 1 <= rows <= MOST_CHARACTERS


def why_end(*, signed_in: bool, role: str, quiet: timedelta, idle: timedelta) -> str:
    """Return in a sentence why a terminal must end now; "" if it may go on."""
    if not signed_in:
        return SIGNED_OUT
    if SCOPE not in access.scopes_of(role):
        return NOT_ALLOWED
    return IDLE.format(length=spoken(idle)) if quiet >= idle else ""


def spoken(length: timedelta) -> str:
    """Return a length of time in words: 15 min, 90 s."""
    seconds = round(length.total_seconds())
    return f"{seconds // 60} min" if seconds >= 60 and seconds % 60 == 0 else f"{seconds} s"


def count() -> int:
    """Return how many terminals are open in this process."""
    with _lock:
        return _open.total()


def _check(wish: Wish) -> None:
    problems = []
    if not objects.NAME.fullmatch(wish.container):
        problems.append(
            Problem("container", "a name is 1 to 253 lower-case letters, digits, hyphens and dots")
        )
    if not is_size(wish.columns, wish.rows):
        problems.append(Problem("size", f"a terminal has 1 to {MOST_CHARACTERS} columns and rows"))
    if problems:
        raise InvalidInput("Validation failed", problems=problems)


def _take(user: str) -> None:
    with _lock:
        if _open[user] >= MOST_OF_USER:
            raise NotNow(TOO_MANY.format(count=MOST_OF_USER))
        if _open.total() >= MOST_OF_PROCESS:
            raise NotNow(FULL.format(count=MOST_OF_PROCESS))
        _open[user] += 1


def _give_back(user: str) -> None:
    with _lock:
        _open[user] -= 1
        if not _open[user]:
            del _open[user]
