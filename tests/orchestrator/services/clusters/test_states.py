"""orchestrator.services.clusters.states"""

import pytest

from orchestrator.backends.cluster.objects import NodeCondition
from orchestrator.services.clusters import states
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
