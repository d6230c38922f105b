"""Contexts: which clusters there are, and which one a call is about."""

import logging
import re
from dataclasses import dataclass
from functools import cache
from threading import Event, Thread

from django.conf import settings
from django.utils.timezone import now

from orchestrator.backends.cluster import open_catalogue
from orchestrator.backends.cluster.port import (
    DEMO_CONTEXT,
    CacheState,
    Catalogue,
    Cluster,
    Context,
    Kind,
)
from orchestrator.backends.errors import Unreachable
from orchestrator.errors import DomainError, InvalidInput, Problem, UnknownContext
from orchestrator.services.clusters import added, feed, sampler

logger = logging.getLogger(__name__)

SWEEP_SECONDS = 15.0
CONTEXT_NAME = re.compile(r"[a-zA-Z0-9_.:/@+-]{1,255}")
# RFC 1123: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
NAMESPACE_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
EVERYWHERE = {"", "*", "_all"}
MODES = ("demo", "real")
NO_MODE = "No cluster is configured. Set KUBECONFIG, or ask with mode=demo."


@dataclass(frozen=True, slots=True)
class Scope:
    """What a call is about: one cluster, and one namespace or None for all that may be read."""

    cluster: Cluster
    namespace: str | None

    @property
    def context(self) -> Context:
        return self.cluster.context

    @property
    def backend(self) -> str:
        return "demo" if self.context.demo else "real"


@dataclass(frozen=True, slots=True)
class ContextView:
    """A context as the switcher shows it; `current` is the one to begin with."""

    name: str
    cluster: str
    user: str
    namespace: str
    demo: bool
    current: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """What a caller has chosen for calls that do not say; "" is no choice."""

    mode: str = ""
    context: str = ""


NO_CHOICE = Choice()


@cache
def catalogue() -> Catalogue:
    """Return the contexts of the settings, opened on first use; from then on unused watches are stopped."""
    opened = open_catalogue(feed.heard)
    Thread(target=_sweep, args=(opened, Event()), name="unused-watches", daemon=True).start()
    return opened


def known() -> Catalogue:
    """Return every context there is: those that settings name, and those that people added."""
    named, more = catalogue(), added.clusters()
    if not more:
        return named
    # The first that was added stands for all calls that say nothing where settings name no cluster.
    none_yet = named.current == DEMO_CONTEXT and settings.CLUSTER_BACKEND != "demo"
    current = min(more) if none_yet else named.current
    return Catalogue(clusters={**more, **named.clusters}, current=current, problem=named.problem)


def warm() -> None:
    """Begin to watch what every page of the current context needs, so that the first page finds it there."""
    everything = known()
    cluster = everything.clusters.get(everything.current)
    if cluster is not None:
        for kind in (Kind.PODS, Kind.NODES, Kind.NAMESPACES, Kind.EVENTS):
            cluster.cache(kind)


def every() -> list[ContextView]:
    """Return the contexts in the order of their names, the demo last; it is left out in production."""
    there = known()
    real = [cluster for cluster in there.clusters.values() if not cluster.context.demo]
    shown = sorted(real, key=lambda cluster: cluster.context.name)
    if settings.LOCAL or not real:
        shown.append(there.clusters[DEMO_CONTEXT])
    return [_view(cluster.context, there.current) for cluster in shown]


def of_mode(mode: str) -> list[ContextView]:
    """Return the contexts of a mode: the demo alone, or the real ones in the order of their names.

    Raises `Unreachable` where no real one could be opened.
    """
    there = known()
    if mode == "demo":
        return [_view(there.clusters[DEMO_CONTEXT].context, DEMO_CONTEXT)]
    real = [cluster.context for cluster in there.clusters.values() if not cluster.context.demo]
    if not real:
        raise _none_configured(there)
    return [_view(context, there.current) for context in sorted(real, key=lambda each: each.name)]


def problem() -> str:
    """Return in a sentence why the configured clusters are not there; "" if they are."""
    return known().problem


def scope(
    *,
    context: str | None = None,
    namespace: str | None = None,
    mode: str | None = None,
    choice: Choice = NO_CHOICE,
) -> Scope:
    """Return what a call is about.

    An explicit context decides; else `mode`, else the caller's choice, else the settings. Among real clusters
    it is the one chosen, else the current one. Raises `InvalidInput` for a bad value, `UnknownContext` if
    there is no such context, and `Unreachable` if no cluster could be opened.
    """
    place = check_namespace(namespace)
    resolved = mode_of(mode, choice=choice)
    name = check_context(context)
    if not name:
        return Scope(_default(resolved, choice), place)
    cluster = _named(name)
    if (mode or "").strip() == "demo" and not cluster.context.demo:
        raise DomainError("A real context cannot be read with mode=demo.")
    return Scope(cluster, place)


