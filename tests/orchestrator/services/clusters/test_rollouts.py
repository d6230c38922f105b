"""orchestrator.services.clusters.rollouts: how far something is, judged by a manifest and its pods"""

from dataclasses import replace

import pytest

from orchestrator.backends.cluster.port import Kind
from orchestrator.services.clusters import rollouts
from orchestrator.services.clusters.rollouts import Progress
from tests.orchestrator.services.clusters.make import pod

GIVEN_UP = [
    {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "Late."}
]
REFUSED = [{"type": "ReplicaFailure", "status": "True", "message": "exceeded quota: few"}]


def manifest(spec: dict, status: dict, *, generation: int = 2, seen: int = 2, **metadata) -> dict:
    return {
        "metadata": {"name": "web", "generation": generation, **metadata},
        "spec": spec,
        "status": {"observedGeneration": seen, **status},
    }


def counted(replicas: int, updated: int, available: int) -> dict:
    return {"replicas": replicas, "updatedReplicas": updated, "availableReplicas": available}


@pytest.mark.parametrize(
    ("counts", "state", "sentence", "fraction"),
    [
        (counted(3, 3, 3), "done", "3 pods are up to date and available.", 1.0),
        (counted(4, 1, 3), "progressing", "1 of 3 pods are updated.", 0.0),
        (counted(4, 3, 3), "progressing", "1 old pod is left.", 2 / 4),
        (counted(5, 3, 3), "progressing", "2 old pods are left.", 1 / 5),
        (counted(3, 3, 1), "progressing", "1 of 3 pods are available.", 1 / 3),
        (counted(5, 5, 5), "progressing", "2 pods are still to go.", 1.0),
        ({}, "progressing", "0 of 3 pods are updated.", 0.0),
    ],
)
def test_a_deployment_is_done_when_new_pods_alone_are_available(counts, state, sentence, fraction):
    found = rollouts.progress(Kind.DEPLOYMENTS, manifest({"replicas": 3}, counts))
    assert found == Progress(state=state, sentence=sentence, fraction=fraction)


def test_a_deployment_of_none_is_done():
    assert rollouts.progress(Kind.DEPLOYMENTS, manifest({"replicas": 0}, {})).sentence == "It is scaled to 0."


@pytest.mark.parametrize("kind", [Kind.DEPLOYMENTS, Kind.STATEFULSETS, Kind.DAEMONSETS, Kind.REPLICASETS])
def test_counts_of_before_the_change_mean_nothing(kind):
    status = counted(3, 3, 3) | {"readyReplicas": 3, "desiredNumberScheduled": 3}
    found = rollouts.progress(kind, manifest({"replicas": 3}, status, seen=1))
    assert (found.state, found.sentence) == ("progressing", rollouts.NEXT)


def test_a_paused_deployment_waits_for_somebody():
    found = rollouts.progress(Kind.DEPLOYMENTS, manifest({"replicas": 3, "paused": True}, counted(3, 0, 3)))
    assert (found.state, found.sentence) == ("waiting", "It is paused: 0 of 3 pods are updated.")


def test_a_deployment_past_its_deadline_was_given_up():
    status = counted(4, 1, 3) | {"conditions": GIVEN_UP}
    found = rollouts.progress(Kind.DEPLOYMENTS, manifest({"replicas": 3}, status))
    assert (found.state, found.sentence) == ("failed", "1 of 3 pods are updated. It was given up: Late.")


def test_pods_that_cannot_be_made_are_the_reason():
    status = counted(1, 1, 1) | {"conditions": REFUSED}
    found = rollouts.progress(Kind.DEPLOYMENTS, manifest({"replicas": 3}, status))
    assert (found.state, found.sentence) == (
        "stuck",
        "1 of 3 pods are updated. No pod can be made: exceeded quota: few",
    )


def of_revision(name: str, revision: str, minute: int, **more):
    labels, created = {"pod-template-hash": revision}, f"2026-01-02T03:{minute:02}:00.000Z"
    return pod(name, labels=labels, created_at=created, **more)


FAILING = {"status": "ImagePullBackOff", "phase": "Pending", "ready": "0/1", "message": "no such image"}


def test_a_new_pod_that_cannot_run_is_the_reason():
    pods = [of_revision("old", "1", 1), of_revision("new", "2", 2, **FAILING)]
    found = rollouts.progress(Kind.DEPLOYMENTS, manifest({"replicas": 3}, counted(4, 1, 3)), pods)
    assert (found.state, found.sentence) == (
        "stuck",
        "1 of 3 pods are updated. new: ImagePullBackOff, no such image",
    )


def test_an_old_pod_that_cannot_run_is_no_reason():
    pods = [of_revision("old", "1", 1, **FAILING), of_revision("new", "2", 2)]
    found = rollouts.progress(Kind.DEPLOYMENTS, manifest({"replicas": 3}, counted(4, 1, 3)), pods)
    assert found.state == "progressing"


def test_a_pod_that_no_node_takes_is_a_reason():
    pending = {"status": "Pending", "phase": "Pending", "reason": "Unschedulable", "message": "0/3 nodes"}
    pods = [of_revision("new", "2", 2, **pending)]
    found = rollouts.progress(Kind.DEPLOYMENTS, manifest({"replicas": 1}, counted(1, 1, 0)), pods)
    assert (found.state, found.sentence.endswith("new: Unschedulable, 0/3 nodes")) == ("stuck", True)


