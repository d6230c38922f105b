"""orchestrator.services.clusters.logs and log_tail, over the demo cluster"""

import asyncio
import re
from dataclasses import replace
from threading import Event

import pytest

from orchestrator.backends.cluster.demo import DemoCluster
from orchestrator.backends.cluster.port import Kind
from orchestrator.backends.errors import Forbidden, Invalid, TimedOut, Unreachable
from orchestrator.errors import InvalidInput, Missing
from orchestrator.services.clusters import log_tail, logs
from orchestrator.services.clusters.log_tail import Batch, Tail
from orchestrator.services.clusters.logs import Ask, Filter

BAD = [
    ({"tail": 0}, "tail"),
    ({"tail": 10_001}, "tail"),
    ({"since_seconds": 0}, "sinceSeconds"),
    ({"since_seconds": 86_401}, "sinceSeconds"),
    ({"since": "5"}, "since"),
    ({"since": "0s"}, "since"),
    ({"since": "2d"}, "since"),
    ({"since": "5m", "since_seconds": 5}, "since"),
    ({"container": "A/b"}, "container"),
    ({"search": "x" * 254}, "search"),
]


class Script:
    """A log that says what a test wrote, and then waits or breaks."""

    def __init__(self, *parts: bytes, error: Exception | None = None, endless: bool = False) -> None:
        self.parts, self.error, self.endless = parts, error, endless
        self.left, self.closed = Event(), Event()

    def chunks(self):
        yield from self.parts
        if self.endless:
            self.left.wait(20)
        if self.error:
            raise self.error

    def interrupt(self) -> None:
        self.left.set()

    def close(self) -> None:
        self.closed.set()


@pytest.fixture
def scope(everywhere):
    return replace(everywhere, namespace="default")


@pytest.fixture
def pod(everywhere):
    """Return a function that gives the name of a pod of the demo world."""

    def pod(app: str, *, status: str = "") -> str:
        rows = everywhere.cluster.cache(Kind.PODS).rows()
        return next(row.name for row in rows if row.name.startswith(app) and status in ("", row.status))

    return pod


@pytest.fixture
def saying(monkeypatch):
    """Return a function that lets every log be a script."""

    def saying(*parts: bytes, **more) -> Script:
        script = Script(*parts, **more)
        monkeypatch.setattr(DemoCluster, "logs", lambda *args, **asked: script)
        return script

    return saying


def messages(lines: list[str]) -> list[str]:
    return [line.partition(" ")[2] for line in lines]


def raising(error: Exception):
    def logs(*args, **asked):
        raise error

    return logs


@pytest.mark.parametrize(("values", "path"), BAD)
def test_a_bad_value_is_named(scope, values, path):
    with pytest.raises(InvalidInput) as caught:
        logs.find(scope, "x", Ask(**values))
    assert [each.path for each in caught.value.problems] == [path]


def test_every_bad_value_is_named_at_once():
    assert len(logs.problems(Ask(tail=0, since="x", since_seconds=0, search="x" * 300))) == 5


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("5m", 300), ("1h", 3600), ("1d", 86400), ("5", None), ("-5s", None)]
)
def test_a_time_back(text, seconds):
    assert logs.seconds_of(text) == seconds


def test_a_namespace_must_be_said(everywhere):
    with pytest.raises(InvalidInput):
        logs.find(everywhere, "x", Ask(container="x"))


def test_the_only_container_need_not_be_named(scope, pod):
    assert logs.find(scope, pod("user-service"), Ask()).container == "user-service"


def test_of_several_containers_one_must_be_named(scope, pod, monkeypatch):
    manifest = scope.cluster.read(Kind.PODS, namespace="default", name=pod("user-service"))
    manifest["spec"]["initContainers"] = [{"name": "migrate", "image": "x"}]
    monkeypatch.setattr(DemoCluster, "read", lambda *args, **asked: manifest)
    with pytest.raises(InvalidInput) as caught:
        logs.find(scope, "x", Ask())
    assert caught.value.problems[0].message.endswith("name one of user-service, migrate (init)")


