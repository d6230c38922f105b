"""orchestrator.backends.cluster.watch, against a server that follows a script"""

import logging
import threading
from itertools import pairwise

import pytest

from orchestrator.backends.cluster import watch
from orchestrator.backends.cluster.port import ChangeType, Condition, Kind
from tests.orchestrator.backends.conftest import bookmark, frame, page, pod
from tests.real.faults import Answer, Frames, error_frame, status
from tests.real.processes import wait_until

GONE = status(410, "Expired", "The provided continue parameter is too old")


def live(cache) -> None:
    wait_until(lambda: cache.state().condition is Condition.LIVE)


def names(cache) -> list[str]:
    return [row.name for row in cache.rows()]


def test_a_list_is_read_in_pages(script, open_cluster, heard):
    script.lists = [
        page(pod("a"), more="next", remaining=2),
        page(pod("b"), more="last", remaining=1),
        page(pod("c"), version="30"),
    ]
    cache = open_cluster().cache(Kind.PODS)
    live(cache)
    assert names(cache) == ["a", "b", "c"]
    assert [request.query.get("continue") for request in script.asked("pods", watch=False)] == [
        None,
        "next",
        "last",
    ]
    assert {request.query["limit"] for request in script.asked("pods", watch=False)} == {"500"}
    assert script.versions() == ["30"]
    told = [(change.state.read, change.state.expected) for change in heard if change.state]
    assert told[:2] == [(1, 3), (2, 3)]


def test_a_list_without_items_is_an_empty_list(script, open_cluster):
    script.lists = [Answer(body=b'{"metadata":{"resourceVersion":"5"},"items":null}')]
    cache = open_cluster().cache(Kind.PODS)
    live(cache)
    assert names(cache) == []
    assert cache.state().synced


def test_an_expired_continue_token_begins_the_list_again(script, open_cluster):
    script.lists = [page(pod("old"), more="next"), GONE, page(pod("new"), version="40")]
    cache = open_cluster().cache(Kind.PODS)
    live(cache)
    assert names(cache) == ["new"]
    assert [request.query.get("continue") for request in script.asked("pods", watch=False)] == [
        None,
        "next",
        None,
    ]


def test_a_watch_asks_for_bookmarks_and_a_random_end(script, open_cluster):
    live(open_cluster().cache(Kind.PODS))
    query = script.asked("pods", watch=True)[0].query
    assert query["allowWatchBookmarks"] == "true"
    assert 240 <= int(query["timeoutSeconds"]) <= 360
    assert query["resourceVersion"] == "10"


def test_changes_are_applied_in_order_and_told(script, open_cluster, heard):
    script.lists = [page(pod("a"), pod("b"))]
    changes = [
        ("ADDED", "c"),
        ("MODIFIED", "a"),
        ("DELETED", "b"),
        ("DELETED", "never-there"),
        ("SURPRISE", "x"),
    ]
    script.streams = [Frames([frame(type_, pod(name)) for type_, name in changes])]
    cache = open_cluster().cache(Kind.PODS)
    wait_until(lambda: names(cache) == ["a", "c"])
    told = [(change.type, change.row.name) for change in heard if change.row]
    assert told == [(ChangeType.ADDED, "c"), (ChangeType.MODIFIED, "a"), (ChangeType.DELETED, "b")]


def test_a_bookmark_moves_the_place_to_resume_from(script, open_cluster, heard):
    script.streams = [Frames([frame("ADDED", pod("a", version="11")), bookmark("50")], ends=True), Frames()]
    cache = open_cluster().cache(Kind.PODS)
    wait_until(lambda: len(script.versions()) == 2)
    assert script.versions() == ["10", "50"]
    assert names(cache) == ["a"]
    assert heard.types().count(ChangeType.ADDED) == 1
    assert len(script.asked("pods", watch=False)) == 1


def test_an_object_that_makes_no_sense_does_not_end_the_watch(script, open_cluster, caplog):
    bad = {"metadata": {"name": "bad", "resourceVersion": "11"}, "spec": 7}
    script.streams = [Frames([frame("ADDED", bad), b"", frame("ADDED", pod("good"))])]
    cache = open_cluster().cache(Kind.PODS)
    with caplog.at_level(logging.WARNING):
        wait_until(lambda: names(cache) == ["good"])
    assert cache.state().condition is Condition.LIVE


def test_a_watch_that_ends_at_once_is_opened_once_a_second(script, open_cluster, sent):
    script.streams = [Frames(ends=True)]
    cache = open_cluster().cache(Kind.PODS)
    wait_until(lambda: len(script.versions()) >= 4)
    assert all(later - earlier >= 0.95 for earlier, later in pairwise(sent.times("pods", watch=True)))
    assert cache.state().condition is Condition.LIVE
    assert cache.state().restarts >= 2


