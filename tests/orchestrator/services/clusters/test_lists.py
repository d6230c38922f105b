"""orchestrator.services.clusters.lists"""

from datetime import UTC, datetime, timedelta
from time import thread_time

import pytest

from orchestrator.backends.cluster.port import Kind
from orchestrator.services.clusters import lists, query
from orchestrator.services.clusters.lists import Query
from tests.orchestrator.services.clusters import make

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)


def stamp(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds")[:23] + "Z"


# --- Order and pages


def test_rows_come_by_namespace_and_name(put, names):
    put(Kind.PODS, make.pod("b"), make.pod("z", namespace="a"), make.pod("a"))
    assert names() == ["z", "a", "b"]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("age", ["old", "middle", "young"]),
        ("-age", ["young", "middle", "old"]),
        ("createdAt", ["old", "middle", "young"]),
        ("restartCount", ["young", "middle", "old"]),
        ("-restartCount", ["old", "middle", "young"]),
        ("status,-restartCount", ["middle", "old", "young"]),
        (" status , restartCount ,", ["middle", "young", "old"]),
        ("status,-name", ["middle", "young", "old"]),
        ("name,-name", ["middle", "old", "young"]),
        ("", ["middle", "old", "young"]),
    ],
)
def test_rows_are_sorted_by_any_field(put, names, sort, expected):
    put(
        Kind.PODS,
        make.pod("old", created_at="2026-01-01T00:00:00.000Z", restart_count=10),
        make.pod("middle", created_at="2026-01-02T00:00:00.000Z", restart_count=9, status="Failed"),
        make.pod("young", created_at="2026-01-03T00:00:00.000Z", restart_count=1),
    )
    assert names(sort=sort) == expected


def test_equal_rows_keep_their_order_in_both_directions(put, names):
    put(Kind.PODS, *(make.pod(name) for name in "abc"))
    assert names(sort="status") == names(sort="-status") == ["a", "b", "c"]


def test_rows_without_a_value_come_after_those_that_have_one(put, names):
    put(Kind.PODS, make.pod("a"), make.pod("b", reason="OOMKilled"), make.pod("c", reason="Error"))
    assert names(sort="reason") == ["c", "b", "a"]


@pytest.mark.parametrize("kind", [Kind.PODS, Kind.NODES, Kind.NAMESPACES, Kind.EVENTS])
def test_every_field_can_be_sorted_by(everywhere, kind):
    everything = lists.listing(kind, everywhere, Query()).total
    for field in query.SORTS[kind]:
        assert lists.listing(kind, everywhere, Query(sort=f"-{field}")).total == everything


def test_a_sort_repeated_a_thousand_times_costs_no_more(put, everywhere):
    put(Kind.PODS, *(make.pod(f"pod-{number:05}") for number in range(2000)))
    begun = thread_time()
    lists.listing(Kind.PODS, everywhere, Query(sort="name,-name," * 500))
    assert thread_time() - begun < 1


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, "abcde"),
        ({"limit": 2}, "ab"),
        ({"limit": 2, "offset": 2}, "cd"),
        ({"limit": 2, "offset": 4}, "e"),
        ({"limit": 2, "offset": 5}, ""),
        ({"offset": 3}, "de"),
        ({"offset": 10**30}, ""),
        ({"limit": 1000, "offset": 10**30}, ""),
        ({"limit": 1000}, "abcde"),
    ],
)
def test_pages_are_cut_out_of_the_whole(put, everywhere, asked, expected):
    put(Kind.PODS, *(make.pod(name) for name in "abcde"))
    found = lists.listing(Kind.PODS, everywhere, Query(**asked))
    assert "".join(row.name for row in found.rows) == expected
    assert found.total == 5


# --- Events


