"""orchestrator.services.clusters.topology_groups"""

import random
import time

from orchestrator.backends.cluster.port import Kind
from tests.orchestrator.services.clusters.topologies import built, many, pod


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
