"""Logs of one container: checked questions, bounded answers, errors as the cluster gave them."""

import re
from collections import deque
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from django.conf import settings

from orchestrator.backends.cluster.port import Kind, LogQuery, LogStream
from orchestrator.backends.errors import Forbidden, NotFound, TimedOut
from orchestrator.errors import InvalidInput, Problem
from orchestrator.services.clusters import contexts, objects
from orchestrator.services.clusters.contexts import Scope
from orchestrator.services.clusters.log_lines import PREFIX, Splitter, divided

DEFAULT_TAIL = 100
MOST_LINES = 10_000
LONGEST_SINCE_SECONDS = 86_400
LONGEST_SEARCH = 253
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
# https://kubernetes.io/docs/reference/labels-annotations-taints/#kubectl-kubernetes-io-default-container
DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What somebody wants to read. `after` is the stamp of the last line they have; a bad one is none."""

    container: str = ""
    tail: int | None = DEFAULT_TAIL  # None is everything that is kept
    since_seconds: int | None = None
    since: str = ""  # 30s, 5m, 1h
    previous: bool = False
    search: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Container:
    """A container as one chooses it. `ended` says how its run before this one ended, "" if it had none."""

    name: str
    kind: str  # init, ephemeral, or "" for those that do the work
    ended: str = ""


@dataclass(frozen=True, slots=True)
class Log:
    """The log of a container of a pod, and which part of it is wanted."""

    scope: Scope
    pod: str
    container: str
    ask: Ask

    @property
    def after(self) -> datetime | None:
        return datetime.fromisoformat(self.ask.after).astimezone(UTC) if self.ask.after else None


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines as the API server sent them, each after its stamp. `cut` says that older ones were too much."""

    lines: list[str]
    cut: bool


def find(scope: Scope, pod: str, ask: Ask) -> Log:
    """Return the log that is asked for; only a container that is not named is looked up in the cluster.

    Raises `InvalidInput` with every bad value, also if there are several containers and none is named;
    `Missing` without such a pod, and the `BackendError` that keeps it away.
    """
    if found := problems(ask):
        raise InvalidInput("Validation failed", problems=found)
    objects.required_namespace(Kind.PODS, scope)
    name = objects.checked_name(pod)
    return Log(scope, name, ask.container or _only_container(scope, name), ask)


def problems(ask: Ask) -> list[Problem]:
    """Return every value that breaks a rule."""
    found = []
    if ask.container and not objects.NAME.fullmatch(ask.container):
        found.append(Problem("container", "a name is 1 to 253 lower-case letters, digits, hyphens and dots"))
    if ask.tail is not None and not 1 <= ask.tail <= MOST_LINES:
        found.append(Problem("tail", f"tail is a whole number from 1 to {MOST_LINES}"))
    if ask.since_seconds is not None and not 1 <= ask.since_seconds <= LONGEST_SINCE_SECONDS:
        found.append(Problem("sinceSeconds", f"sinceSeconds is 1 to {LONGEST_SINCE_SECONDS}"))
    if ask.since and not 1 <= (seconds_of(ask.since) or 0) <= LONGEST_SINCE_SECONDS:
        found.append(Problem("since", "since is a time such as 30s, 5m or 1h, a day at most"))
    if ask.since and ask.since_seconds is not None:
        found.append(Problem("since", "say since or sinceSeconds, not both"))
    if len(ask.search) > LONGEST_SEARCH:
        found.append(Problem("search", f"a search has at most {LONGEST_SEARCH} characters"))
    return found


def seconds_of(text: str) -> int | None:
    """Return how many seconds `5m` is; None if it is no such time."""
    found = re.fullmatch(r"([0-9]{1,6})([smhd])", text)
    return int(found[1]) * UNITS[found[2]] if found else None


def containers(manifest: dict[str, Any]) -> list[Container]:
    """Return the containers of a pod, those that do the work first."""
    spec, status = manifest["spec"], manifest.get("status", {})
    found = []
    for kind, word in (("containers", ""), ("initContainers", "init"), ("ephemeralContainers", "ephemeral")):
        statuses = status.get(f"{kind.removesuffix('s')}Statuses") or ()
        ended = {each["name"]: _ending(each) for each in statuses}
        found += [Container(each["name"], word, ended.get(each["name"], "")) for each in spec.get(kind) or ()]
    return found


def usual(manifest: dict[str, Any]) -> str:
    """Return the container to begin with: the one that the pod names, else its first."""
    names = [each.name for each in containers(manifest)]
    named = (manifest["metadata"].get("annotations") or {}).get(DEFAULT_CONTAINER, "")
    return named if named in names else names[0]