@pytest.mark.parametrize(
    "gone", [GONE, Frames([error_frame(410, "Expired")])], ids=["as a status", "as a frame"]
)
def test_410_lists_again_and_says_so(gone, script, open_cluster, heard):
    script.lists = [page(pod("old")), page(pod("new"), version="20")]
    script.streams = [gone, Frames()]
    cache = open_cluster().cache(Kind.PODS)
    wait_until(lambda: script.versions() == ["10", "20"])
    live(cache)
    assert names(cache) == ["new"]
    assert heard.types().count(ChangeType.RESYNC) == 2


def test_410_for_ever_is_not_asked_for_ever_faster(script, open_cluster, sent):
    script.streams = [Frames([error_frame(410, "Expired")])]
    open_cluster().cache(Kind.PODS)
    wait_until(lambda: len(script.asked("pods", watch=False)) >= 3)
    times = sent.times("pods", watch=False)
    assert times[2] - times[1] >= 1.95


def test_an_error_frame_that_is_not_410_resumes_without_a_list(script, open_cluster):
    script.streams = [Frames([bookmark("33"), error_frame(500, "InternalError")]), Frames()]
    cache = open_cluster().cache(Kind.PODS)
    wait_until(lambda: len(script.versions()) == 2)
    live(cache)
    assert script.versions() == ["10", "33"]
    assert len(script.asked("pods", watch=False)) == 1


@pytest.mark.parametrize("line", [b"<html>", b"{", b'{"type":"ADDED"}', b'{"type":"ADDED","object":{}}'])
def test_a_frame_that_is_none_is_a_failure_and_the_watch_goes_on(line, script, open_cluster):
    script.streams = [Frames([line]), Frames([frame("ADDED", pod("a"))])]
    cache = open_cluster().cache(Kind.PODS)
    wait_until(lambda: names(cache) == ["a"])
    assert len(script.asked("pods", watch=False)) == 1


def test_silence_is_a_dead_connection(script, open_cluster, monkeypatch, heard):
    monkeypatch.setattr(watch, "SILENCE_SECONDS", 0.3)
    script.streams = [Frames([bookmark("12")]), Frames([frame("ADDED", pod("a"))])]
    cache = open_cluster().cache(Kind.PODS)
    wait_until(lambda: names(cache) == ["a"])
    assert script.versions()[:2] == ["10", "12"]
    assert Condition.RECONNECTING in heard.conditions()


def test_the_rows_of_a_lost_connection_stay_and_grow_old(script, open_cluster):
    script.lists = [page(pod("a"))]
    cache = open_cluster().cache(Kind.PODS)
    live(cache)
    heard_at = cache.state().heard_at
    script.stop()
    wait_until(lambda: cache.state().condition is Condition.RECONNECTING)
    state = cache.state()
    assert names(cache) == ["a"]
    assert state.synced
    assert state.heard_at == heard_at
    assert state.problem.startswith("The API server cannot be reached")
    assert state.next_try_at > state.since


def test_a_server_that_was_never_reached_has_nothing_to_show(script, open_cluster):
    script.stop()
    cache = open_cluster().cache(Kind.PODS)
    assert cache.wait(20)
    state = cache.state()
    assert (state.condition, state.synced, state.heard_at) == (Condition.UNREACHABLE, False, None)
    script.start()
    live(cache)
    assert cache.state().problem == ""


def test_a_right_that_comes_back_brings_its_rows(script, open_cluster, monkeypatch):
    monkeypatch.setattr(watch, "FORBIDDEN_SECONDS", (1.0, 1.1))
    monkeypatch.setattr(watch, "FORBIDDEN_DOUBTS", 0)
    script.lists = [page(pod("a"))]
    script.streams = [Frames(ends=True), status(403, "Forbidden"), Frames()]
    cache = open_cluster().cache(Kind.PODS)
    wait_until(lambda: cache.state().refused)
    script.lists = [page(pod("b"))]
    wait_until(lambda: not cache.state().refused)
    assert names(cache) == ["b"]


def test_asking_to_try_again_shortens_the_pause_but_not_below_a_second(script, open_cluster, sent):
    script.lists = [status(429, "TooManyRequests", Retry_After="60")]
    cache = open_cluster().cache(Kind.PODS)
    assert cache.wait(20)
    script.lists = [page()]
    cache.retry()
    live(cache)
    first, second = sent.times("pods", watch=False)
    assert 0.95 <= second - first < 10


def test_a_stopped_watch_ends_its_thread_and_logs_nothing(script, open_cluster, caplog):
    cluster = open_cluster()
    live(cluster.cache(Kind.PODS))
    thread = next(each for each in threading.enumerate() if each.name == "watch-pods-all")
    with caplog.at_level(logging.INFO, "orchestrator"):
        cluster.close()
        thread.join(5)
    assert not thread.is_alive()
    assert caplog.text == ""


def test_a_listener_that_fails_does_not_end_the_watch(script, open_cluster, heard, caplog, monkeypatch):
    def fail(change) -> None:
        raise RuntimeError("a listener's own mistake")

    cluster = open_cluster()
    cluster._listener = fail
    script.streams = [Frames([frame("ADDED", pod("a"))])]
    cache = cluster.cache(Kind.PODS)
    wait_until(lambda: names(cache) == ["a"])
    assert "a listener failed" in caplog.text
