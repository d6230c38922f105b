"""The list of target ports, first failure first."""

import pytest

from orchestrator.services.stacks import targets
from orchestrator.services.stacks.errors import InvalidTargets
from orchestrator.services.stacks.targets import Target


def refusal(given: list[Target]) -> tuple[str, str]:
    with pytest.raises(InvalidTargets) as caught:
        targets.checked(given)
    return caught.value.message, caught.value.problems[0].path


@pytest.mark.parametrize(
    ("given", "message", "path"),
    [
        ([], "target_port is required", "target_port"),
        ([Target(n, "TCP") for n in range(25)], "target_port exceeds limit (max 24)", "target_port"),
        ([Target(0, "")], "target_port is out of range", "target_port[0].container_port"),
        ([Target(65536, "TCP")], "target_port is out of range", "target_port[0].container_port"),
        ([Target(-1, "TCP")], "target_port is out of range", "target_port[0].container_port"),
        ([Target(1, "TCP"), Target(2, " ")], "protocol is required", "target_port[1].protocol"),
        ([Target(1, "SCTP")], "protocol must be TCP or UDP", "target_port[0].protocol"),
        ([Target(1, "TCP"), Target(1, " tcp ")], "duplicate target_port entry", "target_port[1]"),
        ([Target(1, ""), Target(0, "")], "protocol is required", "target_port[0].protocol"),
    ],
)
def test_the_first_broken_rule_is_named_with_its_field(given, message, path):
    assert refusal(given) == (f"invalid input: {message}", path)


def test_protocols_are_trimmed_and_in_capitals():
    assert targets.checked([Target(80, " tcp "), Target(80, "Udp")]) == (Target(80, "TCP"), Target(80, "UDP"))


def test_24_targets_are_not_too_many():
    assert len(targets.checked([Target(n, "TCP") for n in range(1, 25)])) == 24


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (None, []),
        ([], []),
        ([None], [Target(0, "")]),
        ([{}], [Target(0, "")]),
        ([{"container_port": None, "protocol": None}], [Target(0, "")]),
        ([{"Container_Port": 80, "PROTOCOL": "TCP", "more": []}], [Target(80, "TCP")]),
        ([{"container_port": 80.0, "protocol": "x"}], [Target(80, "x")]),
    ],
)
def test_decoded_json_becomes_targets(given, found):
    assert targets.decoded(given) == found


@pytest.mark.parametrize(
    "given",
    [
        {},
        "80",
        80,
        [80],
        [[]],
        [{"container_port": "80"}],
        [{"container_port": 80.5}],
        [{"container_port": True}],
        [{"container_port": float("inf")}],
        [{"protocol": 6}],
        [{"protocol": False}],
    ],
)
def test_a_wrong_type_is_no_list_of_targets(given):
    with pytest.raises(ValueError, match=r"target_port|protocol|container_port"):
        targets.decoded(given)
