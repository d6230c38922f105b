"""orchestrator.services.stacks.decisions"""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.services.stacks.decisions import (
    KEEP,
    Decision,
    Facts,
    Part,
    Presence,
    Seen,
    Step,
    Why,
    confirmed,
    decide,
    next_due,
)

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
PATIENCE = timedelta(seconds=40)
HOUR = timedelta(hours=1)
THERE, ABSENT, UNKNOWN = Presence.THERE, Presence.ABSENT, Presence.UNKNOWN
WELL = Seen(pod=THERE, service=THERE, node=THERE)


def row(**changes):
    usual = {"wanted": "present", "settled": True, "cleaned": False, "node_deleted": False}
    return Facts(**{**usual, "created_at": NOON, "expires_at": NOON + HOUR, **changes})


def decided(seen=WELL, *, at=NOON, **changes):
    found = decide(row(**changes), seen, at=at, patience=PATIENCE)
    return found.step, found.why


CASES = {
    "all is well": ((WELL,), {}, (Step.KEEP, None)),
    "nothing is known": ((Seen(),), {}, (Step.KEEP, None)),
    "it has expired": ((WELL,), {"at": NOON + HOUR}, (Step.REMOVE, Why.EXPIRED)),
    "it expires in a moment": ((WELL,), {"at": NOON + HOUR - timedelta(microseconds=1)}, (Step.KEEP, None)),
    "it was deleted": ((WELL,), {"wanted": "absent"}, (Step.REMOVE, Why.DELETED)),
    "it was deleted while it was made": (
        (WELL,),
        {"wanted": "absent", "settled": False},
        (Step.REMOVE, Why.DELETED),
    ),
    "it is being made": (
        (Seen(pod=ABSENT, service=ABSENT, node=THERE),),
        {"settled": False},
        (KEEP.step, None),
    ),
    "its maker died": (
        (WELL,),
        {"settled": False, "at": NOON + PATIENCE},
        (Step.REMOVE, Why.HALF_MADE),
    ),
    "it expires while it is made": (
        (WELL,),
        {"settled": False, "expires_at": NOON + timedelta(seconds=1), "at": NOON + timedelta(seconds=5)},
        (Step.KEEP, None),
    ),
    "it was stopped": ((WELL,), {"wanted": "stopped"}, (Step.CLEAN, Why.STOPPED)),
    "it rests after a stop": (
        (Seen(pod=ABSENT, service=ABSENT, node=ABSENT),),
        {"wanted": "stopped", "cleaned": True},
        (Step.KEEP, None),
    ),
    "it rested until its end": (
        (WELL,),
        {"wanted": "stopped", "cleaned": True, "at": NOON + HOUR},
        (Step.REMOVE, Why.EXPIRED),
    ),
    "its node was lost before": ((WELL,), {"node_deleted": True}, (Step.CLEAN, Why.NODE_GONE)),
    "it rests without its node": (
        (Seen(pod=ABSENT, service=ABSENT, node=ABSENT),),
        {"node_deleted": True, "cleaned": True},
        (Step.KEEP, None),
    ),
    "its pod says that the node is lost": (
        (Seen(pod=THERE, service=THERE, node=THERE, node_lost=True),),
        {},
        (Step.CLEAN, Why.NODE_GONE),
    ),
    "its node is gone and its pod not yet": (
        (Seen(pod=THERE, service=THERE, node=ABSENT),),
        {},
        (Step.CLEAN, Why.NODE_GONE),
    ),
    "its node is gone with its pod": (
        (Seen(pod=ABSENT, service=THERE, node=ABSENT),),
        {},
        (Step.CLEAN, Why.NODE_GONE),
    ),
    "its pod is gone": ((Seen(pod=ABSENT, service=THERE, node=THERE),), {}, (Step.REMOVE, Why.MISSING)),
    "its service is gone": ((Seen(pod=THERE, service=ABSENT, node=THERE),), {}, (Step.REMOVE, Why.MISSING)),
    "its pod is gone where nodes may not be read": (
        (Seen(pod=ABSENT, service=UNKNOWN, node=UNKNOWN),),
        {},
        (Step.REMOVE, Why.MISSING),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_stack_is_treated_as_its_row_and_its_cluster_say(case):
    arguments, changes, expected = CASES[case]
    assert decided(*arguments, **changes) == expected


def everything():
    """Return every row and every look there can be, at a moment."""
    booleans = (False, True)
    rows = [
        row(wanted=wanted, settled=settled, cleaned=cleaned, node_deleted=lost, expires_at=NOON + expires)
        for wanted, settled, cleaned, lost, expires in product(
            ("present", "stopped", "absent"), booleans, booleans, booleans, (-HOUR, HOUR)
        )
    ]
    looks = [
        Seen(pod=pod, service=service, node=node, node_lost=lost)
        for pod, service, node, lost in product(Presence, Presence, Presence, booleans)
    ]
    return [(each, look) for each in rows for look in looks]


def test_what_is_unknown_is_never_taken_for_absent():
    """Two looks that differ only in THERE and UNKNOWN lead to the same."""
    for each, look in everything():
        known = {part: THERE if getattr(look, part) is UNKNOWN else getattr(look, part) for part in Part}
        sure = Seen(**{str(part): presence for part, presence in known.items()}, node_lost=look.node_lost)
        args = {"at": NOON, "patience": PATIENCE}
        assert decide(each, look, **args) == decide(each, sure, **args)


def test_what_rests_on_absence_is_doubted():
    """Were everything there after all, nothing would be done without doubts being asked for."""
    for each, look in everything():
        found = decide(each, look, at=NOON, patience=PATIENCE)
        well = Seen(pod=THERE, service=THERE, node=THERE, node_lost=look.node_lost)
        if decide(each, well, at=NOON, patience=PATIENCE) != found:
            assert found.doubts
        for part in found.doubts - {Part.NODE}:
            assert getattr(look, part) is ABSENT


def test_what_is_doubted_and_found_is_kept():
    before = decide(row(), Seen(pod=ABSENT, service=THERE, node=THERE), at=NOON, patience=PATIENCE)
    assert before.doubts == {Part.POD, Part.NODE}
    assert confirmed(before, decide(row(), WELL, at=NOON, patience=PATIENCE)) == KEEP


def test_a_pod_that_is_gone_with_its_node_leaves_its_row():
    before = decide(row(), Seen(pod=ABSENT, service=THERE), at=NOON, patience=PATIENCE)
    after = decide(row(), Seen(pod=ABSENT, service=THERE, node=ABSENT), at=NOON, patience=PATIENCE)
    found = confirmed(before, after)
    assert (found.step, found.why) == (Step.CLEAN, Why.NODE_GONE)


def test_what_nobody_asked_for_waits():
    before = Decision(step=Step.CLEAN, why=Why.NODE_GONE, doubts=frozenset({Part.NODE}))
    after = Decision(step=Step.REMOVE, why=Why.MISSING, doubts=frozenset({Part.POD, Part.NODE}))
    assert confirmed(before, after) == KEEP


@given(
    settled=st.booleans(),
    wanted=st.sampled_from(["present", "stopped", "absent"]),
    created=st.integers(-7200, 7200),
    lives=st.integers(1, 86400),
)
def test_a_due_time_is_after_now_and_something_is_due_then(settled, wanted, created, lives):
    made = NOON + timedelta(seconds=created)
    facts = row(settled=settled, wanted=wanted, created_at=made, expires_at=made + timedelta(seconds=lives))
    due = next_due(facts, at=NOON, patience=PATIENCE)
    if due is None:
        assert decide(facts, WELL, at=NOON, patience=PATIENCE).step is Step.REMOVE
    else:
        assert due > NOON
        assert decide(facts, WELL, at=due, patience=PATIENCE).step is Step.REMOVE
