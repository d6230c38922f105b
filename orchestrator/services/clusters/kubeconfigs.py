"""Contexts that people add, rename and remove. Their credentials are encrypted and never shown again."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import IntegrityError, transaction

from orchestrator.errors import InvalidInput, Missing, NotNow, Problem, Refused
from orchestrator.models import AuditEvent, ClusterContext
from orchestrator.services import access, vault
from orchestrator.services.access import Caller
from orchestrator.services.clusters import added, contexts, kubeconfig_text
from orchestrator.services.clusters.kubeconfig_text import Entry

AREA = "clusters"
HIDDEN = "The server's own kubeconfig has a context of this name, which counts."
IN_USE = "there is a context of this name already"


@dataclass(frozen=True, slots=True)
class Known:
    """A context, where it comes from, and what keeps it from being used."""

    view: contexts.ContextView
    row: ClusterContext | None  # None for those of the server's own kubeconfig
    problem: str


def known() -> list[Known]:
    """Return every context, also those added that cannot be opened."""
    rows = {row.name: row for row in ClusterContext.objects.all()}
    added.look_again()
    views = contexts.every()
    broken = added.problems()
    own = contexts.catalogue().clusters
    found = [Known(view, None if view.name in own else rows.get(view.name), "") for view in views]
    shown = {view.name for view in views}
    for name, row in rows.items():
        if name in own:
            found.append(Known(_view(row), row, HIDDEN))
        elif name not in shown:
            found.append(Known(_view(row), row, broken.get(name, "It is being opened.")))
    return found


def find(name: str) -> Known:
    """Return a context that was added; raise `Missing`, and `NotNow` for one of the server's own."""
    row = _row(name)
    return Known(_view(row), row, "")


def check(text: str) -> list[Entry]:
    """Return the contexts of a kubeconfig, each with what keeps it from being added; raise `InvalidInput`."""
    taken = _taken()
    return [
        replace(each, problem=each.problem or (IN_USE if each.name in taken else ""))
        for each in kubeconfig_text.entries(text)
    ]


def add(
    caller: Caller, text: str, *, names: Collection[str] | None, at: datetime, replacing: bool = False
) -> list[str]:
    """Keep contexts of a kubeconfig, of all in it if none are named; return their names. All of them or none.

    With `replacing`, one that was added before gets these credentials. Raises `Refused` for everybody but
    admins and `InvalidInput` with each context that cannot be added.
    """
    _require_admin(caller)
    found = kubeconfig_text.entries(text)
    wanted = [each for each in found if names is None or each.name in names]
    unknown = sorted(set(names or ()) - {each.name for each in found})
    taken = _taken(but_added=replacing)
    problems = [Problem("contexts", f"the kubeconfig has no context {name[:100]}") for name in unknown]
    for each in wanted:
        problem = each.problem or (IN_USE if each.name in taken else "")
        if problem:
            problems.append(Problem("kubeconfig", f"{each.name or 'a context'}: {problem}"))
    if not wanted and not problems:
        problems.append(Problem("contexts", "choose at least one context"))
    if problems:
        raise InvalidInput("Validation failed", problems=problems)
    _keep(caller, wanted, at=at)
    return [each.name for each in wanted]


def rename(caller: Caller, name: str, *, to: str, at: datetime) -> str:
    """Call an added context by another name, which is returned.

    Raises `Refused` for everybody but admins, `Missing`, `NotNow` for one of the server's own kubeconfig, and
    `InvalidInput` for a name that is none or taken.
    """
    _require_admin(caller)
    to = contexts.check_context(to)
    if not to:
        raise contexts.invalid("name", "a context needs a name")
    with transaction.atomic():
        row = _row(name)
        if to == row.name:
            return to
        if to in _taken():
            raise contexts.invalid("name", IN_USE)
        config = json.loads(vault.unseal(row.sealed, purpose=added.PURPOSE))
        config["current-context"] = config["contexts"][0]["name"] = to
        row.name, row.sealed, row.updated_at = to, _sealed(config), at
        row.save()
        _record(caller, "Rename context", f"{name} to {to}", at=at)
    added.look_again()
    return to


def remove(caller: Caller, name: str, *, at: datetime) -> None:
    """Forget an added context and its credentials, and touch nothing else. Raises what `rename` does."""
    _require_admin(caller)
    with transaction.atomic():
        _row(name).delete()
        _record(caller, "Remove context", name, at=at)
    added.look_again()


def _require_admin(caller: Caller) -> None:
    if not caller.may(access.ADMIN):
        raise Refused(f"This needs the scope {access.ADMIN}.")


def _keep(caller: Caller, wanted: Sequence[Entry], *, at: datetime) -> None:
    try:
        with transaction.atomic():
            for each in wanted:
                values = {
                    "cluster": each.cluster[:255],
                    "user": each.user[:255],
                    "namespace": each.namespace,
                    "server": each.server,
                    "verified": each.verified,
                    "sealed": _sealed(each.config),
                    "added_by": caller.name,
                    "updated_at": at,
                }
                ClusterContext.objects.update_or_create(
                    name=each.name, defaults=values, create_defaults={**values, "created_at": at}
                )
                _record(caller, "Add context", each.name, at=at, note=each.server)
    except IntegrityError as exc:  # Another one of the name was added at this moment.
        raise contexts.invalid("kubeconfig", IN_USE) from exc
    added.look_again()


def _sealed(config: object) -> str:
    return vault.seal(json.dumps(config), purpose=added.PURPOSE)


def _taken(*, but_added: bool = False) -> set[str]:
    own = set(contexts.catalogue().clusters)
    return own if but_added else own | set(ClusterContext.objects.values_list("name", flat=True))


def _row(name: str) -> ClusterContext:
    row = ClusterContext.objects.filter(name=name).first()
    if row is not None:
        return row
    if name in contexts.catalogue().clusters:
        raise NotNow(f"{name} comes from the server's own kubeconfig: change it there, or give it an alias.")
    raise Missing(f"Context not found: {name}", details={"context": name})


def _view(row: ClusterContext) -> contexts.ContextView:
    return contexts.ContextView(
        name=row.name,
        cluster=row.cluster,
        user=row.user,
        namespace=row.namespace,
        demo=False,
        current=False,
    )


def _record(caller: Caller, action: str, target: str, *, at: datetime, note: str = "") -> None:
    access.record(
        caller,
        area=AREA,
        action=action,
        target=target,
        result=AuditEvent.Result.DONE,
        note=note,
        at=at,
    )
