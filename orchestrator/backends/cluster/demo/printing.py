"""Lists of the demo cluster as an API server prints them. Pure functions."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from orchestrator.backends.cluster import selectors
from orchestrator.backends.cluster.acts import Table, TableRow
from orchestrator.backends.cluster.demo.more_printers import MORE, PLAIN, printer_of
from orchestrator.backends.cluster.demo.parts import Manifest
from orchestrator.backends.cluster.demo.printers import Printer, age
from orchestrator.backends.cluster.demo.served import DEFINITIONS, place, resources, version_of
from orchestrator.backends.cluster.demo.world import World
from orchestrator.backends.cluster.kinds import Resource
from orchestrator.backends.cluster.rows.shared import iso
from orchestrator.backends.errors import Invalid, NotFound

SERVICE = "demo cluster"
DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
FIELD = re.compile(r"\s*([A-Za-z.]+)\s*(==|!=|=)\s*([^,=!\s]*)\s*")
FIELDS = {  # kind -> fields that it can be asked for, beside its name and namespace
    "events": ("involvedObject.kind", "involvedObject.name", "reason", "type"),
    "namespaces": ("status.phase",),
    "nodes": ("spec.unschedulable",),
    "pods": ("spec.nodeName", "spec.serviceAccountName", "status.phase", "status.podIP"),
    "secrets": ("type",),
}
Test = Callable[[Manifest], bool]


def table(
    world: World,
    resource: Resource,
    *,
    namespace: str | None,
    limit: int,
    token: str,
    labels: str,
    fields: str,
    at: datetime,
) -> Table:
    """Return part of a list as `Acting.table` does, and raise what it raises; `at` is now."""
    if resource.id not in {each.id for each in resources(world)}:
        sentence = "the server could not find the requested resource"
        raise NotFound(sentence, service=SERVICE, status=404, reason="NotFound")
    tests = [_labelled(labels), *_fielded(fields, resource)]
    if namespace and resource.namespaced:
        tests.append(lambda each: each["metadata"].get("namespace") == namespace)
    found = [each for each in world.get(place(resource), ()) if all(test(each) for test in tests)]
    start = _start(token)
    rest = len(found) - start - limit
    prints = _printer(world, resource)
    return Table(
        columns=prints.columns,
        rows=tuple(_row(each, prints, at) for each in found[start : start + limit]),
        token=str(start + limit) if rest > 0 else "",
        # As the API server, which does not count what a selector leaves out.
        left=rest if rest > 0 and not (labels or fields) else None,
    )


def _printer(world: World, resource: Resource) -> Printer:
    for each in world[DEFINITIONS]:
        if each["metadata"]["name"] == resource.id:
            return printer_of(version_of(each))
    return MORE.get(place(resource), PLAIN)


def _row(manifest: Manifest, prints: Printer, at: datetime) -> TableRow:
    metadata = manifest["metadata"]
    created = metadata.get("creationTimestamp")
    common = {"Name": _name(metadata), "Age": age(created, at), "Created At": created}
    others = iter(_own_cells(manifest, prints, at))
    return TableRow(
        cells=tuple(
            common[each.name] if each.name in common else next(others, None) for each in prints.columns
        ),
        namespace=metadata.get("namespace", ""),
        name=metadata["name"],
        uid=metadata.get("uid", ""),
        created_at=iso(created),
        labels=metadata.get("labels") or {},
    )


def _name(metadata: Manifest) -> str:
    """Return a name; the class that claims without one get says so beside it."""
    usual = (metadata.get("annotations") or {}).get(DEFAULT_CLASS) == "true"
    return f"{metadata['name']} (default)" if usual else str(metadata["name"])


def _own_cells(manifest: Manifest, prints: Printer, at: datetime) -> Sequence[object]:
    try:
        return list(prints.cells(manifest, at))
    except (AttributeError, KeyError, TypeError, ValueError):
        return ()  # Somebody made it, without what the others have. It is listed all the same.


def _start(token: str) -> int:
    if not token:
        return 0
    if not re.fullmatch("[0-9]{1,9}", token):
        raise _bad("continue key is not valid")
    return int(token)


def _labelled(text: str) -> Test:
    if not text:
        return lambda each: True
    try:
        wanted = selectors.labels(text)
    except ValueError as exc:
        raise _bad(f"unable to parse requirement: {exc}") from exc
    return lambda each: wanted(each["metadata"].get("labels") or {})


def _fielded(text: str, resource: Resource) -> Sequence[Test]:
    known = ("metadata.name", "metadata.namespace", *FIELDS.get(place(resource), ()))
    return [_field(part, known) for part in text.split(",")] if text else []


def _field(text: str, known: Sequence[str]) -> Test:
    match = FIELD.fullmatch(text)
    if match is None or match[1] not in known:
        raise _bad(f"field label not supported: {match[1] if match else text}")
    parts, wanted, same = match[1].split("."), match[3], match[2] != "!="
    return lambda each: (_at(each, parts) == wanted) is same


def _at(manifest: Manifest, parts: Sequence[str]) -> str:
    found: Any = manifest
    for part in parts:
        found = found.get(part, "") if isinstance(found, dict) else ""
    return str(found).lower() if isinstance(found, bool) else str(found)


def _bad(sentence: str) -> Invalid:
    return Invalid(sentence, service=SERVICE, status=400, reason="BadRequest")
