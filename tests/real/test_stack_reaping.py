"""Stacks on a real cluster that end: by themselves, by accident, by the dozen"""

import secrets
from contextlib import closing, suppress
from datetime import timedelta
from threading import Event
from time import monotonic

import pytest
from django.utils.timezone import now
from kubernetes.client.exceptions import ApiException

from orchestrator.controllers import runner
from orchestrator.models import Stack, StackPort
from orchestrator.services import stacks
from orchestrator.services.stacks import batches, reaping, strays
from orchestrator.services.stacks.errors import ClusterUnavailable, StackNotFound
from tests.real.acted import contexts_of
from tests.real.faults import Request, status
from tests.real.processes import wait_until
from tests.real.proxy import Proxy
from tests.real.stacks import WRITER, Yard, spec, yard

pytestmark = [
    pytest.mark.needs("TEST_KUBECONFIG"),
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(240),
]
NAMES = ("stack-reaper", "stack-batch-delete")
SLEEPS = spec("sleep", "3600", image="lab/busybox:1")
IDLE_SECONDS = 20


@pytest.fixture
def place(tmp_path, monkeypatch, settings, proxy):
    """Give a namespace that is reached by way of a proxy."""
    settings.STACK_SCHEDULER_INTERVAL = timedelta(seconds=3)
    with yard() as found:
        settings.STACK_NAMESPACE = found.name
        with contexts_of(proxy.kubeconfig(tmp_path / "kubeconfig"), monkeypatch, settings):
            for module in (reaping, strays):
                module.retries.keep(())
            yield found


@pytest.fixture
def controllers(place):
    """Let the controllers of stacks run."""
    stop = Event()
    table = {name: runner.CONTROLLERS[name] for name in NAMES}
    threads = runner.start(stop, reconcilers=table)
    yield
    stop.set()
    runner.join(threads, seconds=20)


def is_gone(place: Yard, view: stacks.View) -> bool:
    known = Stack.objects.filter(pk=view.stack_id).exists() or StackPort.objects.filter(stack=view.stack_id)
    return not (known or view.stack_id in place.pods() or view.service_name in place.services())


def exists(view: stacks.View) -> bool:
    with suppress(StackNotFound):
        return bool(stacks.get(view.stack_id, at=now()))
    return False


def test_a_stack_is_gone_within_five_seconds_of_its_end(place, controllers, settings):
    settings.STACK_TTL = timedelta(seconds=12)
    views = []
    for _ in range(5):
        views.append(place.make(SLEEPS))
        assert exists(views[-1])
    wait_until(lambda: now() >= views[0].ttl_expires_at, within_seconds=30)
    assert not exists(views[0])
    wait_until(lambda: all(is_gone(place, view) for view in views), within_seconds=30)
    late = (now() - views[-1].ttl_expires_at).total_seconds()
    print(f"the last of 5 stacks was gone {late:.1f} s after its end")
    assert late < 5


def test_a_stack_that_lost_its_pod_or_its_service_goes_as_a_whole(place, controllers):
    podless, serviceless, whole = (place.make(SLEEPS) for _ in range(3))
    place.core.delete_namespaced_pod(podless.stack_id, place.name, grace_period_seconds=0)
    place.core.delete_namespaced_service(serviceless.service_name, place.name)
    wait_until(lambda: is_gone(place, podless) and is_gone(place, serviceless), within_seconds=30)
    assert (exists(podless), exists(serviceless), exists(whole)) == (False, False, True)


def fake_node(place: Yard, role: str) -> str:
    """Make a node of which nobody else's pods know, and which nobody runs."""
    name = f"t-node-{secrets.token_hex(4)}"
    metadata = {"name": name, "labels": {"role": role}}
    taint = {"key": "tests/alone", "value": role, "effect": "NoSchedule"}
    place.core.create_node({"metadata": metadata, "spec": {"taints": [taint]}})
    room = {"cpu": "4", "memory": "4Gi", "pods": "20"}
    ready = {"type": "Ready", "status": "True", "reason": "Tests", "message": ""}
    place.core.patch_node_status(
        name, {"status": {"capacity": room, "allocatable": room, "conditions": [ready]}}
    )
    # A new node is tainted until the node controller has seen that it is ready.
    place.core.patch_node(name, {"spec": {"taints": [taint]}})
    return name


def test_a_stack_whose_node_goes_says_so_until_its_end(place, controllers, settings):
    settings.STACK_NODE_ROLE = role = f"role-{secrets.token_hex(4)}"
    node = fake_node(place, role)
    try:
        more = "  tolerations: [{operator: Exists}]\n"
        view = place.make(spec("sleep", "3600", image="lab/busybox:1", more=more))
        assert view.node_id == node
    finally:
        place.core.delete_node(node)
    wait_until(lambda: stacks.get(view.stack_id, at=now()).status == "node_deleted", within_seconds=30)
    wait_until(lambda: not (place.pods() or place.services()), within_seconds=30)
    wait_until(lambda: not StackPort.objects.exists(), within_seconds=30)
    seen = stacks.get(view.stack_id, at=now())
    assert (seen.status, seen.reason, seen.node_id, seen.cleaned) == ("node_deleted", "NodeLost", node, True)
    stacks.delete(WRITER, view.stack_id, at=now())
    assert not Stack.objects.exists()


