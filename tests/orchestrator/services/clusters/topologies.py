"""Rows for maps, and what comes of them."""

from orchestrator.backends.cluster import objects
from orchestrator.backends.cluster.objects import OwnerReference
from orchestrator.backends.cluster.port import Kind
from orchestrator.services.clusters import topology
from orchestrator.services.clusters.related import Known
from tests.orchestrator.services.clusters import make


def row(type_, name="web", *, namespace="shop", **more):
    return type_(name=name, namespace=namespace, created_at=make.CREATED, **more)


def deployment(name="web", *, namespace="shop", ready=1, **more):
    known = {"uid": f"uid-{name}", "status": "Available", "replicas": objects.DeploymentReplicas(1, ready)}
    return row(objects.Deployment, name, namespace=namespace, **(known | more))


def replica_set(name, *, owner="web", namespace="shop", desired=1, **more):
    owned = {"owner": owner, "owner_uid": f"uid-{owner}", "uid": f"uid-{name}", "desired": desired}
    return row(objects.ReplicaSet, name, namespace=namespace, **(owned | more))


def pod(name, *, owner=("", ""), namespace="shop", **more):
    kind, by = owner
    references = (OwnerReference(kind, by, f"uid-{by}"),) if kind else ()
    return make.pod(name, namespace=namespace, owner_references=references, **more)


def many(deployments, *, pods, namespace="shop", labelled=True):
    """Return the rows of deployments with a replica set and so many pods each."""
    rows = {kind: [] for kind in Kind}
    for number in range(deployments):
        name = f"app-{number}"
        place = {"namespace": namespace, "labels": {"app": name} if labelled else {}}
        rows[Kind.DEPLOYMENTS].append(deployment(name, **place))
        rows[Kind.REPLICASETS].append(replica_set(f"{name}-1", owner=name, **place))
        rows[Kind.SERVICES].append(row(objects.Service, name, namespace=namespace, selector={"app": name}))
        rows[Kind.PODS] += [
            pod(f"{name}-1-{each}", owner=("ReplicaSet", f"{name}-1"), node_name="n1", **place)
            for each in range(pods)
        ]
    return rows


def built(rows, *, namespace="shop", **more):
    return topology.build(Known(rows), namespace=namespace, **more)


def edges(rows, **more):
    return {(each.source, each.relation, each.target) for each in built(rows, **more).edges}


def states(found):
    return {node.id: node.state for node in found.nodes}
