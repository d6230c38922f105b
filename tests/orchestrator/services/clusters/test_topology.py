"""orchestrator.services.clusters.topology and topology_edges"""

import pytest

from orchestrator.backends.cluster import objects
from orchestrator.backends.cluster.port import Kind
from orchestrator.errors import InvalidInput
from orchestrator.services.clusters import topology
from orchestrator.services.clusters.related import Known
from tests.orchestrator.services.clusters import make
from tests.orchestrator.services.clusters.topologies import (
    built,
    deployment,
    edges,
    many,
    pod,
    replica_set,
    row,
    states,
)

# --- What connects objects


def test_a_deployment_owns_pods_through_its_replica_set():
    rows = {
        Kind.DEPLOYMENTS: [deployment()],
        Kind.REPLICASETS: [replica_set("web-1")],
        Kind.PODS: [pod("web-1-a", owner=("ReplicaSet", "web-1"))],
    }
    assert edges(rows) == {
        ("deployment-web", "owns", "replicaset-web-1"),
        ("replicaset-web-1", "owns", "pod-web-1-a"),
    }


def test_without_replica_sets_a_deployment_owns_the_pods():
    rows = {
        Kind.DEPLOYMENTS: [deployment()],
        Kind.REPLICASETS: [replica_set("web-1")],
        Kind.PODS: [pod("web-1-a", owner=("ReplicaSet", "web-1"))],
    }
    assert edges(rows, kinds=(Kind.DEPLOYMENTS, Kind.PODS)) == {("deployment-web", "owns", "pod-web-1-a")}


def test_an_owner_that_came_later_under_the_same_name_owns_nothing():
    old = replica_set("web-1", owner_uid="uid-of-an-earlier-web")
    assert edges({Kind.DEPLOYMENTS: [deployment()], Kind.REPLICASETS: [old]}) == set()


def test_revisions_of_the_past_are_left_out_but_not_one_that_cannot_make_its_pods():
    rows = {
        Kind.DEPLOYMENTS: [deployment()],
        Kind.REPLICASETS: [replica_set("old", desired=0), replica_set("stuck")],
    }
    assert edges(rows) == {("deployment-web", "owns", "replicaset-stuck")}
    assert "replicaset-old" not in states(built(rows))


def test_a_cron_job_owns_jobs_which_own_pods():
    rows = {
        Kind.CRONJOBS: [row(objects.CronJob, "report")],
        Kind.JOBS: [row(objects.Job, "report-1", owner="report"), row(objects.Job, "alone", owner="")],
        Kind.PODS: [pod("report-1-a", owner=("Job", "report-1"))],
    }
    assert edges(rows) == {
        ("cronjob-report", "owns", "job-report-1"),
        ("job-report-1", "owns", "pod-report-1-a"),
    }


def test_an_ingress_leads_to_services_which_select_pods():
    backend = {"service": {"name": "web"}}
    rule = objects.IngressRule((objects.IngressPath("/", "Prefix", backend),))
    ingress = row(objects.Ingress, "front", rules=(rule,), tls=(objects.IngressTLS((), "cert"),))
    rows = {
        Kind.INGRESSES: [ingress],
        Kind.SERVICES: [row(objects.Service, selector={"app": "web", "tier": "front"})],
        Kind.PODS: [
            pod("a", labels={"app": "web", "tier": "front"}),
            pod("b", labels={"app": "web"}),
            pod("c", namespace="other", labels={"app": "web", "tier": "front"}),
        ],
        Kind.SECRETS: [row(objects.Secret, "cert")],
    }
    assert edges(rows) == {
        ("ingress-front", "routes", "service-web"),
        ("ingress-front", "reads", "secret-cert"),
        ("service-web", "selects", "pod-a"),
    }


def test_an_autoscaler_scales_its_target():
    scaler = row(objects.HPA, target_ref=objects.Target("Deployment", "web"))
    foreign = row(objects.HPA, "other", target_ref=objects.Target("Rollout", "web"))
    found = edges({Kind.HPAS: [scaler, foreign], Kind.DEPLOYMENTS: [deployment()]})
    assert found == {("horizontalpodautoscaler-web", "scales", "deployment-web")}


