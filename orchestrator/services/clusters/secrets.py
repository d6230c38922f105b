"""The one way to the values of a secret: asked for, permitted, and written down before they are shown."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from orchestrator.backends.cluster.port import Kind
from orchestrator.backends.errors import BackendError
from orchestrator.errors import DomainError, InvalidInput, Problem, Refused
from orchestrator.models import AuditEvent
from orchestrator.services import access
from orchestrator.services.access import Caller
from orchestrator.services.clusters import objects
from orchestrator.services.clusters.contexts import Scope

LONGEST_REASON = 200  # characters; the audit keeps keys and reason in one note
ACTION = "Reveal secret"


class Revealed(msgspec.Struct, frozen=True, rename="camel"):
    """Values in base64, as the API server holds them. Never kept and never logged."""

    name: str
    namespace: str
    type: str
    keys: tuple[str, ...]
    data: dict[str, str]
    masked: bool
    revealed_at: str


def reveal(
    caller: Caller,
    scope: Scope,
    name: str,
    *,
    at: datetime,
    keys: Sequence[str] | None = None,
    reason: str = "",
) -> Revealed:
    """Return values of a secret, of all its keys if none are named; the audit says so first.

    The API server is asked at this moment. Raises `Refused` without the scope clusters:secrets,
    `InvalidInput` for a key that the secret does not have or too long a reason, and what `objects.read`
    raises.
    """
    if caller.anonymous or not caller.may(access.SECRETS):
        raise Refused(f"This needs the scope {access.SECRETS}.")
    reason = reason.strip()
    if len(reason) > LONGEST_REASON:
        message = f"a reason has at most {LONGEST_REASON} characters"
        raise InvalidInput("Validation failed", problems=[Problem("reason", message)])
    try:
        found = _found(scope, name, keys=keys, at=at)
    except (BackendError, DomainError) as exc:
        _record(caller, scope, name, result=AuditEvent.Result.FAILED, note=exc.message, at=at)
        raise
    # The reason first: what is too long for the note is cut at its end.
    note = f"{reason} (keys: {', '.join(found.keys)})".strip()
    _record(caller, scope, name, result=AuditEvent.Result.DONE, note=note, at=at)
    return found


def _found(scope: Scope, name: str, *, keys: Sequence[str] | None, at: datetime) -> Revealed:
    manifest = objects.source(Kind.SECRETS, scope, name)
    data: dict[str, str] = manifest.get("data") or {}
    unknown = [key for key in keys or () if key not in data]
    if unknown:
        message = f"the secret has no key {', '.join(unknown)[:200]}"
        raise InvalidInput("Validation failed", problems=[Problem("keys", message)])
    wanted = tuple(sorted(data if keys is None else set(keys)))
    return Revealed(
        name=manifest["metadata"]["name"],
        namespace=manifest["metadata"]["namespace"],
        type=manifest.get("type", "Opaque"),
        keys=wanted,
        data={key: data[key] for key in wanted},
        masked=False,
        revealed_at=at.isoformat(timespec="milliseconds")[:23] + "Z",
    )


def _record(caller: Caller, scope: Scope, name: str, *, result: str, note: str, at: datetime) -> None:
    place = f"{scope.context.name} / {scope.namespace or ''}".rstrip(" /")
    access.record(
        caller,
        area="clusters",
        action=ACTION,
        target=f"secret {name}",
        place=place,
        result=result,
        note=note,
        at=at,
    )