def test_the_container_to_begin_with_is_the_one_that_a_pod_names():
    spec = {"containers": [{"name": "a"}, {"name": "b"}]}
    named = {"annotations": {logs.DEFAULT_CONTAINER: "b"}}
    assert logs.usual({"metadata": named, "spec": spec}) == "b"
    assert logs.usual({"metadata": {}, "spec": spec}) == "a"


def test_the_last_lines_are_read(scope, pod):
    found = logs.read(logs.find(scope, pod("user-service"), Ask(tail=7)))
    assert len(found.lines) == 7
    assert all(re.match(r"\d{4}-\d\d-\d\dT\S+Z \S", line) for line in found.lines)
    assert found.lines == sorted(found.lines)


def test_the_same_lines_are_read_again(scope, pod):
    log = logs.find(scope, pod("nginx"), Ask(tail=None))
    once, twice = (dict(line.split(" ", 1) for line in logs.read(log).lines) for _ in range(2))
    both = once.keys() & twice.keys()  # Time goes by, so the second has lost the oldest and has newer ones.
    assert len(both) > 9000
    assert [once[at] for at in both] == [twice[at] for at in both]


def test_lines_of_the_last_minute_are_few(scope, pod):
    found = logs.read(logs.find(scope, pod("nginx"), Ask(tail=10_000, since="1m")))
    assert 0 < len(found.lines) <= 31


def test_a_search_looks_through_everything(scope, pod):
    name = pod("user-service")
    found = logs.read(logs.find(scope, name, Ask(tail=5, search="TIMEOUT after")))
    assert len(found.lines) == 5
    assert all("timeout after" in line for line in found.lines)
    assert len(logs.read(logs.find(scope, name, Ask(tail=10_000, search="timeout after"))).lines) > 5


def test_a_run_that_ended_is_read_to_its_last_words(scope, pod):
    log = logs.find(scope, pod("api-gateway", status="CrashLoopBackOff"), Ask(previous=True))
    assert "out of memory" in logs.read(log).lines[-1]


def test_a_container_that_never_ran_before_has_no_previous_log(scope, pod):
    with pytest.raises(Invalid, match="previous terminated container .* not found"):
        logs.read(logs.find(scope, pod("nginx"), Ask(previous=True)))


def test_a_container_that_waits_to_start_has_no_log(everywhere):
    rows = everywhere.cluster.cache(Kind.PODS).rows()
    row = next(row for row in rows if row.status == "ImagePullBackOff")
    with pytest.raises(Invalid, match="is waiting to start: ImagePullBackOff"):
        logs.read(logs.find(replace(everywhere, namespace=row.namespace), row.name, Ask()))


def test_an_unknown_container_is_refused_by_the_cluster(scope, pod):
    with pytest.raises(Invalid, match="container nobody is not valid for pod"):
        logs.read(logs.find(scope, pod("nginx"), Ask(container="nobody")))


@pytest.mark.parametrize("container", ["", "main"])
def test_an_unknown_pod_is_missing(scope, container):
    with pytest.raises(Missing) as caught:
        logs.read(logs.find(scope, "nobody", Ask(container=container)))
    assert caught.value.details["resource"] == "Pod"


def test_a_refusal_says_what_is_refused(scope, monkeypatch):
    monkeypatch.setattr(DemoCluster, "logs", raising(Forbidden("You may not.", service="x", status=403)))
    with pytest.raises(Forbidden, match="You may not") as caught:
        logs.read(logs.find(scope, "x", Ask(container="x")))
    assert caught.value.details["resource"] == "pods/log"


def test_an_answer_has_a_greatest_size(scope, saying, settings):
    settings.LOG_MAX_BYTES = 20
    script = saying(b"s one\ns two\ns three\ns four\n")
    found = logs.read(logs.find(scope, "x", Ask(container="x")))
    assert (messages(found.lines), found.cut) == (["three", "four"], True)
    assert script.closed.is_set()


