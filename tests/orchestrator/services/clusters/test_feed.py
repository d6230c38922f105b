"""orchestrator.services.clusters.feed"""

import json
from datetime import UTC, datetime
from threading import Thread

import msgspec
import pytest

from orchestrator.backends.cluster.objects import Deployment, DeploymentReplicas
from orchestrator.backends.cluster.port import CacheState, Change, ChangeType, Condition, Kind
from orchestrator.services.clusters import feed
from orchestrator.services.clusters.feed import Journal, Wanted
from tests.orchestrator.services.clusters import make

ADDED, MODIFIED, DELETED = ChangeType.ADDED, ChangeType.MODIFIED, ChangeType.DELETED
ALL = Wanted(frozenset(Kind), None)
PLACE = "east"


@pytest.fixture
def journal() -> Journal:
    return Journal()


@pytest.fixture
def note(journal):
    """Return a function that writes a change of a pod down."""

    def note(
        name: str, type_: ChangeType = MODIFIED, *, namespace: str = "shop", kind: Kind = Kind.PODS
    ) -> None:
        journal.append(kind, type_, key=(namespace, name), body=json.dumps({"name": name}).encode())

    return note


def frames(body: bytes) -> list[dict[str, str]]:
    """Return the fields of each frame."""
    texts = [text for text in body.decode().split("\n\n") if text]
    return [dict(line.split(": ", 1) for line in text.split("\n")) for text in texts]


def said(body: bytes) -> list[tuple[str, str]]:
    """Return type and name of each frame of an object."""
    found = [json.loads(frame["data"]) for frame in frames(body)]
    return [(each["type"], each["object"]["name"]) for each in found]


# --- The journal


def test_a_reader_hears_what_happened_since(journal, note):
    note("a", ADDED)
    begun = journal.last
    note("b", ADDED)
    note("c", DELETED)
    batch = journal.since(begun, ALL)
    assert said(batch.body) == [("ADDED", "b"), ("DELETED", "c")]
    assert journal.since(batch.last, ALL).body == b""


def test_a_frame_has_an_id_a_kind_and_one_line_of_data(journal, note):
    note("a", ADDED)
    assert journal.since(0, ALL).body == (
        b'id: %s-1\nevent: pod\ndata: {"type":"ADDED","object":{"name": "a"}}\n\n' % journal.process.encode()
    )


def test_changes_of_one_object_are_merged_into_the_last(journal, note):
    note("a")
    note("b")
    note("a", DELETED)
    batch = journal.since(0, ALL)
    assert said(batch.body) == [("MODIFIED", "b"), ("DELETED", "a")]
    assert [frame["id"] for frame in frames(batch.body)] == [f"{journal.process}-{n}" for n in (2, 3)]


def test_what_was_added_and_then_modified_is_new(journal, note):
    note("a", ADDED)
    note("a")
    note("a")
    assert said(journal.since(0, ALL).body) == [("ADDED", "a")]
    assert said(journal.since(1, ALL).body) == [("MODIFIED", "a")]


def test_objects_of_one_name_are_told_apart(journal, note):
    note("a", namespace="one")
    note("a", namespace="two")
    note("a", namespace="one", kind=Kind.DEPLOYMENTS)
    assert len(frames(journal.since(0, ALL).body)) == 3


def test_a_reader_hears_only_what_it_wants(journal, note):
    note("a", namespace="one")
    note("b", namespace="two")
    note("c", namespace="two", kind=Kind.EVENTS)
    note("node", namespace="", kind=Kind.NODES)
    wanted = Wanted(frozenset({Kind.PODS, Kind.NODES}), "two")
    assert said(journal.since(0, wanted).body) == [("MODIFIED", "b"), ("MODIFIED", "node")]


def test_who_fell_too_far_behind_begins_anew(journal, note):
    for _ in range(feed.JOURNAL_LENGTH + 1):
        note("a")
    assert frames(journal.since(0, ALL).body)[0]["event"] == "resync"
    assert said(journal.since(1, ALL).body) == [("MODIFIED", "a")]


def test_too_many_changes_are_not_sent_one_by_one(journal, note):
    for number in range(feed.LONGEST_QUEUE + 1):
        note(f"pod-{number}")
    batch = journal.since(0, ALL)
    (only,) = frames(batch.body)
    assert (only["event"], only["id"]) == ("resync", f"{journal.process}-{batch.last}")
    assert len(frames(journal.since(1, ALL).body)) == feed.LONGEST_QUEUE


def test_readers_at_one_place_share_the_work(journal, note):
    note("a")
    first = journal.since(0, Wanted(frozenset({Kind.PODS}), None))
    assert journal.since(0, Wanted(frozenset({Kind.PODS}), None)) is first


def test_shared_work_does_not_grow_without_end(journal, note):
    for number in range(3 * feed.SHARED_BATCHES):
        note("a")
        journal.since(number, ALL)
    assert len(journal._batches) == feed.SHARED_BATCHES


def test_an_id_brings_a_reader_back(journal, note):
    note("a")
    note("b")
    assert journal.number_of(journal.id_of(1)) == 1
    assert said(journal.since(1, ALL).body) == [("MODIFIED", "b")]


@pytest.mark.parametrize(
    "text", [None, "", "5", "-", "x-1", "{own}-", "{own}-2", "{own}--1", "{own}-1.0", "{own}-١"]
)
def test_an_id_that_is_not_from_here_is_unknown(journal, note, text):
    note("a")
    assert journal.number_of(text and text.format(own=journal.process)) is None


def test_an_endless_id_is_unknown(journal):
    assert journal.number_of(f"{journal.process}-{'9' * 10_000}") is None


