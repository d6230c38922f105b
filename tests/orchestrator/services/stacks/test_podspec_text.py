"""How texts and keys of a checked spec are written."""

import pytest

from orchestrator.services.stacks.podspec import writing
from tests.orchestrator.services.stacks.specs import annotated


def written(value: object) -> str:
    """Return how one text is written as an item of a list."""
    return writing.text([value]).removeprefix("- ").removesuffix("\n")


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("plain words", "plain words"),
        ("=", "="),
        ("<<", "<<"),
        ("-x", "-x"),
        ("?x", "?x"),
        (":a", ":a"),
        ("a: b", "'a: b'"),
        ("#a", "'#a'"),
        (" lead", "' lead'"),
        ("trail ", "'trail '"),
        ("@x", "'@x'"),
        ("-", "'-'"),
        ("it's", "it's"),
        ("'", "''''"),
        ("[a]", "'[a]'"),
        ("%a", "'%a'"),
        ("a\tb", '"a\\tb"'),
        ("a\x07b", '"a\\ab"'),
        ("\x7f", '"\\x7F"'),
        ("\u00e9 \ud55c\uae00 <&>", "\u00e9 \ud55c\uae00 <&>"),
        ("\U0001f600", '"\\U0001F600"'),
        ("a\nb", "|-\n  a\n  b"),
        ("a\nb\n", "|\n  a\n  b"),
        ("a\n\n", "|+\n  a\n"),
        (" a\nb", "|2-\n   a\n  b"),
        ("a\nb ", '"a\\nb "'),
        ("a \nb", '"a \\nb"'),
        ("a\r\nb", '"a\\r\\nb"'),
        ("a\tb\nc", '"a\\tb\\nc"'),
    ],
)
def test_a_text_is_written_as_plainly_as_it_can_be(given, text):
    assert written(given) == text


@pytest.mark.parametrize(
    "word",
    ["y", "n", "Y", "yes", "no", "on", "off", "true", "null", "~", "", "012", "0x1F", "1_000", "1e3", "1:30"]
    + ["2020-01-01", "2020-01-01T00:00:00Z", "2020-1-1 1:2:3.5", ".inf", "-.INF", ".nan", "1", "-1.5", ".5"]
    + ["18446744073709551616", "1:30:00.5", "0b1", "0o7", "09"],
)
def test_a_text_that_looks_like_something_else_is_in_double_quotes(word):
    assert written(word) == f'"{word}"'
    assert annotated(f"'{word}'") == f'"{word}"'


@pytest.mark.parametrize(
    "word", ["2020-13-01", "2020-02-30", "2020-01-01T00:00:00", "2020-01-01 1:1:1Z", "1:60", "v1.5"]
)
def test_what_only_resembles_a_time_or_a_number_stays_plain(word):
    assert written(word) == word


def test_long_texts_are_folded_at_80_columns():
    lines = written("word " * 40 + "end").splitlines()
    assert len(lines) == 3
    assert all(len(line) <= 82 for line in lines)


@pytest.mark.parametrize("word", ["a\n", "a\n\n", "a b\n\n"])
def test_empty_lines_at_the_very_end_add_nothing_to_the_document(word):
    assert "..." not in writing.text({"z": word})


def test_keys_are_in_natural_order():
    keys = ["b", "a10", "a2", "a", "B", "10", "9", "_", "-", "\u00e9", "a02", "a1b", "a12", "<<"]
    lines = writing.text(dict.fromkeys(keys, 1)).splitlines()
    assert [line.removesuffix(": 1") for line in lines] == [
        "'-'",
        '"<<"',
        "_",
        '"9"',
        '"10"',
        "B",
        "a",
        "a2",
        "a02",
        "a10",
        "a12",
        "a1b",
        "b",
        "\u00e9",
    ]


def test_zeros_within_a_longer_number_count():
    assert (
        writing.text(dict.fromkeys(["a100", "a12", "a1", "a103"], 1)) == "a1: 1\na12: 1\na100: 1\na103: 1\n"
    )
