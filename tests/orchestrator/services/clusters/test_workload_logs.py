"""orchestrator.services.clusters.workload_logs and log_merge, over the demo cluster"""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from threading import Event

import msgspec
import pytest

from orchestrator.backends.cluster.demo import DemoCluster
from orchestrator.backends.cluster.port import Kind
from orchestrator.backends.errors import Invalid, Unreachable
from orchestrator.errors import InvalidInput, Missing
from orchestrator.services.clusters import log_merge, logs, workload_logs
from orchestrator.services.clusters.logs import Ask

STAMP = "2026-03-01T10:00:{:02}.{:03}Z {}\n"


class Script:
    """A log that says what a test wrote, and then ends, waits or breaks."""

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


def said(*words: tuple[int, str]) -> bytes:
    """Return lines, each at its second."""
    return "".join(STAMP.format(second, 0, word) for second, word in words).encode()


@pytest.fixture
def scope(everywhere):
    return replace(everywhere, namespace="default")


@pytest.fixture
def saying(monkeypatch, scope):
    """Return a function that lets the pods of the frontend say something each; `asked` are the questions."""
    names = sorted(
        row.name for row in scope.cluster.cache(Kind.PODS).rows("default") if "frontend" in row.name
    )
    asked: list = []

    def saying(*scripts):
        waiting = dict(zip(names, scripts, strict=False))

        def open_log(cluster, pod, *, namespace, query):
            asked.append((pod, query))
            found = waiting.get(pod, Script(endless=True))
            if isinstance(found, Exception):
                raise found
            return found

        monkeypatch.setattr(DemoCluster, "logs", open_log)
        return names

    saying.asked = asked
    return saying


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(log_merge, "WINDOW_SECONDS", 0.05)
    monkeypatch.setattr(log_merge, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(log_merge, "TRY_AGAIN_SECONDS", 0.05)


@asynccontextmanager
async def followed(scope, **ask):
    workload = workload_logs.find(Kind.DEPLOYMENTS, scope, "frontend", Ask(**ask))
    follower = log_merge.Follower(workload)
    try:
        yield follower
    finally:
        await follower.leave()


async def until(follower, enough) -> list:
    """Return the news up to the one after which there is enough."""
    found: list = []
    async with asyncio.timeout(10):
        while not enough(found):
            news = await follower.next()
            if news is None:
                break
            found.append(news)
    return found


def lines_of(found) -> list[str]:
    return [line.line.decode().split(" ", 1)[1] for news in found for line in news.lines]


def words(lines) -> list[str]:
    return [each.line.partition(" ")[2] for each in lines]


# --- The tail


def test_lines_of_all_pods_are_in_the_order_of_time(scope, saying):
    names = saying(Script(said((1, "a"), (4, "d"))), Script(said((2, "b"))), Script(said((3, "c"))), Script())
    found = workload_logs.read(workload_logs.find(Kind.DEPLOYMENTS, scope, "frontend", Ask()))
    assert words(found.lines) == ["a", "b", "c", "d"]
    assert [each.pod for each in found.lines] == [names[0], names[1], names[2], names[0]]


def test_the_tail_is_that_of_all_together(scope, saying):
    saying(Script(said((1, "a"), (4, "d"))), Script(said((2, "b"), (3, "c"))), Script(), Script())
    found = workload_logs.read(workload_logs.find(Kind.DEPLOYMENTS, scope, "frontend", Ask(tail=2)))
    assert words(found.lines) == ["c", "d"]


def test_a_container_without_a_log_is_named(scope, saying):
    names = saying(
        Script(said((1, "a"))), Invalid("It waits to start.", service="kubernetes"), Script(), Script()
    )
    found = workload_logs.read(workload_logs.find(Kind.DEPLOYMENTS, scope, "frontend", Ask()))
    assert words(found.lines) == ["a"]
    assert list(found.unread.items()) == [(f"{names[1]}/frontend", "It waits to start.")]


def test_if_none_can_be_read_the_reason_is_the_answer(scope, saying):
    saying(*[Unreachable("Nobody answers.", service="kubernetes")] * 4)
    with pytest.raises(Unreachable):
        workload_logs.read(workload_logs.find(Kind.DEPLOYMENTS, scope, "frontend", Ask()))


def test_more_containers_than_can_be_read_are_named(scope, saying, monkeypatch):
    monkeypatch.setattr(workload_logs, "MOST_STREAMS", 3)
    names = saying()
    found = workload_logs.sources(workload_logs.find(Kind.DEPLOYMENTS, scope, "frontend", Ask()))
    assert [log.pod for log in found.logs] == names[:3]
    assert found.left_out == [f"{names[3]}/frontend"]


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (Kind.STATEFULSETS, "postgres"),
        (Kind.DAEMONSETS, "node-problem-detector"),
        (Kind.JOBS, "data-migration"),
    ],
)
def test_every_kind_of_workload_has_pods(everywhere, kind, name):
    row = next(row for row in everywhere.cluster.cache(kind).rows() if name in row.name)
    place = replace(everywhere, namespace=row.namespace)
    assert workload_logs.sources(workload_logs.find(kind, place, row.name, Ask())).logs


