"""orchestrator.services.clusters.workloads and cronjobs: the rules, apart from any cluster"""

from dataclasses import replace

import pytest
from django.utils.timezone import now

from orchestrator.backends.cluster.objects import HPA, ReplicaSet
from orchestrator.backends.cluster.objects.workloads import Target
from orchestrator.backends.cluster.port import Kind
from orchestrator.errors import InvalidInput, Missing, NotNow, Refused
from orchestrator.models import AuditEvent
from orchestrator.services import access
from orchestrator.services.access import Caller
from orchestrator.services.clusters import cronjobs, workloads
from tests.orchestrator.services.clusters.make import CREATED

OPERATOR = Caller("mara", access.scopes_of("operator"))
VIEWER = Caller("vera", access.scopes_of("viewer"))


@pytest.fixture
def inside(everywhere):
    return replace(everywhere, namespace="default")


@pytest.mark.parametrize("kind", [Kind.JOBS, Kind.PODS, Kind.REPLICASETS])
def test_what_has_no_rollout_is_not_restarted(inside, kind):
    with pytest.raises(InvalidInput):
        workloads.restart(OPERATOR, kind, inside, "web", at=now())


@pytest.mark.parametrize("replicas", [-1, workloads.MOST_REPLICAS + 1])
def test_no_cluster_holds_just_any_number(inside, replicas):
    with pytest.raises(InvalidInput):
        workloads.scale(OPERATOR, Kind.DEPLOYMENTS, inside, "web", replicas=replicas, at=now())


@pytest.mark.parametrize("kind", [Kind.DAEMONSETS, Kind.JOBS])
def test_what_has_no_replicas_is_not_scaled(inside, kind):
    with pytest.raises(InvalidInput):
        workloads.scale(OPERATOR, kind, inside, "web", replicas=1, at=now())


def test_a_viewer_does_nothing(inside, db):
    at = now()
    for act in (workloads.pause, workloads.resume, cronjobs.suspend, cronjobs.resume, cronjobs.trigger):
        with pytest.raises(Refused):
            act(VIEWER, inside, "web", at=at)
    with pytest.raises(Refused):
        workloads.restart_pod(VIEWER, inside, "web", at=at)
    assert AuditEvent.objects.count() == 0


def test_a_pod_without_a_controller_is_left_alone(inside, db, monkeypatch):
    manifest = {"metadata": {"name": "alone", "uid": "1", "ownerReferences": [{"kind": "Node"}]}}
    monkeypatch.setattr(inside.cluster, "read", lambda *_, **__: manifest)
    with pytest.raises(NotNow, match="would not come back"):
        workloads.restart_pod(OPERATOR, inside, "alone", at=now())


@pytest.mark.parametrize(
    ("owners", "controller"),
    [
        (None, None),
        ([], None),
        ([{"name": "a"}], None),
        ([{"name": "a"}, {"name": "b", "controller": True}], "b"),
    ],
)
def test_the_controller_is_the_owner_that_says_so(owners, controller):
    found = workloads.controller_of({"metadata": {"ownerReferences": owners}})
    assert (found and found["name"]) == controller


def autoscaler(name: str, *, of: str) -> HPA:
    target = Target("Deployment", of)
    return HPA(
        name=name,
        namespace="default",
        created_at=CREATED,
        target_ref=target,
        min_replicas=2,
        max_replicas=9,
    )


def test_an_autoscaler_holds_its_own_target_alone(inside, put):
    put(Kind.HPAS, autoscaler("keeper", of="web"), autoscaler("other", of="shop"))
    held = workloads.holder(Kind.DEPLOYMENTS, inside, "web", 3)
    assert held == "The autoscaler keeper keeps it between 2 and 9 and may set another number."
    assert "keeper rests" in workloads.holder(Kind.DEPLOYMENTS, inside, "web", 0)
    assert workloads.holder(Kind.STATEFULSETS, inside, "web", 3) == ""
    assert workloads.holder(Kind.DEPLOYMENTS, inside, "free", 3) == ""


def test_a_deployment_holds_its_replica_sets(inside, put):
    put(Kind.REPLICASETS, ReplicaSet(name="web-1", namespace="default", created_at=CREATED, owner="web"))
    assert "The deployment web made it" in workloads.holder(Kind.REPLICASETS, inside, "web-1", 3)


CRON_JOB = {
    "metadata": {"name": "nightly", "namespace": "shop", "uid": "u-1"},
    "spec": {
        "jobTemplate": {
            "metadata": {"labels": {"a": "b"}, "annotations": {"c": "d"}},
            "spec": {"backoffLimit": 0},
        }
    },
}


def test_a_job_of_a_cron_job_is_marked_and_owned():
    job = cronjobs.job_of(CRON_JOB, name="nightly-1")
    assert (job["kind"], job["spec"]) == ("Job", {"backoffLimit": 0})
    metadata = job["metadata"]
    assert (metadata["name"], metadata["namespace"], metadata["labels"]) == ("nightly-1", "shop", {"a": "b"})
    assert metadata["annotations"] == {"c": "d", "cronjob.kubernetes.io/instantiate": "manual"}
    assert metadata["ownerReferences"] == [
        {"apiVersion": "batch/v1", "kind": "CronJob", "name": "nightly", "uid": "u-1", "controller": True}
    ]


def test_a_template_without_labels_makes_a_job_too():
    bare = {"metadata": CRON_JOB["metadata"], "spec": {"jobTemplate": {"spec": {}}}}
    assert cronjobs.job_of(bare, name="x")["metadata"]["labels"] == {}


def test_a_cron_job_that_is_not_there_runs_nothing(inside, db):
    with pytest.raises(Missing, match="CronJob not found: nope"):
        cronjobs.trigger(OPERATOR, inside, "nope", at=now())
    assert AuditEvent.objects.get().result == "failed"
