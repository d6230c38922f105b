"""Many objects applied at once: each tried first, then stored in an order that works, with a result for each.

Each is a server-side apply under our name, so that fields which others manage are not taken without asking.
https://kubernetes.io/docs/reference/using-api/server-side-apply/
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from time import monotonic, sleep
from typing import Any

from orchestrator.backends.cluster.acts import MANAGER, Patch
from orchestrator.backends.errors import (
    BackendError,
    Conflict,
    Forbidden,
    NotFound,
    TimedOut,
    Unauthorized,
    Unreachable,
)
from orchestrator.errors import DomainError, Missing, Refused
from orchestrator.services.access import Caller
from orchestrator.services.clusters import acting, destinations, documents, edits, refusals, threeway
from orchestrator.services.clusters.contexts import Scope
from orchestrator.services.clusters.destinations import Destination

APPLY = acting.Act(action="Apply", past="applied", verb="patch")
MOST = 200  # objects; each takes up to eight requests
MOST_FIELDS = 12  # that a result names
SERVED_SECONDS = 10.0  # until a new kind is served
PAUSE_SECONDS = 0.2
NOT_TRIED = "Not tried: the cluster does not answer."
CUT_OFF = (Unreachable, TimedOut, Unauthorized)


class Action(StrEnum):
    """What became of an object, or would."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"  # `error` says why
    CONFLICT = "conflict"  # others manage fields that would change
    UNTRIED = "untried"  # what it needs is made by another object of the same text


@dataclass(frozen=True, slots=True)
class Contested:
    """A field that somebody else manages."""

    field: str
    manager: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of one object of the text."""

    destination: Destination
    action: Action
    error: str = ""
    conflicts: tuple[Contested, ...] = ()
    fields: tuple[str, ...] = ()  # that change, the first of them

    @property
    def well(self) -> bool:
        return self.action not in (Action.REFUSED, Action.CONFLICT)

    @property
    def namespace(self) -> str:
        """Return where it is; "" for kinds without namespaces."""
        target = self.destination.target
        return target.namespace if target else self.destination.document.namespace


@dataclass(slots=True)
class _Run:
    """How objects are applied, and whether the cluster still answers."""

    force: bool
    at: datetime
    dry_run: bool = True
    cut_off: bool = False


def apply(
    caller: Caller, scope: Scope, text: str, *, at: datetime, dry_run: bool = False, force: bool = False
) -> list[Result]:
    """Return what became of every object of a text, in the order of the text.

    All are tried first, and those that the API server would accept are stored; `force` takes fields that
    others manage. It may be repeated. Each is permitted and written down on its own. Raises `Refused` for a
    caller without the scope clusters:write, `InvalidInput` for a text that cannot be read, and the
    `BackendError` if the cluster does not say what it serves.
    """
    if not caller.may(acting.WRITE):
        raise Refused(f"This needs the scope {acting.WRITE}, which {caller.name} does not have.")
    found = documents.several(text)
    if len(found) > MOST:
        raise documents.problem(f"the text holds more than {MOST} objects; apply it in parts")
    items = destinations.ordered(destinations.of(caller, scope, found))
    run = _Run(force, at)
    results = {place: _one(run, item) for place, item in items}
    if not dry_run:
        run.dry_run = False
        results |= {place: _one(run, item) for place, item in items if results[place].well}
    return [results[place] for place in range(len(items))]


def tally(results: Iterable[Result]) -> dict[Action, int]:
    """Return how many objects came to which end, without the ends that none came to."""
    actions = [each.action for each in results]
    return {action: actions.count(action) for action in Action if action in actions}


def _one(run: _Run, item: Destination) -> Result:
    """Return what becomes of one object, tried or stored; nothing is raised."""
    if item.target is None or run.cut_off:
        return Result(destination=item, action=Action.REFUSED, error=item.problem or NOT_TRIED)
    if run.dry_run and item.waits:
        return Result(destination=item, action=Action.UNTRIED, error=item.waits)
    try:
        if run.dry_run:
            with acting.rehearsal(item.target, APPLY):
                return _applied(run, item, item.target)
        with acting.attempt(item.target, APPLY, at=run.at) as made:
            result = _applied(run, item, item.target)
            made.note = result.action.value
            return result
    except (BackendError, DomainError) as exc:
        run.cut_off = isinstance(exc, CUT_OFF)
        conflicts = contested(exc) if isinstance(exc, Conflict) else ()
        action = Action.CONFLICT if conflicts else Action.REFUSED
        return Result(destination=item, action=action, error=exc.message, conflicts=conflicts)


def _applied(run: _Run, item: Destination, target: acting.Target) -> Result:
    before = _present(target)
    after = _sent(run, item, target)
    if before is None:
        return Result(destination=item, action=Action.CREATED)
    changes = threeway.changes(edits.editable(before), edits.editable(after))
    action = Action.CHANGED if changes else Action.UNCHANGED
    fields = tuple(each.field for each in changes[:MOST_FIELDS])
    return Result(destination=item, action=action, fields=fields)


def _present(target: acting.Target) -> dict[str, Any] | None:
    try:
        return target.cluster.get(target.resource, namespace=target.namespace, name=target.name)
    except (NotFound, Forbidden):  # Who may write need not be one who may read.
        return None


def _sent(run: _Run, item: Destination, target: acting.Target) -> dict[str, Any]:
    """Apply an object; fields of ours that were set in another way are ours all the same."""
    new_kind = item.waits == destinations.NO_KIND
    deadline = monotonic() + (SERVED_SECONDS if new_kind else 0)
    force = run.force
    while True:
        try:
            return _patched(target, item.document.manifest, force=force, dry_run=run.dry_run)
        except NotFound as exc:
            if monotonic() >= deadline:
                raise Missing(_missing(exc, item)) from exc
            sleep(PAUSE_SECONDS)
        except Conflict as exc:
            if force or {each.manager for each in contested(exc)} != {MANAGER}:
                raise
            force = True


def _patched(
    target: acting.Target, manifest: dict[str, Any], *, force: bool, dry_run: bool
) -> dict[str, Any]:
    kept = {name: value for name, value in manifest["metadata"].items() if name not in edits.KEPT}
    place = {"namespace": target.namespace} if target.namespace else {}
    body = {name: value for name, value in manifest.items() if name != "status"}
    try:
        return target.cluster.patch(
            target.resource,
            body | {"metadata": kept | place},
            namespace=target.namespace,
            name=target.name,
            how=Patch.APPLY,
            force=force,
            dry_run=dry_run,
        )
    except BackendError as exc:
        raise refusals.explained(exc) from exc


def _missing(exc: NotFound, item: Destination) -> str:
    """Return what is not there: the namespace, or this version of the kind, of which the server is silent."""
    document = item.document
    return exc.message if exc.reason else f"The cluster serves no {document.kind} of {document.api_version}."


def contested(exc: Conflict) -> tuple[Contested, ...]:
    """Return which fields others manage, as the API server named them; none for another conflict."""
    return tuple(
        Contested(each.field.removeprefix("."), _manager(each.message))
        for each in exc.causes
        if each.reason == "FieldManagerConflict"
    )


def _manager(message: str) -> str:
    """Return the name in `conflict with "kubectl" using apps/v1`."""
    return message.split('"')[1] if message.count('"') > 1 else message