def test_an_answer_has_a_longest_time(scope, saying, settings):
    settings.K8S_API_TIMEOUT_SECONDS = 0
    script = saying(b"a\n")
    with pytest.raises(TimedOut):
        logs.read(logs.find(scope, "x", Ask(container="x")))
    assert script.closed.is_set()


def test_lines_that_are_known_are_not_told_again():
    wanted = Filter(Ask(after="2026-03-01T10:00:00.000000002Z"))
    lines = [b"2026-03-01T10:00:00.00000000%dZ x" % number for number in (1, 2, 3, 2)]
    assert [wanted(line) for line in lines] == [False, False, True, True]


def test_a_search_does_not_look_at_stamps():
    assert not Filter(Ask(search="2026"))(b"2026-03-01T10:00:00.000000002Z x")


async def taken(tail: Tail, most: int = 100_000) -> Batch | None:
    async with asyncio.timeout(10):
        return await tail.next(most)


def everything(_line: bytes) -> bool:
    return True


async def test_lines_reach_the_loop_in_order():
    script = Script(b"a\nb", b"c\nd", endless=True)
    tail = Tail(script, wanted=everything, lossy=True)
    found = []
    while len(found) < 2:
        found += (await taken(tail, 1)).lines
    tail.leave()
    assert found == [b"a", b"bc"]


async def test_who_leaves_closes_the_log():
    script = Script(endless=True)
    Tail(script, wanted=everything, lossy=True).leave()
    assert await asyncio.to_thread(script.closed.wait, 10)


async def test_the_end_is_told():
    tail = Tail(Script(b"a"), wanted=everything, lossy=True)
    found = [await taken(tail)]
    while found[-1] is not None:
        found.append(await taken(tail))
    assert found[0].lines == [b"a"]


async def test_a_log_that_breaks_says_so_after_its_lines():
    tail = Tail(Script(b"a\n", error=Unreachable("gone", service="x")), wanted=everything, lossy=True)
    assert (await taken(tail)).lines == [b"a"]
    with pytest.raises(Unreachable):
        await taken(tail)


async def test_only_wanted_lines_come():
    tail = Tail(Script(b"a\nb\n"), wanted=lambda line: line == b"b", lossy=True)
    assert (await taken(tail)).lines == [b"b"]


async def test_a_follower_that_falls_behind_is_told_how_much_it_missed(monkeypatch):
    monkeypatch.setattr(log_tail, "HISTORY", 0)
    script = Script(*[b"x\n" * 1000] * 30)
    tail = Tail(script, wanted=everything, lossy=True)
    assert await asyncio.to_thread(script.closed.wait, 10)
    batch = await taken(tail)
    assert (len(batch.lines), batch.missed) == (5000, 25_000)


async def test_memory_is_bounded_in_bytes_too(monkeypatch):
    monkeypatch.setattr(log_tail, "HISTORY", 0)
    monkeypatch.setattr(log_tail, "MOST_BYTES", 10_000)
    script = Script(*[b"x" * 1000 + b"\n"] * 100)
    tail = Tail(script, wanted=everything, lossy=True)
    assert await asyncio.to_thread(script.closed.wait, 10)
    batch = await taken(tail)
    assert (len(batch.lines), batch.missed) == (10, 90)


@pytest.mark.parametrize(("lossy", "lines"), [(True, 10), (False, 30)])
async def test_history_and_files_lose_nothing(lossy, lines):
    script = Script(*[b"x\n" * 1000] * lines)
    tail = Tail(script, wanted=everything, lossy=lossy)
    found = missed = 0
    while (batch := await taken(tail, 700)) is not None:
        found += len(batch.lines)
        missed += batch.missed
    assert (found, missed) == (lines * 1000, 0)
