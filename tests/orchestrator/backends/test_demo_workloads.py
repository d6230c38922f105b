"""Jobs, cron jobs, stateful sets, daemon sets and budgets of the demo world do what they are for."""

from datetime import UTC, datetime, timedelta

import pytest

from orchestrator.backends.cluster.demo import DemoCluster
from orchestrator.backends.cluster.demo.controllers.cron_jobs import fits, next_run
from orchestrator.backends.cluster.demo.controllers.fates import is_known
from orchestrator.backends.cluster.port import RESOURCES, Kind, Patch
from orchestrator.backends.errors import Overloaded

START = datetime(2026, 3, 4, tzinfo=UTC)  # a Wednesday
ONCE = {"restartPolicy": "Never", "containers": [{"name": "c", "image": "busybox"}]}


@pytest.fixture
def cluster():
    cluster = DemoCluster(seed=42, evolve=False, clock=lambda: START)
    yield cluster
    cluster.close()


def run(cluster: DemoCluster, seconds: int) -> None:
    for _ in range(seconds):
        cluster.step(1)


def create(cluster: DemoCluster, kind: Kind, name: str, spec: dict, *, namespace: str = "default", **more):
    body = {"metadata": {"name": name, **more}, "spec": spec}
    return cluster.create(RESOURCES[kind], body, namespace=namespace)


def patch(cluster: DemoCluster, kind: Kind, namespace: str, name: str, spec: dict):
    how = Patch.STRATEGIC
    return cluster.patch(RESOURCES[kind], {"spec": spec}, namespace=namespace, name=name, how=how)


def row(cluster: DemoCluster, kind: Kind, namespace: str, name: str):
    return cluster.cache(kind).get(namespace, name)


def pods(cluster: DemoCluster, namespace: str, app: str) -> list:
    return [each for each in cluster.cache(Kind.PODS).rows(namespace) if each.name.startswith(f"{app}-")]


def statuses(cluster: DemoCluster, namespace: str, app: str) -> list[str]:
    return [each.status for each in pods(cluster, namespace, app)]


def with_container(command: str) -> dict:
    return {"template": {"spec": {**ONCE, "containers": [{**ONCE["containers"][0], "command": [command]}]}}}


def test_a_job_runs_its_pod_and_completes(cluster):
    create(cluster, Kind.JOBS, "once", {"template": {"spec": ONCE}})
    assert statuses(cluster, "default", "once") == ["Pending"]
    run(cluster, 12)
    (pod,) = pods(cluster, "default", "once")
    assert (pod.status, pod.controller) == ("Succeeded", "Job")
    status = cluster.read(Kind.JOBS, namespace="default", name="once")["status"]
    assert (status["succeeded"], status["conditions"][0]["type"]) == (1, "Complete")
    assert "active" not in status


def test_a_job_that_fails_is_tried_again_and_given_up(cluster):
    spec = with_container("exit 1") | {"backoffLimit": 1}
    create(cluster, Kind.JOBS, "fails", spec)
    run(cluster, 10)
    assert len(pods(cluster, "default", "fails")) == 1
    run(cluster, 30)
    assert len(pods(cluster, "default", "fails")) == 2
    status = cluster.read(Kind.JOBS, namespace="default", name="fails")["status"]
    assert (status["failed"], status["conditions"][0]["reason"]) == (2, "BackoffLimitExceeded")


def test_a_job_deleted_takes_its_pods_with_it(cluster):
    create(cluster, Kind.JOBS, "sleeps", with_container("sleep infinity"))
    run(cluster, 10)
    assert statuses(cluster, "default", "sleeps") == ["Running"]
    cluster.delete(RESOURCES[Kind.JOBS], namespace="default", name="sleeps")
    run(cluster, 3)
    assert pods(cluster, "default", "sleeps") == []


def test_a_triggered_cron_job_has_one_job_more(cluster):
    found = cluster.read(Kind.CRONJOBS, namespace="default", name="hourly-report")
    owner = {"apiVersion": "batch/v1", "kind": "CronJob", "name": "hourly-report", "controller": True}
    owner["uid"] = found["metadata"]["uid"]
    spec = found["spec"]["jobTemplate"]["spec"]
    create(cluster, Kind.JOBS, "by-hand", spec, ownerReferences=[owner])
    run(cluster, 12)
    assert row(cluster, Kind.JOBS, "default", "by-hand").status == "Complete"
    assert statuses(cluster, "default", "by-hand") == ["Succeeded"]


def test_a_cron_job_runs_by_its_schedule_until_it_is_suspended(cluster):
    spec = {"schedule": "*/5 * * * *", "jobTemplate": {"spec": {"template": {"spec": ONCE}}}}
    create(cluster, Kind.CRONJOBS, "often", spec)
    cluster.step(301)
    jobs = [each.name for each in cluster.cache(Kind.JOBS).rows("default") if each.name.startswith("often-")]
    assert jobs == [f"often-{int((START + timedelta(minutes=5)).timestamp()) // 60}"]
    cluster.step(1500)
    jobs = [each for each in cluster.cache(Kind.JOBS).rows("default") if each.name.startswith("often-")]
    assert len(jobs) in (3, 4)  # as many as are kept, and perhaps one that runs
    patch(cluster, Kind.CRONJOBS, "default", "often", {"suspend": True})
    before = cluster.cache(Kind.JOBS).rows("default")
    cluster.step(600)
    names = {each.name for each in cluster.cache(Kind.JOBS).rows("default")}
    assert names <= {each.name for each in before}


