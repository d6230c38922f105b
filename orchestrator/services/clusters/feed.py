"""What changes in clusters, on its way to pages (topics) and to streams (frames).

All streams of a process read one bounded journal: a slow one costs a number, and begins anew with a
`resync` when it fell too far behind.
"""

import json
import re
import secrets
from collections import OrderedDict, deque
from dataclasses import dataclass
from threading import Lock

import msgspec

from orchestrator import live
from orchestrator.backends.cluster.objects import DaemonSet, Deployment, Event, Job, Pod, Row, StatefulSet
from orchestrator.backends.cluster.port import CacheState, Change, ChangeType, Condition, Kind

JOURNAL_LENGTH = 5000  # changes of one context
LONGEST_QUEUE = 1000  # frames that a reader may have to catch up with
SHARED_BATCHES = 64
FAILING = {Condition.RECONNECTING, Condition.UNREACHABLE, Condition.UNAUTHORIZED, Condition.FORBIDDEN}
STREAM_KINDS = (Kind.DEPLOYMENTS, Kind.PODS, Kind.EVENTS)


@dataclass(frozen=True, slots=True)
class Entry:
    """One change, ready to be sent. `key` is namespace and name of the object, empty if it is about all."""

    number: int
    kind: Kind
    key: tuple[str, str]
    type: ChangeType
    body: bytes

    def frame(self, process: str, type_: ChangeType) -> bytes:
        """Return the frame of the stream; merging may have changed the type."""
        head = b"id: %s-%d\n" % (process.encode(), self.number)
        if self.type is ChangeType.RESYNC:
            return head + b"event: resync\ndata: " + self.body + b"\n\n"
        if self.type is ChangeType.STATE:
            return head + b"event: error\ndata: " + self.body + b"\n\n"
        return head + _object_frame(self.kind, type_, self.body)


def _object_frame(kind: Kind, type_: ChangeType, body: bytes) -> bytes:
    data = b'{"type":"%s","object":%s}' % (type_.value.encode(), body)
    return b"event: %s\ndata: %s\n\n" % (kind.singular.encode(), data)


def frame(kind: Kind, type_: ChangeType, row: Row) -> bytes:
    """Return the frame that tells of one object, without an id."""
    return _object_frame(kind, type_, msgspec.json.encode(summary(row)))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one stream wants to hear of."""

    kinds: frozenset[Kind]
    namespace: str | None

    def takes(self, entry: Entry) -> bool:
        if entry.kind not in self.kinds:
            return False
        return self.namespace is None or entry.key[0] in ("", self.namespace)


@dataclass(frozen=True, slots=True)
class Batch:
    """What a reader has missed: frames as sent, and the number to go on from."""

    body: bytes
    last: int


class Journal:
    """The latest changes of one context. Every method may be called from any thread."""

    def __init__(self) -> None:
        self.process = secrets.token_hex(4)
        self._lock = Lock()
        self._count = 0
        self._entries: deque[Entry] = deque(maxlen=JOURNAL_LENGTH)
        self._batches: OrderedDict[tuple[int, int, Wanted], Batch] = OrderedDict()

    @property
    def last(self) -> int:
        return self._count

    def append(self, kind: Kind, type_: ChangeType, *, key: tuple[str, str], body: bytes) -> None:
        """Write a change down; the first half of `key` is the namespace."""
        with self._lock:
            self._count += 1
            self._entries.append(Entry(self._count, kind, key, type_, body))

    def number_of(self, frame_id: str | None) -> int | None:
        """Return the number of a frame's id; None if it is not from this process."""
        process, _, number = (frame_id or "").partition("-")
        known = process == self.process and re.fullmatch("[0-9]{1,18}", number) is not None
        return int(number) if known and int(number) <= self._count else None

    def id_of(self, number: int) -> str:
        """Return the id of a frame, by which a reader can come back."""
        return f"{self.process}-{number}"

    def since(self, number: int, wanted: Wanted) -> Batch:
        """Return everything after `number`; many readers at the same place share the work."""
        with self._lock:
            key = (number, self._count, wanted)
            batch = self._batches.get(key)
            if batch is None:
                batch = self._batches[key] = self._batch(number, wanted)
                while len(self._batches) > SHARED_BATCHES:
                    self._batches.popitem(last=False)
            return batch

    def resync(self, reason: str) -> Batch:
        """Return the frame that tells a reader to load its lists again."""
        data = json.dumps({"reason": reason}).encode()
        body = b"id: %s-%d\nevent: resync\ndata: %s\n\n" % (self.process.encode(), self._count, data)
        return Batch(body, self._count)

    def _batch(self, number: int, wanted: Wanted) -> Batch:
        oldest = self._entries[0].number if self._entries else self._count + 1
        if number < oldest - 1:
            return self.resync("Some changes are no longer known.")
        missed = min(self._count - number, len(self._entries))
        recent = [self._entries[index] for index in range(-missed, 0)]
        merged = merge([entry for entry in recent if wanted.takes(entry)])
        if len(merged) > LONGEST_QUEUE:
            return self.resync("Too many changes to send one by one.")
        return Batch(b"".join(entry.frame(self.process, type_) for entry, type_ in merged), self._count)


