"""The tables on the page of an object: containers, conditions, keys, rules, limits."""

from base64 import b64decode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboard import cells, config
from dashboard.links import Links
from dashboard.templatetags.ui import status
from orchestrator.backends.cluster import objects
from orchestrator.backends.cluster.port import Kind
from orchestrator.services.clusters import quantities, reasons
from orchestrator.services.clusters.objects import Found

LONGEST_SHOWN = 64 * 1024  # characters of a value of a config map
LIMITS = ("min", "max", "default", "defaultRequest")
Cell = SafeString | str


@dataclass(frozen=True, slots=True)
class Container:
    """A container of a pod, or of the template of a workload, which has no state."""

    name: str
    image: str
    role: str  # init, ephemeral or ""
    state: Cell
    note: Cell
    restarts: int | None
    last: str
    ports: str
    asks: str
    may: str
    memory: Cell = ""  # what it uses, where that is known
    cpu: Cell = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings, with a title."""

    title: str
    headings: Sequence[str]
    rows: list[Sequence[Cell]]

    @property
    def lines(self) -> list[list[tuple[str, Cell]]]:
        """Return the rows with the heading beside each cell, for small screens."""
        return [list(zip(self.headings, row, strict=True)) for row in self.rows]


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a config map or a secret; `value` is "" where it is not shown."""

    name: str
    size: str
    value: str = ""


def containers(found: Found) -> list[Container]:
    """Return the containers of a pod or a workload, those that start first first."""
    spec = found.manifest.get("spec") or {}
    if found.kind is Kind.CRONJOBS:
        spec = (spec.get("jobTemplate") or {}).get("spec") or {}
    pod = spec if found.kind is Kind.PODS else (spec.get("template") or {}).get("spec") or {}
    known = found.manifest.get("status") or {} if found.kind is Kind.PODS else {}
    made = []
    for role, member, statuses in (
        ("init", "initContainers", "initContainerStatuses"),
        ("", "containers", "containerStatuses"),
        ("ephemeral", "ephemeralContainers", "ephemeralContainerStatuses"),
    ):
        by_name = {each["name"]: each for each in known.get(statuses) or []}
        for each in pod.get(member) or []:
            made.append(_container(each, role=role, status=by_name.get(each["name"])))
    return made


def _container(spec: Mapping[str, Any], *, role: str, status: Mapping[str, Any] | None) -> Container:
    resources = spec.get("resources") or {}
    state, note = _state(status, role=role) if status else ("", "")
    before = ((status or {}).get("lastState") or {}).get("terminated") or {}
    last = f"{before.get('reason', 'ended')}, exit code {before.get('exitCode', 0)}" if before else ""
    ports = (f"{each.get('containerPort')}/{each.get('protocol', 'TCP')}" for each in spec.get("ports") or [])
    return Container(
        name=spec["name"],
        image=spec.get("image", ""),
        role=role,
        state=state,
        note=note,
        restarts=status.get("restartCount", 0) if status else None,
        last=last,
        ports=", ".join(ports),
        asks=_amounts(resources.get("requests")),
        may=_amounts(resources.get("limits")),
    )


def _state(known: Mapping[str, Any], *, role: str) -> tuple[SafeString, Cell]:
    """Return the badge of a container, and the line below it."""
    state = known.get("state") or {}
    if (running := state.get("running")) is not None:
        ready = known.get("ready") or role
        badge = status("ok", "Running", "quiet") if ready else status("warn", "Not ready")
        return badge, format_html("for {}", cells.since(running.get("startedAt", "")))
    if (ended := state.get("terminated")) is not None:
        note = f"exit code {ended.get('exitCode', 0)}"
        if not ended.get("exitCode"):
            return status("off", ended.get("reason") or "Completed", "quiet"), note
        return status("crit", ended.get("reason") or "Error"), note
    reason = (state.get("waiting") or {}).get("reason", "")
    glyph = "prog" if reason in reasons.QUIET_WAITS else "crit"
    return status(glyph, reason or "Waiting"), ""


def _amounts(amounts: Mapping[str, str] | None) -> str:
    return ", ".join(f"{name} {amount}" for name, amount in (amounts or {}).items())


def conditions(found: Found) -> Table:
    """Return the conditions of an object, with what each says."""
    rows = [_condition(each) for each in reasons.conditions(found)]
    return Table("Conditions", ("Condition", "Status", "Reason", "Since", "Message"), rows)


def _condition(each: Mapping[str, Any]) -> Sequence[Cell]:
    bad = reasons.is_bad(each)
    badge = status("warn" if bad else "ok", str(each.get("status", "")), "" if bad else "quiet")
    since = cells.since(each.get("lastTransitionTime") or "")
    return each.get("type", ""), badge, each.get("reason", ""), since, each.get("message", "")


def keys(found: Found) -> list[Key]:
    """Return the keys of a config map with their values, and those of a secret without."""
    row = found.row
    if isinstance(row, objects.Secret):
        return [Key(key, config.size(row.sizes.get(key, 0))) for key in row.keys]
    if not isinstance(row, objects.ConfigMap):
        return []
    data: dict[str, str] = found.manifest.get("data") or {}
    binary: dict[str, str] = found.manifest.get("binaryData") or {}
    plain = [
        Key(key, config.size(len(data[key].encode())), data[key][:LONGEST_SHOWN]) for key in sorted(data)
    ]
    return plain + [Key(key, config.size(len(b64decode(binary[key])))) for key in sorted(binary)]


def tables(found: Found, links: Links) -> list[Table]:
    """Return what only this kind of object has."""
    row = found.row
    if isinstance(row, objects.Ingress):
        return [Table("Rules", ("Host", "Path", "Leads to"), list(_rules(row, links)))]
    if isinstance(row, objects.ResourceQuota):
        return [Table("Use", ("Resource", "Used", "At most", "Part"), [_use(row, key) for key in row.hard])]
    if isinstance(row, objects.LimitRange):
        headings = ("For", "Resource", "Least", "Most", "If not said", "Asked if not said")
        return [Table("Limits", headings, list(_limits(row)))]
    return []


def _rules(row: objects.Ingress, links: Links) -> Iterable[Sequence[Cell]]:
    for rule in row.rules:
        for path in rule.paths:
            yield rule.host or "any host", path.path or "/", _backend(path.backend, row, links)
    if row.default_backend:
        yield "everything else", "", _backend(row.default_backend, row, links)


def _backend(backend: Mapping[str, Any], row: objects.Ingress, links: Links) -> SafeString:
    service = backend.get("service") or {}
    port = service.get("port") or {}
    name = links.named(Kind.SERVICES, row.namespace or "", service.get("name", ""), css="")
    return format_html("{}:{}", name, port.get("number") or port.get("name") or "")


def _use(row: objects.ResourceQuota, key: str) -> Sequence[Cell]:
    used, hard = row.used.get(key, "0"), row.hard[key]
    share = min(1.0, quantities.share(used, of=hard))
    bar = format_html(
        '<progress class="o-use" max="100" value="{}" aria-label="Part of {} in use"></progress>',
        round(100 * share),
        key,
    )
    return key, used, hard, bar


def _limits(row: objects.LimitRange) -> Iterable[Sequence[Cell]]:
    for limit in row.limits:
        names = dict.fromkeys(name for member in LIMITS for name in limit.get(member) or {})
        for name in names:
            values = (str((limit.get(member) or {}).get(name, "–")) for member in LIMITS)
            yield str(limit.get("type", "")), name, *values
