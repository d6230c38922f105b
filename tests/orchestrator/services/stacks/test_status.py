"""orchestrator.services.stacks.status"""

import pytest

from orchestrator.backends.cluster.objects import Address, Amounts, Node, Pod
from orchestrator.models import Stack
from orchestrator.services.stacks.status import address_of, status_of


def stored(**more) -> Stack:
    return Stack(**{"id": "stack-1", "status": "creating", "node_id": "", **more})


def pod(**more) -> Pod:
    return Pod(
        **{
            "name": "stack-1",
            "namespace": "stacks",
            "created_at": "",
            "phase": "Running",
            "ready": "1/1",
            **more,
        }
    )


@pytest.mark.parametrize(
    ("phase", "status"),
    [
        ("Pending", "creating"),
        ("Unknown", "creating"),
        ("Running", "running"),
        ("Succeeded", "stopped"),
        ("Failed", "failed"),
    ],
)
def test_the_phase_decides(phase, status):
    assert status_of(stored(), pod(phase=phase)).status == status


def test_without_a_pod_the_row_counts():
    seen = status_of(stored(status="running", node_id="worker-a"), None)
    assert (seen.status, seen.node_id) == ("running", "worker-a")


def test_what_a_user_stopped_stays_stopped():
    row = stored(wanted="stopped", status="running")
    assert status_of(row, pod()).status == "stopped"
    assert status_of(row, None).status == "stopped"


def test_what_lost_its_node_stays_so():
    assert status_of(stored(status="node_deleted"), pod()).status == "node_deleted"
    assert status_of(stored(), pod(phase="Failed", reason="NodeLost")).status == "node_deleted"


@pytest.mark.parametrize(
    ("phase", "reason", "words"),
    [
        ("Pending", "ImagePullBackOff", "The image cannot be pulled"),
        ("Pending", "Unschedulable", "No node has room"),
        ("Failed", "OOMKilled", "more memory than its limit"),
        ("Failed", "Evicted", "evicted"),
        ("Failed", "DeadlineExceeded", "longer than it may"),
        ("Failed", "", "ended with an error"),
        ("Succeeded", "", "without an error"),
    ],
)
def test_a_reason_is_given_in_words(phase, reason, words):
    seen = status_of(stored(), pod(phase=phase, **({"reason": reason} if reason else {}), message="Said so."))
    assert words in seen.message
    assert seen.message.endswith("Said so.")


def node(*addresses: Address) -> Node:
    return Node(
        name="n",
        created_at="",
        roles=(),
        version="v1",
        capacity=Amounts(),
        allocatable=Amounts(),
        addresses=addresses,
    )


def test_the_first_external_address_counts():
    both = node(
        Address("InternalIP", "10.0.0.1"), Address("ExternalIP", ""), Address("ExternalIP", "203.0.113.10")
    )
    assert address_of(both, internal=False) == "203.0.113.10"
    assert address_of(both, internal=True) == "203.0.113.10"


def test_an_internal_address_is_shown_only_where_settings_say_so():
    inner = node(Address("InternalIP", "10.0.0.1"))
    assert address_of(inner, internal=False) is None
    assert address_of(inner, internal=True) == "10.0.0.1"
    assert address_of(None, internal=True) is None