def test_threads_may_write_and_read_at_once(journal, note):
    readers = [Thread(target=lambda: [journal.since(0, ALL) for _ in range(50)]) for _ in range(2)]
    writers = [Thread(target=lambda: [note("a") for _ in range(200)]) for _ in range(4)]
    for thread in readers + writers:
        thread.start()
    for thread in readers + writers:
        thread.join()
    assert journal.last == 800


# --- What caches tell


def heard(kind: Kind = Kind.PODS, type_: ChangeType = MODIFIED, **more) -> None:
    feed.heard(Change(context=PLACE, kind=kind, type=type_, **more))


def state(condition: Condition, problem: str = "") -> CacheState:
    return CacheState(condition=condition, since=datetime.now(UTC), problem=problem)


@pytest.mark.usefixtures("journals")
class TestHeard:
    def test_a_change_wakes_its_pages_and_streams(self, hub):
        topics = frozenset({"pods:east:*", "pods:east:shop", "stream:east", "pods:east:other", "pods:west:*"})
        heard(row=make.pod("a"))
        assert hub.changed(topics, since=0).keys() == {"pods:east:*", "pods:east:shop", "stream:east"}

    def test_a_list_that_was_read_again_is_a_resync(self, hub):
        heard(type_=ChangeType.RESYNC)
        (frame,) = frames(feed.journal(PLACE).since(0, ALL).body)
        assert frame["event"] == "resync"
        assert json.loads(frame["data"]) == {"reason": "The pods were listed again."}
        assert hub.changed(frozenset({"stream:east"}), since=0)

    def test_a_resync_reaches_readers_of_every_namespace(self):
        heard(type_=ChangeType.RESYNC)
        wanted = Wanted(frozenset({Kind.PODS}), "shop")
        assert frames(feed.journal(PLACE).since(0, wanted).body)

    @pytest.mark.parametrize(
        ("kind", "message"),
        [
            (Kind.PODS, "Pod watch failed"),
            (Kind.DEPLOYMENTS, "Deployment watch failed"),
            (Kind.EVENTS, "Event watch failed"),
        ],
    )
    def test_a_watch_that_fails_is_told_once(self, kind, message):
        heard(kind, ChangeType.STATE, state=state(Condition.LIVE))
        for _ in range(3):
            heard(kind, ChangeType.STATE, state=state(Condition.RECONNECTING, "No answer."))
        (frame,) = frames(feed.journal(PLACE).since(0, ALL).body)
        assert frame["event"] == "error"
        assert json.loads(frame["data"]) == {"message": message, "error": "No answer.", "retrying": True}

    def test_a_watch_that_fails_again_is_told_again(self):
        for condition in (Condition.RECONNECTING, Condition.LIVE, Condition.RECONNECTING):
            heard(type_=ChangeType.STATE, state=state(condition))
        assert feed.journal(PLACE).last == 2

    def test_a_watch_that_recovers_is_no_news_for_streams(self):
        heard(type_=ChangeType.STATE, state=state(Condition.SYNCING))
        heard(type_=ChangeType.STATE, state=state(Condition.LIVE))
        assert feed.journal(PLACE).last == 0

    def test_a_new_state_wakes_every_page_of_the_kind(self, hub):
        topics = frozenset({"pods:east:shop", "pods:east:*"})
        heard(row=make.pod("a"))
        seen = max(hub.changed(topics, since=0).values())
        heard(type_=ChangeType.STATE, state=state(Condition.LIVE))
        assert hub.changed(topics, since=seen).keys() == topics


# --- What is said about an object


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (make.pod("a"), {"name": "a", "namespace": "shop", "status": "Running"}),
        (
            make.pod("a", node_name="n1"),
            {"name": "a", "namespace": "shop", "status": "Running", "nodeName": "n1"},
        ),
        (make.node("n"), {"name": "n", "status": "Ready"}),
        (
            Deployment(
                name="web", namespace="shop", created_at="", replicas=DeploymentReplicas(3, 2, 1, 1, 3)
            ),
            {"name": "web", "namespace": "shop", "replicas": {"desired": 3, "ready": 2, "available": 1}},
        ),
        (
            make.event("e", last_timestamp="2026-01-01T00:00:00.000Z", message="Said."),
            {
                "type": "Normal",
                "reason": "Started",
                "message": "Said.",
                "kind": "Pod",
                "name": "about-e",
                "count": 1,
                "lastTimestamp": "2026-01-01T00:00:00.000Z",
            },
        ),
    ],
)
def test_a_frame_says_what_the_contract_lists(row, expected):
    body = feed.frame(Kind.PODS, ADDED, row)
    (frame,) = frames(body)
    assert json.loads(frame["data"]) == {"type": "ADDED", "object": expected}


@pytest.mark.parametrize("kind", Kind)
def test_a_change_of_any_kind_can_be_told(everywhere, kind):
    for row in everywhere.cluster.cache(kind).rows():
        assert json.loads(msgspec.json.encode(feed.summary(row)))["name"] == row.name


def test_an_event_without_a_time_says_none():
    assert "lastTimestamp" not in feed.summary(make.event("e"))


def test_line_breaks_in_a_message_stay_in_one_line():
    row = make.event("e", message="a\n\ndata: b\r\n")
    body = feed.frame(Kind.EVENTS, ADDED, row)
    assert body.count(b"\n") == 3
    assert b"\r" not in body


def test_kinds_without_a_status_are_told_of_too(everywhere, journals):
    row = everywhere.cluster.cache(Kind.CONFIGMAPS).rows()[0]
    feed.heard(Change(context="a", kind=Kind.CONFIGMAPS, type=ChangeType.MODIFIED, row=row))
    assert feed.summary(row) == {"name": row.name, "namespace": row.namespace}