def test_a_pod_reads_only_what_its_workload_does_not_say_already():
    rows = {
        Kind.DEPLOYMENTS: [deployment(config_maps=("env",), secrets=("db",))],
        Kind.REPLICASETS: [replica_set("web-1")],
        Kind.PODS: [
            pod("a", owner=("ReplicaSet", "web-1"), config_maps=("env", "old"), secrets=("db",)),
            pod("bare", secrets=("db",)),
        ],
        Kind.CONFIGMAPS: [row(objects.ConfigMap, "env"), row(objects.ConfigMap, "old")],
        Kind.SECRETS: [row(objects.Secret, "db")],
    }
    assert {each for each in edges(rows) if each[1] == "reads"} == {
        ("deployment-web", "reads", "configmap-env"),
        ("deployment-web", "reads", "secret-db"),
        ("pod-a", "reads", "configmap-old"),
        ("pod-bare", "reads", "secret-db"),
    }


def test_a_pod_claims_storage_and_runs_on_a_node():
    rows = {
        Kind.PODS: [pod("a", claims=("data",), node_name="n1")],
        Kind.PVCS: [row(objects.PersistentVolumeClaim, "data", volume="pv-1", status="Bound")],
        Kind.PVS: [
            objects.PersistentVolume(name=name, created_at=make.CREATED, status="Bound")
            for name in ("pv-1", "of-others")
        ],
        Kind.NODES: [make.node("n1"), make.node("empty")],
    }
    assert edges(rows) == {
        ("pod-a", "claims", "persistentvolumeclaim-data"),
        ("persistentvolumeclaim-data", "binds", "persistentvolume-pv-1"),
        ("pod-a", "runsOn", "node-n1"),
    }
    assert {"persistentvolume-of-others", "node-empty"} & states(built(rows)).keys() == set()


def test_the_certificates_that_every_pod_reads_are_left_out():
    rows = {
        Kind.PODS: [pod("a", config_maps=("kube-root-ca.crt",))],
        Kind.CONFIGMAPS: [row(objects.ConfigMap, "kube-root-ca.crt")],
    }
    assert [node.id for node in built(rows).nodes] == ["pod-a"]


def test_what_is_named_and_not_there_is_missing_and_what_may_not_be_read_is_unread():
    rows = {Kind.PODS: [pod("a", config_maps=("gone",), secrets=("hidden",))], Kind.CONFIGMAPS: []}
    found = topology.build(Known(rows, (Kind.SECRETS,)), namespace="shop")
    assert states(found) == {"pod-a": "running", "configmap-gone": "missing", "secret-hidden": "unread"}


def test_names_of_all_namespaces_do_not_collide():
    rows = {Kind.PODS: [pod("a"), pod("a", namespace="other")]}
    assert [node.id for node in built(rows, namespace=None).nodes] == ["pod-shop/a", "pod-other/a"]


def test_owners_in_a_circle_end():
    rows = {Kind.PODS: [pod("a", owner=("Pod", "b")), pod("b", owner=("Pod", "a"))]}
    assert len(built(rows, most=1).nodes) == 1


def test_a_search_keeps_what_is_connected_with_a_match():
    rows = many(3, pods=2)
    found = built(rows, search=" App-1-1-0 ")
    assert {node.id for node in found.nodes} == {
        "replicaset-app-1-1",
        "pod-app-1-1-0",
        "service-app-1",
        "node-n1",
    }


# --- Questions


def test_kinds_are_asked_for_by_their_plurals():
    assert topology.kinds_of(" pods, services ") == (Kind.SERVICES, Kind.PODS)
    assert topology.kinds_of("") == topology.MAPPED


@pytest.mark.parametrize("text", ["events", "pod", "pods,things"])
def test_kinds_that_no_map_shows_are_told(text):
    with pytest.raises(InvalidInput) as caught:
        topology.kinds_of(text)
    assert caught.value.problems[0].path == "kinds"


def test_the_demo_cluster_has_a_map_without_loose_ends(everywhere):
    found = topology.read(everywhere).topology
    ids = {node.id for node in found.nodes}
    assert {each for edge in found.edges for each in (edge.source, edge.target)} <= ids
    assert {edge.relation for edge in found.edges} == set(topology.RELATIONS)
    assert "missing" not in states(found).values()
