"""orchestrator.services.stacks: reads and totals"""

from datetime import timedelta

import pytest

from orchestrator.errors import InvalidInput
from orchestrator.services import stacks
from orchestrator.services.stacks import Query
from orchestrator.services.stacks.errors import StackNotFound
from tests.stack_rows import NOON, stack_row

pytestmark = pytest.mark.usefixtures("db", "catalogue")
AT = NOON


def ids(**query) -> list[str]:
    return [view.stack_id for view in stacks.page(Query(**query), at=AT).views]


def three() -> None:
    for number, (status, node) in enumerate(
        [("running", "worker-a"), ("failed", "worker-a"), ("running", "worker-c")]
    ):
        stack_row(
            f"stack-{number}",
            ports=(31001 + number,),
            status=status,
            node_id=node,
            created_at=AT - timedelta(minutes=10 - number),
            actor="somebody" if number else "key shop",
        )


def test_a_stack_is_shown_with_its_ports_and_the_address_of_its_node():
    stack_row(ports=(31001, 31002), created_at=AT)
    view = stacks.get("stack-0000000000000001", at=AT)
    assert [(port.container_port, port.node_port) for port in view.ports] == [(80, 31001), (81, 31002)]
    assert view.service_name == "svc-stack-0000000000000001"
    assert view.ttl_expires_at - view.created_at == timedelta(hours=2)
    assert view.status == "running"


@pytest.mark.parametrize(
    "more",
    [
        {"wanted": "absent"},
        {"settled": False},
        {"expires_at": AT},
    ],
)
def test_what_is_deleted_expired_or_not_made_yet_is_not_there(more):
    stack_row(created_at=AT, **more)
    with pytest.raises(StackNotFound):
        stacks.get("stack-0000000000000001", at=AT)
    assert ids() == []
    assert stacks.stats(at=AT).total_stacks == 0


@pytest.mark.parametrize("name", ["", "stack", "x\0y", "' OR 1=1", "é" * 300])
def test_any_text_may_be_asked_for(name):
    with pytest.raises(StackNotFound):
        stacks.get(name, at=AT)


def test_lists_are_in_the_order_of_creation():
    three()
    assert ids() == ["stack-0", "stack-1", "stack-2"]
    assert ids(sort="-created_at") == ["stack-2", "stack-1", "stack-0"]


def test_lists_are_filtered_and_paged():
    three()
    assert ids(status=("failed",)) == ["stack-1"]
    assert ids(node_id="worker-a") == ["stack-0", "stack-1"]
    assert ids(search="SHOP") == ["stack-0"]
    assert ids(limit=1, offset=1) == ["stack-1"]
    page = stacks.page(Query(status=("running",), limit=1), at=AT)
    assert (page.total, page.counts) == (2, {"running": 2, "failed": 1})


@pytest.mark.parametrize(
    "query", [{"status": ("odd",)}, {"sort": "odd"}, {"limit": 0}, {"limit": 1001}, {"offset": -1}]
)
def test_bad_filters_are_refused(query):
    with pytest.raises(InvalidInput):
        ids(**query)


def test_figures_count_what_has_a_pod():
    three()
    stack_row("stack-gone", status="node_deleted", cleaned_at=AT, created_at=AT)
    stats = stacks.stats(at=AT)
    assert (stats.total_stacks, stats.active_stacks, stats.used_node_ports) == (4, 2, 3)
    assert stats.node_distribution == {"worker-a": 2, "worker-c": 1}
    assert (stats.reserved_cpu_milli, stats.reserved_memory_bytes) == (300, 3 * 64 * 1024**2)


def test_room_is_counted_on_the_nodes_of_the_role(settings):
    settings.STACK_NODEPORT_MIN, settings.STACK_NODEPORT_MAX = 31001, 31010
    three()
    room = stacks.capacity(at=AT)
    assert (room.ports_total, room.ports_held, room.ports_free) == (10, 3, 7)


def test_nothing_is_no_error():
    stats = stacks.stats(at=AT)
    assert (stats.total_stacks, stats.node_distribution, stats.used_node_ports) == (0, {}, 0)


def test_a_row_of_a_cluster_that_is_not_open_is_shown_as_it_was():
    stack_row(context="elsewhere", created_at=AT)
    view = stacks.get("stack-0000000000000001", at=AT)
    assert (view.status, view.node_public_ip) == ("running", None)
    assert stacks.events("stack-0000000000000001", at=AT) == []
