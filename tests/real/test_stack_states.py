"""What a real kubelet makes of stacks, told in words"""

import pytest
from django.utils.timezone import now

from orchestrator.services import stacks
from tests.real.acted import ADMIN, contexts_of, kubeconfig
from tests.real.processes import wait_until
from tests.real.stacks import Yard, spec, yard

pytestmark = [
    pytest.mark.needs("TEST_KUBECONFIG", "TEST_KUBECONFIG_VIEWER"),
    pytest.mark.django_db(transaction=True),
]
BUSYBOX = "lab/busybox:1"
# Reads into memory until there is none left.
HUNGRY = ("sh", "-c", "tail /dev/zero")


@pytest.fixture
def place(tmp_path, monkeypatch, settings):
    with yard() as found:
        settings.STACK_NAMESPACE = found.name
        with contexts_of(kubeconfig(tmp_path, current=ADMIN), monkeypatch, settings):
            yield found


def becomes(view: stacks.View, status: str, reason: str) -> stacks.View:
    """Wait for a state and its reason, and return the stack as it is then."""

    def there() -> bool:
        seen = stacks.get(view.stack_id, at=now())
        return (seen.status, seen.reason) == (status, reason)

    wait_until(there, within_seconds=120)
    return stacks.get(view.stack_id, at=now())


def test_each_end_has_its_state_and_its_reason(place: Yard):
    made = {
        "well": place.make(spec("sh", "-c", "exit 0", image=BUSYBOX)),
        "badly": place.make(spec("sh", "-c", "exit 3", image=BUSYBOX)),
        "hungry": place.make(spec(*HUNGRY, image=BUSYBOX)),
        "missing": place.make(spec(image="lab/not-there:1")),
        "late": place.make(
            spec("sh", "-c", "sleep 3600", image=BUSYBOX, more="  activeDeadlineSeconds: 3\n")
        ),
    }
    assert "without an error" in becomes(made["well"], "stopped", "Completed").message
    assert "ended with an error" in becomes(made["badly"], "failed", "Error").message
    assert "more memory than its limit" in becomes(made["hungry"], "failed", "OOMKilled").message
    assert "longer than it may" in becomes(made["late"], "failed", "DeadlineExceeded").message
    missing = becomes(made["missing"], "creating", "ImagePullBackOff")
    assert missing.message.startswith("The image cannot be pulled")
    assert stacks.get(made["well"].stack_id, at=now()).ports, "a pod that ended well keeps its service"


def test_what_the_cluster_tells_of_a_stack_are_its_events(place: Yard):
    view = place.make(spec(image="lab/not-there:1"))
    wait_until(lambda: {"Scheduled", "Failed"} <= {each.reason for each in events(view)}, within_seconds=90)


def events(view: stacks.View) -> list:
    return stacks.events(view.stack_id, at=now())


def test_a_manifest_is_what_really_runs(place: Yard):
    view = place.make()
    pod, service = stacks.manifest(view.stack_id, at=now())
    assert f"name: {view.stack_id}" in pod
    assert "activeDeadlineSeconds: 87000" in pod
    assert f"nodePort: {view.ports[0].node_port}" in service
    assert "managedFields" not in pod + service


def test_an_evicted_pod_is_a_failed_stack(place: Yard):
    """The kubelet evicts when a volume outgrows its limit: the same end as for a node short of memory."""
    volume = "  volumes: [{name: v, emptyDir: {sizeLimit: 1Mi}}]\n"
    text = spec("sh", "-c", "dd if=/dev/zero of=/v/x bs=1M count=8; sleep 3600", image=BUSYBOX, more=volume)
    mounted = text.replace("    resources:", "    volumeMounts: [{name: v, mountPath: /v}]\n    resources:")
    view = place.make(mounted)
    assert "evicted" in becomes(view, "failed", "Evicted").message
