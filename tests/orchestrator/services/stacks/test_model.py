"""The life of stacks as a model: whatever is asked, refused, lost or killed, nothing is lost or doubled"""

from contextlib import suppress
from datetime import timedelta

import pytest
import stamina
from django.utils.timezone import now
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from orchestrator.backends.cluster.port import Kind
from orchestrator.backends.errors import NotFound
from orchestrator.controllers import stack_batches
from orchestrator.controllers import stacks as controller
from orchestrator.errors import DomainError
from orchestrator.models import Activity, AuditEvent, ControllerRun, HeldPort, Stack, StackBatch, StackPort
from orchestrator.services import stacks
from orchestrator.services.stacks import batches, reaping
from orchestrator.services.stacks.targets import Target
from tests.kills import Killed, life
from tests.orchestrator.services.stacks.test_crashes import MARA, check, restart
from tests.stack_rows import SPEC

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]
PORTS = 3
LIVES = st.none() | st.integers(0, 45)  # how far a process comes before it is killed; None: to the end
PICKS = st.integers(0, PORTS - 1)
EXAMPLES = settings(max_examples=20, stateful_step_count=25, deadline=None)


class Life(RuleBasedStateMachine):
    """`expected` are the stacks that were made and that nothing has happened to."""

    cluster = None

    def __init__(self) -> None:
        super().__init__()
        self.now = now()
        self.expected: set[str] = set()

    def act(self, do, lives) -> object:
        """Do something in a process that may be killed; after that another one begins."""
        try:
            if lives is None:
                return do()
            with life(self.cluster, lives):
                return do()
        except Killed:
            restart()
        except (DomainError, NotFound):
            pass
        return None

    def pick(self, number: int) -> str | None:
        names = sorted(Stack.objects.visible(at=self.now).values_list("pk", flat=True))
        return names[number % len(names)] if names else None

    @rule(lives=LIVES)
    def create(self, lives):
        def make():
            return stacks.create(MARA, pod_spec=SPEC, targets=(Target(80, "TCP"),), at=self.now).view

        if view := self.act(make, lives):
            self.expected.add(view.stack_id)

    @rule(number=PICKS, lives=LIVES)
    def delete(self, number, lives):
        if name := self.pick(number):
            self.expected.discard(name)
            self.act(lambda: stacks.delete(MARA, name, at=self.now), lives)

    @rule(number=PICKS, lives=LIVES)
    def stop(self, number, lives):
        if name := self.pick(number):
            self.expected.discard(name)
            self.act(lambda: stacks.stop(MARA, name, at=self.now), lives)

    @rule(number=PICKS)
    def extend(self, number):
        if name := self.pick(number):
            self.act(lambda: stacks.extend(MARA, name, 600, at=self.now), None)

    @rule(lives=LIVES)
    def delete_all(self, lives):
        names = [self.pick(number) or "stack-unknown" for number in range(PORTS)]
        self.expected -= set(names)
        self.act(lambda: batches.begin(MARA, names, at=self.now), lives)

    @rule(lives=LIVES)
    def work_on_batches(self, lives):
        self.act(lambda: stack_batches.reconcile(self.now), lives)

    @rule(lives=LIVES)
    def reap(self, lives):
        self.act(lambda: controller.reconcile(self.now), lives)

    @rule(number=PICKS, kind=st.sampled_from([Kind.PODS, Kind.SERVICES]))
    def lose(self, number, kind):
        if name := self.pick(number):
            self.expected.discard(name)
            with suppress(NotFound):
                self.cluster.take(kind, name if kind is Kind.PODS else f"svc-{name}")

    @rule(verb=st.sampled_from(["create", "delete", "get"]), kind=st.sampled_from(["pods", "services"]))
    def begin_to_fail(self, verb, kind):
        self.cluster.fails(verb, kind)

    @rule()
    def work_again(self):
        self.cluster.works()

    @rule(minutes=st.sampled_from([1, 10, 90]))
    def time_passes(self, minutes):
        self.now += timedelta(minutes=minutes)
        over = Stack.objects.filter(expires_at__lte=self.now).values_list("pk", flat=True)
        self.expected -= set(over)

    @rule()
    def come_to_rest(self):
        """Once the cluster works and nobody dies, all is as rows say, and no port is held for nothing."""
        self.cluster.works()
        restart()
        self.now += reaping.patience()
        self.expected -= set(Stack.objects.filter(expires_at__lte=self.now).values_list("pk", flat=True))
        for _ in range(4):
            controller.reconcile(self.now)
            stack_batches.reconcile(self.now)
            self.now += timedelta(seconds=1)
        check(self.cluster)
        self.expected -= set(Stack.objects.filter(expires_at__lte=self.now).values_list("pk", flat=True))
        running = Stack.objects.filter(cleaned_at__isnull=True).values_list("pk", flat=True)
        assert self.expected <= set(running)
        assert not Stack.objects.filter(settled=False).exists()
        assert not Stack.objects.filter(wanted="absent").exists()
        assert not StackBatch.objects.filter(ended_at=None).exists()

    @invariant()
    def nothing_is_in_the_cluster_that_no_row_knows(self):
        rows = set(Stack.objects.values_list("pk", flat=True))
        assert self.cluster.names(Kind.PODS) <= rows
        for service in self.cluster.cache(Kind.SERVICES).rows("stacks"):
            name = service.name.removeprefix("svc-")
            held = StackPort.objects.filter(stack=name).values_list("node_port", flat=True)
            assert {port.node_port for port in service.ports} <= set(held)

    @invariant()
    def a_stack_that_nothing_happened_to_is_readable(self):
        there = Stack.objects.visible(at=self.now).values_list("pk", flat=True)
        assert self.expected <= set(there)

    def teardown(self):
        self.come_to_rest()
        for name in Stack.objects.values_list("pk", flat=True):
            stacks.delete(MARA, name, at=Stack.objects.get(pk=name).created_at)
        assert not self.cluster.names(Kind.PODS) | self.cluster.names(Kind.SERVICES)
        assert not StackPort.objects.exists()
        for model in (StackBatch, Activity, AuditEvent, ControllerRun, HeldPort):
            model.objects.all().delete()


@pytest.fixture(autouse=True)
def once():
    """Let nothing be tried again within a call: it would only take its time."""
    stamina.set_active(False)
    yield
    stamina.set_active(True)


def test_nothing_is_lost_and_nothing_is_doubled(cluster, settings):
    settings.STACK_NODEPORT_MIN, settings.STACK_NODEPORT_MAX = 31001, 31000 + PORTS
    settings.STACK_SCHEDULING_TIMEOUT = timedelta(milliseconds=100)
    settings.STACK_BATCH_WORKERS = 1
    Life.cluster = cluster
    run_state_machine_as_test(Life, settings=EXAMPLES)
