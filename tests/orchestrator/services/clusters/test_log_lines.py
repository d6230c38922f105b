"""orchestrator.services.clusters.log_lines"""

import json

import pytest

from orchestrator.services.clusters import log_lines
from orchestrator.services.clusters.log_lines import LONGEST_BYTES, Splitter, normal, parse

STAMP = "2026-03-01T10:00:00.123456789Z"
RED, OFF = "\x1b[31m", "\x1b[0m"

LINES = [  # line -> timestamp, level, message
    ("hello", "", "", "hello"),
    ("", "", "", ""),
    ("[INFO] ready", "", "INFO", "ready"),
    ("[warn] slow", "", "WARN", "slow"),
    ("[main] started", "", "", "[main] started"),
    ("ERROR: it broke", "", "ERROR", "it broke"),
    ("Error: it broke", "", "ERROR", "it broke"),
    ("Note: it is raining", "", "", "Note: it is raining"),
    ("http://x is no level", "", "", "http://x is no level"),
    ("2026-03-01T10:00:00Z [ERROR] gone", "2026-03-01T10:00:00.000Z", "ERROR", "gone"),
    ("2026-03-01T10:00:00.5Z up", "2026-03-01T10:00:00.500Z", "", "up"),
    ("2026-03-01T12:00:00+02:00 [debug]: up", "2026-03-01T10:00:00.000Z", "DEBUG", "up"),
    ("2026-03-01 10:00:00,250 [INFO] up", "2026-03-01 10:00:00,250", "INFO", "up"),
    ("[2026-03-01T10:00:00Z] up", "2026-03-01T10:00:00.000Z", "", "up"),
    (f"{RED}[ERROR]{OFF} gone", "", "ERROR", "gone"),
    (f"{RED}FATAL{OFF}: gone", "", "FATAL", "gone"),
    (f"[INFO] {RED}red{OFF}", "", "INFO", f"{RED}red{OFF}"),
    ("carriage\r", "", "", "carriage"),
]

OBJECTS = [
    ({"time": "2026-03-01T10:00:00Z", "level": "info", "msg": "a"}, "2026-03-01T10:00:00.000Z", "INFO", "a"),
    ({"timestamp": "t", "ts": 1, "severity": "warn", "message": "a", "msg": "b"}, "t", "WARN", "a"),
    (
        {"@timestamp": "2026-03-01T10:00:00Z", "loglevel": "e", "text": "a"},
        "2026-03-01T10:00:00.000Z",
        "E",
        "a",
    ),
    ({"ts": 1772359200.5, "text": "a"}, "2026-03-01T10:00:00.500Z", "", "a"),
    ({"ts": 1772359200500, "level": 30, "text": "a"}, "2026-03-01T10:00:00.500Z", "30", "a"),
    ({"ts": True, "message": "", "msg": "a"}, "True", "", "a"),
    ({"a": 1}, "", "", '{"a": 1}'),
    ({}, "", "", "{}"),
    ({"msg": "\ud800"}, "", "", "?"),
]


@pytest.mark.parametrize(("text", "timestamp", "level", "message"), LINES)
def test_a_line_says(text, timestamp, level, message):
    found = parse(text, stamped=False)
    assert (found.timestamp, found.level, found.message) == (timestamp, level, message)
    assert found.data is None


@pytest.mark.parametrize(("data", "timestamp", "level", "message"), OBJECTS)
def test_a_line_of_json_says(data, timestamp, level, message):
    found = parse(json.dumps(data), stamped=False)
    assert (found.timestamp, found.level, found.message) == (timestamp, level, message)
    assert found.data == data


@pytest.mark.parametrize(
    "text", ["{not json}", '{"a": NaN}', "[1, 2]", '{"a": ' * 100_000, '{"n": ' + "9" * 5000 + "}"]
)
def test_what_is_no_json_object_is_plain(text):
    assert parse(text, stamped=False).message == text


def test_the_time_of_the_node_counts_where_a_line_has_none():
    found = parse(f"{STAMP} hello", stamped=True)
    assert (found.stamp, found.timestamp, found.raw) == (STAMP, "2026-03-01T10:00:00.123Z", "hello")


def test_a_line_keeps_its_own_time():
    found = parse(f"{STAMP} 2020-01-01T00:00:00Z [INFO] late", stamped=True)
    assert (found.stamp, found.timestamp) == (STAMP, "2020-01-01T00:00:00.000Z")


def test_an_empty_line_of_the_node_is_empty():
    assert parse(f"{STAMP} ", stamped=True).raw == parse(STAMP, stamped=True).raw == ""


def test_an_entry_has_no_members_without_a_value():
    assert parse("hello", stamped=False).as_json(7) == {
        "line": 7,
        "message": "hello",
        "raw": "hello",
        "isJson": False,
    }


def test_an_entry_of_json_carries_its_data():
    entry = parse('{"msg": "a", "level": "info"}', stamped=False).as_json(1)
    assert (entry["isJson"], entry["data"], entry["level"]) == (True, {"msg": "a", "level": "info"}, "INFO")


def test_a_time_that_is_none_stays_as_it_is():
    assert normal("yesterday") == "yesterday"


def test_lines_are_made_of_parts_that_are_cut_anywhere():
    splitter = Splitter()
    found = [line for part in (b"on", b"e\ntwo\nth", b"", b"ree") for line in splitter.feed(part)]
    assert (found, splitter.end(), splitter.end()) == ([b"one", b"two"], [b"three"], [])


def test_a_line_that_never_ends_is_cut():
    splitter = Splitter()
    found = [line for _ in range(9) for line in splitter.feed(b"x" * (LONGEST_BYTES // 4))]
    assert [len(line) > LONGEST_BYTES for line in found] == [True]


@pytest.mark.parametrize("text", ["2026-03-01T10:00:00Z", "no stamp at all", ""])
def test_only_a_stamp_before_the_line_is_taken_off(text):
    assert log_lines.divided(f"{STAMP} {text}") == (STAMP, text)
