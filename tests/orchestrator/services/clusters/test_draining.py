"""orchestrator.services.clusters.draining"""

from datetime import UTC, datetime, timedelta

import pytest

from orchestrator.services.clusters import draining
from orchestrator.services.clusters.draining import Entry, Options, State
from tests.orchestrator.services.clusters.make import pod

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
NONE = Options()


def on(name: str, **more):
    known = {"uid": f"u-{name}", "controller": "ReplicaSet", "node_name": "n-1"}
    return pod(name, **(known | more))


def entry(name: str, state: State = State.WAITING, **more) -> Entry:
    return Entry(namespace="shop", name=name, uid=f"u-{name}", state=state, **more)


@pytest.mark.parametrize(
    ("more", "stays", "needs"),
    [
        ({}, "", ()),
        ({"controller": "StatefulSet"}, "", ()),
        ({"controller": "DaemonSet"}, draining.EVERYWHERE, ()),
        ({"controller": "Node", "annotations": {draining.MIRROR: "x"}}, draining.STATIC, ()),
        ({"controller": ""}, "", ("force",)),
        ({"empty_dir": True}, "", ("deleteEmptyDirData",)),
        ({"controller": "", "empty_dir": True}, "", ("force", "deleteEmptyDirData")),
        ({"controller": "", "empty_dir": True, "phase": "Succeeded"}, "", ()),
        ({"controller": "DaemonSet", "phase": "Failed"}, "", ()),
    ],
)
def test_what_becomes_of_a_pod(more, stays, needs):
    found = draining.planned(on("web", **more))
    assert (found.stays, found.needs) == (stays, needs)


def test_what_is_evicted_stands_first_in_a_plan():
    daemon = on("agent", controller="DaemonSet")
    assert [each.pod.name for each in draining.plan([daemon, on("web"), on("api")])] == [
        "api",
        "web",
        "agent",
    ]


def test_a_refusal_says_what_would_be_lost_and_what_allows_it():
    found = draining.planned(on("web", controller="", empty_dir=True))
    assert found.refusal(NONE) == (
        "nothing makes it again, which force allows and "
        "what it wrote into its emptyDir volumes is lost, which deleteEmptyDirData allows"
    )
    assert "force" not in found.refusal(Options(force=True))
    assert found.refusal(Options(force=True, delete_empty_dir=True)) == ""


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (NONE, ["web", "api"]),
        (Options(namespace="shop"), ["web"]),
        (Options(pod_selector="tier=back"), ["api"]),
        (Options(namespace="shop", pod_selector="tier=back"), []),
    ],
)
def test_a_drain_is_about_the_pods_that_were_chosen(options, names):
    everything = [
        on("web"),
        on("api", namespace="other", labels={"tier": "back"}),
        on("elsewhere", node_name="n-2"),
    ]
    test = draining.chosen(options, node="n-1")
    assert [each.name for each in everything if test(each)] == names


def test_a_bad_selector_is_said_to_be_one():
    with pytest.raises(ValueError, match="is not k=v"):
        draining.chosen(Options(pod_selector="tier in"), node="n-1")


@pytest.mark.parametrize(
    ("before", "status", "after"),
    [
        (State.WAITING, "Running", State.WAITING),
        (State.WAITING, "Terminating", State.EVICTED),  # We died before we could write it down.
        (State.EVICTED, "Running", State.EVICTED),  # The cache has not heard of it yet.
        (State.REFUSED, "Running", State.REFUSED),
        (State.STAYS, "Running", State.STAYS),
        (State.WAITING, None, State.GONE),
        (State.EVICTED, None, State.GONE),
        (State.REFUSED, None, State.GONE),
        (State.STAYS, None, State.STAYS),
    ],
)
def test_how_far_a_pod_is_follows_from_what_is_seen(before, status, after):
    seen = [on("web", status=status)] if status else []
    assert [each.state for each in draining.advanced([entry("web", before)], seen, options=NONE)] == [after]


def test_a_pod_that_bears_the_name_of_an_evicted_one_is_another():
    another = on("web", uid="u-2")
    found = draining.advanced([entry("web", State.EVICTED)], [another], options=NONE)
    assert [(each.uid, each.state) for each in found] == [("u-web", State.GONE), ("u-2", State.WAITING)]


def test_a_pod_that_came_later_is_refused_like_any_other():
    found = draining.advanced([], [on("web", controller="")], options=NONE)
    assert (found[0].state, found[0].reason[:22]) == (State.REFUSED, "nothing makes it again")


def test_a_change_of_state_forgets_what_was_said_before():
    waiting = entry("web", reason="a budget", try_at=NOON)
    assert draining.changed(waiting, State.EVICTED) == entry("web", State.EVICTED)


def test_a_pod_waits_until_it_is_its_turn():
    entries = [
        entry("a"),
        entry("b", try_at=NOON),
        entry("c", try_at=NOON + timedelta(seconds=1)),
        entry("d", State.GONE),
    ]
    assert draining.due(entries, at=NOON) == [0, 1]


def test_every_state_is_counted():
    found = draining.counts([entry("a"), entry("b"), entry("c", State.GONE)])
    assert found == {"waiting": 2, "evicted": 0, "gone": 1, "refused": 0, "stays": 0}


def test_many_pods_are_named_by_the_first_of_them():
    assert draining.names([entry(name) for name in "abcde"]) == "shop/a, shop/b, shop/c and 2 more"
    assert draining.names([entry("a")]) == "shop/a"
