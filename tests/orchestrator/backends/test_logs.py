"""Logs of the adapters: what is asked of an API server, and what the demo's containers write"""

from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from kubernetes import client

from orchestrator.backends.cluster.demo import DemoCluster
from orchestrator.backends.cluster.kubernetes import KubernetesCluster, log_parameters
from orchestrator.backends.cluster.port import Context, Kind, LogQuery
from orchestrator.backends.errors import Invalid

MOMENT = datetime(2026, 3, 1, 10, 30, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = MOMENT

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def demo(clock):
    cluster = DemoCluster(seed=42, evolve=False, clock=clock)
    yield cluster
    cluster.close()


@pytest.fixture
def query(demo):
    """Return a function that gives the pod of an app and a query of its first container."""

    def query(app: str, **more) -> tuple[str, LogQuery]:
        rows = demo.cache(Kind.PODS).rows("default")
        row = next(row for row in rows if row.name.startswith(app))
        return row.name, LogQuery(container=row.containers[0].name, **more)

    return query


def leading_to(url: str) -> KubernetesCluster:
    return KubernetesCluster(
        Context(name="c", cluster="c", user="u"),
        load=lambda: client.Configuration(host=url.rstrip("/")),
        listener=lambda change: None,
    )


@pytest.mark.parametrize(
    ("asked", "parameters"),
    [
        ({}, {}),
        ({"tail": 5, "since_seconds": 60}, {"tailLines": 5, "sinceSeconds": 60}),
        ({"since": MOMENT, "since_seconds": 60}, {"sinceTime": "2026-03-01T10:30:00Z"}),
        (
            {"follow": True, "previous": True, "timestamps": True},
            {"follow": "true", "previous": "true", "timestamps": "true"},
        ),
    ],
)
def test_a_query_in_the_words_of_the_api_server(asked, parameters):
    assert log_parameters(LogQuery(container="c", **asked)) == {"container": "c"} | parameters


def test_a_log_comes_in_parts(httpserver):
    path, query = "/api/v1/namespaces/shop/pods/web/log", {"container": "c", "tailLines": "2"}
    httpserver.expect_request(path, query_string=query).respond_with_data(b"one\ntwo\n")
    stream = leading_to(httpserver.url_for("")).logs(
        "web", namespace="shop", query=LogQuery(container="c", tail=2)
    )
    assert b"".join(stream.chunks()) == b"one\ntwo\n"
    stream.close()


def test_what_the_api_server_refuses_is_refused_in_its_words(httpserver):
    said = {"kind": "Status", "message": "container x is not valid for pod web", "reason": "BadRequest"}
    httpserver.expect_request("/api/v1/namespaces/shop/pods/web/log").respond_with_json(said, status=400)
    with pytest.raises(Invalid, match="container x is not valid"):
        leading_to(httpserver.url_for("")).logs("web", namespace="shop", query=LogQuery(container="x"))


def test_the_demo_writes_the_same_twice(demo, query):
    name, asked = query("nginx", timestamps=True, tail=50)
    once = b"".join(demo.logs(name, namespace="default", query=asked).chunks())
    assert once == b"".join(demo.logs(name, namespace="default", query=asked).chunks())
    assert once.count(b"\n") == 50


def test_the_demo_writes_nothing_before_its_time(demo, query, clock):
    name, asked = query("nginx", timestamps=True, tail=1)
    stamp, _, _ = next(demo.logs(name, namespace="default", query=asked).chunks()).partition(b" ")
    assert clock.now - timedelta(seconds=8) < datetime.fromisoformat(stamp.decode()) <= clock.now


def test_the_demo_goes_on_while_it_is_followed(demo, query, clock):
    name, asked = query("nginx", tail=1, follow=True)
    stream = demo.logs(name, namespace="default", query=asked)
    parts = stream.chunks()
    assert next(parts).count(b"\n") == 1
    clock.now += timedelta(seconds=80)
    assert next(parts).count(b"\n") >= 10
    stream.close()


def test_who_leaves_the_demo_need_not_wait_for_its_next_line(demo, query):
    name, asked = query("nginx", tail=1, follow=True)
    stream = demo.logs(name, namespace="default", query=asked)
    reader = Thread(target=lambda: list(stream.chunks()))
    reader.start()
    stream.interrupt()
    reader.join(10)
    assert not reader.is_alive()


def test_lines_since_a_moment(demo, query, clock):
    name, asked = query("nginx", since=clock.now - timedelta(seconds=10), timestamps=True)
    lines = b"".join(demo.logs(name, namespace="default", query=asked).chunks()).decode().splitlines()
    stamps = [datetime.fromisoformat(line.partition(" ")[0]) for line in lines]
    assert stamps
    assert all(stamp >= clock.now - timedelta(seconds=10) for stamp in stamps)
