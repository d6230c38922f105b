"""Runs controllers: one thread each, and of many processes one acts, by lease."""

import logging
import os
import secrets
import socket
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from threading import Event, Thread
from time import monotonic

from django.conf import settings
from django.db import Error, close_old_connections, connection
from django.utils.timezone import now

from orchestrator.controllers import activity, drains, stack_batches, stacks
from orchestrator.services import controllers, leases

logger = logging.getLogger(__name__)

Reconcile = Callable[[datetime], datetime]
CONTROLLERS: dict[str, Reconcile] = {
    "activity": activity.reconcile,
    "drains": drains.reconcile,
    "stack-reaper": stacks.reconcile,
    "stack-batch-delete": stack_batches.reconcile,
}
# What a controller lives by: once it differs, a run is due. It is asked for often, so it must be cheap.
SIGNS: dict[str, Callable[[], object]] = {"stack-reaper": stacks.sign}
RETRY = timedelta(seconds=5)  # after a failure; doubled by each further one
LONGEST_RETRY = timedelta(minutes=1)
SHORTEST_PAUSE = timedelta(milliseconds=200)  # A due time in the past must not make a loop spin.


def new_owner() -> str:
    """Return a name for this process that no other one has, also after a restart."""
    name = (settings.PROCESS_NAME or socket.gethostname())[:60]
    return f"{name}-{os.getpid()}-{secrets.token_hex(4)}"


class Worker:
    """Runs one controller whenever it is due and its lease is ours."""

    def __init__(
        self, name: str, reconcile: Reconcile, *, owner: str, sign: Callable[[], object] | None = None
    ) -> None:
        self.name = name
        self.due: datetime | None = None  # None: at once
        self._reconcile = reconcile
        self._owner = owner
        self._sign = sign
        self._seen: object = None  # the last sign
        self._fence = 0
        self._asked_at: datetime | None = None  # the last wish that was heard
        self._failures = 0  # in a row

    def look(self, at: datetime) -> datetime:
        """Run the controller if it is time; return when to look again.

        Raises whatever the database raises; failures of the controller itself are recorded.
        """
        held = leases.acquire(self.name, owner=self._owner, at=at)
        if held is None:
            return at + leases.POLL
        if held.fence != self._fence:
            # Whoever had it before us may have died half way, so look at everything now.
            self._fence, self.due = held.fence, None
        asked_at = controllers.asked_at(self.name)
        if asked_at != self._asked_at:
            # Noted before the run: what is asked for during it is heard after it.
            self._asked_at, self.due = asked_at, None
        if self._sign is not None and (sign := self._sign()) != self._seen:
            self._seen, self.due = sign, None
        if self.due is None or self.due <= at:
            self.due = self._run(held, at=at)
        return min(self.due, at + leases.POLL)

    def _run(self, held: leases.Held, *, at: datetime) -> datetime:
        controllers.began(held, at=at)
        begun = monotonic()
        due, error = self._attempt(held, at=at)
        took = timedelta(seconds=monotonic() - begun)
        due = max(due, at + took + SHORTEST_PAUSE)
        controllers.ended(held, at=at + took, duration=took, next_due=due, error=error)
        return due

    def _attempt(self, held: leases.Held, *, at: datetime) -> tuple[datetime, str]:
        """Return when it is due next, and a sentence about what went wrong."""
        try:
            with leases.acting(held):
                due = self._reconcile(at)
        except Exception as exc:  # The top of a background loop: log, and try again a little later.
            logger.exception("controller %s failed", self.name)
            self._failures += 1
            return at + min(RETRY * 2 ** min(self._failures - 1, 10), LONGEST_RETRY), controllers.sentence(
                exc
            )
        self._failures = 0
        return due, ""


def start(stop: Event, *, reconcilers: Mapping[str, Reconcile] | None = None) -> list[Thread]:
    """Start the controllers and a heartbeat; return their threads, which end after `stop` is set."""
    owner = new_owner()
    table = CONTROLLERS if reconcilers is None else reconcilers
    workers = [Worker(name, each, owner=owner, sign=SIGNS.get(name)) for name, each in table.items()]
    # Daemons: a call that hangs must not keep a stopped process alive. A run may be cut at any line.
    loops = [Thread(target=_loop, args=(each, owner, stop), name=each.name, daemon=True) for each in workers]
    beat = Thread(target=_beat, args=(owner, loops, list(table)), name="heartbeat", daemon=True)
    for thread in (*loops, beat):
        thread.start()
    return [*loops, beat]


def join(threads: Sequence[Thread], *, seconds: float) -> None:
    """Wait until the threads have ended, `seconds` at most for all of them together."""
    deadline = monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, deadline - monotonic()))


def _loop(worker: Worker, owner: str, stop: Event) -> None:
    wait = 0.0
    while not stop.wait(wait):
        try:
            wait = max(0.0, (worker.look(now()) - now()).total_seconds())
        except Exception as exc:  # Usually the database is away; without it there is no lease either.
            _log(f"controller {worker.name} cannot read or write its state", exc)
            wait = RETRY.total_seconds()
        close_old_connections()
    try:
        leases.release(worker.name, owner=owner, at=now())
    except Exception as exc:
        _log(f"the lease of {worker.name} was not given back; it ends by itself", exc)
    connection.close()


def _beat(owner: str, loops: Sequence[Thread], names: Sequence[str]) -> None:
    """Renew our leases while runs take their time, until the last loop has ended.

    A killed process stops renewing, and so is replaced.
    """
    announced = False
    while any(loop.is_alive() for loop in loops):
        try:
            if not announced:
                controllers.announce(names, at=now())
                announced = True
            leases.renew(owner=owner, at=now())
        except Exception as exc:
            _log("leases cannot be renewed", exc)
        close_old_connections()
        join(loops, seconds=leases.HEARTBEAT.total_seconds())
    connection.close()


def _log(what: str, exc: Exception) -> None:
    """Log a sentence for a database that fails, which is not our mistake; else with the traceback."""
    if isinstance(exc, Error):
        logger.warning("%s: %s", what, str(exc).partition("\n")[0])
    else:
        logger.error(what, exc_info=exc)
