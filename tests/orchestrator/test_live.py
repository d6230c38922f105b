"""orchestrator.live"""

import asyncio
import threading
from time import monotonic

import pytest
from django.db import transaction

from orchestrator import live
from orchestrator.live import EVERYTHING, Change, Follower, Hub

SECONDS = 10


async def soon(follower: Follower) -> Change:
    return await asyncio.wait_for(follower.next(), SECONDS)


async def silent(follower: Follower, *, seconds: float = 0.2) -> bool:
    """Return True if nothing is told in a while."""
    try:
        await asyncio.wait_for(follower.next(), seconds)
    except TimeoutError:
        return True
    return False


def followed(hub: Hub, *topics: str, since: str | None = None, interval_seconds: float = 0.0):
    return hub.follow(frozenset(topics), since=since, interval_seconds=interval_seconds)


async def test_a_follower_hears_of_its_topics_alone(hub):
    with followed(hub, "stacks", "pods") as follower:
        hub.publish("stacks", "nodes")
        assert (await soon(follower)).topics == {"stacks"}
        hub.publish("nodes")
        assert await silent(follower)


async def test_what_was_published_before_is_not_told(hub):
    hub.publish("stacks")
    with followed(hub, "stacks") as follower:
        assert await silent(follower)


async def test_changes_are_merged(hub):
    with followed(hub, "stacks", "pods") as follower:
        for _ in range(1000):
            hub.publish("stacks")
            hub.publish("pods")
        assert (await soon(follower)).topics == {"stacks", "pods"}
        assert await silent(follower)


async def test_one_page_is_told_at_most_once_in_an_interval(hub):
    with followed(hub, "stacks", interval_seconds=0.3) as follower:
        begun = monotonic()  # Before the first is told, so that no delay makes the interval seem shorter.
        for _ in range(2):
            hub.publish("stacks")
            await soon(follower)
        assert 0.25 <= monotonic() - begun < SECONDS


async def test_a_change_from_another_thread_wakes_a_sleeping_loop(hub):
    with followed(hub, "stacks") as follower:
        waiting = asyncio.create_task(soon(follower))
        await asyncio.sleep(0)
        threading.Thread(target=hub.publish, args=("stacks",)).start()
        assert (await waiting).topics == {"stacks"}


async def test_no_change_of_many_threads_is_lost(hub):
    topics = [f"topic-{number}" for number in range(8)]
    with followed(hub, *topics, "end") as follower:
        threads = [threading.Thread(target=publish_often, args=(hub, topic)) for topic in topics]
        for thread in threads:
            thread.start()
        heard: set[str] = set()
        last = ""
        while len(heard) < len(topics) or not last.endswith(f"-{8 * 500}"):
            change = await soon(follower)
            heard |= change.topics
            last = change.id
        assert heard == set(topics)


def publish_often(hub: Hub, topic: str) -> None:
    for _ in range(500):
        hub.publish(topic)


async def test_a_reader_resumes_where_it_was(hub):
    with followed(hub, "stacks") as follower:
        hub.publish("stacks")
        seen = await soon(follower)
    hub.publish("stacks")
    with followed(hub, "stacks", since=seen.id) as follower:
        assert (await soon(follower)).topics == {"stacks"}


async def test_a_reader_that_missed_nothing_hears_nothing(hub):
    with followed(hub, "stacks") as follower:
        hub.publish("stacks")
        seen = await soon(follower)
    hub.publish("pods")
    with followed(hub, "stacks", since=seen.id) as follower:
        assert await silent(follower)


@pytest.mark.parametrize("since", ["", "nonsense", "0000-1", "-", "0000-"])
async def test_an_id_of_another_process_means_that_anything_may_have_changed(hub, since):
    hub.publish("stacks")
    with followed(hub, "stacks", "pods", since=since) as follower:
        assert (await soon(follower)).topics == {"stacks", "pods"}


async def test_everything_reaches_every_topic(hub):
    with followed(hub, "stacks") as one, followed(hub, "pods") as other:
        hub.publish(EVERYTHING)
        assert (await soon(one)).topics == {"stacks"}
        assert (await soon(other)).topics == {"pods"}