def test_a_stateful_set_grows_and_shrinks_one_by_one(cluster):
    template = {"metadata": {"labels": {"app": "db"}}, "spec": {"containers": ONCE["containers"]}}
    claim = {"metadata": {"name": "data"}, "spec": {"resources": {"requests": {"storage": "1Gi"}}}}
    spec = {"serviceName": "db", "replicas": 2, "selector": {"matchLabels": {"app": "db"}}}
    create(cluster, Kind.STATEFULSETS, "db", spec | {"template": template, "volumeClaimTemplates": [claim]})
    assert [each.name for each in pods(cluster, "default", "db")] == ["db-0"]
    run(cluster, 8)
    assert statuses(cluster, "default", "db") == ["Running", "Running"]
    assert row(cluster, Kind.PVCS, "default", "data-db-1").status == "Bound"
    patch(cluster, Kind.STATEFULSETS, "default", "db", {"replicas": 1})
    run(cluster, 4)
    assert [each.name for each in pods(cluster, "default", "db")] == ["db-0"]
    assert row(cluster, Kind.PVCS, "default", "data-db-1").status == "Bound"


def test_a_corrected_image_brings_the_stuck_stateful_set_up(cluster):
    assert statuses(cluster, "staging", "rabbitmq") == ["ImagePullBackOff"]
    right = [{"name": "rabbitmq", "image": "docker.io/library/rabbitmq:3.13-management"}]
    patch(cluster, Kind.STATEFULSETS, "staging", "rabbitmq", {"template": {"spec": {"containers": right}}})
    run(cluster, 15)
    assert statuses(cluster, "staging", "rabbitmq") == ["Running"]
    assert row(cluster, Kind.STATEFULSETS, "staging", "rabbitmq").status == "Available"


def test_touching_a_stateful_set_changes_no_pod(cluster):
    before = {each.name: each.uid for each in pods(cluster, "production", "postgres")}
    body = {"metadata": {"labels": {"a": "b"}}}
    resource = RESOURCES[Kind.STATEFULSETS]
    cluster.patch(resource, body, namespace="production", name="postgres", how=Patch.MERGE)
    run(cluster, 10)
    assert {each.name: each.uid for each in pods(cluster, "production", "postgres")} == before
    assert statuses(cluster, "production", "postgres") == ["Running", "Running", "Pending"]


def test_a_restarted_daemon_set_replaces_its_pods(cluster):
    place, name = "kube-system", "ingress-nginx-controller"
    before = {each.name for each in pods(cluster, place, name)}
    stamp = {"kubectl.kubernetes.io/restartedAt": "2026-03-04T00:00:00Z"}
    patch(cluster, Kind.DAEMONSETS, place, name, {"template": {"metadata": {"annotations": stamp}}})
    run(cluster, 12)
    after = {each.name for each in pods(cluster, place, name)}
    assert (len(after), after & before) == (1, set())
    assert row(cluster, Kind.DAEMONSETS, place, name).status == "Healthy"


def test_touching_a_daemon_set_changes_no_pod(cluster):
    place, name = "kube-system", "ingress-nginx-controller"
    before = {each.name for each in pods(cluster, place, name)}
    body = {"metadata": {"labels": {"a": "b"}}}
    cluster.patch(RESOURCES[Kind.DAEMONSETS], body, namespace=place, name=name, how=Patch.MERGE)
    run(cluster, 10)
    assert {each.name for each in pods(cluster, place, name)} == before


def test_a_budget_lets_go_of_no_more_than_it_may(cluster):
    first, second, *_ = pods(cluster, "default", "frontend")
    cluster.evict(first.name, namespace="default")
    with pytest.raises(Overloaded) as caught:
        cluster.evict(second.name, namespace="default")
    (cause,) = caught.value.causes
    assert cause.message == "The disruption budget frontend needs 4 healthy pods and has 3 currently"
    run(cluster, 10)
    cluster.evict(second.name, namespace="default")


def test_a_service_gets_an_address_and_a_port_of_its_own(cluster):
    spec = {"type": "NodePort", "selector": {"app": "db"}, "ports": [{"port": 80}]}
    first = create(cluster, Kind.SERVICES, "one", spec)["spec"]
    second = create(cluster, Kind.SERVICES, "two", spec)["spec"]
    assert first["clusterIP"] != second["clusterIP"]
    assert first["ports"][0]["nodePort"] != second["ports"][0]["nodePort"]


@pytest.mark.parametrize(
    ("schedule", "minute", "expected"),
    [
        ("* * * * *", START, True),
        ("0 0 * * 3", START, True),
        ("0 0 * * 0", START, False),
        ("0 0 * * 7", START + timedelta(days=4), True),
        ("*/15 0 1-5 3 *", START + timedelta(minutes=30), True),
        ("5/10 * * * *", START + timedelta(minutes=15), True),
        ("0 0 13 * 3", START, True),
        ("@daily", START, True),
        ("every day", START, False),
        ("a b c d e", START, False),
    ],
)
def test_a_schedule_names_minutes(schedule, minute, expected):
    assert fits(schedule, minute) is expected


def test_the_next_run_is_after_now():
    assert next_run("30 * * * *", after=START + timedelta(minutes=30)) == START + timedelta(minutes=90)
    assert next_run("0 0 1 1 *", after=START) is None


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("nginx", True),
        ("nginx:1.27.0-alpine", True),
        ("docker.io/library/redis:7", True),
        ("registry.example.com/shop/frontend:5.4.0", True),
        ("ghcr.io/somebody/app:sha-1234abc", True),
        ("localhost:5000/app", True),
        ("nginx@sha256:" + "a" * 64, True),
        ("nginx:nope", False),
        ("nginxx:1.27", False),
        ("docker.io/library/rabbitmq:3.13-mangement", False),
        ("registry.example.com/shop/missing:1.0", False),
        ("Not An Image", False),
        ("", False),
    ],
)
def test_images_that_can_be_pulled_are_known(image, expected):
    assert is_known(image) is expected
