"""A scripted API server, and what a cluster behind it tells."""

import json
from collections.abc import Callable, Iterator

import pytest
from kubernetes import client

from orchestrator.backends.cluster.kubernetes import KubernetesCluster
from orchestrator.backends.cluster.port import CacheState, Change, ChangeType, Condition, Context
from tests.orchestrator.backends.acting import DemoBench, RealBench
from tests.real.faults import Answer, Frames, Request, Sent, Server


def pod(name: str, *, namespace: str = "shop", version: str = "1") -> dict:
    metadata = {"name": name, "namespace": namespace, "resourceVersion": version}
    return {"metadata": metadata, "status": {"phase": "Running"}}


def page(*items: dict, version: str = "10", more: str = "", remaining: int | None = None) -> Answer:
    metadata = {"resourceVersion": version, "continue": more}
    metadata |= {} if remaining is None else {"remainingItemCount": remaining}
    return Answer(body=json.dumps({"kind": "PodList", "metadata": metadata, "items": items}).encode())


def frame(type_: str, item: dict) -> bytes:
    return json.dumps({"type": type_, "object": item}).encode()


def bookmark(version: str) -> bytes:
    return frame("BOOKMARK", {"kind": "Pod", "metadata": {"resourceVersion": version}})


class Script(Server):
    """Answers lists and watches in the order of a test's script; the last of each is repeated."""

    def __init__(self) -> None:
        super().__init__(self._next)
        self.lists: list[Answer] = [page()]
        self.streams: list[Answer | Frames] = [Frames()]

    def _next(self, request: Request) -> Answer | Frames:
        script = self.streams if request.watch else self.lists
        return script.pop(0) if len(script) > 1 else script[0]

    def versions(self) -> list[str]:
        """Return from where each watch was opened."""
        return [request.query["resourceVersion"] for request in self.asked("pods", watch=True)]


class Heard(list[Change]):
    def types(self) -> list[ChangeType]:
        return [change.type for change in self]

    def states(self) -> list[CacheState]:
        return [change.state for change in self if change.state]

    def conditions(self) -> list[Condition]:
        return [state.condition for state in self.states()]


@pytest.fixture
def script() -> Iterator[Script]:
    script = Script()
    yield script
    script.close()


@pytest.fixture
def sent(monkeypatch) -> Sent:
    return Sent(monkeypatch)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def open_cluster(script, heard) -> Iterator[Callable[..., KubernetesCluster]]:
    opened: list[KubernetesCluster] = []

    def open_(*namespaces: str, of_stacks: str = "") -> KubernetesCluster:
        cluster = KubernetesCluster(
            Context(name="scripted", cluster="scripted", user="somebody"),
            load=lambda: client.Configuration(host=script.url),
            listener=heard.append,
            namespaces=namespaces,
            of_stacks=of_stacks,
        )
        opened.append(cluster)
        return cluster

    yield open_
    for cluster in opened:
        cluster.close()


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(DemoBench, id="demo"),
        pytest.param(RealBench, id="kubernetes", marks=pytest.mark.needs("TEST_KUBECONFIG")),
    ],
)
def bench(request):
    bench = request.param()
    bench.begin()
    yield bench
    bench.end()
