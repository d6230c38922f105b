"""The demo cluster shows its world, lets time pass in it, and tells exactly what changes."""

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from orchestrator.backends.cluster.demo import DemoCluster, world
from orchestrator.backends.cluster.port import ChangeType, Kind

START = datetime(2026, 3, 4, tzinfo=UTC)
MINUTES = [0, 1, 2, 61, 719, 1439]


@pytest.fixture
def heard() -> list:
    return []


@pytest.fixture
def cluster(heard):
    """A cluster at its start, in which time passes by `tick` alone."""
    cluster = DemoCluster(seed=42, evolve=False, listener=heard.append, clock=lambda: START)
    yield cluster
    cluster.close()


def statuses(cluster: DemoCluster, kind: Kind) -> Counter:
    return Counter(row.status for row in cluster.cache(kind).rows())


def score(cluster: DemoCluster, *, free_volumes: int) -> int:
    """The documented health score of a cluster whose nodes are all ready."""
    degraded = statuses(cluster, Kind.DEPLOYMENTS)["Degraded"] / 15
    pods = statuses(cluster, Kind.PODS)
    failed = sum(pods[each] for each in ("CrashLoopBackOff", "ImagePullBackOff", "OOMKilled")) / 42
    points = [(30, degraded > 0.5), (15, degraded > 0.2), (5, degraded > 0)]
    lost = next((point for point, applies in points if applies), 0)
    lost += 20 if failed > 0.1 else 10 if failed else 0
    lost += 10 if pods["Pending"] / 42 > 0.2 else 0
    lost += 15 if free_volumes > 5 else 5 if free_volumes else 0
    return 100 - lost


@pytest.mark.parametrize("minute", MINUTES)
def test_pods_have_the_promised_statuses(cluster, minute):
    cluster.tick(minute)
    assert statuses(cluster, Kind.PODS) == {
        "Running": 35,
        "Pending": 3,
        "CrashLoopBackOff": 2,
        "ImagePullBackOff": 1,
        "OOMKilled": 1,
    }


@pytest.mark.parametrize("minute", MINUTES)
def test_deployments_have_the_promised_statuses(cluster, minute):
    cluster.tick(minute)
    rows = cluster.cache(Kind.DEPLOYMENTS).rows("default")
    assert Counter(row.status for row in rows) == {"Available": 12, "Progressing": 2, "Degraded": 1}
    assert [row.name for row in rows if row.status == "Degraded"] == ["api-gateway"]
    assert [row.name for row in rows if row.status == "Progressing"] == ["log-aggregator", "order-service"]


def test_all_nodes_are_ready(cluster):
    assert statuses(cluster, Kind.NODES) == {"Ready": 3}


def test_the_score_at_the_start_is_80(cluster):
    volumes = world.build(42, start=START, minute=0)["persistentvolumes"]
    free = sum(each["status"]["phase"] != "Bound" for each in volumes)
    assert free == 3
    assert score(cluster, free_volumes=free) == 80


@pytest.mark.parametrize("kind", [Kind.PODS, Kind.EVENTS])
def test_something_changes_every_minute(cluster, kind):
    cache = cluster.cache(kind)
    for minute in range(1, 8):
        before = cache.version
        cluster.tick(minute)
        assert cache.version > before


def test_the_listener_hears_exactly_the_differences(cluster, heard):
    cache = cluster.cache(Kind.PODS)
    before = {row.key: row for row in cache.rows()}
    cluster.tick(5)
    after = {row.key: row for row in cache.rows()}
    expected = {(ChangeType.DELETED, key) for key in before.keys() - after.keys()}
    expected |= {(ChangeType.ADDED, key) for key in after.keys() - before.keys()}
    expected |= {(ChangeType.MODIFIED, key) for key in before.keys() & after if before[key] != after[key]}
    assert {(change.type, change.row.key) for change in heard} == expected
    assert {type_ for type_, _ in expected} == {ChangeType.ADDED, ChangeType.MODIFIED, ChangeType.DELETED}
    assert len(heard) == len(expected)


def test_a_minute_that_is_shown_already_changes_nothing(cluster, heard):
    version = cluster.cache(Kind.PODS).version
    cluster.tick(0)
    assert (cluster.cache(Kind.PODS).version, heard) == (version, [])


def test_kinds_that_nobody_uses_are_not_told_of(cluster, heard):
    cluster.cache(Kind.EVENTS)
    cluster.tick(1)
    assert {change.kind for change in heard} == {Kind.EVENTS}


def test_a_rollout_moves_on_pod_by_pod(cluster):
    names = set()
    for minute in range(0, 15, 5):
        cluster.tick(minute)
        rows = cluster.cache(Kind.PODS).rows()
        (pending,) = [row for row in rows if "order-service" in row.name and row.status == "Pending"]
        names.add(pending.name)
    assert len(names) == 3


def test_a_frozen_cluster_stands_still():
    times = iter(START + timedelta(minutes=10 * number) for number in range(100))
    cluster = DemoCluster(seed=42, evolve=False, clock=lambda: next(times))
    before = list(cluster.cache(Kind.PODS).rows())
    assert "demo-cluster" not in {thread.name for thread in threading.enumerate()}
    cluster.close()
    assert cluster.cache(Kind.PODS).rows() == before


def test_two_processes_that_start_at_different_times_show_the_same():
    time = START + timedelta(hours=9)
    early = DemoCluster(seed=42, evolve=True, clock=lambda: time)
    time = START + timedelta(hours=15, minutes=4)
    late = DemoCluster(seed=42, evolve=True, clock=lambda: time)
    try:
        assert early.cache(Kind.PODS).rows() == late.cache(Kind.PODS).rows()
    finally:
        early.close()
        late.close()


def test_time_passes_by_itself_while_a_cache_is_used():
    changed, minutes = threading.Event(), iter(range(100))

    def clock() -> datetime:  # A second before the next minute, every time.
        return START + timedelta(minutes=next(minutes), seconds=59)

    cluster = DemoCluster(seed=42, evolve=True, listener=lambda change: changed.set(), clock=clock)
    cluster.cache(Kind.PODS)
    try:
        assert changed.wait(10)
    finally:
        cluster.close()


def test_the_world_needs_no_network(socket_disabled, cluster):
    assert all(cluster.cache(kind).rows() for kind in Kind)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_other_seeds_keep_the_counts(seed):
    cluster = DemoCluster(seed=seed, evolve=False, clock=lambda: START)
    assert statuses(cluster, Kind.PODS)["Running"] == 35
    assert statuses(cluster, Kind.DEPLOYMENTS)["Available"] == 12
    assert len(cluster.cache(Kind.EVENTS).rows()) == 150
