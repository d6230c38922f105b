"""orchestrator.backends.cluster.printed"""

import json

import pytest
from kubernetes import client

from orchestrator.backends import errors
from orchestrator.backends.cluster import printed
from orchestrator.backends.cluster.port import RESOURCES, Kind
from orchestrator.backends.cluster.transport import Transport

OBJECT = {
    "metadata": {
        "name": "a",
        "namespace": "shop",
        "uid": "u",
        "creationTimestamp": "2025-01-28T07:00:00Z",
        "labels": {"app": "web"},
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "a secret"},
    }
}
TABLE = {
    "kind": "Table",
    "metadata": {"continue": "more", "remainingItemCount": 7},
    "columnDefinitions": [
        {"name": "Name", "type": "string", "format": "name", "priority": 0},
        {"name": "Size", "type": "integer", "description": "How large.", "priority": 1},
    ],
    "rows": [{"cells": ["a", 3], "object": OBJECT}],
}


def decoded(answer: dict):
    return printed.decoded(json.dumps(answer).encode())


def test_a_table_has_columns_rows_and_the_way_on():
    table = decoded(TABLE)
    assert [(each.name, each.type, each.wide) for each in table.columns] == [
        ("Name", "string", False),
        ("Size", "integer", True),
    ]
    assert (table.token, table.left) == ("more", 7)
    row = table.rows[0]
    assert (row.cells, row.namespace, row.name, row.uid) == (("a", 3), "shop", "a", "u")
    assert (row.created_at, row.labels) == ("2025-01-28T07:00:00.000Z", {"app": "web"})


def test_annotations_are_not_read():
    assert "a secret" not in repr(decoded(TABLE))


def test_a_server_without_tables_gives_names():
    table = decoded({"kind": "PodList", "metadata": {"continue": "more"}, "items": [OBJECT]})
    assert [each.name for each in table.columns] == ["Name"]
    assert [row.cells for row in table.rows] == [("a",)]
    assert table.token == "more"


@pytest.mark.parametrize(("cells", "expected"), [(["a"], ("a", None)), (["a", 3, "more"], ("a", 3))])
def test_a_row_has_a_cell_for_each_column(cells, expected):
    table = decoded(TABLE | {"rows": [{"cells": cells, "object": OBJECT}]})
    assert table.rows[0].cells == expected


@pytest.mark.parametrize("empty", [{"rows": None, "columnDefinitions": None}, {"rows": []}])
def test_an_empty_table_is_empty(empty):
    assert decoded(TABLE | empty).rows == ()


@pytest.mark.parametrize("answer", [b"<html>", b"[]", b'{"rows": 3}'])
def test_what_is_no_list_makes_no_sense(answer):
    with pytest.raises(errors.Unreachable):
        printed.decoded(answer)


def test_a_part_is_asked_for_as_the_api_server_wants_it(httpserver):
    httpserver.expect_request("/api/v1/namespaces/shop/pods").respond_with_json(TABLE)
    transport = Transport(lambda: client.Configuration(host=httpserver.url_for("").rstrip("/")))
    printed.read(
        transport,
        RESOURCES[Kind.PODS],
        namespace="shop",
        limit=50,
        token="t",
        labels="app in (a,b)",
        fields="status.phase=Running",
    )
    request, _ = httpserver.log[0]
    assert dict(request.args) == {
        "limit": "50",
        "continue": "t",
        "labelSelector": "app in (a,b)",
        "fieldSelector": "status.phase=Running",
        "includeObject": "Metadata",
    }
    assert request.headers["Accept"].startswith("application/json;as=Table;v=v1;g=meta.k8s.io,")
