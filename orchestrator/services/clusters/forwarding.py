"""Ports of services and pods, opened through a link that carries its own permission and ends by itself."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from time import monotonic

from django.contrib.auth.models import User
from django.core import signing

from orchestrator.backends.cluster.forwards import Door
from orchestrator.backends.cluster.port import RESOURCES, Kind
from orchestrator.backends.errors import BackendError, Forbidden
from orchestrator.errors import DomainError, InvalidInput, Missing, Problem, Refused
from orchestrator.models import AuditEvent
from orchestrator.services import access
from orchestrator.services.access import Caller
from orchestrator.services.clusters import contexts, objects
from orchestrator.services.clusters.contexts import Scope

SCOPE = "clusters:write"
SALT = "orchestrator.doors"
ROOT = "/proxy"
LIFE = timedelta(hours=8)
LONGEST_LIFE = timedelta(hours=24)
ACTION = "Open port"
# https://kubernetes.io/docs/concepts/services-networking/service/#field-spec-ports
PORT_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?")
KINDS = (Kind.SERVICES, Kind.PODS)
WELCOME_SECONDS = 5.0  # How long a user who lost their role is still let through.


class Closed(Refused):
    """A link that was never good, has ended, or whose maker may no longer open it."""


@dataclass(frozen=True, slots=True)
class Link:
    """The way in: `path` ends in a slash and is all that a browser needs."""

    path: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Pass:
    """What a link says."""

    context: str
    door: Door
    user_id: int  # 0 is nobody, or a key without an owner
    expires_at: datetime


def open_link(
    caller: Caller,
    scope: Scope,
    kind: Kind,
    name: str,
    *,
    port: str,
    at: datetime,
    tls: bool = False,
    life: timedelta = LIFE,
) -> Link:
    """Return a link to a port, after asking the API server whether we may use it; audited.

    Raises `Refused` without the scope, `InvalidInput` for a bad name or port, `Missing` if there is no such
    object or port, `Forbidden`, and `BackendError`.
    """
    if not caller.may(SCOPE):
        raise Refused(f"This needs the scope {SCOPE}.")
    door = _door(scope, kind, name, port=port, tls=tls)
    if not timedelta(0) < life <= LONGEST_LIFE:
        raise contexts.invalid("seconds", f"a link lives 1 to {int(LONGEST_LIFE.total_seconds())} seconds")
    try:
        _require_there(scope, door)
        _require_allowed(scope, door)
    except (BackendError, DomainError) as exc:
        _record(caller, scope, door, result=AuditEvent.Result.FAILED, note=exc.message, at=at)
        raise
    _record(caller, scope, door, result=AuditEvent.Result.DONE, note="", at=at)
    expires_at = at + life
    said = [
        scope.context.name,
        kind.value,
        door.namespace,
        door.name,
        door.port,
        int(tls),
        caller.user.pk if caller.user else 0,
        int(expires_at.timestamp()),
    ]
    return Link(f"{ROOT}/{signing.dumps(said, salt=SALT)}/", expires_at)


def read(token: str, *, at: datetime) -> Pass:
    """Return what a link says; raise `Closed` if it is not ours or has ended."""
    try:
        context, kind, namespace, name, port, tls, user_id, ends = signing.loads(token, salt=SALT)
    except (signing.BadSignature, ValueError) as exc:
        raise Closed("This link is not complete, or not of this server.") from exc
    expires_at = datetime.fromtimestamp(ends, tz=at.tzinfo)
    if expires_at <= at:
        raise Closed("This link has ended. Open the port again from its page.")
    door = Door(kind=Kind(kind), namespace=namespace, name=name, port=port, tls=bool(tls))
    return Pass(context, door, user_id, expires_at)


def welcome(let: Pass) -> Scope:
    """Return the cluster that a link leads to.

    Raises `Closed` if its maker may no longer open it, and what `contexts.scope` raises.
    """
    if let.user_id and not _may(let.user_id, int(monotonic() / WELCOME_SECONDS)):
        raise Closed("Who made this link may no longer open ports.")
    return contexts.scope(context=let.context, namespace=let.door.namespace)


@lru_cache(maxsize=256)
def _may(user_id: int, _moment: int) -> bool:
    user = User.objects.filter(pk=user_id, is_active=True).first()
    return user is not None and access.caller_of_user(user).may(SCOPE)


def _door(scope: Scope, kind: Kind, name: str, *, port: str, tls: bool) -> Door:
    if kind not in KINDS:
        raise contexts.invalid("kind", "only services and pods have ports to open")
    name = objects.checked_name(name)
    port = port.strip()
    number = port.isascii() and port.isdigit() and 1 <= int(port[:6]) <= 65535
    name_of_one = kind is Kind.SERVICES and PORT_NAME.fullmatch(port) and not port.isdigit()
    if not number and not name_of_one:
        message = "a port is a number from 1 to 65535" + ("" if kind is Kind.PODS else ", or the name of one")
        raise InvalidInput("Validation failed", problems=[Problem("port", message)])
    return Door(kind=kind, namespace=objects.required_namespace(kind, scope), name=name, port=port, tls=tls)


def _require_there(scope: Scope, door: Door) -> None:
    """Raise `Missing` unless the object is there, and the port too if it is a service's.

    Containers may listen on ports that their pod does not name.
    """
    manifest = objects.source(door.kind, scope, door.name)
    if door.kind is Kind.PODS:
        return
    ports = manifest.get("spec", {}).get("ports") or []
    if not any(door.port in (str(each.get("port")), each.get("name")) for each in ports):
        raise Missing(f"Service {door.name} has no port {door.port}.", details={"port": door.port})


def _require_allowed(scope: Scope, door: Door) -> None:
    resource = RESOURCES[door.kind]
    if scope.cluster.may(
        "get", resource=resource, namespace=door.namespace, name=door.name, subresource="proxy"
    ):
        return
    asked = {
        "reason": "Forbidden",
        "verb": "get",
        "resource": f"{resource.plural}/proxy",
        "namespace": door.namespace,
    }
    who = scope.context.user or "us"
    message = f"The cluster does not let {who} open ports of {resource.plural} in {door.namespace}."
    raise Forbidden(message, service="kubernetes", status=403, details=asked)


def _record(
    caller: Caller, scope: Scope, door: Door, *, result: AuditEvent.Result, note: str, at: datetime
) -> None:
    access.record(
        caller,
        area="clusters",
        action=ACTION,
        target=f"{door.kind.word} {door.name}:{door.port}",
        place=f"{scope.context.name} / {door.namespace}",
        result=result,
        note=note,
        at=at,
    )
