"""Drains of nodes: asked for by somebody, written down, and done step by step by a controller."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import IntegrityError, transaction

from orchestrator import live
from orchestrator.backends.cluster.objects import Pod
from orchestrator.backends.cluster.port import RESOURCES, Kind
from orchestrator.backends.errors import Forbidden
from orchestrator.errors import InvalidInput, NotNow, Problem
from orchestrator.models import Drain
from orchestrator.services import controllers
from orchestrator.services.access import Caller
from orchestrator.services.clusters import acting, contexts, draining, lists, nodes, objects
from orchestrator.services.clusters.acting import Act, Target
from orchestrator.services.clusters.contexts import Scope
from orchestrator.services.clusters.draining import Entry, Options, Planned, State

CONTROLLER = "drains"
LONGEST_TIMEOUT = 24 * 3600  # seconds
LONGEST_GRACE = 3600
STATES = tuple(Drain.State.values)
MOST_NAMED = 20  # pods in an error
DRAIN = Act(action="Drain", past="began to drain", verb="patch")
CANCEL = Act(action="Cancel drain", past="asked to stop draining", verb="patch")
EVICT = Act(action="Evict", past="evicted", verb="create", subresource="eviction")


@dataclass(frozen=True, slots=True)
class Progress:
    """A drain and its pods. `row` is as the database had it a moment ago."""

    row: Any
    entries: Sequence[Entry]

    @property
    def over(self) -> bool:
        return self.row.ended_at is not None

    @property
    def counts(self) -> dict[State, int]:
        return draining.counts(self.entries)


def topic(*, context: str, node: str) -> str:
    """Return what a page follows to hear of the drains of a node."""
    return f"drains:{context}:{node}"


def plan(scope: Scope, node: str, options: Options) -> list[Planned]:
    """Return what would become of each pod of a node; nothing is changed.

    Raises `InvalidInput` for a bad name or option, `Missing` without such a node, `Forbidden` if some of its
    pods may not be read, and what else keeps them away.
    """
    test = checked(options, node=objects.checked_name(node))
    objects.source(Kind.NODES, scope, node)
    return draining.plan(pod for pod in _all_pods(scope, options) if test(pod))


def start(caller: Caller, scope: Scope, name: str, options: Options, *, at: datetime) -> Progress:
    """Write down that a node is to be drained and return it; a controller cordons it and evicts its pods.

    Raises `Refused` without the scope clusters:write, `NotNow` if a drain of the node runs or if pods need an
    option that is not given, `Forbidden` if the context's user may not do it, and what `plan` raises.
    """
    node = nodes.target(caller, scope, name)
    with acting.attempt(node, DRAIN, at=at) as made:
        pods = plan(scope, node.name, options)
        _check_options(pods, options)
        acting.require(_pods_of(node, options), EVICT)
        entries = [draining.entry_of(each, options) for each in pods]
        row = _written(node, options, entries, at=at)
        made.note = f"{sum(entry.open for entry in entries)} pods to evict"
    return Progress(row, entries)


def cancel(caller: Caller, scope: Scope, name: str, *, at: datetime) -> Progress:
    """Ask the drain of a node to stop after the present pod, and return it. The node stays cordoned.

    Repeating it is fine. Raises `Refused` without the scope clusters:write, `NotNow` if none runs, and what
    keeps the API server from saying that the context's user may do it.
    """
    node = nodes.target(caller, scope, name)
    with acting.attempt(node, CANCEL, at=at), transaction.atomic():
        running = Drain.objects.of(context=scope.context.name, node=node.name).running()
        row = running.select_for_update().first()
        if row is None:
            raise NotNow(f"No drain of {node.name} runs.")
        row.state, row.changed_at = Drain.State.CANCELLING, at
        row.note = f"{caller.name} has cancelled it."
        row.save(update_fields=["state", "changed_at", "note"])
        controllers.ask(CONTROLLER, at=at)
        _tell(row)
    return Progress(row, entries_of(row))


def latest(scope: Scope, name: str) -> Progress | None:
    """Return the drain of a node that runs, or the last one that did; None if there was none.

    Raises `InvalidInput` for a bad name.
    """
    node = objects.checked_name(name)
    row = Drain.objects.of(context=scope.context.name, node=node).first()
    return Progress(row, entries_of(row)) if row else None


def options_of(row: Drain) -> Options:
    """Return what was asked for."""
    span = int((row.deadline - row.started_at).total_seconds()) if row.deadline else None
    return Options(
        force=row.force,
        delete_empty_dir=row.delete_empty_dir,
        grace_seconds=row.grace_seconds,
        timeout_seconds=span,
        namespace=row.namespace,
        pod_selector=row.pod_selector,
    )


def entries_of(row: Drain) -> list[Entry]:
    """Return the pods of a row."""
    return msgspec.convert(row.pods, list[Entry])


def stored(entries: Sequence[Entry]) -> Any:
    """Return pods as a row keeps them."""
    return msgspec.to_builtins(entries)


def checked(options: Options, *, node: str) -> Callable[[Pod], bool]:
    """Return a test of the pods that a drain is about; raise `InvalidInput` with every bad option."""
    problems = []
    for path, value, most in (
        ("gracePeriodSeconds", options.grace_seconds, LONGEST_GRACE),
        ("timeoutSeconds", options.timeout_seconds, LONGEST_TIMEOUT),
    ):
        least = 1 if path == "timeoutSeconds" else 0
        if value is not None and not least <= value <= most:
            problems.append(Problem(path, f"a whole number of seconds from {least} to {most}"))
    test: Callable[[Pod], bool] = lambda pod: False  # noqa: E731  # never asked if the selector is bad
    try:
        test = draining.chosen(options, node=node)
    except ValueError as exc:
        problems.append(Problem("podSelector", str(exc)))
    if problems:
        raise InvalidInput("Validation failed", problems=problems)
    contexts.check_namespace(options.namespace)
    return test


def _all_pods(scope: Scope, options: Options) -> list[Pod]:
    """Return the pods of every namespace that the drain is about: one that is hidden would be forgotten."""
    place = Scope(scope.cluster, contexts.check_namespace(options.namespace))
    listing = lists.required(Kind.PODS, place, lists.Query())
    if place.namespace is None and (listing.state.partial or listing.state.only):
        asked = {"reason": "Forbidden", "verb": "list", "resource": "pods", "namespace": ""}
        sentence = "You may not list the pods of all namespaces, so some on the node would be overlooked."
        raise Forbidden(sentence, service="kubernetes", status=403, details=asked)
    return [row for row in listing.rows if isinstance(row, Pod)]


def _check_options(pods: Sequence[Planned], options: Options) -> None:
    """Raise `NotNow` that names each pod which may not be evicted under these options."""
    refused = [(each, each.refusal(options)) for each in pods if not each.stays and each.refusal(options)]
    if not refused:
        return
    each, why = refused[0]
    more = f" ({len(refused) - 1} more pods are refused too)" if len(refused) > 1 else ""
    named = [
        {"namespace": each.pod.namespace, "name": each.pod.name, "message": why} for each, why in refused
    ]
    raise NotNow(
        f"The node was not drained. {each.pod.namespace}/{each.pod.name}: {why}{more}.",
        details={"pods": named[:MOST_NAMED]},
    )


def _pods_of(node: Target, options: Options) -> Target:
    """Return the pods of the drain as what a right is asked for."""
    resource, namespace = RESOURCES[Kind.PODS], options.namespace
    return Target(caller=node.caller, cluster=node.cluster, resource=resource, namespace=namespace, name="")


def _written(node: Target, options: Options, entries: Sequence[Entry], *, at: datetime) -> Drain:
    assert node.caller is not None
    span = options.timeout_seconds
    row = Drain(
        context=node.cluster.context.name,
        node=node.name,
        force=options.force,
        delete_empty_dir=options.delete_empty_dir,
        grace_seconds=options.grace_seconds,
        namespace=options.namespace,
        pod_selector=options.pod_selector,
        pods=stored(entries),
        actor=node.caller.name[:150],
        user=node.caller.user,
        started_at=at,
        changed_at=at,
        deadline=at + timedelta(seconds=span) if span is not None else None,
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            controllers.ask(CONTROLLER, at=at)
            _tell(row)
    except IntegrityError as exc:
        raise NotNow(f"A drain of {node.name} runs already.") from exc
    return row


def _tell(row: Drain) -> None:
    live.publish_on_commit(topic(context=row.context, node=row.node))