def mode_of(mode: str | None, *, choice: Choice = NO_CHOICE) -> str:
    """Return demo or real: what is asked for, else chosen, else set; raise `InvalidInput` for other words."""
    asked = (mode or "").strip()
    if asked and asked not in MODES:
        raise invalid("mode", "mode is demo or real")
    return asked or choice.mode or default_mode()


def default_mode() -> str:
    """Return the mode of a call that says nothing."""
    return settings.DEFAULT_MODE or ("demo" if known().current == DEMO_CONTEXT else "real")


def check_context(name: str | None) -> str:
    """Return the name of a context, "" for none; raise `InvalidInput` for what cannot be one."""
    name = (name or "").strip()
    if name and (not CONTEXT_NAME.fullmatch(name) or ".." in name):
        raise invalid("context", "a context name has 1 to 255 letters, digits and _.:/@+-, and no ..")
    return name


def check_namespace(namespace: str | None) -> str | None:
    """Return a namespace, or None for all; raise `InvalidInput` for what cannot be one."""
    place = (namespace or "").strip()
    if place in EVERYWHERE:
        return None
    if not NAMESPACE_NAME.fullmatch(place):
        raise invalid("namespace", "a namespace is 1 to 63 lower-case letters, digits and hyphens")
    return place


def namespaces(scope: Scope) -> list[str]:
    """Return the names for the switcher. Never waits: what is not known yet is left out."""
    found = {row.name for row in scope.cluster.cache(Kind.NAMESPACES).rows()}
    if not found:
        found = {scope.context.namespace, *settings.CLUSTER_NAMESPACES}
    return sorted(found | ({scope.namespace} if scope.namespace else set()))


def caches() -> list[tuple[Context, Kind, CacheState, int]]:
    """Return every cache that runs in this process: context, kind, state and number of rows.

    Asks the database nothing: probes and figures need this while it is away.
    """
    opened = {**added.opened(), **catalogue().clusters}
    return [
        (cluster.context, kind, running.state(), len(running.peek()))
        for cluster in opened.values()
        for kind, running in cluster.running().items()
    ]


def touch(topic: str) -> None:
    """Note that somebody follows a topic of a cluster, so that its watch is not stopped as unused.

    Other topics, and those of contexts that are gone, are left alone.
    """
    kind, _, rest = topic.partition(":")
    cluster = known().clusters.get(rest.rpartition(":")[0])
    if cluster is not None and kind in set(Kind):
        cluster.cache(Kind(kind))
    elif cluster is not None and kind == sampler.TOPIC:
        sampler.of(cluster)


def invalid(path: str, message: str) -> InvalidInput:
    """Return the error for one bad parameter."""
    return InvalidInput("Validation failed", problems=[Problem(path, message)])


def _default(mode: str, choice: Choice) -> Cluster:
    there = known()
    if mode == "demo":
        return there.clusters[DEMO_CONTEXT]
    # A chosen context that is gone is an error: to act on another one in its place could do harm.
    chosen = choice.context if choice.context != DEMO_CONTEXT else ""
    cluster = _named(chosen) if chosen else there.clusters.get(there.current)
    if cluster is None or cluster.context.demo:
        raise _none_configured(there)
    return cluster


def _named(name: str) -> Cluster:
    cluster = known().clusters.get(name)
    if cluster is None:
        raise UnknownContext(f"Context not found: {name}", details={"context": name})
    return cluster


def _none_configured(known: Catalogue) -> Unreachable:
    return Unreachable(known.problem or NO_MODE, service="kubernetes", reason="NotConfigured")


def _view(context: Context, current: str) -> ContextView:
    return ContextView(
        name=context.name,
        cluster=context.cluster,
        user=context.user,
        namespace=context.namespace,
        demo=context.demo,
        current=context.name == current,
    )


def _sweep(opened: Catalogue, never: Event) -> None:
    """Stop watches that nobody used for a while, for as long as the process lives."""
    while not never.wait(SWEEP_SECONDS):
        for cluster in (*opened.clusters.values(), *added.opened().values()):
            cluster.stop_unused(before=now() - settings.CACHE_IDLE)
