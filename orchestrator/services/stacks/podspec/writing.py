"""A Pod as text, in the one form in which Kubernetes' tools write it: https://pkg.go.dev/sigs.k8s.io/yaml."""

from collections.abc import Iterator
from functools import cmp_to_key
from typing import Any

import yaml

from orchestrator.services.stacks.podspec import scalars

WIDTH = 80  # columns, then lines are folded
PLAIN = (True, True)  # no tag, whether plain or quoted


def text(value: Any) -> str:
    """Return a value as YAML with sorted keys and one newline at its end."""
    events = [
        yaml.StreamStartEvent(),
        yaml.DocumentStartEvent(explicit=False),
        *_events(value),
        yaml.DocumentEndEvent(explicit=False),
        yaml.StreamEndEvent(),
    ]
    written: str = yaml.emit(events, Dumper=yaml.CSafeDumper, width=WIDTH, allow_unicode=True)
    # libyaml ends a document whose last text ends with empty lines by three dots; Kubernetes' tools do not.
    return written.removesuffix("...\n")


def _events(value: Any) -> Iterator[yaml.Event]:
    if isinstance(value, dict):
        yield yaml.MappingStartEvent(None, None, True, flow_style=False)
        for key in sorted(value, key=NATURAL):
            yield _text(key, quoted=key == "<<")  # Plain, it would be a merge.
            yield from _events(value[key])
        yield yaml.MappingEndEvent()
    elif isinstance(value, list):
        yield yaml.SequenceStartEvent(None, None, True, flow_style=False)
        for item in value:
            yield from _events(item)
        yield yaml.SequenceEndEvent()
    else:
        yield _text(value) if isinstance(value, str) else yaml.ScalarEvent(None, None, PLAIN, _word(value))


def _word(value: Any) -> str:
    return "null" if value is None else scalars.text(value)


def _text(value: str, *, quoted: bool = False) -> yaml.ScalarEvent:
    style = "|" if "\n" in value else '"' if quoted or scalars.is_ambiguous(value) else None
    return yaml.ScalarEvent(None, None, PLAIN, value, style=style)


def _order(one: str, other: str) -> int:
    """Compare as people do: a2 before a10, and what is no letter before letters."""
    for index, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return _order_at(one, other, index)
    return len(one) - len(other)


def _order_at(one: str, other: str, index: int) -> int:
    left, right = one[index], other[index]
    if left.isalpha() and right.isalpha():
        return ord(left) - ord(right)
    if left.isalpha() or right.isalpha():
        return 1 if left.isalpha() else -1
    ours, theirs = _digits(one, index), _digits(other, index)
    before = "1" if "0" in (left, right) and _number_began(one, index) else ""
    numbers = (before + ours).lstrip("0"), (before + theirs).lstrip("0")
    if numbers[0] != numbers[1]:
        return 1 if (len(numbers[0]), numbers[0]) > (len(numbers[1]), numbers[1]) else -1
    return len(ours) - len(theirs) or ord(left) - ord(right)


def _digits(text: str, start: int) -> str:
    end = start
    while end < len(text) and text[end].isdecimal():
        end += 1
    return text[start:end]


def _number_began(text: str, index: int) -> bool:
    """Return whether a number with a digit other than zero leads up to here, so that a zero here counts."""
    while index > 0 and text[index - 1].isdecimal():
        index -= 1
        if text[index] != "0":
            return True
    return False


NATURAL = cmp_to_key(_order)