def open_log(log: Log, *, follow: bool = False, timestamps: bool = False) -> LogStream:
    """Open a log; raise `Missing` without such a pod, and the `BackendError` that keeps the log away."""
    ask = log.ask
    # A search looks through everything, so what its last lines are is not for the API server to say.
    everything = bool(ask.after) or (bool(ask.search) and not follow)
    query = LogQuery(
        container=log.container,
        tail=None if everything else ask.tail,
        since_seconds=seconds_of(ask.since) if ask.since else ask.since_seconds,
        since=log.after,
        previous=ask.previous,
        timestamps=timestamps,
        follow=follow,
    )
    with _as_it_is(log):
        return log.scope.cluster.logs(log.pod, namespace=log.scope.namespace or "", query=query)


def read(log: Log, *, most_bytes: int | None = None) -> Lines:
    """Return the newest lines that were asked for, `LOG_MAX_BYTES` at most unless said; raises as `open_log`.

    Memory does not grow with the log. Raises `TimedOut` if it takes longer than a request may.
    """
    most = MOST_LINES if log.ask.tail is None else log.ask.tail
    most_bytes = most_bytes or settings.LOG_MAX_BYTES
    kept: deque[bytes] = deque()
    size, cut = 0, False
    with closing(open_log(log, timestamps=True)) as stream, _as_it_is(log):
        for line in _wanted(log, stream):
            kept.append(line)
            size += len(line) + 1
            while kept and (len(kept) > most or size > most_bytes):
                cut = cut or size > most_bytes
                size -= len(kept.popleft()) + 1
    return Lines([line.decode(errors="replace") for line in kept], cut)


class Filter:
    """Tells which lines somebody wants: those that hold a text, and come after the last one they have."""

    def __init__(self, ask: Ask) -> None:
        self._text = ask.search.strip().lower()
        self._after = ask.after

    def __call__(self, line: bytes) -> bool:
        if not self._text and not self._after:
            return True
        stamp, text = divided(line.decode(errors="replace"))
        if self._after:
            # The API server counts whole seconds, so it may send again what is known.
            if stamp and stamp <= self._after:
                return False
            self._after = ""
        return self._text in text.lower()


def checked_stamp(text: str) -> str:
    """Return a stamp to go on after; "" if it is none of the API server's."""
    return text if PREFIX.fullmatch(text) else ""


def _wanted(log: Log, stream: LogStream) -> Iterator[bytes]:
    wanted, splitter = Filter(log.ask), Splitter()
    deadline = monotonic() + settings.K8S_API_TIMEOUT_SECONDS
    for chunk in stream.chunks():
        yield from filter(wanted, splitter.feed(chunk))
        if monotonic() > deadline:
            raise TimedOut(
                "The log takes longer than a request may.", service="kubernetes", reason="ETIMEDOUT"
            )
    yield from filter(wanted, splitter.end())


def require_container(scope: Scope, pod: str, name: str) -> None:
    """Raise `InvalidInput` if a pod has no such container, and what a read of it raises; "" is fine."""
    names = [each.name for each in containers(objects.read(Kind.PODS, scope, pod).manifest)]
    if name and name not in names:
        raise contexts.invalid("container", f"container is one of {', '.join(names)}")


def _only_container(scope: Scope, pod: str) -> str:
    found = containers(objects.read(Kind.PODS, scope, pod).manifest)
    if len(found) > 1:
        names = ", ".join(f"{each.name} ({each.kind})" if each.kind else each.name for each in found)
        raise contexts.invalid("container", f"there are several containers, so name one of {names}")
    return found[0].name


@contextmanager
def _as_it_is(log: Log) -> Iterator[None]:
    """Say of what was refused or is missing."""
    place = log.scope.namespace or ""
    try:
        yield
    except NotFound as exc:
        raise objects.missing(Kind.PODS, namespace=place, name=log.pod) from exc
    except Forbidden as exc:
        asked = {"reason": "Forbidden", "verb": "get", "resource": "pods/log", "namespace": place}
        raise Forbidden(exc.message, service=exc.service, status=403, details=asked) from exc


def _ending(status: dict[str, Any]) -> str:
    """Return how a container ended the last time: its reason, exit code and time."""
    last = (status.get("lastState") or {}).get("terminated")
    if not last:
        return ""
    return f"{last.get('reason', 'Ended')}, exit {last.get('exitCode', '?')} at {last.get('finishedAt', '?')}"
