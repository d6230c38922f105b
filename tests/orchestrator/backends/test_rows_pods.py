"""orchestrator.backends.cluster.rows of pods: why one does not run"""

import pytest

from orchestrator.backends.cluster import objects, rows
from orchestrator.backends.cluster.port import Kind
from tests.orchestrator.backends.test_rows import METADATA, pod, shown

WAITS = {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}
STARTS = {"waiting": {"reason": "PodInitializing"}}
KILLED = {"terminated": {"reason": "OOMKilled", "exitCode": 137}}
DONE = {"terminated": {"reason": "Completed", "exitCode": 0}}


def test_containers_that_do_not_run_are_named_with_the_reason():
    row = pod(
        initContainerStatuses=[{"name": "i", "state": DONE}, {"name": "j", "state": KILLED}],
        containerStatuses=[
            {"name": "a", "state": {"running": {}}},
            {"name": "b", "state": WAITS},
            {"name": "c", "state": DONE},
            {"name": "d", "state": STARTS},
        ],
    )
    assert row.halts == (
        objects.Halt("j", "OOMKilled", "", 137, first=True),
        objects.Halt("b", "ImagePullBackOff", "no such image"),
        objects.Halt("c", "Completed", "", 0),
        objects.Halt("d", "PodInitializing"),
    )
    assert "halts" not in shown(row)


def test_the_message_of_a_container_that_ended_is_cut():
    ended = {"terminated": {"reason": "Error", "exitCode": 1, "message": "x" * 2000}}
    assert len(pod(containerStatuses=[{"name": "a", "state": ended}]).halts[0].message) == 1024


def unscheduled(reason: str) -> dict:
    return {"type": "PodScheduled", "status": "False", "reason": reason, "message": "0/3 nodes are available"}


@pytest.mark.parametrize(("reason", "unschedulable"), [("Unschedulable", True), ("SchedulingGated", False)])
def test_a_pod_without_a_node_says_if_there_is_none_for_it(reason, unschedulable):
    row = pod(phase="Pending", conditions=[unscheduled(reason)])
    assert (row.is_scheduled, row.is_unschedulable) == (False, unschedulable)
    assert (row.reason, row.message) == (reason, "0/3 nodes are available")


def test_a_pod_with_a_node_is_scheduled_whatever_was_said_before():
    row = pod({"nodeName": "worker-a"}, phase="Pending", conditions=[unscheduled("Unschedulable")])
    assert (row.is_scheduled, row.is_unschedulable) == (True, False)


@pytest.mark.parametrize("reason", ["Evicted", "NodeLost", "DeadlineExceeded"])
def test_the_reason_of_a_whole_pod_comes_before_those_of_its_containers(reason):
    ended = [{"name": "a", "state": KILLED}]
    row = pod(phase="Failed", reason=reason, message="so it was", containerStatuses=ended)
    assert (row.phase, row.reason, row.message) == ("Failed", reason, "so it was")


def test_a_pod_that_is_to_go_says_by_when():
    metadata = METADATA | {"deletionTimestamp": "2026-01-02T03:04:35Z"}
    row = rows.from_object(Kind.PODS, {"metadata": metadata})
    assert (row.status, row.deleted_at) == ("Terminating", "2026-01-02T03:04:35.000Z")
    assert pod().deleted_at == ""
