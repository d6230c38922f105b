"""The one way to act on a cluster: permitted, written down, done, and how it ended written down too."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from orchestrator.backends.cluster.port import RESOURCES, Cluster, Kind, Resource
from orchestrator.backends.errors import BackendError, Forbidden, NotFound, TimedOut
from orchestrator.errors import DomainError, InvalidInput, Missing, Problem, Refused
from orchestrator.models import AuditEvent
from orchestrator.services import access, activity
from orchestrator.services.access import Caller
from orchestrator.services.clusters import contexts, objects
from orchestrator.services.clusters.contexts import Scope

AREA = "clusters"
WRITE = "clusters:write"
NO_CONTEXT = "context parameter is required"
UNSURE = "There was no answer in time; it may have happened all the same."


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What can be done to an object, in our words and as the right that Kubernetes knows.

    https://kubernetes.io/docs/reference/access-authn-authz/authorization/#determine-the-request-verb
    """

    action: str  # as the audit has it: Restart
    past: str  # as the timeline has it: restarted
    verb: str  # as rights have it: patch
    subresource: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One object that somebody acts on. Without a caller it is the product itself that acts."""

    caller: Caller | None
    cluster: Cluster
    resource: Resource
    namespace: str  # "" for kinds without
    name: str

    @property
    def words(self) -> str:
        return f"{self.resource.kind.lower()} {self.name}"

    @property
    def place(self) -> str:
        return f"{self.cluster.context.name} / {self.namespace}".rstrip(" /")


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What the API server has accepted; it may take its time to come true.

    `warning` is a sentence about why it may not come true at all; "" if nothing speaks against it.
    """

    target: Target
    message: str
    at: datetime
    warning: str = ""


@dataclass(slots=True)
class Attempt:
    """An act under way; what is put into `note` is kept with it."""

    note: str = ""


def place(*, context: str | None, namespace: str | None = None) -> Scope:
    """Return where a page acts: in the context that it names, never in a chosen or a current one.

    Raises `InvalidInput` if it names none, and what `contexts.scope` raises.
    """
    if not (context or "").strip():
        raise InvalidInput(NO_CONTEXT, problems=[Problem("context", NO_CONTEXT)])
    return contexts.scope(context=context, namespace=namespace)


def target(caller: Caller, kind: Kind, scope: Scope, name: str) -> Target:
    """Return an object to act on; nobody is asked whether it exists.

    Raises `Refused` for a caller without the scope clusters:write, before anything else is looked at, and
    `InvalidInput` for a bad name or a missing namespace.
    """
    if not caller.may(WRITE):
        raise Refused(f"This needs the scope {WRITE}, which {caller.name} does not have.")
    name = objects.checked_name(name)
    namespace = objects.required_namespace(kind, scope)
    resource = RESOURCES[kind]
    return Target(caller=caller, cluster=scope.cluster, resource=resource, namespace=namespace, name=name)


def may(target: Target, act: Act) -> bool:
    """Return True if the cluster lets its user do this to just this object; raise `BackendError`."""
    return target.cluster.may(
        act.verb,
        resource=target.resource,
        namespace=target.namespace,
        name=target.name,
        subresource=act.subresource,
    )


def require(target: Target, act: Act) -> None:
    """Raise `Forbidden` if the cluster does not let its user do this, and what else keeps the answer away."""
    if not may(target, act):
        raise _forbidden(target, act, _sentence(target, act))


@contextmanager
def attempt(target: Target, act: Act, *, at: datetime, note: str = "") -> Iterator[Attempt]:
    """Do something to an object within this block: the cluster is asked for leave before it is entered.

    The audit has the attempt before anything is done, and how it ended after that; an attempt that stays
    "asked" was cut short. The timeline tells of the end. `Forbidden` and `NotFound` are raised again as
    `Forbidden` that names the right, and as `Missing`; other errors as they are.
    """
    event = _asked(target, act, at=at, note=note)
    made = Attempt(note)
    try:
        require(target, act)
        yield made
    except (BackendError, DomainError) as exc:
        _failed(event, target, act, exc, at=at)
        raise _translated(exc, target, act) from exc
    access.settle(event, result=AuditEvent.Result.DONE, note=made.note)
    _tell(target, f"{act.past} {target.words}" + (f": {made.note}" if made.note else ""), at=at)


@contextmanager
def rehearsal(target: Target, act: Act) -> Iterator[None]:
    """Let something be tried within this block that changes nothing: it leaves no trace.

    Leave is asked for and errors are raised as in `attempt`.
    """
    try:
        require(target, act)
        yield
    except (BackendError, DomainError) as exc:
        raise _translated(exc, target, act) from exc


def _asked(target: Target, act: Act, *, at: datetime, note: str) -> AuditEvent:
    return access.record(
        target.caller,
        area=AREA,
        action=act.action,
        target=target.words,
        place=target.place,
        result=AuditEvent.Result.ASKED,
        note=note,
        at=at,
    )


def _failed(
    event: AuditEvent, target: Target, act: Act, exc: BackendError | DomainError, *, at: datetime
) -> None:
    refused = isinstance(exc, (Forbidden, Refused))
    note = f"{exc.message} {UNSURE}" if isinstance(exc, TimedOut) else exc.message
    result = AuditEvent.Result.REFUSED if refused else AuditEvent.Result.FAILED
    access.settle(event, result=result, note=note)
    words = "was not allowed to" if refused else "could not"
    text = f"{words} {act.action.lower()} {target.words}: {note}"
    _tell(target, text, at=at, level="error")


def _tell(target: Target, text: str, *, at: datetime, level: activity.Level = "info") -> None:
    activity.add(
        text,
        area=AREA,
        at=at,
        actor=target.caller.name if target.caller else access.SYSTEM,
        object=target.words,
        context=target.cluster.context.name,
        namespace=target.namespace,
        level=level,
    )


def _translated(exc: BackendError | DomainError, target: Target, act: Act) -> BackendError | DomainError:
    if isinstance(exc, NotFound):
        return missing(target)
    if isinstance(exc, Forbidden) and not exc.details:
        return _forbidden(target, act, exc.message)
    return exc


def missing(target: Target) -> Missing:
    """Return the error for an object that is not there."""
    word, where = target.resource.kind, {"namespace": target.namespace} if target.namespace else {}
    details = {"resource": word, "identifier": target.name, "name": target.name, **where}
    return Missing(f"{word} not found: {target.name}", details=details)


def _sentence(target: Target, act: Act) -> str:
    what = "/".join(filter(None, (target.resource.plural, act.subresource)))
    where = f" in the namespace {target.namespace}" if target.namespace else ""
    user = target.cluster.context.user or "The user of this context"
    return f"{user} may not {act.verb} {what}{where}."


def _forbidden(target: Target, act: Act, message: str) -> Forbidden:
    details = {
        "reason": "Forbidden",
        "verb": act.verb,
        "resource": "/".join(filter(None, (target.resource.plural, act.subresource))),
        "namespace": target.namespace,
    }
    return Forbidden(message, service="kubernetes", status=403, details=details)


def stamp(at: datetime) -> str:
    """Return a time as answers write it: ISO 8601 in UTC with milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")[:23] + "Z"
