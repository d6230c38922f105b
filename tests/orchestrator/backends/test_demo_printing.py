"""orchestrator.backends.cluster.demo.printing"""

from datetime import UTC, datetime, timedelta

import pytest

from orchestrator.backends.cluster.demo import printing, served
from orchestrator.backends.cluster.demo.printers import age
from orchestrator.backends.cluster.demo.world import World, build

START = datetime(2026, 3, 4, tzinfo=UTC)
AGES = [
    (0, "0s"),
    (119, "119s"),
    (120, "2m"),
    (312, "5m12s"),
    (600, "10m"),
    (10799, "179m"),
    (11040, "3h4m"),
    (28800, "8h"),
    (172800, "2d"),
    (183600, "2d3h"),
    (86400 * 40, "40d"),
    (-5, "0s"),
]


@pytest.mark.parametrize(("seconds", "expected"), AGES)
def test_ages_are_written_as_kubectl_writes_them(seconds, expected):
    assert age("2026-03-04T00:00:00Z", START + timedelta(seconds=seconds)) == expected


@pytest.fixture
def world() -> World:
    return {**build(42, start=START, minute=0)}


def rows(world: World, id_: str) -> list[dict]:
    """Return the rows of a kind, each as column -> cell."""
    resource = next(each for each in served.resources(world) if each.id == id_)
    table = printing.table(
        world, resource, namespace=None, limit=500, token="", labels="", fields="", at=START
    )
    return [
        {column.name: cell for column, cell in zip(table.columns, row.cells, strict=True)}
        for row in table.rows
    ]


def test_what_is_defined_is_served_with_its_own_columns(world):
    first = rows(world, "backupschedules.backup.example.com")[0]
    assert first == {
        "Name": "backup-data",
        "Schedule": "0 */6 * * *",
        "Claim": "backup-data",
        "Keep": 28,
        "State": "Succeeded",
        "Last Backup": "0s",
        "Age": "60d",
    }


def test_what_is_no_longer_defined_is_no_longer_served(world):
    world[served.DEFINITIONS] = []
    assert "backupschedules.backup.example.com" not in [each.id for each in served.resources(world)]


def test_the_usual_storage_class_says_so(world):
    names = [row["Name"] for row in rows(world, "storageclasses.storage.k8s.io")]
    assert names == ["fast", "standard (default)"]


def test_a_list_of_endpoints_ends_where_it_gets_long(world):
    found = {row["Name"][: -len("-12345")]: row for row in rows(world, "endpointslices.discovery.k8s.io")}
    assert found["api-gateway"]["Endpoints"].endswith(" + 2 more...")
    assert found["order-service"]["Endpoints"].count(",") == 1


def test_an_object_that_lacks_what_others_have_is_listed_all_the_same(world):
    world["services"] = [{"metadata": {"name": "odd", "namespace": "default"}}]
    assert [row["Name"] for row in rows(world, "services")] == ["odd"]
