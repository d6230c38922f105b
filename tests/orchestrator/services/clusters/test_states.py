"""orchestrator.services.clusters.states"""

import pytest

from orchestrator.backends.cluster import objects
from orchestrator.backends.cluster.objects import NodeCondition
from orchestrator.services.clusters import quantities, states
from tests.orchestrator.services.clusters import make

TIGHT = (NodeCondition("Ready", "True"), NodeCondition("MemoryPressure", "True"))
FINE = (NodeCondition("Ready", "True"), NodeCondition("MemoryPressure", "False"))


@pytest.mark.parametrize(
    ("row", "state", "reason"),
    [
        (make.pod("a"), "running", "Running"),
        (make.pod("a", ready="1/2"), "unready", "Not ready"),
        (make.pod("a", status="Pending"), "starting", "Pending"),
        (make.pod("a", status="Pending", reason="ContainerCreating"), "starting", "ContainerCreating"),
        (make.pod("a", status="Pending", reason="Unschedulable"), "unready", "Unschedulable"),
        (make.pod("a", status="Succeeded"), "done", "Completed"),
        (make.pod("a", status="Terminating"), "terminating", "Terminating"),
        (make.pod("a", status="Unknown"), "unready", "Unknown"),
        (make.pod("a", status="Failed"), "failing", "Failed"),
        (make.pod("a", status="Evicted"), "failing", "Evicted"),
        (make.pod("a", status="CrashLoopBackOff"), "failing", "CrashLoopBackOff"),
        (make.pod("a", status="Init:Error"), "failing", "Init:Error"),
        (make.node("a"), "ready", "Ready"),
        (make.node("a", conditions=FINE), "ready", "Ready"),
        (make.node("a", conditions=TIGHT), "pressure", "Ready"),
        (make.node("a", unschedulable=True), "cordoned", "Cordoned"),
        (make.node("a", status="NotReady", unschedulable=True), "notready", "NotReady"),
        (make.node("a", status="Unknown"), "notready", "Unknown"),
        (make.namespace("a"), "active", "Active"),
        (make.namespace("a", status="Terminating"), "terminating", "Terminating"),
        (make.event("a"), "Normal", "Unknown"),
        (make.event("a", type="Warning"), "Warning", "Unknown"),
    ],
)
def test_a_row_has_a_state_to_group_by_and_a_word_to_read(row, state, reason):
    assert states.of(row) == state
    assert states.reason(row) == reason
    assert state in states.STATES[type(row)]


def test_what_needs_somebody_comes_first():
    rows = [
        make.pod("running"),
        make.pod("done", status="Succeeded"),
        make.pod("failing", status="Error"),
        make.pod("starting", status="Pending"),
    ]
    found = sorted(rows, key=states.urgency)
    assert [row.name for row in found] == ["failing", "starting", "running", "done"]


def row(type_, **more):
    return type_(name="a", namespace="shop", created_at=make.CREATED, **more)


def deployment(status: str, *, desired: int = 2) -> objects.Deployment:
    return row(objects.Deployment, status=status, replicas=objects.DeploymentReplicas(desired=desired))


def autoscaler(*, size: int = 2, wanted: int = 2, **resource) -> objects.HPA:
    metric = {"type": "Resource", "resource": {"name": "cpu", **resource}}
    sizes = {"max_replicas": 5, "current_replicas": size, "desired_replicas": wanted}
    return row(objects.HPA, target_ref=objects.Target(), metrics=(metric,), **sizes)


MEASURED = {"current": {"averageUtilization": 40}}


@pytest.mark.parametrize(
    ("found", "state", "reason"),
    [
        (deployment("Available"), "available", "Available"),
        (deployment("Available", desired=0), "zero", "Scaled to 0"),
        (deployment("Progressing"), "progressing", "Progressing"),
        (deployment("Degraded"), "degraded", "Degraded"),
        (row(objects.ReplicaSet), "zero", "Scaled to 0"),
        (row(objects.ReplicaSet, desired=2), "degraded", "Degraded"),
        (row(objects.ReplicaSet, desired=2, ready=1), "progressing", "Progressing"),
        (row(objects.ReplicaSet, desired=2, ready=2), "available", "Available"),
        (row(objects.DaemonSet, status="Healthy"), "available", "Healthy"),
        (row(objects.DaemonSet, status="Not Ready"), "degraded", "Not Ready"),
        (row(objects.DaemonSet, status="Unknown"), "progressing", "Unknown"),
        (row(objects.Job, status="Complete"), "done", "Complete"),
        (row(objects.Job, status="Failed"), "failing", "Failed"),
        (row(objects.Job, status="Running"), "running", "Running"),
        (row(objects.Job, status="Pending"), "starting", "Pending"),
        (row(objects.CronJob, status="Active"), "active", "Active"),
        (row(objects.CronJob, status="Suspended", suspend=True), "suspended", "Suspended"),
        (autoscaler(), "blind", "No metrics"),
        (autoscaler(**MEASURED), "steady", "Steady"),
        (autoscaler(wanted=3, **MEASURED), "scaling", "Scaling"),
        (autoscaler(size=5, wanted=5, **MEASURED), "limited", "At its maximum"),
        (row(objects.Service), "active", "Active"),
        (row(objects.Service, type="LoadBalancer"), "pending", "No address yet"),
        (row(objects.Service, type="LoadBalancer", load_balancer=("10.0.0.9",)), "active", "Active"),
        (row(objects.Ingress), "pending", "No address yet"),
        (row(objects.ResourceQuota, hard={"pods": "10"}, used={"pods": "10"}), "full", "Used up"),
        (row(objects.ResourceQuota, hard={"cpu": "1"}, used={"cpu": "900m"}), "tight", "Nearly used up"),
        (row(objects.ResourceQuota, hard={"memory": "1Gi"}), "free", "Within limits"),
        (row(objects.PersistentVolumeClaim, status="Pending"), "pending", "Pending"),
        (row(objects.PersistentVolume, status="Released"), "released", "Released"),
    ],
)
def test_other_kinds_have_states_too(found, state, reason):
    assert states.of(found) == state
    assert states.reason(found) == reason
    assert state in states.STATES[type(found)]


def test_what_has_no_state_says_none():
    assert states.of(row(objects.ConfigMap)) == ""
    assert states.reason(row(objects.ConfigMap)) == "Unknown"


@pytest.mark.parametrize(
    ("quantity", "number"),
    [
        ("2", 2),
        ("500m", 0.5),
        ("64Mi", 2**26),
        ("1.5Gi", 1.5 * 2**30),
        ("1e3", 1000),
        ("2k", 2000),
        ("x", None),
    ],
)
def test_quantities_are_numbers(quantity, number):
    assert quantities.number(quantity) == number


def test_a_share_of_nothing_is_all_of_it():
    assert quantities.share("1", of="0") == 1
    assert quantities.share("0", of="0") == 0
