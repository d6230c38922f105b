"""orchestrator.services.clusters.summary"""

from dataclasses import replace
from datetime import UTC, datetime
from time import monotonic

import pytest

from orchestrator.backends.cluster.objects import (
    CronJob,
    DaemonSet,
    Deployment,
    DeploymentReplicas,
    Job,
    PersistentVolume,
    StatefulSet,
    StatefulSetReplicas,
)
from orchestrator.backends.cluster.port import CacheState, Condition, Kind
from orchestrator.backends.errors import Forbidden, NotFound, TimedOut, Unreachable
from orchestrator.services.clusters import contexts, summary
from tests.orchestrator.services.clusters import make

MOMENT = datetime(2026, 1, 2, tzinfo=UTC)


def named(type_, **fields):
    return type_(**({"name": "a", "namespace": "shop", "created_at": make.CREATED} | fields))


def deployment(status: str) -> Deployment:
    return named(Deployment, status=status, replicas=DeploymentReplicas())


@pytest.fixture
def fail(everywhere, monkeypatch):
    """Return a function that keeps the rows of some kinds away."""

    def fail(error, *kinds: Kind, condition: Condition = Condition.UNREACHABLE) -> None:
        state = CacheState(condition=condition, since=MOMENT, problem=str(error), error=error)
        for kind in kinds:
            monkeypatch.setattr(everywhere.cluster.cache(kind), "state", lambda: state)

    return fail


def forbidden() -> Forbidden:
    return Forbidden("You may not.", service="kubernetes", status=403)


def lost() -> Unreachable:
    return Unreachable("Nobody answers.", service="kubernetes", reason="ECONNREFUSED")


# --- Numbers


@pytest.mark.parametrize(
    ("kind", "rows", "numbers"),
    [
        (
            Kind.DEPLOYMENTS,
            [deployment(word) for word in ("Available", "Available", "Degraded", "Progressing")],
            {"total": 4, "healthy": 2, "degraded": 1, "progressing": 1},
        ),
        (
            Kind.NODES,
            [make.node("a"), make.node("b", status="NotReady"), make.node("c", status="Unknown")],
            {"total": 3, "ready": 1, "notReady": 2},
        ),
        (
            Kind.PVS,
            [named(PersistentVolume, status=word) for word in ("Bound", "Available", "Released")],
            {"total": 3, "bound": 1},
        ),
        (
            Kind.JOBS,
            [named(Job, status=word) for word in ("Running", "Complete", "Failed", "Pending", "Unknown")],
            {"total": 5, "active": 1, "succeeded": 1, "failed": 1},
        ),
        (
            Kind.CRONJOBS,
            [named(CronJob), named(CronJob, suspend=True)],
            {"total": 2, "active": 1, "suspended": 1},
        ),
        (
            Kind.STATEFULSETS,
            [named(StatefulSet, replicas=StatefulSetReplicas(desired=3, ready=ready)) for ready in (0, 2, 3)],
            {"total": 3, "ready": 1, "notReady": 2},
        ),
        (
            Kind.DAEMONSETS,
            [named(DaemonSet, desired=2, ready=1), named(DaemonSet)],
            {"total": 2, "ready": 1, "notReady": 1},
        ),
        (Kind.CONFIGMAPS, [object(), object()], 2),
    ],
)
def test_rows_are_counted(kind, rows, numbers):
    assert summary.numbers_of(kind, rows) == numbers


@pytest.mark.parametrize(
    ("status", "phase", "counted"),
    [
        ("Running", "Running", "running"),
        ("Pending", "Pending", "pending"),
        ("Terminating", "Running", "running"),
        ("Terminating", "Failed", "failed"),
        ("CrashLoopBackOff", "Running", "failed"),
        ("ImagePullBackOff", "Pending", "failed"),
        ("ErrImagePull", "Pending", "failed"),
        ("Init:CrashLoopBackOff", "Pending", "failed"),
        ("OOMKilled", "Running", "failed"),
        ("Error", "Running", "failed"),
        ("Evicted", "Failed", "failed"),
        ("Failed", "Failed", "failed"),
        ("Succeeded", "Succeeded", None),
        ("Unknown", "Unknown", None),
    ],
)
def test_a_pod_is_counted_once_and_by_what_it_suffers_from(status, phase, counted):
    found = summary.pods([make.pod("a", status=status, phase=phase)])
    expected = {"total": 1, "running": 0, "pending": 0, "failed": 0}
    assert found == (expected | {counted: 1} if counted else expected)


