"""services.clusters.diffs"""

import difflib

import pytest

from orchestrator.services.clusters import diffs
from orchestrator.services.clusters.diffs import Line

TEN = "".join(f"line {number}\n" for number in range(1, 11))


def test_texts_that_agree_have_no_hunks():
    assert diffs.unified(TEN, TEN) == []


def test_a_changed_line_is_removed_and_added_between_its_neighbours():
    [hunk] = diffs.unified("a: 1\nb: 2\nc: 3\n", "a: 1\nb: 20\nc: 3\n")
    assert hunk.header == "@@ -1,3 +1,3 @@"
    assert hunk.lines == (
        Line("same", "a: 1", 1, 1),
        Line("del", "b: 2", old=2),
        Line("add", "b: 20", new=2),
        Line("same", "c: 3", 3, 3),
    )


def test_numbers_go_apart_after_an_added_line():
    [hunk] = diffs.unified("a\nb\n", "a\nnew\nb\n")
    assert hunk.lines[-1] == Line("same", "b", 2, 3)


def test_changes_far_apart_are_hunks_of_their_own():
    after = TEN.replace("line 1\n", "first\n").replace("line 10\n", "last\n")
    first, last = diffs.unified(TEN, after, context=2)
    assert (first.header, last.header) == ("@@ -1,3 +1,3 @@", "@@ -8,3 +8,3 @@")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (TEN, ""),
        ("", TEN),
        ("one\n", "two\n"),
        (TEN, TEN + "eleven\n"),
        (TEN, TEN.replace("line 5\n", "")),
        (TEN, TEN.replace("line 5\n", "5\n5\n")),
    ],
)
def test_the_text_is_what_other_tools_write(before, after):
    expected = list(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm=""))[2:]
    assert diffs.as_text(diffs.unified(before, after)).splitlines() == expected


def test_changes_are_counted():
    assert diffs.changed(diffs.unified(TEN, TEN.replace("line 5\n", "5\n5\n"))) == (2, 1)


def test_one_new_line_among_many_alike_is_one_change():
    alike = "- name: x\n  value: y\n" * 5000
    before, after = alike + alike, alike + "new\n" + alike
    assert diffs.changed(diffs.unified(before, after)) == (1, 0)


def test_separators_of_lines_within_a_text_are_none_of_a_file():
    [hunk] = diffs.unified("a: x\u2028y\n", "a: x\u2028z\n")
    assert [line.old for line in hunk.lines] == [1, None]
