"""orchestrator.services.clusters.sampler: who asks for samples, when, and what a failure means"""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from orchestrator import live
from orchestrator.backends.cluster.demo import DemoCluster
from orchestrator.backends.cluster.port import Kind, Usage
from orchestrator.backends.errors import Forbidden, NotFound, Overloaded, Unreachable
from orchestrator.services.clusters import contexts, sampler
from orchestrator.services.clusters.sampler import Condition, Sampler, Source

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
NO_API = NotFound("the server could not find the requested resource", service="kubernetes", status=404)
REFUSED = Forbidden('pods.metrics.k8s.io is forbidden: User "viewer"', service="kubernetes", status=403)
DOWN = Unreachable("The API server cannot be reached (ECONNREFUSED).", service="kubernetes")
ASLEEP = Overloaded("service unavailable", service="kubernetes", status=503)


class Scripted(DemoCluster):
    """A cluster whose metrics API answers as a test says, place by place."""

    def __init__(self) -> None:
        super().__init__(seed=42, evolve=False)
        self.failures: dict[str, Exception] = {}  # namespace, "" for all -> what is raised
        self.asked: list[str] = []

    def usage(self, kind: Kind, *, namespace: str | None = None) -> list[Usage]:
        self.asked.append(namespace or "")
        failure = self.failures.get(namespace or "")
        if failure is not None:
            raise failure
        return [Usage(name="web", namespace=namespace or "shop", container="c", cpu=1, memory=1, at=AT)]


@pytest.fixture
def cluster() -> Scripted:
    return Scripted()


@pytest.fixture
def source(cluster) -> Source:
    return Source(cluster, Kind.PODS)