def test_a_container_can_be_chosen(scope):
    workload = workload_logs.find(Kind.DEPLOYMENTS, scope, "frontend", Ask(container="no-such"))
    assert workload_logs.sources(workload).logs == []
    assert workload_logs.read(workload).lines == []


def test_what_is_wrong_is_told(scope):
    with pytest.raises(InvalidInput):
        workload_logs.find(Kind.DEPLOYMENTS, scope, "frontend", Ask(tail=0))
    with pytest.raises(Missing):
        workload_logs.find(Kind.DEPLOYMENTS, scope, "no-such", Ask())


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("2026-03-01T10:00:00.12Z", "2026-03-01T10:00:00.123Z"),
        ("2026-03-01T10:00:00Z", "2026-03-01T10:00:00.000000001Z"),
        ("2026-03-01T12:00:00.5+02:00", "2026-03-01T10:00:00.6Z"),
        ("", "2026-03-01T10:00:00Z"),
    ],
)
def test_stamps_compare_as_times(earlier, later):
    assert workload_logs.moment(earlier) < workload_logs.moment(later)


# --- All of it


async def test_whole_logs_are_merged_without_holding_them(scope, saying):
    odd = said(*((second, f"odd-{second}") for second in range(1, 59, 2)))
    even = said(*((second, f"even-{second}") for second in range(0, 58, 2)))
    saying(Script(odd), Script(even), Script(), Invalid("It waits.", service="kubernetes"))
    found = workload_logs.sources(workload_logs.find(Kind.DEPLOYMENTS, scope, "frontend", Ask(tail=None)))
    lines = [line.line.decode() async for part in log_merge.whole(found.logs) for line in part]
    assert len(lines) == 58
    assert lines == sorted(lines)


async def test_a_log_that_breaks_ends_the_whole(scope, saying):
    broken = Script(said((1, "a")), error=Unreachable("Gone.", service="kubernetes"))
    saying(broken, Script(said((2, "b"))), Script(), Script())
    found = workload_logs.sources(workload_logs.find(Kind.DEPLOYMENTS, scope, "frontend", Ask(tail=None)))
    with pytest.raises(Unreachable):
        [part async for part in log_merge.whole(found.logs)]
    assert broken.closed.wait(10)


# --- What comes


async def test_followed_lines_are_put_in_order(scope, saying, monkeypatch):
    monkeypatch.setattr(log_merge, "WINDOW_SECONDS", 2)  # Both threads have begun by then.
    saying(Script(said((2, "b"), (4, "d")), endless=True), Script(said((1, "a"), (3, "c")), endless=True))
    async with followed(scope) as follower:
        found = await until(follower, lambda found: len(lines_of(found)) >= 4)
        assert lines_of(found) == ["a", "b", "c", "d"]


