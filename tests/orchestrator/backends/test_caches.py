"""orchestrator.backends.cluster.caches: one scope, or one for each namespace"""

from datetime import UTC, datetime, timedelta
from threading import Event

import pytest

from orchestrator.backends.cluster import watch
from orchestrator.backends.cluster.caches import combined
from orchestrator.backends.cluster.port import CacheState, ChangeType, Condition, Kind
from tests.orchestrator.backends.conftest import frame, page, pod
from tests.real.faults import Frames, status
from tests.real.processes import wait_until

AT = datetime(2026, 1, 2, tzinfo=UTC)
LIVE, FORBIDDEN, SYNCING = Condition.LIVE, Condition.FORBIDDEN, Condition.SYNCING
RECONNECTING, UNREACHABLE, UNAUTHORIZED = (
    Condition.RECONNECTING,
    Condition.UNREACHABLE,
    Condition.UNAUTHORIZED,
)
REFUSED = status(403, "Forbidden", 'pods is forbidden: User "somebody" cannot list resource "pods"')


def state(condition: Condition, *, age: int = 0, restarts: int = 0) -> CacheState:
    synced = condition in (LIVE, RECONNECTING)
    heard_at = AT - timedelta(seconds=age) if synced else None
    return CacheState(condition=condition, since=AT, heard_at=heard_at, synced=synced, restarts=restarts)


def of(whole: Condition, *parts: Condition) -> CacheState:
    names = [f"n{number}" for number in range(len(parts))]
    return combined(state(whole), [state(part) for part in parts], names=names)


COMBINATIONS = [
    # whole, parts -> condition, synced, refused, partial
    (LIVE, (), LIVE, True, (), False),
    (SYNCING, (), SYNCING, False, (), False),
    (RECONNECTING, (), RECONNECTING, True, (), False),
    (UNAUTHORIZED, (), UNAUTHORIZED, False, (), False),
    (FORBIDDEN, (), FORBIDDEN, False, ("",), False),
    (LIVE, (LIVE,), LIVE, True, (), False),
    (FORBIDDEN, (LIVE,), LIVE, True, ("",), True),
    (FORBIDDEN, (SYNCING,), SYNCING, False, ("",), True),
    (FORBIDDEN, (LIVE, SYNCING), SYNCING, False, ("",), True),
    (FORBIDDEN, (LIVE, RECONNECTING), RECONNECTING, True, ("",), True),
    (FORBIDDEN, (RECONNECTING, UNREACHABLE), UNREACHABLE, False, ("",), True),
    (FORBIDDEN, (UNREACHABLE, UNAUTHORIZED), UNAUTHORIZED, False, ("",), True),
    (FORBIDDEN, (LIVE, FORBIDDEN), LIVE, True, ("", "n1"), True),
    (FORBIDDEN, (FORBIDDEN, FORBIDDEN), FORBIDDEN, False, ("", "n0", "n1"), False),
]


@pytest.mark.parametrize(("whole", "parts", "condition", "synced", "refused", "partial"), COMBINATIONS)
def test_the_worst_counts_and_a_refused_namespace_takes_only_its_rows(
    whole, parts, condition, synced, refused, partial
):
    found = of(whole, *parts)
    assert (found.condition, found.synced, found.refused, found.partial) == (
        condition,
        synced,
        refused,
        partial,
    )


@pytest.mark.parametrize(
    ("found", "covered"),
    [
        (of(LIVE), {None: True, "n0": True, "other": True}),
        (of(FORBIDDEN, LIVE, FORBIDDEN), {None: True, "n0": True, "n1": False, "other": False}),
        (of(FORBIDDEN, SYNCING), {None: True, "n0": True, "other": False}),
    ],
)
def test_a_namespace_that_may_not_be_read_is_not_covered(found, covered):
    assert {name: found.covers(name) for name in covered} == covered


def test_a_cache_is_as_old_as_its_oldest_readable_part():
    parts = [state(LIVE, age=5), state(LIVE, age=50, restarts=2), state(FORBIDDEN)]
    found = combined(state(FORBIDDEN, restarts=1), parts, names=["a", "b", "c"])
    assert found.heard_at == AT - timedelta(seconds=50)
    assert found.restarts == 3


@pytest.fixture
def limited(script):
    """Let the script allow single namespaces only, each with a pod of its own name."""
    script.refused = {"all"}

    def rule(request):
        place = request.path.split("/")[4] if "/namespaces/" in request.path else "all"
        if place in script.refused:
            return REFUSED
        return Frames() if request.watch else page(pod("p", namespace=place))

    script.rule = rule
    return script


