"""The revisions that a real cluster keeps of workloads, and the way back to one of them."""

from typing import Any

import pytest

from tests.real.acted import ADMIN, AWAY, VIEWER, Caller, Workloads, contexts_of, kubeconfig
from tests.real.processes import wait_until
from tests.real.source import pod, template

pytestmark = [
    pytest.mark.needs("TEST_KUBECONFIG", "TEST_KUBECONFIG_VIEWER"),
    pytest.mark.django_db(transaction=True),
]
NEXT_IMAGE = "busybox:latest"
CAUSE = "kubernetes.io/change-cause"


@pytest.fixture(scope="module")
def workloads(place):
    workloads = Workloads(place.name)
    yield workloads
    workloads.close()


@pytest.fixture
def api(tmp_path, monkeypatch, settings, workloads):
    with contexts_of(kubeconfig(tmp_path, current=AWAY), monkeypatch, settings):
        yield Caller(workloads.namespace)


def images(found: Any) -> list[str]:
    return [each.image for each in found.spec.template.spec.containers]


def changed(image: str, cause: str) -> dict[str, Any]:
    container = {"name": "main", "image": image, "imagePullPolicy": "IfNotPresent"}
    spec = {"template": {"spec": {"containers": [container]}}}
    return {"metadata": {"annotations": {CAUSE: cause, "kept/by": "others"}}, "spec": spec}


def numbers(api, path: str) -> list[int]:
    answer = api.get(f"{path}/revisions", context=ADMIN)
    assert answer.status_code == 200, answer.content
    return [each["revision"] for each in answer.json()]


@pytest.fixture(scope="module")
def web(workloads):
    """Make a deployment with two revisions."""
    workloads.deployment("web")
    workloads.apps.patch_namespaced_deployment(
        "web", workloads.namespace, changed(NEXT_IMAGE, "a newer image")
    )
    wait_until(lambda: workloads.is_complete("web"), within_seconds=90)
    return workloads


def test_a_deployment_goes_back_and_its_difference_was_shown(api, web):
    before = web.read("web")
    wait_until(lambda: numbers(api, "deployments/web") == [2, 1])
    newest, oldest = api.get("deployments/web/revisions", context=ADMIN).json()
    assert (newest["current"], newest["images"], newest["changeCause"]) == (
        True,
        [NEXT_IMAGE],
        "a newer image",
    )
    assert (oldest["current"], oldest["images"]) == (False, ["lab/busybox:1"])
    shown = api.get("deployments/web/revisions/1", context=ADMIN).json()["diff"].splitlines()
    assert {"-    image: busybox:latest", "+    image: lab/busybox:1"} <= set(shown)
    answer = api.post("deployments/web/undo", {"revision": 1}, context=ADMIN)
    assert (answer.status_code, answer.json()["message"]) == (200, "Deployment web goes back to revision 1")
    after = web.read("web")
    assert images(after) == ["lab/busybox:1"]
    assert after.metadata.annotations["kept/by"] == "others"
    assert CAUSE not in after.metadata.annotations
    after.spec.template = before.spec.template
    assert after.spec == before.spec
    wait_until(lambda: numbers(api, "deployments/web") == [3, 2])
    wait_until(lambda: web.is_complete("web"))


def test_what_is_there_already_stays_as_it_is(api, web):
    wait_until(lambda: web.is_complete("web"))
    current = max(numbers(api, "deployments/web"))
    before = web.read("web").metadata.generation
    answer = api.post("deployments/web/undo", {"revision": current}, context=ADMIN).json()
    assert answer["warning"].startswith("Nothing had to be changed")
    assert web.read("web").metadata.generation == before


def test_a_revision_that_was_never_kept_is_named(api, web):
    for answer in (
        api.post("deployments/web/undo", {"revision": 77}, context=ADMIN),
        api.get("deployments/web/revisions/77", context=ADMIN),
    ):
        assert (answer.status_code, answer.json()["error"]) == (404, "Revision not found: 77")


def test_a_paused_deployment_goes_nowhere(api, web):
    web.deployment("still", replicas=0, paused=True)
    answer = api.post("deployments/still/undo", context=ADMIN)
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


def test_a_viewer_sees_revisions_and_goes_back_to_none(api, web):
    assert api.get("deployments/web/revisions", context=VIEWER).status_code == 200
    answer = api.post("deployments/web/undo", context=VIEWER)
    assert (answer.status_code, answer.json()["details"]["verb"]) == (403, "patch")


def test_sets_go_back_too(api, workloads):
    space = workloads.namespace
    daemons = {"metadata": {"name": "agent"}, "spec": template("agent", pod())}
    database = {"metadata": {"name": "db"}, "spec": {"serviceName": "db", **template("db", pod())}}
    workloads.apps.create_namespaced_daemon_set(space, daemons)
    workloads.apps.create_namespaced_stateful_set(space, database)
    for path in ("daemonsets/agent", "statefulsets/db"):
        wait_until(lambda path=path: numbers(api, path) == [1])
    workloads.apps.patch_namespaced_daemon_set("agent", space, changed(NEXT_IMAGE, "newer"))
    workloads.apps.patch_namespaced_stateful_set("db", space, changed(NEXT_IMAGE, "newer"))
    for path in ("daemonsets/agent", "statefulsets/db"):
        wait_until(lambda path=path: numbers(api, path) == [2, 1])
        newest = api.get(f"{path}/revisions", context=ADMIN).json()[0]
        assert (newest["current"], newest["images"], newest["changeCause"]) == (True, [NEXT_IMAGE], "newer")
        assert "lab/busybox:1" in api.get(f"{path}/revisions/1", context=ADMIN).json()["diff"]
        assert api.post(f"{path}/undo", context=ADMIN).status_code == 200
        wait_until(lambda path=path: numbers(api, path) == [3, 2])
    assert images(workloads.apps.read_namespaced_daemon_set("agent", space)) == ["lab/busybox:1"]
    assert images(workloads.apps.read_namespaced_stateful_set("db", space)) == ["lab/busybox:1"]
    for path in ("daemonsets/agent", "statefulsets/db"):
        wait_until(lambda path=path: api.get(f"{path}/progress", context=ADMIN).json()["state"] == "done")
        assert api.get(f"{path}/revisions", context=ADMIN).json()[0]["pods"] == 1
