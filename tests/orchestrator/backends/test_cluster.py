"""Every cluster adapter keeps the promises of its port. The real one is that of TEST_KUBECONFIG."""

import itertools
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from threading import Condition

import pytest

from orchestrator.backends.cluster import port
from orchestrator.backends.cluster.demo import DemoCluster
from orchestrator.backends.cluster.port import RESOURCES, Change, ChangeType, Cluster, Kind

SECONDS = 15


class Heard:
    """The changes that the listener was told of, to be waited for."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self._told = Condition()

    def __call__(self, change: Change) -> None:
        with self._told:
            self.changes.append(change)
            self._told.notify_all()

    def wait_for(self, condition: Callable[[], bool]) -> None:
        with self._told:
            assert self._told.wait_for(condition, SECONDS)

    def added(self) -> list[Change]:
        return [change for change in self.changes if change.type is ChangeType.ADDED]


class Demo:
    """A world that moves when a test says so."""

    def __init__(self, listener) -> None:
        self.cluster: Cluster = DemoCluster(seed=42, evolve=False, listener=listener)
        self._minutes = itertools.count(5, 5)
        self.kind = Kind.PODS

    def change(self) -> None:
        self.cluster.tick(next(self._minutes))

    def clean_up(self) -> None:
        pass


class Real:
    """The cluster of the current context; what changes there is a namespace."""

    def __init__(self, listener) -> None:
        from kubernetes import client, config

        from orchestrator.backends.cluster.kubernetes import open_kubernetes

        kubeconfig = os.environ["TEST_KUBECONFIG"]
        clusters, current = open_kubernetes(kubeconfig, listener=listener)
        self.cluster: Cluster = clusters[current]
        self.kind = Kind.NAMESPACES
        self._api = client.CoreV1Api(config.new_client_from_config(kubeconfig))
        self._made: list[str] = []

    def change(self) -> None:
        name = f"t-contract-{secrets.token_hex(4)}"
        self._made.append(name)
        self._api.create_namespace({"metadata": {"name": name}})

    def clean_up(self) -> None:
        from kubernetes.client.exceptions import ApiException

        for name in self._made:
            with suppress(ApiException):  # It may be on its way out already.
                self._api.delete_namespace(name)
        self._api.api_client.close()


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture(
    params=[
        pytest.param(Demo, id="demo"),
        pytest.param(Real, id="kubernetes", marks=pytest.mark.needs("TEST_KUBECONFIG")),
    ]
)
def backend(request, heard):
    backend = request.param(heard)
    yield backend
    backend.cluster.close()
    backend.clean_up()


@pytest.fixture
def cluster(backend) -> Cluster:
    return backend.cluster


def synced(cluster: Cluster, kind: Kind):
    cache = cluster.cache(kind)
    assert cache.wait(SECONDS)
    return cache


@pytest.mark.parametrize("kind", list(Kind))
def test_the_first_use_of_a_kind_lists_it(cluster, kind):
    cache = synced(cluster, kind)
    assert cache.state().synced
    assert cluster.running() == {kind: cache}


def test_rows_come_by_namespace_and_name(cluster):
    keys = [row.key for row in synced(cluster, Kind.NAMESPACES).rows()]
    assert keys == sorted(keys)
    assert ("", "default") in keys
    keys = [row.key for row in synced(cluster, Kind.EVENTS).rows()]
    assert keys == sorted(keys)


def test_rows_of_one_namespace_are_those_of_all_that_are_there(cluster):
    cache = synced(cluster, Kind.DEPLOYMENTS)
    for namespace in {row.namespace for row in cache.rows()} | {"default"}:
        expected = [row.key for row in cache.rows() if row.namespace == namespace]
        assert [row.key for row in cache.rows(namespace)] == expected


def test_an_unknown_namespace_is_empty(cluster):
    assert list(synced(cluster, Kind.PODS).rows("nobody-made-this")) == []


def test_peeking_shows_the_same_rows(cluster):
    cache = synced(cluster, Kind.NAMESPACES)
    assert [row.key for row in cache.peek()] == [row.key for row in cache.rows()]


def test_a_row_is_found_by_its_name(cluster):
    assert synced(cluster, Kind.NAMESPACES).get("", "default").name == "default"


def test_a_row_that_does_not_exist_is_none(cluster):
    assert synced(cluster, Kind.PODS).get("default", "nobody-made-this") is None


def test_the_state_is_live_and_says_when_it_heard_of_its_source(cluster, heard):
    cache = synced(cluster, Kind.PODS)
    heard.wait_for(lambda: cache.state().condition is port.Condition.LIVE)
    state = cache.state()
    assert state.heard_at.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - state.heard_at) < timedelta(seconds=SECONDS)
    assert not state.partial


def test_the_version_is_told(cluster):
    assert cluster.version().startswith("v1.")


@pytest.mark.parametrize("namespace", ["", "default"])
def test_who_may_do_everything_is_told_so(cluster, namespace):
    assert cluster.may("list", resource=RESOURCES[Kind.DEPLOYMENTS], namespace=namespace)


@pytest.mark.parametrize("kind", [Kind.NODES, Kind.PODS])
def test_use_is_told_of_what_is_there(cluster, kind):
    known = {row.key for row in synced(cluster, kind).rows()}
    found = cluster.usage(kind)
    if kind is Kind.NODES:  # Pods of other tests come and go.
        assert {(each.namespace, each.name) for each in found} == known
    assert found or kind is Kind.PODS
    assert all(each.cpu >= 0 and each.memory >= 0 and each.at.tzinfo for each in found)
    assert all(bool(each.container) is (kind is Kind.PODS) for each in found)


def test_use_of_one_namespace_is_that_of_its_pods(cluster):
    assert {each.namespace for each in cluster.usage(Kind.PODS, namespace="default")} <= {"default"}


def test_a_change_reaches_the_listener_and_the_rows(backend, heard):
    cache = synced(backend.cluster, backend.kind)
    before, version = {row.key for row in cache.rows()}, cache.version
    backend.change()
    heard.wait_for(heard.added)
    change = heard.added()[0]
    assert (change.context, change.kind) == (backend.cluster.context.name, backend.kind)
    assert change.row.key not in before
    assert cache.get(*change.row.key) is not None
    assert cache.version > version


def test_an_unused_cache_stops_and_starts_again(cluster):
    synced(cluster, Kind.NODES)
    cluster.stop_unused(before=datetime.now(UTC) + timedelta(seconds=1))
    assert cluster.running() == {}
    assert synced(cluster, Kind.NODES).rows()


def test_a_cache_in_use_does_not_stop(cluster):
    cache = synced(cluster, Kind.NODES)
    cluster.stop_unused(before=datetime.now(UTC) - timedelta(minutes=10))
    assert cluster.running() == {Kind.NODES: cache}


def test_asking_to_try_again_is_harmless_while_all_is_well(cluster):
    cache = synced(cluster, Kind.NODES)
    cache.retry()
    assert cache.rows()


def test_closing_twice_is_not_an_error(cluster):
    synced(cluster, Kind.NODES)
    cluster.close()
    cluster.close()
    assert cluster.running() == {}