def test_events_come_newest_first(put, names):
    now = datetime.now(UTC)
    times = {"a": now - timedelta(hours=1), "b": now - timedelta(minutes=1), "c": now - timedelta(hours=2)}
    put(Kind.EVENTS, *(make.event(name, counts_at=stamp(time)) for name, time in times.items()))
    assert names(Kind.EVENTS) == ["about-b", "about-a", "about-c"]


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        (1, "a"),
        (2.5, "ab"),
        (24, "abc"),
        (25, "abc"),
        (0, "abc"),
        (-1, "abc"),
        (float("nan"), "abc"),
        (float("inf"), "abc"),
        (1e-300, ""),
    ],
)
def test_events_are_those_of_the_last_hours_at_most_a_day(hours, expected):
    ages = {"a": 0.5, "b": 2, "c": 23.9, "d": 24.1}
    rows = [make.event(name, counts_at=stamp(NOW - timedelta(hours=age))) for name, age in ages.items()]
    found = lists.recent(rows, hours=hours, at=NOW)
    assert "".join(row.name.removeprefix("about-") for row in found) == expected


def test_an_event_at_the_very_edge_counts():
    edge = make.event("a", counts_at=stamp(NOW - timedelta(hours=24)))
    assert lists.recent([edge], hours=24, at=NOW) == [edge]


def test_an_event_without_any_time_is_never_dropped():
    timeless = make.event("a", counts_at="")
    assert lists.recent([timeless], hours=1, at=NOW) == [timeless]


def test_events_can_be_of_one_type(put, names):
    put(Kind.EVENTS, make.event("a", counts_at=""), make.event("b", type="Warning", counts_at=""))
    assert names(Kind.EVENTS, type="Warning") == ["about-b"]


def test_events_can_be_sorted_otherwise(put, names):
    rows = (make.event(name, count=number, counts_at="") for number, name in enumerate("ab"))
    put(Kind.EVENTS, *rows)
    assert names(Kind.EVENTS, sort="-count") == ["about-b", "about-a"]


# --- Ages


@pytest.mark.parametrize(
    ("past", "word"),
    [
        (timedelta(seconds=-30), "0m"),
        (timedelta(), "0m"),
        (timedelta(seconds=59), "0m"),
        (timedelta(seconds=60), "1m"),
        (timedelta(minutes=59, seconds=59), "59m"),
        (timedelta(hours=1), "1h"),
        (timedelta(hours=23, minutes=59), "23h"),
        (timedelta(hours=24), "1d"),
        (timedelta(days=1, hours=23), "1d"),
        (timedelta(days=800), "800d"),
    ],
)
def test_an_age_is_whole_days_hours_or_minutes(past, word):
    assert lists.age(stamp(NOW - past), at=NOW) == word


def test_the_age_of_what_has_no_time_is_unknown():
    assert lists.age("", at=NOW) == "Unknown"


def test_rows_are_shown_with_their_age_and_kept_without(put, everywhere):
    put(Kind.PODS, make.pod("a", created_at=stamp(datetime.now(UTC) - timedelta(hours=3, minutes=1))))
    assert lists.listing(Kind.PODS, everywhere, Query()).rows[0].age == "3h"
    assert not everywhere.cluster.cache(Kind.PODS).rows()[0].age


# --- Search of everything


def test_a_search_finds_what_runs_by_name(put, everywhere):
    put(Kind.PODS, make.pod("my-web"), make.pod("web"), make.pod("web-2"), make.pod("db"))
    put(Kind.NODES, make.node("web-node"))
    put(Kind.EVENTS, make.event("web"))
    hits = lists.search(everywhere, " WEB ")
    assert [hit.row.name for hit in hits] == ["web", "web-2", "web-node", "my-web"]
    assert [hit.row.name for hit in lists.search(everywhere, "web", limit=1)] == ["web"]


@pytest.mark.parametrize("text", ["", "  "])
def test_a_search_for_nothing_finds_nothing(everywhere, text):
    everywhere.cluster.cache(Kind.PODS)
    assert lists.search(everywhere, text) == []


# --- Scale


def test_a_page_of_20000_pods_is_found_in_no_time(put, everywhere):
    shared = {"app": "web"}
    put(
        Kind.PODS,
        *(make.pod(f"pod-{number:05}", labels=shared, restart_count=number % 7) for number in range(20_000)),
    )
    begun = thread_time()
    found = lists.listing(
        Kind.PODS, everywhere, Query(search="pod-1", label_selector="app=web", sort="-restartCount", limit=50)
    )
    assert (len(found.rows), found.total) == (50, 10_000)
    assert thread_time() - begun < 2