async def test_a_prefix_reaches_those_who_follow_and_those_who_resume(hub):
    with followed(hub, "pods:demo:shop") as follower, followed(hub, "pods:other:shop") as stranger:
        begin = hub.id_of(0)
        hub.publish("pods:demo:bank")
        hub.publish_under("pods:demo:")
        assert (await soon(follower)).topics == {"pods:demo:shop"}
        assert await silent(stranger)
    with followed(hub, "pods:demo:bank", since=begin) as later:
        assert (await soon(later)).topics == {"pods:demo:bank"}


async def test_500_followers_hear_of_a_change_and_a_loop_is_woken_once(hub, monkeypatch):
    loop, woken = asyncio.get_running_loop(), []
    call_soon = loop.call_soon_threadsafe
    monkeypatch.setattr(
        loop, "call_soon_threadsafe", lambda *a, **k: (woken.append(1), call_soon(*a, **k))[1]
    )
    contexts = [followed(hub, "stacks") for _ in range(500)]
    followers = [context.__enter__() for context in contexts]
    for _ in range(100):
        hub.publish("stacks")
    changes = await asyncio.gather(*map(soon, followers))
    assert len(changes) == 500
    assert len(woken) == 1
    for context in contexts:
        context.__exit__(None, None, None)


async def test_a_follower_that_does_not_read_delays_nobody(hub):
    with followed(hub, "stacks"), followed(hub, "stacks") as reader:
        for _ in range(3):
            hub.publish("stacks")
            await soon(reader)


async def test_followers_are_counted_until_they_leave(hub):
    assert hub.followers() == 0
    with followed(hub, "stacks"), followed(hub, "pods"):
        assert hub.followers() == 2
    assert hub.followers() == 0
    hub.publish("stacks")  # Nobody is left to tell, and nothing to fail.


async def test_a_cancelled_wait_loses_nothing(hub):
    with followed(hub, "stacks", interval_seconds=2) as follower:
        hub.publish("stacks")
        await soon(follower)
        hub.publish("stacks")
        assert await silent(follower, seconds=0.05)
        assert (await soon(follower)).topics == {"stacks"}


def test_old_topics_are_forgotten_and_no_change_with_them(hub, monkeypatch):
    monkeypatch.setattr(live, "MOST_TOPICS", 10)
    before = hub.mark()
    hub.publish("stack:first")
    for number in range(1000):
        hub.publish(f"stack:{number}")
    after = hub.mark()
    assert len(hub._last) <= 10
    # Who resumes from so long ago is told once too often rather than not at all.
    assert hub.changed(frozenset({"stack:first"}), since=before)
    assert hub.wait("stack:first", since=before, seconds=0) == after
    assert not hub.changed(frozenset({"stack:first", "stack:999"}), since=after)
    hub.publish("stack:first")
    assert set(hub.changed(frozenset({"stack:first", "stack:2000"}), since=after)) == {"stack:first"}


def test_loops_of_several_threads_hear_the_same(hub):
    heard, ready = [], threading.Barrier(4)

    async def follow() -> None:
        with followed(hub, "stacks") as follower:
            await asyncio.to_thread(ready.wait, SECONDS)
            heard.append(await soon(follower))

    threads = [threading.Thread(target=asyncio.run, args=(follow(),)) for _ in range(3)]
    for thread in threads:
        thread.start()
    ready.wait(SECONDS)
    hub.publish("stacks")
    for thread in threads:
        thread.join(SECONDS)
    assert [change.topics for change in heard] == [{"stacks"}] * 3
    assert len({change.id for change in heard}) == 1


def test_a_loop_that_was_closed_does_not_trouble_those_who_publish(hub):
    async def follow_and_forget() -> None:
        followed(hub, "stacks").__enter__()

    asyncio.run(follow_and_forget())
    hub.publish("stacks")
    hub.publish("stacks")


@pytest.mark.django_db(transaction=True)
def test_a_topic_of_the_database_is_told_on_commit(hub, monkeypatch):
    forwarded: list[str] = []
    monkeypatch.setattr(live, "forward", forwarded.append)
    with transaction.atomic():
        live.publish_on_commit("kept")
        assert forwarded == []
    assert forwarded == ["kept"]
    assert hub.changed(frozenset({"kept"}), since=0)


@pytest.mark.django_db(transaction=True)
def test_a_change_that_is_rolled_back_is_told_to_nobody(hub):
    with transaction.atomic():
        live.publish_on_commit("lost")
        transaction.set_rollback(True)
    assert not hub.changed(frozenset({"lost"}), since=0)
