"""Logs of a workload: those of all containers of its pods, merged in the order of time."""

import heapq
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from django.conf import settings

from orchestrator.backends.cluster.objects import Pod
from orchestrator.backends.cluster.port import Kind
from orchestrator.backends.errors import BackendError
from orchestrator.errors import DomainError, InvalidInput, Missing
from orchestrator.services.clusters import logs, objects, relations
from orchestrator.services.clusters.contexts import Scope
from orchestrator.services.clusters.log_lines import UTC_TIME, divided
from orchestrator.services.clusters.logs import Ask, Log

KINDS = (Kind.DEPLOYMENTS, Kind.STATEFULSETS, Kind.DAEMONSETS, Kind.REPLICASETS, Kind.JOBS)
MOST_STREAMS = 30  # containers that are read at a time: each costs a connection and a thread
ENDED = ("Succeeded", "Failed")  # phases that a pod never leaves
AT_ONCE = 8  # containers whose tails are read side by side
LEAST_BYTES = 131_072  # of each container, however many there are


@dataclass(frozen=True, slots=True)
class Workload:
    """What makes the pods whose logs are wanted; `uid` tells it from another one of its name."""

    kind: Kind
    scope: Scope
    name: str
    uid: str
    ask: Ask


@dataclass(frozen=True, slots=True)
class Sources:
    """The containers to read, and the names of those that are too many: `pod/container`."""

    logs: list[Log]
    restarts: dict[str, int]  # of each container, by name
    left_out: list[str]
    done: bool  # every pod has ended


@dataclass(frozen=True, slots=True)
class Said:
    """A line as the API server sent it, after its stamp, and whose it is."""

    pod: str
    container: str
    line: str


@dataclass(frozen=True, slots=True)
class Merged:
    """The newest lines of all containers in order. `unread` says why a container has none."""

    lines: list[Said]
    cut: bool
    left_out: list[str]
    unread: dict[str, str]


def find(kind: Kind, scope: Scope, name: str, ask: Ask) -> Workload:
    """Return the workload whose logs are asked for.

    Raises `InvalidInput` with every bad value, `Missing` without such a workload, and the `BackendError` that
    keeps it away.
    """
    if found := logs.problems(ask):
        raise InvalidInput("Validation failed", problems=found)
    namespace = objects.required_namespace(kind, scope)
    place = replace(scope, namespace=namespace)
    manifest = objects.read(kind, place, name).manifest
    return Workload(kind, place, objects.checked_name(name), str(manifest["metadata"]["uid"]), ask)


def sources(workload: Workload) -> Sources:
    """Return the containers that the workload has now, those of pods that run first; read from caches.

    Raises the `BackendError` that keeps the pods away.
    """
    listing = relations.made_by(workload.kind, workload.scope, workload.uid)
    pods = [row for row in listing.rows if isinstance(row, Pod)]
    pods.sort(key=lambda pod: (pod.phase != "Running", pod.name))
    wanted = workload.ask.container
    found = {
        Log(workload.scope, pod.name, container.name, workload.ask): container.restart_count
        for pod in pods
        for container in pod.containers
        if wanted in ("", container.name)
    }
    chosen = list(found)[:MOST_STREAMS]
    restarts = {source_of(log): found[log] for log in chosen}
    left_out = [source_of(log) for log in list(found)[MOST_STREAMS:]]
    ended = bool(pods) and all(pod.phase in ENDED for pod in pods)
    return Sources(chosen, restarts, left_out, ended)


def version(workload: Workload) -> object:
    """Return something that changes with the pods of a workload, and with others."""
    cluster = workload.scope.cluster
    return cluster.cache(Kind.PODS).version, cluster.cache(Kind.REPLICASETS).version


def source_of(log: Log) -> str:
    """Return what a container is called among those of a workload."""
    return f"{log.pod}/{log.container}"


def read(workload: Workload) -> Merged:
    """Return the newest lines of all containers, as many as were asked for.

    A container that has no log, such as one that never started, is named in `unread`. Raises the
    `BackendError` of the first one if none can be read.
    """
    found = sources(workload)
    share = max(LEAST_BYTES, settings.LOG_MAX_BYTES // max(1, len(found.logs)))
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="logs") as pool:
        answers = list(pool.map(lambda log: _read(log, share), found.logs))
    read = [answer for answer in answers if isinstance(answer, logs.Lines)]
    failed = {source_of(log): each for log, each in zip(found.logs, answers, strict=True)}
    unread = {name: each for name, each in failed.items() if not isinstance(each, logs.Lines)}
    if unread and not read:
        raise next(iter(unread.values()))
    parts = [
        [Said(log.pod, log.container, line) for line in answer.lines]
        for log, answer in zip(found.logs, answers, strict=True)
        if isinstance(answer, logs.Lines)
    ]
    most = logs.MOST_LINES if workload.ask.tail is None else workload.ask.tail
    return Merged(
        list(in_order(parts))[-most:],
        any(each.cut for each in read),
        found.left_out,
        {name: error.message for name, error in unread.items()},
    )


def _read(log: Log, most_bytes: int) -> logs.Lines | BackendError | DomainError:
    try:
        return logs.read(log, most_bytes=most_bytes)
    except (BackendError, Missing) as exc:
        return exc


def in_order(parts: Iterable[list[Said]]) -> Iterator[Said]:
    """Yield lines of several containers in the order of their stamps; each is in order already."""
    return heapq.merge(*parts, key=lambda said: moment(divided(said.line)[0]))


def moment(stamp: str) -> str:
    """Return a stamp so that text compares as time does, to the nanosecond; "" for none.

    A node writes as many digits as it likes, and its own zone.
    """
    found = UTC_TIME.fullmatch(stamp)
    if found:
        return f"{found[1]}T{found[2]}.{(found[3] or '').ljust(9, '0')}"
    try:
        at = datetime.fromisoformat(stamp)
    except ValueError:
        return ""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "000"
