"""What is done to workloads of a real cluster is done there, to just this object, and followed to its end."""

import socket
from time import monotonic

import pytest

from orchestrator.models import AuditEvent
from tests.real.acted import ADMIN, AWAY, VIEWER, Caller, Workloads, contexts_of, kubeconfig
from tests.real.processes import wait_until
from tests.real.source import job, pod, template

pytestmark = [
    pytest.mark.needs("TEST_KUBECONFIG", "TEST_KUBECONFIG_VIEWER"),
    pytest.mark.django_db(transaction=True),
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
    for context, status in ((VIEWER, 403), (AWAY, 503), ("demo-cluster", 404)):
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


def test_a_server_that_says_nothing_is_given_up_in_time(tmp_path, monkeypatch, settings, workloads):
    with socket.create_server(("127.0.0.1", 0)) as silent:  # Connections are taken, and never answered.
        file = kubeconfig(tmp_path, current=AWAY, away=f"http://127.0.0.1:{silent.getsockname()[1]}")
        with contexts_of(file, monkeypatch, settings):
            begun = monotonic()
            answer = Caller(workloads.namespace).post("deployments/web/restart", context=AWAY)
            assert (answer.status_code, answer.json()["details"]) == (503, {"message": "ETIMEDOUT"})
            assert monotonic() - begun < TIMEOUT_SECONDS + 1


def progress(api, path: str) -> tuple[str, str]:
    answer = api.get(f"{path}/progress", context=ADMIN).json()
    return answer["state"], answer["message"]


def test_a_rollout_is_followed_until_it_is_done(api, workloads):
    answer = api.post("deployments/web/restart", context=ADMIN).json()
    assert answer["watch"].startswith("/api/deployments/web/progress?context=the-admin&namespace=")
    assert progress(api, "deployments/web")[0] == "progressing"
    wait_until(lambda: progress(api, "deployments/web")[0] == "done")
    assert workloads.is_complete("web")


def test_a_rollout_that_cannot_go_on_says_why(api, workloads):
    workloads.deployment("doomed")
    image = {"template": {"spec": {"containers": [{"name": "main", "image": "lab/no-such-image:1"}]}}}
    workloads.apps.patch_namespaced_deployment("doomed", workloads.namespace, {"spec": image})
    wait_until(lambda: progress(api, "deployments/doomed")[0] == "stuck")
    assert "doomed-" in progress(api, "deployments/doomed")[1]
    assert api.delete("deployments/doomed", context=ADMIN).status_code == 200
    wait_until(lambda: progress(api, "deployments/doomed")[0] == "gone")


def scaled(workloads, name: str) -> tuple[int, int]:
    found = workloads.read(name)
    return found.spec.replicas, found.status.available_replicas or 0


def test_a_deployment_is_scaled_up_and_to_nothing(api, workloads):
    workloads.deployment("size")
    for replicas in (2, 0):
        answer = api.post("deployments/size/scale", {"replicas": replicas}, context=ADMIN)
        assert (answer.status_code, answer.json()["replicas"]) == (200, replicas)
        wait_until(lambda wanted=replicas: scaled(workloads, "size") == (wanted, wanted))
    notes = AuditEvent.objects.filter(action="Scale").order_by("pk").values_list("note", flat=True)
    assert list(notes) == ["from 1 to 2", "from 2 to 0"]


def test_a_scaled_deployment_says_what_holds_it(api, workloads):
    workloads.deployment("held", replicas=0)
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "held"}
    spec = {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 4}
    body = {"metadata": {"name": "keeper"}, "spec": spec}
    workloads.scaling.create_namespaced_horizontal_pod_autoscaler(workloads.namespace, body)

    def warned(replicas: int) -> str:
        return (
            api.post("deployments/held/scale", {"replicas": replicas}, context=ADMIN)
            .json()
            .get("warning", "")
        )

    wait_until(lambda: "keeper rests" in warned(0))
    assert "keeper keeps it between 2 and 4" in warned(1)


def test_a_replica_set_of_a_deployment_says_who_sets_its_number(api, workloads):
    name = (
        workloads.apps.list_namespaced_replica_set(workloads.namespace, label_selector="app=web")
        .items[0]
        .metadata.name
    )

    def warning() -> str:
        answer = api.post(f"replicasets/{name}/scale", {"replicas": 2}, context=ADMIN)
        return answer.json().get("warning", "")

    wait_until(lambda: "The deployment web made it" in warning())


def test_a_paused_deployment_waits_until_it_is_resumed(api, workloads):
    workloads.deployment("halted")
    assert api.post("deployments/halted/pause", context=ADMIN).json()["message"] == "Deployment halted paused"
    assert workloads.read("halted").spec.paused is True
    api.post("deployments/halted/restart", context=ADMIN)
    old = set(workloads.pods("halted"))
    assert api.post("deployments/halted/resume", context=ADMIN).status_code == 200
    wait_until(lambda: workloads.is_complete("halted") and not old & set(workloads.pods("halted")))


