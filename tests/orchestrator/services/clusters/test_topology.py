"""orchestrator.services.clusters.topology, topology_edges and topology_groups"""

import random
import time

import pytest

from orchestrator.backends.cluster import objects
from orchestrator.backends.cluster.objects import OwnerReference
from orchestrator.backends.cluster.port import Kind
from orchestrator.errors import InvalidInput
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


# --- Groups


def test_at_the_limit_every_object_has_a_node_and_above_it_pods_share_one():
    rows = many(2, pods=3)
    whole = built(rows, most=13)  # 2 deployments, replica sets and services, 6 pods, 1 node
    assert (len(whole.nodes), whole.grouped, whole.grouped_by) == (13, False, "")
    grouped = built(rows, most=12)
    assert (grouped.grouped, grouped.grouped_by, grouped.objects) == (True, "workload", 13)
    assert {node.id for node in grouped.nodes} == {
        *(f"{kind}-app-{number}" for kind in ("deployment", "service") for number in range(2)),
        *(f"pods-deployment-app-{number}" for number in range(2)),
        "node-n1",
    }


def test_a_group_counts_its_pods_by_state_and_has_the_worst():
    rows = many(1, pods=2)
    rows[Kind.PODS].append(pod("bad", owner=("ReplicaSet", "app-0-1"), status="CrashLoopBackOff"))
    group = next(node for node in built(rows, most=1).nodes if node.kind in ("Pods", "App"))
    by_workload = next(node for node in built(rows, most=5).nodes if node.kind == "Pods")
    assert (by_workload.counts, by_workload.state) == ({"failing": 1, "running": 2}, "failing")
    assert (by_workload.name, by_workload.workload, by_workload.objects) == ("app-0", "Deployment", 4)
    assert group.state == "failing"


def test_edges_of_a_group_are_there_once():
    found = {(each.source, each.relation, each.target) for each in built(many(1, pods=9), most=8).edges}
    assert found == {
        ("deployment-app-0", "owns", "pods-deployment-app-0"),
        ("service-app-0", "selects", "pods-deployment-app-0"),
        ("pods-deployment-app-0", "runsOn", "node-n1"),
    }


def test_many_workloads_are_grouped_by_their_app():
    found = built(many(4, pods=2), most=8)
    assert found.grouped_by == "app"
    assert {node.id for node in found.nodes} == {"app-app-0", "app-app-1", "app-app-2", "app-app-3", "nodes-"}
    assert [node.objects for node in found.nodes if node.id == "app-app-0"] == [5]


def test_what_has_no_app_shares_a_node():
    found = built(many(4, pods=2, labelled=False), most=4)
    assert {node.id for node in found.nodes if node.kind == "App"} == {
        "app-",
        *(f"app-app-{number}" for number in range(4)),  # services select by the label
    }


def test_many_apps_of_all_namespaces_are_grouped_by_namespace():
    rows, others = many(4, pods=2), many(4, pods=2, namespace="other")
    both = {kind: [*rows[kind], *others[kind]] for kind in rows}
    found = built(both, namespace=None, most=8)
    assert found.grouped_by == "namespace"
    assert {(node.kind, node.name) for node in found.nodes} == {
        ("Namespace", "shop"),
        ("Namespace", "other"),
        ("Nodes", ""),
    }
    assert {node.name: sum(node.counts.values()) for node in found.nodes}["shop"] == 8


def test_the_same_rows_make_the_same_map():
    rows = many(5, pods=4)
    again = {kind: list(each) for kind, each in rows.items()}
    assert built(rows) == built(again)
    assert built(rows, most=20) == built(again, most=20)


def test_three_hundred_objects_take_milliseconds_and_ten_thousand_pods_no_second():
    small, large = many(30, pods=7), many(500, pods=20)
    random.Random(1).shuffle(large[Kind.PODS])
    for rows, seconds in ((small, 0.1), (large, 1.5)):
        # Of the processor, not of the clock: other tests run beside this one.
        began = time.process_time()
        built(rows)
        assert time.process_time() - began < seconds


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
