"""Stacks whose process ends between any two steps: the next one leaves nothing half-made and nothing lost"""

from datetime import timedelta

import pytest

from orchestrator.backends.cluster.port import Kind
from orchestrator.controllers import stacks as controller
from orchestrator.models import Stack, StackPort
from orchestrator.services import access, stacks
from orchestrator.services.access import Caller
from orchestrator.services.stacks import isolation, reaping, strays
from orchestrator.services.stacks.targets import Target
from tests.kills import Killed, life
from tests.stack_rows import NOON, SPEC

pytestmark = pytest.mark.django_db(transaction=True)
SECOND = timedelta(seconds=1)
TTL = timedelta(hours=2)
MARA = Caller("mara", access.scopes_of("operator"))
TARGETS = (Target(80, "TCP"), Target(80, "UDP"))
BOTH = SPEC.replace(
    "- containerPort: 80\n", "- containerPort: 80\n    - containerPort: 80\n      protocol: UDP\n"
)


def make() -> str:
    return stacks.create(MARA, pod_spec=BOTH, targets=TARGETS, at=NOON).view.stack_id


def restart() -> None:
    """Forget what a process remembers."""
    for module in (reaping, strays, isolation):
        module.retries.keep(())
    isolation._compared.clear()


def recover(at) -> None:
    """Let the next process do its work, once the dead one cannot be at work any more."""
    restart()
    for _ in range(3):
        controller.reconcile(at)
        at += SECOND


def check(cluster) -> None:
    """Compare rows, ports, pods and services: nothing is lost, nothing is doubled."""
    whole = set(Stack.objects.filter(cleaned_at__isnull=True).values_list("pk", flat=True))
    assert cluster.names(Kind.PODS) == whole
    assert cluster.names(Kind.SERVICES) == {f"svc-{name}" for name in whole}
    open_ = [
        (row.name.removeprefix("svc-"), port.node_port)
        for row in cluster.cache(Kind.SERVICES).rows("stacks")
        for port in row.ports
    ]
    assert sorted(open_) == sorted(StackPort.objects.values_list("stack_id", "node_port"))


def expire(name):
    controller.reconcile(NOON + TTL)


def killed_everywhere(cluster, act, *, prepare):
    """Yield the stack of each try, whose process has ended one point later than that of the one before."""
    for points in range(1000):
        name = prepare()
        try:
            with life(cluster, points):
                act(name)
        except Killed:
            yield name
        else:
            assert points > 5
            return
        Stack.objects.filter(pk=name).update(wanted="absent")  # Nothing is left for the next try.
        recover(NOON + timedelta(days=1))
        assert not Stack.objects.exists()


def test_a_create_that_dies_anywhere_leaves_a_whole_stack_or_nothing(cluster):
    for _ in killed_everywhere(cluster, lambda name: make(), prepare=lambda: ""):
        recover(NOON + reaping.patience())
        check(cluster)
        unsettled = Stack.objects.filter(settled=False)
        assert not unsettled.exists()


def test_nothing_is_in_the_cluster_that_no_row_knows_whenever_a_create_dies(cluster):
    for _ in killed_everywhere(cluster, lambda name: make(), prepare=lambda: ""):
        rows = set(Stack.objects.values_list("pk", flat=True))
        assert cluster.names(Kind.PODS) <= rows
        assert cluster.names(Kind.SERVICES) <= {f"svc-{name}" for name in rows}


def test_a_delete_that_dies_anywhere_is_finished_or_never_began(cluster):
    act = lambda name: stacks.delete(MARA, name, at=NOON)  # noqa: E731
    for name in killed_everywhere(cluster, act, prepare=make):
        begun = not Stack.objects.filter(pk=name, wanted="present").exists()
        recover(NOON + SECOND)
        check(cluster)
        assert Stack.objects.filter(pk=name).exists() is not begun


def test_a_stop_that_dies_anywhere_is_finished_or_never_began(cluster):
    act = lambda name: stacks.stop(MARA, name, at=NOON)  # noqa: E731
    for name in killed_everywhere(cluster, act, prepare=make):
        begun = Stack.objects.filter(pk=name, wanted="stopped").exists()
        recover(NOON + SECOND)
        check(cluster)
        assert (Stack.objects.get(pk=name).cleaned_at is not None) is begun


def test_an_expiry_that_dies_anywhere_is_finished(cluster):
    for name in killed_everywhere(cluster, expire, prepare=make):
        recover(NOON + TTL)
        check(cluster)
        assert not Stack.objects.filter(pk=name).exists()


@pytest.mark.parametrize("kind", [Kind.PODS, Kind.SERVICES])
def test_a_removal_of_what_lost_a_part_is_finished_wherever_it_dies(cluster, kind):
    def lose():
        name = make()
        cluster.take(kind, name if kind is Kind.PODS else f"svc-{name}")
        return name

    act = lambda name: controller.reconcile(NOON + SECOND)  # noqa: E731
    for name in killed_everywhere(cluster, act, prepare=lose):
        recover(NOON + SECOND)
        check(cluster)
        assert not Stack.objects.filter(pk=name).exists()