def test_the_ports_of_what_cannot_be_deleted_stay_held_until_it_can(place, controllers, proxy):
    view = place.make(SLEEPS)

    def refuses(request: Request):
        return status(503, "ServiceUnavailable") if request.method == "DELETE" else None

    proxy.rule = refuses
    with pytest.raises(ClusterUnavailable):
        stacks.delete(WRITER, view.stack_id, at=now())
    assert not exists(view)
    wait_until(lambda: Stack.objects.get().problem)
    assert StackPort.objects.filter(stack=view.stack_id).exists()
    proxy.rule = None
    wait_until(lambda: is_gone(place, view), within_seconds=60)


def test_a_cluster_that_was_away_loses_nobody_their_stack(place, controllers, proxy, settings):
    settings.STACK_TTL = timedelta(seconds=15)
    over = place.make(SLEEPS)
    settings.STACK_TTL = timedelta(hours=2)
    view = place.make(SLEEPS)
    proxy.stop()
    wait_until(lambda: Stack.objects.get(pk=over.stack_id).problem, within_seconds=60)
    assert exists(view)
    proxy.start()
    wait_until(lambda: is_gone(place, over), within_seconds=90)
    assert exists(view)
    assert place.pods() == {view.stack_id}


def labelled(name: str, stack_id: str) -> dict:
    return {"metadata": {"name": name, "labels": {"smctf.io/stack-id": stack_id} if stack_id else {}}}


def stray(place: Yard, namespace: str, name: str, stack_id: str) -> None:
    container = {"name": "c", "image": "lab/busybox:1", "command": ["sleep", "3600"]}
    pod = labelled(name, stack_id) | {"spec": {"containers": [container], "terminationGracePeriodSeconds": 0}}
    place.core.create_namespaced_pod(namespace, pod)
    service = labelled(name, stack_id) | {"spec": {"ports": [{"port": 80}]}}
    place.core.create_namespaced_service(namespace, service)


def may_hold_pods(place: Yard) -> bool:
    with suppress(ApiException):
        return bool(place.core.read_namespaced_service_account("default", place.name))
    return False


def test_only_strays_with_our_label_in_our_namespace_are_swept(place, controllers, monkeypatch):
    monkeypatch.setattr(strays, "LEAST_AGE", timedelta(seconds=3))
    kept = place.make(SLEEPS)
    with closing(Yard()) as other:
        other.core.create_namespace({"metadata": {"name": other.name}})
        wait_until(lambda: may_hold_pods(place) and may_hold_pods(other))
        stray(place, place.name, "stray", "stack-of-nobody")
        stray(place, place.name, "unlabelled", "")
        stray(other, other.name, "elsewhere", "stack-of-nobody")
        wait_until(lambda: "stray" not in place.pods() | place.services(), within_seconds=60)
        # A second one, which is swept after everything else had its turn.
        stray(place, place.name, "later", "stack-of-nobody")
        wait_until(lambda: "later" not in place.pods() | place.services(), within_seconds=60)
        assert place.pods() == {kept.stack_id, "unlabelled"}
        assert place.services() == {kept.service_name, "unlabelled"}
        assert (other.pods(), other.services()) == ({"elsewhere"}, {"elsewhere"})


def test_many_stacks_are_deleted_by_one_job(place, controllers):
    made = [place.make(SLEEPS) for _ in range(8)]
    begun = batches.begin(WRITER, [*(each.stack_id for each in made), "stack-unknown"], at=now())
    wait_until(lambda: batches.job(begun.job_id).over, within_seconds=60)
    job = batches.job(begun.job_id)
    assert (job.status, job.deleted, job.not_found, job.failed) == ("completed", 8, 1, 0)
    assert (place.pods(), place.services(), StackPort.objects.count()) == (set(), set(), 0)


def test_stacks_at_rest_cost_no_calls(place, controllers, proxy):
    views = [place.make(SLEEPS) for _ in range(6)]
    for view in views:
        wait_until(
            lambda view=view: stacks.get(view.stack_id, at=now()).status == "running", within_seconds=90
        )
    wait_until(lambda: set(Stack.objects.values_list("status", flat=True)) == {"running"}, within_seconds=30)
    wait_until(lambda: is_quiet(proxy), within_seconds=60)
    before, begun = dict(Stack.objects.values_list("pk", "updated_at")), len(proxy.requests)
    until = monotonic() + IDLE_SECONDS
    wait_until(lambda: monotonic() > until, within_seconds=IDLE_SECONDS + 5, every_seconds=0.5)
    asked = [f"{each.method} {each.path}" for each in proxy.requests[begun:] if not each.watch]
    assert asked == []
    assert dict(Stack.objects.values_list("pk", "updated_at")) == before


def is_quiet(proxy: Proxy, *, seconds: float = 6) -> bool:
    """Return True once nothing but watches was asked for a while."""
    return all(each.watch or monotonic() - each.at > seconds for each in proxy.requests)
