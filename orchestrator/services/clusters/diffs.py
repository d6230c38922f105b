"""How two texts differ, line by line, as people read it in reviews."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

CONTEXT_LINES = 3
THOROUGH = 4_000_000  # pairs of lines; beyond that, lines that come often are not looked at one by one


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a difference; `old` and `new` are its numbers in the two texts, None where it is not."""

    kind: Literal["same", "add", "del"]
    text: str
    old: int | None = None
    new: int | None = None


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines that stand together: changes, and what is around them."""

    lines: tuple[Line, ...]

    @property
    def header(self) -> str:
        """Return where the hunk is: https://www.gnu.org/software/diffutils/manual/html_node/Detailed-Unified.html"""
        old = [line.old for line in self.lines if line.old is not None]
        new = [line.new for line in self.lines if line.new is not None]
        return f"@@ -{_range(old)} +{_range(new)} @@"


def unified(before: str, after: str, *, context: int = CONTEXT_LINES) -> list[Hunk]:
    """Return the hunks in which two texts differ, with `context` equal lines around them; none if equal."""
    lines = compared(before, after)
    places: list[list[int]] = []  # of each hunk: the first line and the one after the last
    for at, line in enumerate(lines):
        if line.kind == "same":
            continue
        if places and at - context <= places[-1][1]:
            places[-1][1] = at + context + 1
        else:
            places.append([max(0, at - context), at + context + 1])
    return [Hunk(tuple(lines[first:end])) for first, end in places]


def compared(before: str, after: str) -> list[Line]:
    """Return every line of two texts, those that both have once."""
    old, new = before.removesuffix("\n").split("\n"), after.removesuffix("\n").split("\n")
    old, new = (old if before else []), (new if after else [])
    head = _agreeing(old, new)
    tail = _agreeing(old[head:][::-1], new[head:][::-1])
    ends = len(old) - tail, len(new) - tail
    middle = old[head : ends[0]], new[head : ends[1]]
    often = len(middle[0]) * len(middle[1]) > THOROUGH
    codes = SequenceMatcher(None, *middle, autojunk=often).get_opcodes()
    return [
        *_same(old[:head], 0, 0),
        *(line for code in codes for line in _lines(code, *middle, head)),
        *_same(old[ends[0] :], *ends),
    ]


def changed(hunks: Sequence[Hunk]) -> tuple[int, int]:
    """Return how many lines were added, and how many removed."""
    kinds = [line.kind for hunk in hunks for line in hunk.lines]
    return kinds.count("add"), kinds.count("del")


def as_text(hunks: Sequence[Hunk]) -> str:
    """Return hunks as the text that `diff -u` writes, without the names of files."""
    marks = {"same": " ", "add": "+", "del": "-"}
    texts = (text for hunk in hunks for text in (hunk.header, *(marks[x.kind] + x.text for x in hunk.lines)))
    return "".join(f"{text}\n" for text in texts)


def _agreeing(old: list[str], new: list[str]) -> int:
    """Return how many lines two texts have in common at their beginning."""
    pairs = enumerate(zip(old, new, strict=False))
    return next((at for at, (one, other) in pairs if one != other), min(len(old), len(new)))


def _same(lines: list[str], old: int, new: int) -> Iterator[Line]:
    """Yield lines that both texts have, with so many before them in each."""
    return (Line("same", text, old + at, new + at) for at, text in enumerate(lines, 1))


def _lines(
    opcode: tuple[str, int, int, int, int], old: list[str], new: list[str], before: int
) -> Iterator[Line]:
    what, first, end, new_first, new_end = opcode
    if what == "equal":
        yield from _same(old[first:end], before + first, before + new_first)
        return
    for at in range(first, end):
        yield Line("del", old[at], old=before + at + 1)
    for at in range(new_first, new_end):
        yield Line("add", new[at], new=before + at + 1)


def _range(numbers: list[int]) -> str:
    if not numbers:
        return "0,0"
    return str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]},{len(numbers)}"
