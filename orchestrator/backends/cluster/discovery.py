"""Which kinds an API server serves, and in which version.

https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from time import monotonic
from typing import TypeVar

import msgspec

from orchestrator.backends.cluster.kinds import Resource
from orchestrator.backends.cluster.transport import Transport, translated_errors
from orchestrator.backends.errors import BackendError, Forbidden

T = TypeVar("T")
KNOWN_SECONDS = 60.0
AGAIN_SECONDS = 2.0  # A definition that was just made is served about a second later.
REFUSED_SECONDS = 30.0
AT_ONCE = 8  # requests to a server that tells of each group apart
# Since 1.26 one answer tells of all groups; older servers ignore what they do not know and list the groups.
AGGREGATED = (
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,"
    "application/json"
)


class Told(msgspec.Struct, rename="camel"):
    """Members that are absent, or have no value, are defaults."""


class Named(Told):
    name: str = ""


class ResponseKind(Told):
    kind: str = ""


class ServedResource(Told, rename="camel"):
    resource: str = ""
    response_kind: ResponseKind | None = None
    scope: str = ""
    verbs: list[str] | None = None
    short_names: list[str] | None = None


class ServedVersion(Told):
    version: str = ""
    resources: list[ServedResource] | None = None
    freshness: str = "Current"


class Group(Told):
    """A group as one answer tells of all, the preferred version first."""

    metadata: Named = msgspec.field(default_factory=Named)
    versions: list[ServedVersion] | None = None


class ListedVersion(Told):
    version: str = ""


class ListedGroup(Told, rename="camel"):
    """A group as a list of groups names it."""

    name: str = ""
    versions: list[ListedVersion] = []
    preferred_version: ListedVersion = msgspec.field(default_factory=ListedVersion)


class Root(Told):
    """What /api or /apis answers: `items` from newer servers, `versions` or `groups` from older ones."""

    items: list[Group] | None = None
    versions: list[str] = []
    groups: list[ListedGroup] = []


class ListedResource(Told, rename="camel"):
    name: str = ""
    kind: str = ""
    namespaced: bool = False
    verbs: list[str] | None = None
    short_names: list[str] | None = None


class ResourceList(Told):
    resources: list[ListedResource] | None = None


class Discovery:
    """Knows what one API server serves, for a minute at a time. May be used by any thread."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._lock = Lock()
        self._known: tuple[Resource, ...] = ()
        self._failure: BackendError | None = None
        self._asked_at = -KNOWN_SECONDS

    def resources(self, *, again: bool = False) -> tuple[Resource, ...]:
        """Return every kind that can be listed; with `again` what is known is at most two seconds old.

        Raises `BackendError`; whoever asks right after a failure gets the same one.
        """
        with self._lock:
            if monotonic() - self._asked_at >= self._keeps(again=again):
                self._ask()
            if self._failure is not None:
                raise self._failure
            return self._known

    def _keeps(self, *, again: bool) -> float:
        """Return for how many seconds what was heard last is good."""
        if isinstance(self._failure, Forbidden):
            return REFUSED_SECONDS
        return AGAIN_SECONDS if again or self._failure else KNOWN_SECONDS

    def _ask(self) -> None:
        try:
            self._known, self._failure = served(self._transport), None
        except BackendError as exc:
            self._failure = exc
        self._asked_at = monotonic()


def served(transport: Transport) -> tuple[Resource, ...]:
    """Return the kinds that a server serves and lists, each in its preferred version, by group and plural.

    What has no preferred version is there in the best that serves it. A group whose own server does not
    answer is left out. Raises `BackendError`.
    """
    found = [*_below(transport, "/api"), *_below(transport, "/apis")]
    best: dict[tuple[str, str], Resource] = {}
    for each in found:
        best.setdefault((each.group, each.plural), each)
    return tuple(best[key] for key in sorted(best))


def _below(transport: Transport, path: str) -> Iterable[Resource]:
    """Return the kinds below one of the two roots, better versions first."""
    root = _decoded(transport.get(path, accept=AGGREGATED), Root)
    if root.items is not None:
        return [each for group in root.items for each in _of_group(group)]
    wanted = [("", version) for version in root.versions]
    wanted += [(group.name, version) for group in root.groups for version in _in_order(group)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        parts = list(pool.map(lambda pair: _of_version(transport, *pair), wanted))
    return [each for part in parts for each in part]


def _of_group(group: Group) -> Iterator[Resource]:
    for version in group.versions or ():
        if version.freshness != "Current":  # Its server does not answer, so this is from memory.
            continue
        for each in version.resources or ():
            verbs = tuple(each.verbs or ())
            if "list" in verbs and each.response_kind is not None:
                yield Resource(
                    group=group.metadata.name,
                    version=version.version,
                    plural=each.resource,
                    kind=each.response_kind.kind,
                    namespaced=each.scope == "Namespaced",
                    short_names=tuple(each.short_names or ()),
                    verbs=verbs,
                )


def _in_order(group: ListedGroup) -> list[str]:
    return sorted(
        (each.version for each in group.versions), key=lambda name: name != group.preferred_version.version
    )


def _of_version(transport: Transport, group: str, version: str) -> list[Resource]:
    path = f"/apis/{group}/{version}" if group else f"/api/{version}"
    try:
        listed = _decoded(transport.get(path), ResourceList).resources
    except BackendError:  # Its server may be down; the others' kinds are there all the same.
        return []
    return [
        Resource(
            group=group,
            version=version,
            plural=each.name,
            kind=each.kind,
            namespaced=each.namespaced,
            short_names=tuple(each.short_names or ()),
            verbs=tuple(each.verbs or ()),
        )
        for each in listed or ()
        if "/" not in each.name and "list" in (each.verbs or ())
    ]


def _decoded(answer: bytes, type_: type[T]) -> T:
    with translated_errors():
        return msgspec.json.decode(answer, type=type_)
