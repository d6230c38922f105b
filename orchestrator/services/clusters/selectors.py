"""Label and field selectors, as Kubernetes writes them.

https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
"""

import re
from collections.abc import Callable
from operator import attrgetter

from orchestrator.backends.cluster.objects import Row
from orchestrator.backends.cluster.port import Kind
from orchestrator.backends.cluster.selectors import LONGEST
from orchestrator.backends.cluster.selectors import labels as labels

FIELD = re.compile(r"\s*([A-Za-z.]+)\s*(==|!=|=)\s*([^,=!\s]*)\s*")


def _node_name(row: Row) -> str:
    """Return the node of a pod as its spec has it: lists say Unknown where that says nothing."""
    name: str = getattr(row, "node_name", "")
    return "" if name == "Unknown" else name


FIELDS: dict[Kind, dict[str, Callable[[Row], object]]] = {
    Kind.PODS: {"status.phase": attrgetter("phase"), "spec.nodeName": _node_name},
    Kind.EVENTS: {
        "involvedObject.kind": attrgetter("kind"),
        "involvedObject.name": attrgetter("name"),
        "type": attrgetter("type"),
        "reason": attrgetter("reason"),
    },
    Kind.SERVICES: {"spec.type": attrgetter("type")},
    Kind.SECRETS: {"type": attrgetter("type")},
}
COMMON: dict[str, Callable[[Row], object]] = {
    "metadata.name": lambda row: row.key[1],
    "metadata.namespace": lambda row: row.key[0],
}


def fields(text: str, kind: Kind) -> Callable[[Row], bool]:
    """Return a test of rows by the fields that a kind can be asked for; raises `ValueError` for others."""
    if len(text) > LONGEST:
        raise ValueError(f"a selector has at most {LONGEST} characters")
    tests = [_field(part, kind) for part in text.split(",")]
    if len(tests) == 1:
        return tests[0]
    return lambda row: all(test(row) for test in tests)


def _field(part: str, kind: Kind) -> Callable[[Row], bool]:
    known = COMMON | FIELDS.get(kind, {})
    match = FIELD.fullmatch(part)
    if match is None or match[1] not in known:
        raise ValueError(f"{part.strip()[:100]!r} is not field=value with one of {', '.join(sorted(known))}")
    read, value = known[match[1]], match[3]
    if match[2] == "!=":
        return lambda row: read(row) != value
    return lambda row: read(row) == value
