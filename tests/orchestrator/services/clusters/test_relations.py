"""orchestrator.services.clusters.relations"""

from dataclasses import replace

import msgspec
import pytest

from orchestrator.backends.cluster.objects import OwnerReference, ReplicaSet
from orchestrator.backends.cluster.port import Kind
from orchestrator.errors import Missing
from orchestrator.services.clusters import relations
from tests.orchestrator.services.clusters import make


@pytest.fixture
def inside(everywhere):
    return replace(everywhere, namespace="default")


def names(listing) -> list[str]:
    return [row.name for row in listing.rows]


def owned_by(uid: str) -> tuple[OwnerReference, ...]:
    return (OwnerReference("ReplicaSet", "any", uid),)


def test_pods_belong_to_a_deployment_by_uid_and_not_by_name(inside, put):
    deployment = inside.cluster.read(Kind.DEPLOYMENTS, namespace="default", name="backend")
    uid = deployment["metadata"]["uid"]
    put(
        Kind.REPLICASETS,
        ReplicaSet(name="ours", namespace="default", created_at="", uid="rs-1", owner_uid=uid),
        ReplicaSet(name="backend-1", namespace="default", created_at="", uid="rs-2", owner_uid="other"),
    )
    put(
        Kind.PODS,
        make.pod("ours", namespace="default", owner_references=owned_by("rs-1")),
        make.pod("backend-1-a", namespace="default", owner_references=owned_by("rs-2")),
        make.pod("backend-alone", namespace="default"),
        make.pod("elsewhere", namespace="staging", owner_references=owned_by("rs-1")),
    )
    found = relations.pods_of(Kind.DEPLOYMENTS, inside, "backend")
    assert names(found) == ["ours"]
    assert (found.total, found.rows[0].owner_references[0].uid) == (1, "rs-1")


def test_pods_of_other_workloads_are_theirs_directly(everywhere):
    place = replace(everywhere, namespace="production")
    found = relations.pods_of(Kind.STATEFULSETS, place, "postgres")
    assert names(found) == ["postgres-0", "postgres-1", "postgres-2"]


@pytest.fixture
def happened(everywhere, put):
    """Return a function that lets one event happen, in the hour in which the demo world stands still."""

    def happened(kind: str, name: str, *, namespace: str) -> None:
        latest = everywhere.cluster.cache(Kind.EVENTS).rows()[0].counts_at
        event = make.event("e", id=f"{namespace}/e", kind=kind, namespace=namespace, counts_at=latest)
        put(Kind.EVENTS, msgspec.structs.replace(event, name=name))

    return happened


def test_events_of_an_object_that_is_gone_are_still_told(inside, happened):
    happened("Pod", "gone", namespace="default")
    assert names(relations.events_of(Kind.PODS, inside, "gone")) == ["gone"]
    with pytest.raises(Missing):
        relations.events_of(Kind.DEPLOYMENTS, inside, "gone")


def test_events_of_a_node_are_in_any_namespace(inside, happened):
    happened("Node", "worker-a", namespace="kube-system")
    assert names(relations.events_of(Kind.NODES, inside, "worker-a")) == ["worker-a"]


def test_an_object_that_is_there_may_have_no_events(inside):
    assert names(relations.events_of(Kind.CONFIGMAPS, inside, "app-config")) == []