async def test_a_new_pod_joins_and_says_all_it_has(scope, saying, quick):
    names = saying(*[Script(endless=True)] * 4)
    async with followed(scope, tail=1) as follower:
        await until(follower, lambda found: sum(len(each.joined) for each in found) >= 4)
        cache = scope.cluster.cache(Kind.PODS)
        cache.put(msgspec.structs.replace(cache.get("default", names[0]), name="frontend-new"))
        found = await until(follower, lambda found: any(each.joined for each in found))
        assert found[-1].joined == ["frontend-new/frontend"]
        assert dict(saying.asked)["frontend-new"].tail == logs.MOST_LINES


async def test_a_log_that_ended_is_left_and_not_read_again(scope, saying, quick):
    names = saying(Script(said((1, "last words"))), *[Script(endless=True)] * 3)
    async with followed(scope) as follower:
        found = await until(follower, lambda found: any(each.left for each in found) and lines_of(found))
        assert [name for each in found for name in each.left] == [f"{names[0]}/frontend"]
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await follower.next()
        assert [pod for pod, _ in saying.asked].count(names[0]) == 1


async def test_a_container_that_starts_again_is_read_on_from_its_last_line(scope, saying, quick):
    names = saying(Script(said((7, "last words"))), *[Script(endless=True)] * 3)
    async with followed(scope) as follower:
        await until(follower, lambda found: any(each.left for each in found) and lines_of(found))
        cache = scope.cluster.cache(Kind.PODS)
        pod = cache.get("default", names[0])
        again = tuple(msgspec.structs.replace(each, restart_count=9) for each in pod.containers)
        cache.put(msgspec.structs.replace(pod, containers=again))
        await until(follower, lambda found: any(each.joined for each in found))
        later = [query for pod, query in saying.asked if pod == names[0]][1]
        assert later.since.isoformat() == "2026-03-01T10:00:07+00:00"


async def test_a_log_that_breaks_is_opened_again(scope, saying, quick, wait_until):
    broken = Script(said((1, "a")), error=Unreachable("Gone.", service="kubernetes"))
    names = saying(broken, *[Script(endless=True)] * 3)
    async with followed(scope) as follower:
        await until(follower, lambda found: bool(found))
        # It may have nothing new to say, so that no news tells of it.
        await asyncio.to_thread(wait_until, lambda: [pod for pod, _ in saying.asked].count(names[0]) == 2)


async def test_who_falls_behind_is_told_how_much_was_missed(scope, saying, quick, monkeypatch):
    monkeypatch.setattr(log_merge, "MOST_WAITING", 100)
    flood = b"".join(STAMP.format(number // 1000, number % 1000, "x").encode() for number in range(3000))
    saying(Script(flood, endless=True), *[Script(endless=True)] * 3)
    async with followed(scope) as follower:
        found = await until(follower, lambda found: sum(n.missed + len(n.lines) for n in found) >= 3000)
        assert sum(news.missed for news in found) >= 2000
        assert max(len(news.lines) for news in found) <= 100


async def test_following_a_job_ends_with_its_pods(everywhere, quick, monkeypatch):
    scope = replace(everywhere, namespace="production")
    cache = scope.cluster.cache(Kind.PODS)
    pod = next(row for row in cache.rows() if row.name.startswith("data-migration"))
    cache.put(msgspec.structs.replace(pod, phase="Succeeded", status="Succeeded"))
    monkeypatch.setattr(DemoCluster, "logs", lambda *args, **asked: Script(said((1, "done"))))
    follower = log_merge.Follower(workload_logs.find(Kind.JOBS, scope, "data-migration", Ask()))
    found = await until(follower, lambda found: False)
    assert lines_of(found) == ["done"]
    await follower.leave()


async def test_leaving_closes_every_log(scope, saying, quick):
    scripts = [Script(endless=True) for _ in range(4)]
    saying(*scripts)
    async with followed(scope) as follower:
        await until(follower, lambda found: sum(len(each.joined) for each in found) >= 4)
    assert all(script.closed.wait(10) for script in scripts)
