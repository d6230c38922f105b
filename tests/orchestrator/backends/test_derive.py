"""orchestrator.backends.cluster.derive"""

import msgspec
import pytest

from orchestrator.backends.cluster import derive, raw
from orchestrator.backends.cluster.raw.workloads import DeploymentRaw

WAITING = {"CrashLoopBackOff", "ImagePullBackOff", "ErrImagePull", "CreateContainerConfigError", "Custom"}


def waits(reason: str) -> dict:
    return {"name": "c", "state": {"waiting": {"reason": reason, "message": f"{reason}, it says"}}}


def ended(code: int, reason: str = "") -> dict:
    return {
        "name": "c",
        "state": {"terminated": {"exitCode": code, "reason": reason, "message": "at its end"}},
    }


RUNS = {"name": "c", "ready": True, "state": {"running": {"startedAt": "2026-01-02T03:04:05Z"}}}


def pod(phase="Running", *, containers=(), init=(), deleted=False, **status) -> raw.PodRaw:
    metadata = {"name": "p", "namespace": "n"} | (
        {"deletionTimestamp": "2026-01-02T03:04:05Z"} if deleted else {}
    )
    status |= {"phase": phase, "containerStatuses": [*containers], "initContainerStatuses": [*init]}
    return msgspec.convert({"metadata": metadata, "status": status}, raw.PodRaw)


STATUSES = [
    # 1. deletion comes before everything
    (pod(deleted=True), "Terminating"),
    (pod(deleted=True, reason="Evicted", containers=[waits("CrashLoopBackOff")]), "Terminating"),
    # 2. the pod's own reason
    (pod("Failed", reason="Evicted", containers=[ended(137, "OOMKilled")]), "Evicted"),
    (pod(reason="NodeLost", containers=[RUNS]), "NodeLost"),
    # 3. init containers
    (pod("Pending", init=[waits("PodInitializing")], containers=[waits("PodInitializing")]), "Pending"),
    (
        pod("Pending", init=[waits("CrashLoopBackOff")], containers=[waits("PodInitializing")]),
        "Init:CrashLoopBackOff",
    ),
    (pod("Pending", init=[waits("ErrImagePull")]), "Init:ErrImagePull"),
    (pod("Pending", init=[ended(0), ended(1, "Error")]), "Init:Error"),
    (pod("Pending", init=[ended(1)]), "Init:Error"),
    (pod("Pending", init=[ended(137, "OOMKilled")]), "Init:OOMKilled"),
    (pod(init=[ended(0, "Completed")], containers=[RUNS]), "Running"),
    (pod("Pending", init=[waits("ImagePullBackOff")], containers=[waits("Custom")]), "Init:ImagePullBackOff"),
    # 4. waiting containers
    *[(pod("Pending", containers=[waits(reason)]), reason) for reason in sorted(WAITING)],
    (pod("Pending", containers=[waits("ContainerCreating")]), "Pending"),
    (pod("Pending", containers=[waits("")]), "Pending"),
    (pod(containers=[RUNS, waits("CrashLoopBackOff")]), "CrashLoopBackOff"),
    (pod(containers=[ended(1, "Error"), waits("CrashLoopBackOff")]), "CrashLoopBackOff"),
    # 5. ended containers
    (pod(containers=[ended(137, "OOMKilled"), RUNS]), "OOMKilled"),
    (pod("Failed", containers=[ended(137, "OOMKilled")]), "OOMKilled"),
    (pod(containers=[ended(2, "Error"), RUNS]), "Error"),
    (pod(containers=[ended(0, "Completed"), RUNS]), "Running"),
    (pod("Failed", containers=[ended(2, "Error")]), "Failed"),
    # 6. the phase
    *[(pod(phase), phase) for phase in ("Running", "Pending", "Failed", "Succeeded", "Unknown")],
    (msgspec.convert({"metadata": {"name": "p"}}, raw.PodRaw), "Unknown"),
]


@pytest.mark.parametrize(("item", "status"), STATUSES)
def test_the_status_of_a_pod_is_the_first_that_applies(item, status):
    assert derive.pod_status(item) == status