def test_a_cron_job_is_suspended_resumed_and_run_now(api, workloads):
    spec = {"schedule": "0 3 1 1 *", "jobTemplate": {"metadata": {"labels": {"a": "b"}}, "spec": job(0)}}
    body = {"metadata": {"name": "nightly"}, "spec": spec}
    workloads.batch.create_namespaced_cron_job(workloads.namespace, body)
    for word, suspended in (("suspend", True), ("resume", False)):
        assert api.post(f"cronjobs/nightly/{word}", context=ADMIN).status_code == 200
        found = workloads.batch.read_namespaced_cron_job("nightly", workloads.namespace)
        assert found.spec.suspend is suspended
    answer = api.post("cronjobs/nightly/trigger", context=ADMIN).json()
    assert (answer["kind"], answer["name"].startswith("nightly-")) == ("Job", True)

    def made():
        return workloads.batch.read_namespaced_job(answer["name"], workloads.namespace)

    assert made().metadata.owner_references[0].uid == found.metadata.uid
    assert made().metadata.annotations["cronjob.kubernetes.io/instantiate"] == "manual"
    assert made().metadata.labels["a"] == "b"
    wait_until(lambda: progress(api, f"jobs/{answer['name']}") == ("done", "It is complete."))


def test_a_deletion_meets_only_the_object_that_was_seen(api, workloads):
    workloads.core.create_namespaced_config_map(workloads.namespace, {"metadata": {"name": "seen"}})
    uid = workloads.core.read_namespaced_config_map("seen", workloads.namespace).metadata.uid
    other = "00000000-0000-0000-0000-000000000000"
    answer = api.delete("configmaps/seen", context=ADMIN, uid=other)
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert api.delete("configmaps/seen", context=ADMIN, dryRun="true").status_code == 200
    assert api.get("configmaps/seen", context=ADMIN).status_code == 200
    assert api.delete("configmaps/seen", context=ADMIN, uid=uid).status_code == 200
    assert api.get("configmaps/seen", context=ADMIN).status_code == 404
    assert api.delete("configmaps/seen", context=ADMIN, uid=uid).status_code == 404


def test_what_a_deleted_deployment_owns_can_stay(api, workloads):
    workloads.deployment("parent")
    policy = {"propagationPolicy": "Orphan"}
    assert api.delete("deployments/parent", context=ADMIN, **policy).status_code == 200
    wait_until(lambda: api.get("deployments/parent", context=ADMIN).status_code == 404)
    assert workloads.pods("parent")


def test_data_is_deleted_only_by_its_name(api, workloads):
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}
    body = {"metadata": {"name": "disk"}, "spec": claim}
    workloads.core.create_namespaced_persistent_volume_claim(workloads.namespace, body)
    for typed in ("", "disc"):
        answer = api.delete("pvcs/disk", context=ADMIN, confirm=typed)
        assert (answer.status_code, answer.json()["details"][0]["path"]) == (400, "confirm")
    assert api.delete("pvcs/disk", context=ADMIN, confirm="disk").status_code == 200


def test_a_stateful_set_with_claims_is_deleted_only_by_its_name(api, workloads):
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}
    spec = {"serviceName": "kept", "replicas": 0, **template("kept", pod())}
    claims = {"volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": claim}]}
    body = {"metadata": {"name": "kept"}, "spec": {**spec, **claims}}
    workloads.apps.create_namespaced_stateful_set(workloads.namespace, body)
    answer = api.delete("statefulsets/kept", context=ADMIN)
    assert (answer.status_code, "Its volume claims stay" in answer.json()["error"]) == (400, True)
    assert api.delete("statefulsets/kept", context=ADMIN, confirm="kept").status_code == 200


def test_a_viewer_deletes_nothing(api, workloads):
    answer = api.delete("deployments/web", context=VIEWER)
    assert (answer.status_code, answer.json()["details"]["verb"]) == (403, "delete")
    assert workloads.read("web").metadata.deletion_timestamp is None


def test_a_quota_that_refuses_is_quoted(api, workloads):
    quota = {"metadata": {"name": "few"}, "spec": {"hard": {"count/jobs.batch": "0"}}}
    workloads.core.create_namespaced_resource_quota(workloads.namespace, quota)
    name = "limited"
    body = {"metadata": {"name": name}, "spec": {"schedule": "0 3 1 1 *", "jobTemplate": {"spec": job(0)}}}
    workloads.batch.create_namespaced_cron_job(workloads.namespace, body)

    def answer():
        return api.post(f"cronjobs/{name}/trigger", context=ADMIN)

    wait_until(lambda: answer().status_code == 403)  # The quota counts from when its controller has seen it.
    assert "exceeded quota: few" in answer().json()["error"]