def keys(cache) -> list[tuple[str, str]]:
    return [row.key for row in cache.rows()]


def test_where_all_is_forbidden_the_named_namespaces_are_read(limited, open_cluster):
    cache = open_cluster("shop", "bank").cache(Kind.PODS)
    wait_until(lambda: keys(cache) == [("bank", "p"), ("shop", "p")])
    wait_until(lambda: cache.state().condition is LIVE)
    assert cache.state().partial
    assert cache.wait(0)


def test_one_refused_namespace_leaves_the_others(limited, open_cluster):
    limited.refused.add("bank")
    cache = open_cluster("shop", "bank").cache(Kind.PODS)
    wait_until(lambda: cache.state().condition is LIVE)
    wait_until(lambda: cache.state().refused == ("", "bank"))
    assert keys(cache) == [("shop", "p")]


def test_without_a_name_the_namespace_of_the_context_is_read(limited, open_cluster):
    cache = open_cluster().cache(Kind.PODS)
    wait_until(lambda: keys(cache) == [("default", "p")])


def test_the_namespace_of_stacks_is_read_too_for_what_stacks_are_made_of(limited, open_cluster):
    cluster = open_cluster("shop", of_stacks="stacks")
    pods, secrets = cluster.cache(Kind.PODS), cluster.cache(Kind.SECRETS)
    wait_until(lambda: keys(pods) == [("shop", "p"), ("stacks", "p")])
    wait_until(lambda: secrets.state().condition is LIVE)
    assert keys(secrets) == [("shop", "p")]


def test_a_kind_without_namespaces_is_forbidden_as_a_whole(limited, open_cluster):
    cache = open_cluster("shop").cache(Kind.NODES)
    assert cache.wait(20)
    state = cache.state()
    assert (state.condition, state.synced) == (FORBIDDEN, False)
    assert "cannot list" in state.problem
    assert len(limited.requests) == 1


def test_waiting_goes_on_while_the_single_namespaces_are_read(script, open_cluster):
    released = Event()

    def rule(request):
        if request.path == "/api/v1/pods":
            return REFUSED
        released.wait(20)
        return Frames() if request.watch else page()

    script.rule = rule
    cache = open_cluster("shop").cache(Kind.PODS)
    wait_until(lambda: len(script.requests) == 2)
    assert not cache.wait(0)
    released.set()
    assert cache.wait(20)


def test_a_right_for_all_that_is_granted_later_ends_the_single_watches(limited, open_cluster, monkeypatch):
    monkeypatch.setattr(watch, "FORBIDDEN_SECONDS", (1.0, 1.1))
    cache = open_cluster("shop").cache(Kind.PODS)
    wait_until(lambda: cache.state().condition is LIVE)
    limited.refused.clear()
    wait_until(lambda: not cache.state().partial)
    assert keys(cache) == [("all", "p")]
    limited.send(frame("ADDED", pod("late", namespace="shop")), kind="pods")
    wait_until(lambda: ("shop", "late") in keys(cache))


def test_a_right_that_is_taken_away_takes_the_rows_with_it(limited, open_cluster, heard, monkeypatch):
    monkeypatch.setattr(watch, "FORBIDDEN_DOUBTS", 0)
    limited.refused.clear()
    cache = open_cluster("shop").cache(Kind.PODS)
    wait_until(lambda: cache.state().condition is LIVE)
    limited.refused |= {"all", "shop"}
    limited.cut()
    wait_until(lambda: cache.state().condition is FORBIDDEN)
    assert keys(cache) == []
    assert heard.types().count(ChangeType.RESYNC) == 2


def test_a_refusal_that_passes_by_takes_nothing_away(limited, open_cluster):
    limited.refused.clear()
    cache = open_cluster("shop").cache(Kind.PODS)
    wait_until(lambda: cache.state().condition is LIVE)
    limited.refused.add("all")
    limited.cut()
    wait_until(lambda: "cannot list" in cache.state().problem)
    assert (cache.state().condition, keys(cache)) == (RECONNECTING, [("all", "p")])
    limited.refused.clear()
    wait_until(lambda: cache.state().condition is LIVE)


def test_the_changes_of_a_namespace_are_told_one_by_one(limited, open_cluster, heard):
    cache = open_cluster("shop").cache(Kind.PODS)
    wait_until(lambda: cache.state().condition is LIVE)
    wait_until(lambda: limited.open("pods"))
    limited.send(frame("ADDED", pod("late", namespace="shop")), kind="pods")
    wait_until(lambda: ChangeType.ADDED in heard.types())
    assert keys(cache) == [("shop", "late"), ("shop", "p")]