UNSCHEDULED = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes"}
REASONS = [
    (pod(containers=[RUNS]), ("", "")),
    (pod("Failed", reason="Evicted", message="low on memory"), ("Evicted", "low on memory")),
    (pod("Pending", containers=[waits("ErrImagePull")]), ("ErrImagePull", "ErrImagePull, it says")),
    (
        pod("Pending", init=[waits("Custom")], containers=[waits("PodInitializing")]),
        ("Custom", "Custom, it says"),
    ),
    (pod("Failed", containers=[ended(2)]), ("Error", "at its end")),
    (pod("Succeeded", containers=[ended(0, "Completed")]), ("", "")),
    (pod("Pending", conditions=[UNSCHEDULED]), ("Unschedulable", "0/3 nodes")),
    (pod("Pending", conditions=[UNSCHEDULED | {"status": "True"}]), ("", "")),
]


@pytest.mark.parametrize(("item", "reason"), REASONS)
def test_a_pod_says_why_it_is_not_simply_running(item, reason):
    assert derive.pod_reason(item) == reason


def deployment(*, desired=3, ready=3, updated=3, reason="", generation=1, observed=1) -> DeploymentRaw:
    conditions = [{"type": "Available", "status": "True", "reason": "MinimumReplicasAvailable"}]
    conditions += [{"type": "Progressing", "status": "True", "reason": reason}] if reason else []
    counts = {"readyReplicas": ready, "updatedReplicas": updated}
    return msgspec.convert(
        {
            "metadata": {"name": "d", "namespace": "n", "generation": generation},
            "spec": {"replicas": desired},
            "status": {"observedGeneration": observed, "conditions": conditions, **counts},
        },
        DeploymentRaw,
    )


DEPLOYMENTS = [
    (deployment(), "Available"),
    (deployment(reason="NewReplicaSetAvailable"), "Available"),
    (deployment(desired=0, ready=0, updated=0), "Available"),
    (deployment(generation=2), "Progressing"),
    (deployment(desired=0, ready=3, updated=0, generation=2), "Progressing"),
    (deployment(updated=1), "Progressing"),
    (deployment(ready=2, updated=1), "Progressing"),
    (deployment(ready=2, reason="ReplicaSetUpdated"), "Progressing"),
    (deployment(ready=0, updated=0, reason="NewReplicaSetCreated"), "Progressing"),
    (deployment(ready=0, updated=1, reason="FoundNewReplicaSet"), "Progressing"),
    (deployment(ready=2, updated=1, reason="ProgressDeadlineExceeded"), "Degraded"),
    (deployment(ready=0, reason="ProgressDeadlineExceeded"), "Degraded"),
    (deployment(ready=2, reason="NewReplicaSetAvailable"), "Degraded"),
    (deployment(ready=2), "Degraded"),
    (deployment(ready=2, reason="ProgressDeadlineExceeded", generation=2), "Progressing"),
]


@pytest.mark.parametrize(("item", "status"), DEPLOYMENTS)
def test_a_deployment_is_available_progressing_or_degraded(item, status):
    assert derive.deployment_status(item) == status


@pytest.mark.parametrize(
    ("conditions", "status"),
    [
        ([("Ready", "True")], "Ready"),
        ([("Ready", "False")], "NotReady"),
        ([("Ready", "Unknown")], "NotReady"),
        ([("MemoryPressure", "True"), ("Ready", "True")], "Ready"),
        ([("MemoryPressure", "False")], "Unknown"),
        ([], "Unknown"),
    ],
)
def test_a_node_is_ready_or_not_or_has_never_said(conditions, status):
    said = [{"type": type_, "status": value} for type_, value in conditions]
    node = msgspec.convert({"metadata": {"name": "n"}, "status": {"conditions": said}}, raw.NodeRaw)
    assert derive.node_status(node) == status


@pytest.mark.parametrize(
    ("labels", "roles"),
    [
        ({}, ("<none>",)),
        ({"kubernetes.io/os": "linux"}, ("<none>",)),
        (
            {"node-role.kubernetes.io/worker": "", "node-role.kubernetes.io/control-plane": ""},
            ("control-plane", "worker"),
        ),
    ],
)
def test_the_roles_of_a_node_are_in_its_labels(labels, roles):
    assert derive.node_roles(labels) == roles
