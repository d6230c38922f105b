"""The cache of one kind: one reflector for all namespaces, or one for each where all may not be read."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from threading import Event, Lock

import msgspec

from orchestrator.backends.cluster import rows
from orchestrator.backends.cluster.objects import Row
from orchestrator.backends.cluster.port import CacheState, Change, ChangeType, Condition, Kind, Listener
from orchestrator.backends.cluster.store import Store
from orchestrator.backends.cluster.transport import Transport
from orchestrator.backends.cluster.watch import Reflector, now

logger = logging.getLogger(__name__)

# From what people must know first to what is fine.
SEVERITY = [
    Condition.UNAUTHORIZED,
    Condition.UNREACHABLE,
    Condition.RECONNECTING,
    Condition.SYNCING,
    Condition.LIVE,
    Condition.FORBIDDEN,
]


def combined(whole: CacheState, parts: Sequence[CacheState], *, names: Sequence[str]) -> CacheState:
    """Return the state of a cache from that of the cluster-wide scope and of its fallback namespaces.

    The worst condition counts, but a namespace that may not be read only takes away its own rows.
    """
    if whole.condition is not Condition.FORBIDDEN or not parts:
        return replace(whole, refused=("",) if whole.condition is Condition.FORBIDDEN else ())
    worst = min(parts, key=lambda part: SEVERITY.index(part.condition))
    refused = [name for name, part in zip(names, parts, strict=True) if part.condition is Condition.FORBIDDEN]
    readable = [part for part in parts if part.condition is not Condition.FORBIDDEN]
    only = tuple(name for name in names if name not in refused)
    return replace(
        worst,
        synced=all(part.synced for part in readable) and bool(readable),
        heard_at=min((part.heard_at for part in readable if part.heard_at), default=None),
        refused=("", *refused),
        only=only,
        restarts=whole.restarts + sum(part.restarts for part in parts),
    )


class WatchCache:
    """Rows of one kind of one context. See `port.Cache` for its promises."""

    def __init__(
        self,
        transport: Transport,
        kind: Kind,
        *,
        context: str,
        listener: Listener,
        namespaces: Sequence[str],
    ) -> None:
        self.transport = transport
        self.kind = kind
        self.used_at = now()
        self._context = context
        self._listener = listener
        self._names = tuple(namespaces)
        self._store = Store()
        self._lock = Lock()
        self._decided = Event()
        self._whole = Reflector(self, None)
        self._parts: list[Reflector] = []

    # --- What everybody may call

    @property
    def version(self) -> int:
        return self._store.version

    def rows(self, namespace: str | None = None) -> Sequence[Row]:
        self.touch()
        return self._store.rows(namespace)

    def peek(self) -> Sequence[Row]:
        return self._store.rows()

    def get(self, namespace: str, name: str) -> Row | None:
        self.touch()
        return self._store.get(namespace, name)

    def state(self) -> CacheState:
        with self._lock:
            parts = list(self._parts)
        return combined(self._whole.state, [part.state for part in parts], names=self._names)

    def wait(self, seconds: float) -> bool:
        return self._decided.wait(seconds)

    def retry(self) -> None:
        self._whole.retry()
        for part in self._parts:
            part.retry()

    def touch(self) -> None:
        """Note that somebody uses the cache."""
        self.used_at = now()

    def start(self) -> None:
        self._whole.start()

    def stop(self) -> None:
        """End the watches; the rows stay readable, but nobody keeps them current."""
        with self._lock:
            reflectors = [self._whole, *self._parts]
        for each in reflectors:
            each.stop()

    # --- What the reflectors call, in their threads

    def project(self, items: Iterable[msgspec.Raw]) -> list[Row]:
        """Return the rows of a page; an object that makes no sense is left out and logged."""
        return [row for row in map(self._row, items) if row is not None]

    def accept(self, scope: Reflector, found: list[Row]) -> None:
        """Put a complete list in the place of what the scope knew.

        The first list is a RESYNC too: a stream may resume from a time when an earlier cache was watching.
        """
        self._store.replace(found, namespace=scope.namespace)
        self._tell(Change(context=self._context, kind=self.kind, type=ChangeType.RESYNC))

    def change(self, type_: str, body: msgspec.Raw) -> None:
        """Apply one change of a watch."""
        row = self._row(body)
        if row is None:
            return
        if type_ == ChangeType.DELETED:
            if self._store.remove(row.key) is None:
                return
            type_ = ChangeType.DELETED
        else:
            type_ = self._store.put(row)
        self._tell(Change(context=self._context, kind=self.kind, type=ChangeType(type_), row=row))

    def forget(self, scope: Reflector) -> None:
        """Drop the rows of a scope that may not be read any more."""
        if scope.namespace is None and self._parts:
            return
        if self._store.rows(scope.namespace):
            self._store.replace([], namespace=scope.namespace)
            self._tell(Change(context=self._context, kind=self.kind, type=ChangeType.RESYNC))

    def state_changed(self, scope: Reflector, *, tell: bool) -> None:
        """Take note of a scope's new state; go over to or from single namespaces if it asks for that."""
        if scope is self._whole:
            self._choose_scopes(scope.state.condition)
        state = self.state()
        if state.condition is not Condition.SYNCING and (state.synced or state.error is not None):
            self._decided.set()
        if tell:
            self._tell(Change(context=self._context, kind=self.kind, type=ChangeType.STATE, state=state))

    def _choose_scopes(self, condition: Condition) -> None:
        with self._lock:
            if condition is Condition.FORBIDDEN and self._names and not self._parts:
                self._parts = [Reflector(self, name) for name in self._names]
                started, stopped = list(self._parts), []
            elif condition is Condition.LIVE and self._parts:
                started, stopped, self._parts = [], self._parts, []
            else:
                return
        for part in started:
            part.start()
        for part in stopped:
            part.stop()

    def _row(self, body: msgspec.Raw) -> Row | None:
        try:
            return rows.from_json(self.kind, body)
        except msgspec.DecodeError as exc:
            logger.warning("an object of kind %s makes no sense: %s", self.kind, exc)
            return None

    def _tell(self, change: Change) -> None:
        tell: Callable[[Change], None] = self._listener
        try:
            tell(change)
        except Exception:  # A listener's mistake must not end the watch.
            logger.exception("a listener failed")
