"""Lists as the API server prints them, with the columns that kubectl shows.

https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables
"""

from typing import Any

import msgspec

from orchestrator.backends.cluster.acts import Column, Table, TableRow
from orchestrator.backends.cluster.kinds import Resource
from orchestrator.backends.cluster.rows.shared import iso
from orchestrator.backends.cluster.transport import Transport, translated_errors

ACCEPT = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
NAME = Column(name="Name", type="string")  # the one column of a server that prints nothing


class ListMetadata(msgspec.Struct, rename="camel"):
    continue_: str = msgspec.field(default="", name="continue")
    remaining_item_count: int | None = None


class Metadata(msgspec.Struct, rename="camel"):
    """What a row needs of an object. Annotations are not among it: they may repeat what a secret holds."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    creation_timestamp: str | None = None
    labels: dict[str, str] | None = None


class Item(msgspec.Struct):
    metadata: Metadata = msgspec.field(default_factory=Metadata)


class PrintedColumn(msgspec.Struct):
    name: str = ""
    type: str = "string"
    description: str = ""
    priority: int = 0


class PrintedRow(msgspec.Struct):
    cells: list[Any] | None = None
    object: Item = msgspec.field(default_factory=Item)


class Printed(msgspec.Struct, rename="camel"):
    """A table, or a plain list from a server that does not know tables."""

    kind: str = ""
    metadata: ListMetadata = msgspec.field(default_factory=ListMetadata)
    column_definitions: list[PrintedColumn] | None = None
    rows: list[PrintedRow] | None = None
    items: list[Item] | None = None


def read(
    transport: Transport,
    resource: Resource,
    *,
    namespace: str | None,
    limit: int,
    token: str = "",
    labels: str = "",
    fields: str = "",
) -> Table:
    """Return part of a list as `Acting.table` does, and raise what it raises."""
    asked = {"continue": token, "labelSelector": labels, "fieldSelector": fields}
    query: dict[str, str | int] = {"limit": limit, "includeObject": "Metadata"}
    query |= {name: value for name, value in asked.items() if value}
    return decoded(transport.get(resource.path(namespace), query, accept=ACCEPT))


def decoded(answer: bytes) -> Table:
    """Return a list that an API server sent, as a table or as it is; raise `BackendError` if it is none."""
    with translated_errors():
        found = msgspec.json.decode(answer, type=Printed)
    rest: dict[str, Any] = {"token": found.metadata.continue_, "left": found.metadata.remaining_item_count}
    if found.kind == "Table":
        columns = [
            Column(name=each.name, type=each.type, description=each.description, wide=each.priority > 0)
            for each in found.column_definitions or ()
        ]
        # 1.34 prints a cell more for IP addresses than it has columns.
        fill = [None] * len(columns)
        rows = [
            _row(tuple([*(each.cells or ()), *fill][: len(columns)]), each.object.metadata)
            for each in found.rows or ()
        ]
        return Table(columns=tuple(columns), rows=tuple(rows), **rest)
    listed = [_row((each.metadata.name,), each.metadata) for each in found.items or ()]
    return Table(columns=(NAME,), rows=tuple(listed), **rest)


def _row(cells: tuple[object, ...], metadata: Metadata) -> TableRow:
    return TableRow(
        cells=cells,
        namespace=metadata.namespace,
        name=metadata.name,
        uid=metadata.uid,
        created_at=iso(metadata.creation_timestamp),
        labels=metadata.labels or {},
    )
