"""Watches of a real API server, with a proxy in between that fails."""

import logging
import os
import threading
from itertools import pairwise
from threading import Event
from time import monotonic

import pytest

from orchestrator.backends.cluster import watch
from orchestrator.backends.cluster.kubernetes import KubernetesCluster, open_kubernetes
from orchestrator.backends.cluster.port import Change, ChangeType, Condition, Kind
from tests.real.faults import error_frame, status
from tests.real.processes import wait_until

pytestmark = pytest.mark.needs("TEST_KUBECONFIG")
RETURN_SECONDS = 5  # All is right again so soon after the server is back.


class Heard(list[Change]):
    def resyncs(self) -> int:
        return sum(change.type is ChangeType.RESYNC for change in self)

    def told(self, name: str) -> bool:
        return any(change.row and change.row.name == name for change in self)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def open_cluster(heard):
    opened: list[KubernetesCluster] = []

    def open_(kubeconfig, *namespaces: str) -> KubernetesCluster:
        clusters, current = open_kubernetes(str(kubeconfig), listener=heard.append, namespaces=namespaces)
        opened.append(clusters[current])
        return clusters[current]

    yield open_
    for cluster in opened:
        cluster.close()


@pytest.fixture
def cluster(proxy, open_cluster, tmp_path) -> KubernetesCluster:
    return open_cluster(proxy.kubeconfig(tmp_path / "kubeconfig"))


def is_live(cache) -> bool:
    return cache.state().condition is Condition.LIVE


def live(cluster, kind=Kind.PODS):
    cache = cluster.cache(kind)
    wait_until(lambda: is_live(cache))
    return cache


def has(cache, place, name: str) -> bool:
    return cache.get(place.name, name) is not None


def measure(seconds: float) -> float:
    """Let time pass in which requests are counted; return when it began."""
    begun = monotonic()
    Event().wait(seconds)
    return begun


def gaps(proxy, kind: str) -> list[float]:
    return [later.at - earlier.at for earlier, later in pairwise(proxy.asked(kind))]


def test_a_change_during_a_cut_arrives_without_a_new_list(cluster, proxy, place, heard):
    cache = live(cluster)
    proxy.stop()
    wait_until(lambda: cache.state().condition is Condition.RECONNECTING)
    name = place.add()
    proxy.start()
    wait_until(lambda: has(cache, place, name), within_seconds=RETURN_SECONDS)
    assert heard.told(name)
    assert len(proxy.asked("pods", watch=False)) == 1
    assert heard.resyncs() == 1


def test_one_cut_watch_leaves_the_others_alone(cluster, proxy, place):
    pods, nodes = live(cluster), live(cluster, Kind.NODES)
    proxy.cut("pods")
    wait_until(lambda: pods.state().restarts == 1)
    assert nodes.state().restarts == 0


def test_410_as_a_status_lists_again(cluster, proxy, place, heard):
    cache = live(cluster)
    answers = [status(410, "Expired", "too old resource version")]
    proxy.rule = lambda request: answers.pop() if request.watch and answers else None
    name = place.add()
    wait_until(lambda: has(cache, place, name))
    proxy.cut("pods")
    wait_until(lambda: len(proxy.asked("pods", watch=False)) == 2)
    wait_until(lambda: is_live(cache))
    assert has(cache, place, name)
    assert heard.resyncs() == 2


def test_410_as_a_frame_lists_again(cluster, proxy, place, heard):
    cache = live(cluster)
    name = place.add()
    wait_until(lambda: has(cache, place, name))
    proxy.send(error_frame(410, "Expired"), kind="pods")
    wait_until(lambda: len(proxy.asked("pods", watch=False)) == 2)
    wait_until(lambda: is_live(cache))
    later = place.add()
    wait_until(lambda: has(cache, place, later))
    assert has(cache, place, name)
    assert heard.resyncs() == 2


def test_403_on_one_kind_leaves_the_others_live(cluster, proxy):
    proxy.rule = lambda request: status(403, "Forbidden", "no pods") if request.kind == "pods" else None
    others = [cluster.cache(kind) for kind in Kind if kind is not Kind.PODS]
    pods = cluster.cache(Kind.PODS)
    wait_until(lambda: pods.state().condition is Condition.FORBIDDEN)
    wait_until(lambda: all(map(is_live, others)))
    assert "no pods" in pods.state().problem
    measure(4)
    paths = [request.path for request in proxy.asked("pods")]
    assert sorted(paths) == ["/api/v1/namespaces/default/pods", "/api/v1/pods"]
    pause = pods.state().next_try_at - pods.state().since
    assert 29 <= pause.total_seconds() <= 61


def test_429_is_left_alone_as_long_as_it_asks(cluster, proxy):
    answers = [status(429, "TooManyRequests", Retry_After="4")]
    proxy.rule = lambda request: answers.pop() if answers else None
    live(cluster)
    pause = gaps(proxy, "pods")[0]
    assert 4 <= pause < 6


def test_errors_for_a_while_are_asked_about_once_a_second_at_most(cluster, proxy, place):
    pods, nodes = live(cluster), live(cluster, Kind.NODES)
    proxy.rule = lambda request: status(500, "InternalError")
    proxy.cut()
    cluster.cache(Kind.EVENTS)  # It begins when nothing works.
    begun = measure(8)
    name = place.add()
    for kind in ("pods", "nodes", "events"):
        assert 2 <= len(proxy.asked(kind, since=begun)) <= 6
    assert min(gaps(proxy, "events")) >= 1
    proxy.rule = None
    wait_until(lambda: has(pods, place, name) and is_live(nodes))
    assert len(proxy.asked("pods", watch=False)) == 1