def later(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


def due(source: Source) -> float:
    return (source.due_at - AT).total_seconds()


def test_before_the_first_answer_it_is_starting(source):
    assert source.state.condition is Condition.STARTING
    assert not source.state.known


def test_a_sample_is_taken_every_30_s(source):
    source.ask(at=AT)
    state = source.state
    assert (state.condition, state.heard_at, state.problem) == (Condition.LIVE, AT, "")
    assert state.known
    assert due(source) == 30


def test_the_time_since_when_it_is_live_stays(source):
    source.ask(at=AT)
    source.ask(at=later(30))
    assert (source.state.since, source.state.heard_at) == (AT, later(30))


@pytest.mark.parametrize(
    ("failure", "condition", "seconds"),
    [
        (NO_API, Condition.NONE, 300),
        (REFUSED, Condition.REFUSED, 60),
        (DOWN, Condition.LATE, 30),
        (ASLEEP, Condition.LATE, 30),
    ],
)
def test_a_failure_says_what_it_means_and_when_it_is_asked_again(
    cluster, source, settings, failure, condition, seconds
):
    settings.CLUSTER_NAMESPACES = []
    cluster.failures = {"": failure, "default": failure}
    source.ask(at=AT)
    assert (source.state.condition, source.state.problem) == (condition, failure.message)
    assert source.state.error is failure
    assert not source.state.known
    assert due(source) == seconds
    assert source.decided.is_set()


def test_a_source_that_does_not_answer_leaves_what_is_known(cluster, source):
    source.ask(at=AT)
    cluster.failures = {"": DOWN}
    source.ask(at=later(30))
    source.ask(at=later(60))
    state = source.state
    assert (state.condition, state.since, state.heard_at) == (Condition.LATE, later(30), AT)
    assert state.known
    assert source.samples.total("shop", "web") is not None


def test_a_source_that_is_back_is_live_and_its_absence_a_gap(cluster, source):
    source.ask(at=AT)
    cluster.failures = {"": DOWN}
    source.ask(at=later(30))
    cluster.failures = {}
    source.ask(at=later(120))
    assert source.state.condition is Condition.LIVE
    assert [point.cpu for point in source.samples.history([("shop", "web")], since=0)] == [1, None, 1]


@pytest.mark.parametrize("failure", [NO_API, REFUSED])
def test_what_may_no_longer_be_read_is_forgotten(cluster, source, failure):
    source.ask(at=AT)
    cluster.failures = {"": failure, "default": failure}
    source.ask(at=later(30))
    assert source.samples.total("shop", "web") is None
    assert source.state.heard_at is None


def test_where_the_cluster_as_a_whole_is_refused_namespaces_are_asked(cluster, source, settings):
    settings.CLUSTER_NAMESPACES = ["shop", "secret"]
    cluster.failures = {"": REFUSED, "secret": REFUSED}
    source.ask(at=AT)
    assert (source.state.condition, source.state.only) == (Condition.LIVE, ("shop",))
    assert source.state.covers("shop")
    assert not source.state.covers("secret")
    assert cluster.asked == ["", "shop", "secret"]


def test_without_names_it_is_the_namespace_of_the_context_that_is_asked(cluster, source, settings):
    settings.CLUSTER_NAMESPACES = []
    cluster.failures = {"": REFUSED}
    source.ask(at=AT)
    assert source.state.only == ("default",)


def test_the_cluster_as_a_whole_is_asked_again_after_five_minutes(cluster, source, settings):
    settings.CLUSTER_NAMESPACES = ["shop"]
    cluster.failures = {"": REFUSED}
    for seconds in (0, 30, 290):
        source.ask(at=later(seconds))
    assert cluster.asked.count("") == 1
    cluster.failures = {}
    source.ask(at=later(300))
    assert cluster.asked.count("") == 2
    assert source.state.only == ()


def test_nodes_have_no_namespaces_to_fall_back_to(cluster, settings):
    settings.CLUSTER_NAMESPACES = ["shop"]
    cluster.failures = {"": REFUSED}
    source = Source(cluster, Kind.NODES)
    source.ask(at=AT)
    assert (source.state.condition, cluster.asked) == (Condition.REFUSED, [""])


def test_each_kind_fails_by_itself(cluster):
    sampled = Sampler(cluster)
    plain = cluster.usage

    def usage(kind: Kind, *, namespace: str | None = None) -> list[Usage]:
        if kind is Kind.NODES:
            raise REFUSED
        return plain(kind, namespace=namespace)

    cluster.usage = usage
    sampled.sample(at=later(10**9))
    conditions = {kind: source.state.condition for kind, source in sampled.sources.items()}
    assert conditions == {Kind.PODS: Condition.LIVE, Kind.NODES: Condition.REFUSED}


def test_nobody_is_asked_before_it_is_due(cluster):
    sampled = Sampler(cluster)
    moment = later(10**9)
    sampled.sample(at=moment)
    sampled.sample(at=moment + timedelta(seconds=29))
    assert len(cluster.asked) == 2  # pods and nodes


def test_asking_again_makes_only_those_due_that_failed(cluster):
    sampled = Sampler(cluster)
    cluster.failures = {"": NO_API}
    sampled.sample(at=later(10**9))
    sampled.retry()
    assert all(source.due_at < later(10**9) for source in sampled.sources.values())


async def test_pages_hear_of_new_samples(cluster):
    with live.hub.follow(frozenset({sampler.topic("demo-cluster")})) as follower:
        Sampler(cluster).sample(at=later(10**9))
        change = await asyncio.wait_for(follower.next(), 5)
    assert change.topics == {"usage:demo-cluster:*"}


def test_the_first_look_begins_to_ask(cluster, wait_until):
    source = sampler.of(cluster).sources[Kind.PODS]
    assert source.decided.wait(10)
    assert source.samples.total("shop", "web") is not None
    assert sampler.of(cluster).sources[Kind.PODS] is source


def test_when_nobody_looks_any_more_nobody_asks(cluster, settings, wait_until):
    first = sampler.of(cluster)
    assert first.sources[Kind.NODES].decided.wait(10)
    settings.CACHE_IDLE = timedelta(0)
    first.retry()
    wait_until(lambda: sampler._samplers == {})
    assert sampler.of(cluster) is not first


def test_an_open_page_keeps_it_in_use(catalogue):
    contexts.touch("usage:demo-cluster:*")
    assert [each.context.name for each in sampler._samplers] == ["demo-cluster"]


def test_topics_of_contexts_that_are_gone_start_nothing(catalogue):
    contexts.touch("usage:gone:*")
    assert sampler._samplers == {}