def test_what_was_given_up_keeps_its_reason():
    status = counted(4, 1, 3) | {"conditions": GIVEN_UP}
    pods = [of_revision("new", "2", 2, **FAILING)]
    found = rollouts.progress(Kind.DEPLOYMENTS, manifest({"replicas": 3}, status), pods)
    assert (found.state, "no such image" in found.sentence) == ("failed", True)


ROLLING = {"currentRevision": "db-1", "updateRevision": "db-2"}
DONE = {"currentRevision": "db-2", "updateRevision": "db-2"}


@pytest.mark.parametrize(
    ("spec", "status", "state", "sentence"),
    [
        ({}, {"readyReplicas": 3, "replicas": 3, **DONE}, "done", "3 pods are up to date and available."),
        ({}, {"readyReplicas": 1, "replicas": 2, **DONE}, "progressing", "1 of 3 pods are ready."),
        ({}, {"readyReplicas": 4, "replicas": 4, **DONE}, "progressing", "1 pod is still to go."),
        (
            {},
            {"readyReplicas": 3, "updatedReplicas": 1, "replicas": 3, **ROLLING},
            "progressing",
            "2 of 3 pods have yet to be updated.",
        ),
        (
            {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}},
            {"readyReplicas": 3, "updatedReplicas": 1, "replicas": 3, **ROLLING},
            "done",
            "3 pods are up to date and available.",
        ),
        (
            {"updateStrategy": {"type": "OnDelete"}},
            {"readyReplicas": 3, "updatedReplicas": 1, "replicas": 3, **ROLLING},
            "waiting",
            "2 of 3 pods wait: each is replaced when somebody deletes it.",
        ),
    ],
)
def test_a_stateful_set_goes_by_its_revisions(spec, status, state, sentence):
    found = rollouts.progress(Kind.STATEFULSETS, manifest({"replicas": 3, **spec}, status))
    assert (found.state, found.sentence) == (state, sentence)


def daemons(updated: int, available: int) -> dict:
    return {"desiredNumberScheduled": 2, "updatedNumberScheduled": updated, "numberAvailable": available}


@pytest.mark.parametrize(
    ("strategy", "counts", "state", "sentence"),
    [
        ("RollingUpdate", daemons(2, 2), "done", "2 pods are up to date and available."),
        ("RollingUpdate", daemons(1, 2), "progressing", "1 of 2 pods are updated."),
        ("RollingUpdate", daemons(2, 1), "progressing", "1 of 2 pods are available."),
        (
            "OnDelete",
            daemons(1, 2),
            "waiting",
            "1 of 2 pods wait: each is replaced when somebody deletes it.",
        ),
    ],
)
def test_a_daemon_set_is_done_when_every_node_has_a_new_pod(strategy, counts, state, sentence):
    found = rollouts.progress(Kind.DAEMONSETS, manifest({"updateStrategy": {"type": strategy}}, counts))
    assert (found.state, found.sentence) == (state, sentence)


@pytest.mark.parametrize(
    ("present", "state"),
    [(counted(2, 0, 2), "done"), (counted(1, 0, 1), "progressing"), (counted(3, 0, 3), "progressing")],
)
def test_a_replica_set_is_done_when_its_size_is_right(present, state):
    assert rollouts.progress(Kind.REPLICASETS, manifest({"replicas": 2}, present)).state == state


def condition(type_: str, **more) -> dict:
    return {"conditions": [{"type": type_, "status": "True", **more}]}


@pytest.mark.parametrize(
    ("spec", "status", "state", "sentence"),
    [
        ({}, {}, "progressing", "0 of 1 completed, 0 active."),
        ({"completions": 4}, {"succeeded": 1, "active": 2}, "progressing", "1 of 4 completed, 2 active."),
        ({}, {"succeeded": 1, **condition("Complete")}, "done", "It is complete."),
        (
            {},
            condition("Failed", message="BackoffLimitExceeded"),
            "failed",
            "It failed: BackoffLimitExceeded",
        ),
        ({"suspend": True}, {}, "waiting", "It is suspended."),
    ],
)
def test_a_job_goes_by_its_completions(spec, status, state, sentence):
    found = rollouts.progress(Kind.JOBS, manifest(spec, status, seen=0))
    assert (found.state, found.sentence) == (state, sentence)


def test_a_deletion_waits_for_finalizers():
    leaving = manifest({}, {}, deletionTimestamp="2026-01-02T03:04:05Z", finalizers=["a/held"])
    found = rollouts.progress(Kind.CONFIGMAPS, leaving)
    assert (found.state, found.fraction) == ("progressing", None)
    assert found.sentence == "It is being deleted and waits for its finalizers: a/held."


def test_what_is_not_there_is_gone(everywhere):
    inside = replace(everywhere, namespace="default")
    found = rollouts.follow(Kind.CONFIGMAPS, inside, "nope")
    assert (found.state, found.sentence) == ("gone", "The ConfigMap is gone.")


def test_what_never_changes_by_itself_is_done(everywhere):
    inside = replace(everywhere, namespace="default")
    assert rollouts.follow(Kind.CONFIGMAPS, inside, "app-config").state == "done"


@pytest.mark.parametrize(("name", "states"), [("frontend", {"done"}), ("api-gateway", {"stuck", "failed"})])
def test_the_demo_world_tells_how_far_it_is(everywhere, name, states):
    inside = replace(everywhere, namespace="default")
    assert rollouts.follow(Kind.DEPLOYMENTS, inside, name).state in states