def test_a_server_that_was_away_is_right_again_within_5_seconds(cluster, proxy, place):
    caches = [live(cluster, kind) for kind in (Kind.PODS, Kind.NODES, Kind.NAMESPACES, Kind.EVENTS)]
    proxy.stop()
    wait_until(lambda: not any(map(is_live, caches)))
    measure(8)
    name = place.add()
    proxy.start()
    took = wait_until(
        lambda: all(map(is_live, caches)) and has(caches[0], place, name), within_seconds=RETURN_SECONDS
    )
    print("return_seconds:", round(took, 1))
    assert all(cache.state().problem == "" for cache in caches)


def test_silence_is_noticed_and_costs_no_storm(cluster, proxy, place, monkeypatch):
    monkeypatch.setattr(watch, "SILENCE_SECONDS", 1.0)
    cache = live(cluster)
    proxy.hold()
    name = place.add()
    wait_until(lambda: cache.state().condition is Condition.RECONNECTING)
    assert cache.state().problem == "The API server did not answer in time."
    assert not has(cache, place, name)
    proxy.release()
    wait_until(lambda: has(cache, place, name), within_seconds=RETURN_SECONDS)
    assert len(proxy.asked("pods", watch=False)) == 1
    assert min(gaps(proxy, "pods")[1:], default=1) >= 1


def test_a_renewed_token_is_read_without_a_restart(proxy, open_cluster, tmp_path):
    kubeconfig = proxy.kubeconfig(tmp_path / "kubeconfig", token="expired-long-ago")
    cache = open_cluster(kubeconfig).cache(Kind.PODS)
    wait_until(lambda: cache.state().condition is Condition.UNAUTHORIZED)
    expected = "The API server refuses the credentials of this context: they are wrong or have expired."
    assert cache.state().problem == expected
    proxy.kubeconfig(kubeconfig)
    wait_until(lambda: is_live(cache), within_seconds=15)


def test_a_kubeconfig_that_is_half_written_is_read_again(proxy, open_cluster, tmp_path, caplog):
    kubeconfig = proxy.kubeconfig(tmp_path / "kubeconfig", token="expired-long-ago")
    cache = open_cluster(kubeconfig).cache(Kind.PODS)
    wait_until(lambda: cache.state().condition is Condition.UNAUTHORIZED)
    kubeconfig.write_text("clusters: [")
    wait_until(lambda: "it is not a kubeconfig" in cache.state().problem)
    proxy.kubeconfig(kubeconfig)
    wait_until(lambda: is_live(cache), within_seconds=30)
    assert "Traceback" not in caplog.text


# tests/lab/kubernetes/access.yaml lists what the viewer may read; these are not in it.
NOT_FOR_VIEWERS = {Kind.SECRETS, Kind.RESOURCEQUOTAS, Kind.LIMITRANGES, Kind.PVS}


@pytest.mark.needs("TEST_KUBECONFIG_VIEWER")
def test_a_viewer_reads_every_kind_but_what_is_refused(open_cluster):
    cluster = open_cluster(os.environ["TEST_KUBECONFIG_VIEWER"])
    for kind, cache in {kind: cluster.cache(kind) for kind in Kind}.items():
        refused = kind in NOT_FOR_VIEWERS
        expected = Condition.FORBIDDEN if refused else Condition.LIVE
        wait_until(lambda cache=cache, expected=expected: cache.state().condition is expected)
        assert (cache.state().partial, cache.state().synced) == (False, not refused)


NOBODY_TOKEN = "lab-nobody"


@pytest.mark.needs("TEST_KUBECONFIG_NOBODY")
def test_nobody_may_read_nothing_and_makes_no_storm(proxy, open_cluster, tmp_path):
    cluster = open_cluster(proxy.kubeconfig(tmp_path / "kubeconfig", token=NOBODY_TOKEN))
    caches = {kind: cluster.cache(kind) for kind in Kind}
    for cache in caches.values():
        wait_until(lambda cache=cache: cache.state().condition is Condition.FORBIDDEN)
        assert 'User "nobody" cannot list resource' in cache.state().problem
    measure(4)
    for kind in caches:
        assert len(proxy.asked(kind)) == (2 if kind.namespaced else 1)


@pytest.mark.needs("TEST_KUBECONFIG_NOBODY")
def test_a_user_of_one_namespace_sees_that_one(proxy, open_cluster, place, tmp_path):
    place.allow("nobody")
    name = place.add()
    kubeconfig = proxy.kubeconfig(tmp_path / "kubeconfig", token=NOBODY_TOKEN)
    cluster = open_cluster(kubeconfig, place.name)
    pods, nodes = cluster.cache(Kind.PODS), cluster.cache(Kind.NODES)
    wait_until(lambda: is_live(pods) and has(pods, place, name))
    assert {row.namespace for row in pods.rows()} == {place.name}
    assert (pods.state().partial, pods.state().refused, pods.state().synced) == (True, ("",), True)
    wait_until(lambda: nodes.state().condition is Condition.FORBIDDEN)
    later = place.add()
    wait_until(lambda: has(pods, place, later))


def test_closing_ends_every_thread_at_once_and_logs_nothing(open_cluster, caplog):
    before = set(threading.enumerate())
    cluster = open_cluster(os.environ["TEST_KUBECONFIG"])  # straight, with TLS
    for kind in Kind:
        live(cluster, kind)
    ours = set(threading.enumerate()) - before
    with caplog.at_level(logging.INFO, "orchestrator"):
        cluster.close()
        wait_until(lambda: not any(thread.is_alive() for thread in ours), within_seconds=5)
    assert caplog.text == ""
