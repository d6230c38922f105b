"""One object edited as YAML: opened, checked with the API server, put back.

It is put back as a whole, with the resource version that was read a moment before: the API server refuses one
that is no longer the newest, so that nobody's change is lost. What somebody else changed since the object was
opened is merged with what was typed, field by field. A server-side apply would not do: it cannot tell a field
that was removed from one that never was ours. https://kubernetes.io/docs/reference/using-api/api-concepts/
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.utils.crypto import constant_time_compare

from orchestrator.backends.cluster.port import Kind, Resource
from orchestrator.backends.errors import BackendError, Conflict, NotFound
from orchestrator.errors import InvalidInput, NotNow, Problem, Refused
from orchestrator.services.access import Caller
from orchestrator.services.clusters import (
    acting,
    diffs,
    documents,
    generic,
    managers,
    objects,
    refusals,
    refused,
    secret_text,
    served,
    threeway,
    yaml,
)
from orchestrator.services.clusters.contexts import Scope
from orchestrator.services.clusters.edits import (
    KEPT,
    Checked,
    Edit,
    Manifest,
    Opened,
    Stored,
    editable,
    mark_of,
    version_of,
)

EDIT = acting.Act(action="Edit", past="edited", verb="update")
TRIES = 3  # while others, such as its own controller, write to the same object
MOST_NOTED = 12  # fields that the audit names
SECRETS = Kind.SECRETS.value
NEWER = "It has changed since the version that you name. Read it again, and change that."
_Field = TypeVar("_Field", threeway.Change, threeway.Clash)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """The present state, what is wanted of it, and how they differ."""

    live: Manifest
    theirs: Manifest
    wanted: Manifest
    base: Manifest
    clashes: tuple[threeway.Clash, ...]

    @property
    def changes(self) -> list[threeway.Change]:
        return threeway.changes(self.theirs, self.wanted)


def target(caller: Caller, scope: Scope, resource: Resource, name: str) -> acting.Target:
    """Return an object of any kind to edit; raise what `acting.target` raises."""
    kind = served.own_page(resource)
    if kind is not None:
        return acting.target(caller, kind, scope, name)
    if not caller.may(acting.WRITE):
        raise Refused(f"This needs the scope {acting.WRITE}, which {caller.name} does not have.")
    if resource.namespaced and scope.namespace is None:
        problems = [Problem("namespace", objects.NO_NAMESPACE)]
        raise InvalidInput(objects.NO_NAMESPACE, problems=problems)
    return acting.Target(
        caller=caller,
        cluster=scope.cluster,
        resource=resource,
        namespace=(scope.namespace or "") if resource.namespaced else "",
        name=generic.checked_name(name),
    )


def opened(target: acting.Target) -> Opened:
    """Return an object for editing, as the API server has it now; raise `Missing` and `BackendError`."""
    try:
        live = refused.unless(
            target.cluster,
            f"get {target.resource.id} {target.namespace}/{target.name}",
            lambda: target.cluster.get(target.resource, namespace=target.namespace, name=target.name),
        )
    except NotFound as exc:
        raise acting.missing(target) from exc
    return Opened(
        text=_written(target.resource, editable(live)),
        version=version_of(live),
        tool=managers.tool(live),
        owner=_owner(live),
        managed=managers.overview(live),
    )


def check(target: acting.Target, edit: Edit) -> Checked:
    """Return what an edit would do; the API server tries it without storing anything.

    Raises `InvalidInput` for a text that cannot be used, `Forbidden`, `Missing`, and the `BackendError` with
    which the API server refuses, in a sentence.
    """
    typed = _typed(target, edit)
    with acting.rehearsal(target, EDIT):
        plan = _plan(target, edit, typed)
        result = plan.theirs
        if plan.changes and not plan.clashes:
            result = editable(_put(target, plan, dry_run=True))
    return _checked(target, edit, plan, result)


def apply(target: acting.Target, edit: Edit, *, at: datetime, dry_run: bool = False) -> Stored:
    """Put an object back and return it as it is then; the audit names the fields that changed.

    Raises what `check` raises, and `NotNow` if there are clashes or somebody changed it since it was shown.
    """
    typed = _typed(target, edit)
    if dry_run:
        with acting.rehearsal(target, EDIT):
            return _applied(target, edit, typed, dry_run=True)
    with acting.attempt(target, EDIT, at=at) as made:
        stored = _applied(target, edit, typed, dry_run=False)
        made.note = noted(stored.changes)
    return stored


def _typed(target: acting.Target, edit: Edit) -> Manifest:
    """Return what was typed, if it is still the same object."""
    found = documents.one(edit.text)
    here = target.resource
    stays = {
        "apiVersion": (found.api_version, here.api_version),
        "kind": (found.kind, here.kind),
        "metadata.name": (found.name, target.name),
        "metadata.namespace": (found.namespace or target.namespace, target.namespace),
    }
    for member, (given, wanted) in stays.items():
        if given != wanted:
            raise documents.problem(f"{member} must stay {wanted}; other objects are for Apply YAML")
    if target.namespace:
        found.manifest["metadata"]["namespace"] = target.namespace
    return found.manifest


def _plan(target: acting.Target, edit: Edit, typed: Manifest) -> _Plan:
    """Return what an edit means for the object as it is now."""
    live = target.cluster.get(target.resource, namespace=target.namespace, name=target.name)
    named = edit.version or version_of(typed)
    same_version = named in ("", version_of(live))
    if not edit.base and not same_version:
        raise Conflict(NEWER, service="kubernetes", status=409, reason="Conflict")
    theirs, mine = editable(live), editable(typed)
    base = editable(documents.one(edit.base).manifest) if edit.base else theirs
    if target.resource.id == SECRETS:
        if edit.base:
            base = secret_text.before(base, mine, theirs, same_version=same_version)
        mine = secret_text.unmasked(mine, theirs)
    merged = threeway.merge(base, theirs, mine)
    clashes = () if edit.mine else merged.clashes
    return _Plan(live=live, theirs=theirs, wanted=merged.content, base=base, clashes=clashes)


def _applied(target: acting.Target, edit: Edit, typed: Manifest, *, dry_run: bool) -> Stored:
    for left in reversed(range(TRIES)):
        plan = _plan(target, edit, typed)
        if plan.clashes:
            raise _clash(plan.clashes)
        if edit.seen and not constant_time_compare(edit.seen, mark_of(plan.theirs)):
            raise NotNow("Somebody changed it since it was shown to you. See what is different now.")
        try:
            found = _put(target, plan, dry_run=dry_run) if plan.changes else plan.live
        except Conflict:
            if not left:
                raise
            continue
        return _stored(target.resource, plan, found)
    raise AssertionError("The last try returns or raises.")


def _put(target: acting.Target, plan: _Plan, *, dry_run: bool) -> Manifest:
    """Write the wanted state, with what the API server keeps as it was read."""
    metadata = plan.live["metadata"]
    kept = {name: metadata[name] for name in KEPT if name in metadata}
    whole = plan.wanted | {"metadata": plan.wanted["metadata"] | kept}
    if "status" in plan.live:
        whole["status"] = plan.live["status"]  # Where status is no resource of its own, it would be lost.
    where = {"namespace": target.namespace, "name": target.name}
    try:
        return target.cluster.replace(target.resource, whole, **where, dry_run=dry_run)
    except BackendError as exc:
        raise refusals.explained(exc) from exc


def _checked(target: acting.Target, edit: Edit, plan: _Plan, result: Manifest) -> Checked:
    resource, changes = target.resource, plan.changes
    secret = resource.id == SECRETS
    now = _written(resource, plan.theirs)
    return Checked(
        hunks=diffs.unified(now, _written(resource, plan.wanted, live=plan.theirs)),
        changes=_shown(resource, changes),
        managed=managers.of(plan.live, [each.path for each in changes]),
        theirs=diffs.unified(edit.base, now) if edit.base else [],
        clashes=tuple(_shown(resource, plan.clashes)),
        adapted=[] if secret or plan.clashes or not changes else threeway.changes(plan.wanted, result),
        tool=managers.tool(plan.live),
        mark=mark_of(plan.theirs),
    )


def _stored(resource: Resource, plan: _Plan, found: Manifest) -> Stored:
    changes = plan.changes
    return Stored(
        text=_written(resource, found),
        version=version_of(found),
        changes=_shown(resource, changes),
        managed=managers.of(plan.live, [each.path for each in changes]),
    )


def _written(resource: Resource, manifest: Manifest, *, live: Manifest | None = None) -> str:
    return yaml.text(secret_text.masked(manifest, live=live) if resource.id == SECRETS else manifest)


def _shown(resource: Resource, found: Iterable[_Field]) -> list[_Field]:
    return [secret_text.hidden(each) for each in found] if resource.id == SECRETS else list(found)


def _owner(live: Manifest) -> tuple[str, str] | None:
    owners = live["metadata"].get("ownerReferences") or []
    return next(((each["kind"], each["name"]) for each in owners if each.get("controller")), None)


def _clash(clashes: tuple[threeway.Clash, ...]) -> NotNow:
    fields = ", ".join(each.field for each in clashes)
    return NotNow(
        f"Somebody else changed the same: {fields}.",
        details={"conflicts": [{"field": each.field} for each in clashes]},
    )


def noted(changes: list[threeway.Change]) -> str:
    """Return which fields changed, the first of them, without their values."""
    more = f" and {len(changes) - MOST_NOTED} more" if len(changes) > MOST_NOTED else ""
    return ", ".join(each.field for each in changes[:MOST_NOTED]) + more or "nothing changed"
