"""What is done to workloads of a real cluster is done there, to just this object, and followed to its end."""

from time import monotonic

import pytest

from orchestrator.models import AuditEvent
from tests.real.acted import ADMIN, AWAY, VIEWER, Caller, Workloads, contexts_of, kubeconfig
from tests.real.processes import wait_until
from tests.real.source import pod, template

pytestmark = [
    pytest.mark.needs("TEST_KUBECONFIG", "TEST_KUBECONFIG_VIEWER"),
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(180),
]
TIMEOUT_SECONDS = 10


@pytest.fixture(scope="module")
def workloads(place):
    workloads = Workloads(place.name)
    workloads.deployment("web", replicas=2)
    yield workloads
    workloads.close()


@pytest.fixture
def api(tmp_path, monkeypatch, settings, workloads):
    with contexts_of(kubeconfig(tmp_path, current=AWAY), monkeypatch, settings):
        yield Caller(workloads.namespace)


def test_a_restart_changes_one_annotation_and_replaces_every_pod(api, workloads):
    before, old = workloads.read("web"), set(workloads.pods("web"))
    answer = api.post("deployments/web/restart", context=ADMIN)
    assert (answer.status_code, answer.headers["X-Context"]) == (200, ADMIN)
    after = workloads.read("web")
    stamp = {"kubectl.kubernetes.io/restartedAt": answer.json()["restartedAt"]}
    assert after.spec.template.metadata.annotations == stamp
    after.spec.template.metadata.annotations = before.spec.template.metadata.annotations
    assert after.spec == before.spec
    assert after.metadata.labels == before.metadata.labels
    wait_until(lambda: workloads.is_complete("web") and not old & set(workloads.pods("web")))


def test_the_audit_has_the_restart(api, workloads):
    api.post("deployments/web/restart", context=ADMIN)
    event = AuditEvent.objects.get(action="Restart")
    assert (event.target, event.result) == ("deployment web", "done")
    assert event.place == f"{ADMIN} / {workloads.namespace}"


def test_other_workloads_restart_too(api, workloads):
    daemons = {"metadata": {"name": "agent"}, "spec": template("agent", pod())}
    database = {"metadata": {"name": "db"}, "spec": {"serviceName": "db", **template("db", pod())}}
    workloads.apps.create_namespaced_daemon_set(workloads.namespace, daemons)
    workloads.apps.create_namespaced_stateful_set(workloads.namespace, database)
    for path in ("daemonsets/agent", "statefulsets/db"):
        answer = api.post(f"{path}/restart", context=ADMIN)
        assert (answer.status_code, answer.json()["name"]) == (200, path.partition("/")[2])
    found = workloads.apps.read_namespaced_stateful_set("db", workloads.namespace)
    assert found.spec.template.metadata.annotations["kubectl.kubernetes.io/restartedAt"]


def test_a_paused_deployment_is_restarted_later_and_says_so(api, workloads):
    workloads.deployment("still", replicas=0, paused=True)
    answer = api.post("deployments/still/restart", context=ADMIN).json()
    assert "paused" in answer["warning"]


def test_a_pod_of_a_deployment_comes_back_under_another_name(api, workloads):
    wait_until(lambda: workloads.is_complete("web"))
    name = min(workloads.pods("web"))
    answer = api.post(f"pods/{name}/restart", context=ADMIN)
    assert (answer.status_code, answer.json()["podName"]) == (200, name)
    wait_until(lambda: name not in workloads.pods("web") and workloads.is_complete("web"))


def test_a_pod_that_would_not_come_back_stays_unless_that_is_meant(api, place, workloads):
    name = place.add()
    answer = api.post(f"pods/{name}/restart", context=ADMIN)
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert workloads.core.read_namespaced_pod(name, place.name).metadata.deletion_timestamp is None
    assert api.post(f"pods/{name}/restart", {"force": True}, context=ADMIN).status_code == 200
    wait_until(lambda: name not in workloads.names())


def test_nothing_is_done_in_a_context_that_was_not_asked_for(api, workloads):
    before = workloads.read("web").metadata.generation
    for context, status in ((VIEWER, 403), (AWAY, 503)):
        assert api.post("deployments/web/restart", context=context).status_code == status
    assert api.post("deployments/web/restart").status_code == 503  # The current one is away.
    assert workloads.read("web").metadata.generation == before


def test_a_viewer_is_told_which_right_is_missing(api, workloads):
    answer = api.post("deployments/web/restart", context=VIEWER).json()
    place = {"resource": "deployments", "namespace": workloads.namespace}
    assert answer["details"] == {"reason": "Forbidden", "verb": "patch", **place}
    assert AuditEvent.objects.get(action="Restart").result == "refused"


@pytest.mark.parametrize("path", ["deployments/nope", "pods/nope"])
def test_what_is_not_there_is_named(api, path):
    answer = api.post(f"{path}/restart", context=ADMIN)
    assert (answer.status_code, answer.json()["details"]["identifier"]) == (404, "nope")


def test_a_server_that_is_away_is_told_in_time(api):
    begun = monotonic()
    answer = api.post("deployments/web/restart", context=AWAY)
    assert (answer.status_code, answer.json()["code"]) == (503, "connection_error")
    assert monotonic() - begun < TIMEOUT_SECONDS
    assert AuditEvent.objects.get(action="Restart").result == "failed"