def test_the_demo_cluster_is_as_documented(everywhere):
    found = summary.summary(everywhere)
    assert found.numbers["pods"] == {"total": 42, "running": 35, "pending": 3, "failed": 4}
    assert found.numbers["deployments"] == {"total": 15, "healthy": 12, "degraded": 1, "progressing": 2}
    assert found.numbers["pv"] == {"total": 8, "bound": 5}
    assert (found.partial, found.errors) == (False, {})
    assert summary.health(everywhere).score == 80


def test_a_namespace_counts_its_own_and_what_is_in_none(everywhere):
    numbers = summary.summary(replace(everywhere, namespace="kube-system")).numbers
    assert numbers["deployments"]["total"] == 0
    assert (numbers["pods"]["total"], numbers["nodes"]["total"], numbers["pv"]["total"]) == (3, 3, 8)


# --- With less than everything


def test_a_kind_that_may_not_be_read_keeps_zeros_and_is_named(everywhere, fail):
    fail(forbidden(), Kind.NODES, Kind.SECRETS, condition=Condition.FORBIDDEN)
    found = summary.summary(everywhere)
    assert found.numbers["nodes"] == {"total": 0, "ready": 0, "notReady": 0}
    assert (found.numbers["secrets"], found.numbers["pods"]["total"]) == (0, 42)
    assert found.partial
    assert {kind: error.code for kind, error in found.errors.items()} == {
        Kind.NODES: "forbidden",
        Kind.SECRETS: "forbidden",
    }


def test_an_input_that_may_not_be_read_costs_nothing(everywhere, fail):
    fail(forbidden(), Kind.PODS, condition=Condition.FORBIDDEN)
    found = summary.health(everywhere)
    assert (found.score, found.partial, found.issues) == (90, True, ["1 deployment(s) degraded"])


def test_who_may_read_nothing_gets_zeros_and_is_told(everywhere, fail):
    fail(forbidden(), *summary.COUNTED, condition=Condition.FORBIDDEN)
    found = summary.summary(everywhere)
    assert found.numbers == summary.NOTHING
    assert found.errors.keys() == summary.COUNTED.keys()
    assert summary.health(everywhere).partial


def test_a_namespace_that_may_not_be_read_is_not_empty_but_refused(everywhere, monkeypatch):
    state = CacheState(condition=Condition.LIVE, since=MOMENT, synced=True, refused=("",), only=("shop",))
    monkeypatch.setattr(everywhere.cluster.cache(Kind.PODS), "state", lambda: state)
    found = summary.summary(replace(everywhere, namespace="default"))
    assert (found.numbers["pods"]["total"], found.errors[Kind.PODS].code) == (0, "forbidden")


def test_a_cluster_that_shows_nothing_is_an_error_and_no_summary(everywhere, fail):
    fail(lost(), *summary.COUNTED)
    fail(forbidden(), Kind.NODES, condition=Condition.FORBIDDEN)
    with pytest.raises(Unreachable):
        summary.summary(everywhere)


def test_a_kind_that_this_cluster_does_not_know_is_named(everywhere, fail):
    fail(NotFound("No such kind.", service="kubernetes", status=404), Kind.HPAS)
    found = summary.summary(everywhere)
    assert (found.errors[Kind.HPAS].code, found.partial, found.numbers["pods"]["total"]) == (
        "not_found",
        True,
        42,
    )


def test_half_a_score_is_none(everywhere, fail):
    fail(lost(), Kind.NODES)
    with pytest.raises(Unreachable):
        summary.health(everywhere)


def test_a_first_list_that_takes_too_long_is_no_score(everywhere, fail):
    fail(None, Kind.PODS, condition=Condition.SYNCING)
    with pytest.raises(TimedOut):
        summary.health(everywhere)


@pytest.mark.usefixtures("catalogue", "kubeconfig")
def test_all_kinds_together_take_no_longer_than_one(settings):
    settings.K8S_API_TIMEOUT_SECONDS = 2.0
    began = monotonic()
    with pytest.raises(Unreachable):
        summary.summary(contexts.scope())
    assert monotonic() - began < 6