def merge(entries: list[Entry]) -> list[tuple[Entry, ChangeType]]:
    """Return the last change of each object in order, each with the type that is right for all of them.

    An object that was added and then modified is still new to the reader.
    """
    merged: dict[tuple[Kind, tuple[str, str], bool], tuple[Entry, ChangeType]] = {}
    for entry in entries:
        key = (entry.kind, entry.key, entry.type in (ChangeType.RESYNC, ChangeType.STATE))
        before = merged.pop(key, None)  # Popped, so that the order is that of the last change.
        new = before is not None and before[1] is ChangeType.ADDED and entry.type is ChangeType.MODIFIED
        merged[key] = (entry, ChangeType.ADDED if new else entry.type)
    return list(merged.values())


_journals: dict[str, Journal] = {}
_conditions: dict[tuple[str, Kind], Condition] = {}


def journal(context: str) -> Journal:
    """Return the journal of a context; it is there from the first question on."""
    return _journals.setdefault(context, Journal())


def topic(kind: Kind, *, context: str, namespace: str | None) -> str:
    """Return what a page follows to hear of a kind in one namespace, or in all."""
    return f"{kind}:{context}:{namespace or '*'}"


def stream_topic(context: str) -> str:
    return f"stream:{context}"


def heard(change: Change) -> None:
    """Take a change from a cache, in the cache's thread: write it down and wake who follows."""
    context, kind = change.context, change.kind
    if change.row is None:
        _heard_of_all(change)
        return
    journal(context).append(
        kind, change.type, key=change.row.key, body=msgspec.json.encode(summary(change.row))
    )
    everywhere = topic(kind, context=context, namespace=None)
    here = topic(kind, context=context, namespace=change.row.key[0] or None)
    live.hub.publish(everywhere, here, stream_topic(context))


def _heard_of_all(change: Change) -> None:
    """Take a change that is not about one object: a list that was read again, or a new state."""
    context, kind = change.context, change.kind
    if change.type is ChangeType.RESYNC:
        said: dict[str, object] = {"reason": f"The {kind} were listed again."}
    elif change.state is not None and state_changed(context, kind, change.state):
        message = f"{kind.singular.capitalize()} watch failed"
        said = {"message": message, "error": change.state.problem, "retrying": True}
    else:
        said = {}
    if said:
        body = json.dumps(said).encode()
        journal(context).append(kind, change.type, key=("", ""), body=body)
        live.hub.publish(stream_topic(context))
    live.hub.publish_under(f"{kind}:{context}:")


def summary(row: Row) -> dict[str, object]:
    """Return what a frame says about an object; members without a value are left out."""
    if isinstance(row, Event):
        said = {"type": row.type, "reason": row.reason, "message": row.message, "kind": row.kind}
        seen = {"lastTimestamp": row.last_timestamp} if row.last_timestamp else {}
        return {**said, "name": row.name, "count": row.count, **seen}
    place = {"name": row.name} | ({"namespace": row.namespace} if row.namespace else {})
    if isinstance(row, (Deployment, StatefulSet, DaemonSet, Job)):
        return {**place, "replicas": _replicas(row)}
    if isinstance(row, Pod):
        node = {} if row.node_name == "Unknown" else {"nodeName": row.node_name}
        return {**place, "status": row.status, **node}
    status = {"status": row.status} if row.status else {}
    return {**place, **status}


def _replicas(row: Deployment | StatefulSet | DaemonSet | Job) -> dict[str, int]:
    """Return how many pods are wanted, ready and available, in the words of a deployment."""
    if isinstance(row, Deployment):
        found = row.replicas
        return {"desired": found.desired, "ready": found.ready, "available": found.available}
    if isinstance(row, StatefulSet):
        return {"desired": row.replicas.desired, "ready": row.replicas.ready, "available": row.replicas.ready}
    if isinstance(row, DaemonSet):
        return {"desired": row.desired, "ready": row.ready, "available": row.available}
    return {"desired": row.completions, "ready": row.active, "available": row.succeeded}


def state_changed(context: str, kind: Kind, state: CacheState) -> bool:
    """Return True if a cache has begun to fail since the last question about it."""
    before = _conditions.get((context, kind))
    _conditions[context, kind] = state.condition
    return state.condition in FAILING and before is not state.condition
