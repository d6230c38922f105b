"""orchestrator.services.stacks.ports"""

from dataclasses import dataclass
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils.timezone import now
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.models import HeldPort, StackPort
from orchestrator.services.stacks import ports
from orchestrator.services.stacks.errors import NoNodePort
from tests.stack_rows import stack_row


@dataclass(frozen=True)
class Want:
    container_port: int
    protocol: str = "TCP"


LOW, HIGH = 31001, 31020
HELD = st.sets(st.integers(LOW - 3, HIGH + 3))


@given(held=HELD, start=st.integers(LOW, HIGH))
def test_a_draw_is_the_next_free_number_from_its_start(held, start):
    free = [number for number in (*range(start, HIGH + 1), *range(LOW, start)) if number not in held]
    if not free:
        with pytest.raises(NoNodePort):
            ports.draw(LOW, HIGH, held=held, start=start)
    else:
        assert ports.draw(LOW, HIGH, held=held, start=start) == free[0]


@given(held=HELD, count=st.integers(0, 24))
def test_several_draws_are_different_free_numbers_of_the_range(held, count):
    free = set(range(LOW, HIGH + 1)) - held
    if count > len(free):
        with pytest.raises(NoNodePort):
            ports.draw_many(LOW, HIGH, held=held, count=count)
    else:
        drawn = ports.draw_many(LOW, HIGH, held=held, count=count)
        assert len(set(drawn)) == count
        assert set(drawn) <= free


def test_draws_begin_anywhere():
    drawn = {ports.draw_many(LOW, HIGH, held=(), count=1)[0] for _ in range(400)}
    assert drawn == set(range(LOW, HIGH + 1))


@pytest.fixture
def range_of_twenty(settings):
    settings.STACK_NODEPORT_MIN, settings.STACK_NODEPORT_MAX = LOW, HIGH


def test_reserved_ports_keep_the_order_of_the_request(db, range_of_twenty):
    row = stack_row()
    ports.reserve(row, [Want(80), Want(443), Want(80, "UDP")], avoid=())
    held = [(each.container_port, each.protocol) for each in row.ports.all()]
    assert held == [(80, "TCP"), (443, "TCP"), (80, "UDP")]
    assert len({each.node_port for each in row.ports.all()}) == 3


def test_what_others_hold_is_not_drawn(db, range_of_twenty):
    row = stack_row()
    ports.reserve(row, [Want(80)], avoid=range(LOW, HIGH))
    assert row.ports.get().node_port == HIGH


def test_a_full_range_is_said(db, range_of_twenty):
    row = stack_row(ports=tuple(range(LOW, HIGH + 1)))
    with pytest.raises(NoNodePort):
        ports.reserve(row, [Want(80)], avoid=())


def test_the_database_itself_refuses_a_second_holder(db, range_of_twenty):
    stack_row("stack-a", ports=(LOW,))
    other = stack_row("stack-b")
    with pytest.raises(IntegrityError), transaction.atomic():
        StackPort.objects.create(
            context="demo-cluster", node_port=LOW, stack=other, container_port=80, protocol="TCP", position=0
        )


def test_another_cluster_has_ports_of_its_own(db, range_of_twenty):
    stack_row("stack-a", ports=(LOW,))
    stack_row("stack-b", ports=(LOW,), context="other")
    assert ports.used() == 2


def test_a_port_that_was_set_aside_comes_back(db, catalogue, settings):
    at = now()
    ports.set_aside("demo-cluster", 31005, at=at)
    cluster = catalogue().clusters["demo-cluster"]
    assert 31005 in ports.held_by_others(cluster, at=at)
    later = at + settings.STACK_PORT_LOCK_TTL + timedelta(seconds=1)
    assert 31005 not in ports.held_by_others(cluster, at=later)
    ports.forget_held(at=later)
    assert not HeldPort.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_creators_at_one_moment_never_hold_one_port(settings):
    settings.STACK_NODEPORT_MIN, settings.STACK_NODEPORT_MAX = LOW, HIGH
    rows = [stack_row(f"stack-{number:02}") for number in range(30)]
    ready, refused = Barrier(len(rows)), []

    def take(row) -> None:
        ready.wait()
        try:
            while True:
                try:
                    with transaction.atomic():
                        ports.reserve(row, [Want(80)], avoid=())
                    return
                except IntegrityError:
                    continue
        except NoNodePort:
            refused.append(row.pk)
        finally:
            connection.close()

    threads = [Thread(target=take, args=(row,)) for row in rows]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(StackPort.objects.values_list("node_port", flat=True)) == list(range(LOW, HIGH + 1))
    assert len(refused) == 10
