"""orchestrator.services.clusters.generic"""

from dataclasses import replace

import pytest

from orchestrator.backends.cluster.port import Kind
from orchestrator.backends.errors import Forbidden, Unreachable
from orchestrator.errors import InvalidInput, Missing
from orchestrator.services.clusters import generic, served
from orchestrator.services.clusters.generic import Thing

SLICES = "endpointslices.discovery.k8s.io"
SCHEDULES = "backupschedules.backup.example.com"


@pytest.fixture
def read(everywhere):
    """Return a function that opens an object."""

    def read(id_: str, name: str, namespace: str | None = "default") -> Thing:
        return generic.read(replace(everywhere, namespace=namespace), served.kind(everywhere, id_), name)

    return read


@pytest.fixture
def slice_(everywhere, read) -> Thing:
    resource = served.kind(everywhere, SLICES)
    table = everywhere.cluster.table(resource, namespace="default", limit=1)
    return read(SLICES, table.rows[0].name)


def test_an_object_is_read_whole_from_its_cluster(read):
    found = read(SCHEDULES, " backup-data ")
    assert (found.name, found.namespace) == ("backup-data", "default")
    assert found.manifest["spec"]["keep"] == 28


def test_an_object_without_a_namespace_needs_none(read):
    assert read("storageclasses.storage.k8s.io", "fast", None).namespace == ""


def test_values_of_secrets_are_masked_and_nobody_manages_fields(read):
    found = read("secrets", "db-credentials")
    assert set(found.manifest["data"].values()) == {"********"}
    assert "managedFields" not in found.manifest["metadata"]


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a%2e", "a b", "a\nb", "a" * 254])
def test_what_cannot_be_a_name_is_refused(read, name):
    with pytest.raises(InvalidInput):
        read(SCHEDULES, name)


def test_a_namespace_is_needed_where_there_are_some(read):
    with pytest.raises(InvalidInput, match="Namespace parameter is required"):
        read(SCHEDULES, "backup-data", None)


def test_an_object_that_is_not_there_is_missing(read):
    with pytest.raises(Missing) as caught:
        read(SCHEDULES, "nobody")
    assert caught.value.details["resource"] == "BackupSchedule"


def test_a_refused_object_is_asked_for_once(everywhere, read, monkeypatch):
    asked = []

    def refuse(resource, **where):
        asked.append(where)
        raise Forbidden("You may not.", service="kubernetes", status=403)

    monkeypatch.setattr(everywhere.cluster, "get", refuse)
    for _ in range(3):
        with pytest.raises(Forbidden) as caught:
            read(SCHEDULES, "backup-data")
    assert caught.value.details["verb"] == "get"
    assert len(asked) == 1


def test_an_owner_is_known_by_its_kind(everywhere, slice_):
    owner = generic.owners(everywhere, slice_)[0]
    assert (owner.kind, owner.namespace) == ("Service", "default")
    assert owner.resource.id == "services"


def test_an_owner_of_a_kind_that_nobody_serves_is_a_name(everywhere, slice_):
    reference = {"apiVersion": "x.example.com/v1", "kind": "Service", "name": "web", "controller": True}
    slice_.manifest["metadata"]["ownerReferences"].append(reference)
    first, second = generic.owners(everywhere, slice_)
    assert (first.resource.id, second.resource) == ("services", None)


def test_owners_are_names_while_the_cluster_does_not_tell_its_kinds(everywhere, slice_, monkeypatch):
    def fail(again=False):
        raise Unreachable("No answer.", service="kubernetes")

    monkeypatch.setattr(everywhere.cluster, "resources", fail)
    assert [each.resource for each in generic.owners(everywhere, slice_)] == [None]


def test_events_are_those_of_the_object(everywhere, read):
    event = everywhere.cluster.cache(Kind.EVENTS).rows("default")[0]
    resource = next(each for each in everywhere.cluster.resources() if each.kind == event.kind)
    thing = Thing(resource, {"metadata": {"name": event.name, "namespace": "default"}})
    found, readable = generic.events(everywhere, thing, wait_seconds=0)
    assert readable
    assert {(each.kind, each.name) for each in found} == {(event.kind, event.name)}
    stamps = [each.counts_at for each in found]
    assert stamps == sorted(stamps, reverse=True)


@pytest.mark.parametrize(
    ("type_", "status", "bad"),
    [
        ("Ready", "False", True),
        ("Ready", "True", False),
        ("Ready", "Unknown", False),
        ("Stalled", "True", True),
        ("Stalled", "False", False),
        ("Progressing", "False", False),
    ],
)
def test_only_conditions_that_are_understood_are_bad(type_, status, bad):
    assert generic.is_bad({"type": type_, "status": status}) is bad


@pytest.mark.parametrize("status", [None, "Running", {"conditions": "none"}, {"conditions": ["odd"]}, {}])
def test_a_status_of_any_shape_is_no_problem(read, status):
    thing = read(SCHEDULES, "backup-data")
    assert generic.conditions(Thing(thing.resource, thing.manifest | {"status": status})) == []
    assert generic.conditions(thing)[0]["type"] == "Ready"
