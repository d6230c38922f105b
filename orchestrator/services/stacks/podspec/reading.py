"""The first document of a YAML text as plain values. What would blow up is refused before it does."""

from dataclasses import dataclass, field
from typing import Any

import yaml

from orchestrator.services.stacks.podspec import scalars

LONGEST_TEXT = 1 << 20  # characters; the API server takes no larger objects either
MOST_VALUES = 20_000  # with every alias counted as often as it is used
DEEPEST = 64  # a Pod is 16 deep
MERGE = object()


class Malformed(Exception):
    """The text is no YAML, or no Pod. `path` is the field, `reason` a sentence for people."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(reason)
        self.path = path
        self.reason = reason


@dataclass(slots=True)
class _Open:
    """A list or a mapping that is being read; the items of a mapping are keys and values by turns."""

    mapping: bool
    anchor: str | None
    before: int
    items: list[Any] = field(default_factory=list)

    def add(self, item: Any) -> None:
        """Append an item; `<<` is a merge only where a key stands."""
        is_key = self.mapping and len(self.items) % 2 == 0
        self.items.append("<<" if item is MERGE and not is_key else item)


def first_document(text: str) -> Any:
    """Return dicts with text as keys, lists, texts, numbers, truth values and None; None for no document.

    An alias is the very object that it names. Raises `Malformed`.
    """
    if len(text) > LONGEST_TEXT:
        raise Malformed("", f"The text is longer than {LONGEST_TEXT} characters")
    try:
        return _Composer().document(text)
    except yaml.MarkedYAMLError as exc:
        where = f"Line {exc.problem_mark.line + 1}: " if exc.problem_mark else ""
        raise Malformed("", f"{where}{exc.problem}") from exc
    except (yaml.YAMLError, ValueError) as exc:
        raise Malformed("", "The text is not YAML") from exc


class _Composer:
    def __init__(self) -> None:
        self.open: list[_Open] = []
        self.anchors: dict[str, tuple[Any, int] | None] = {}  # None while what it names is still open
        self.count = 0

    def document(self, text: str) -> Any:
        """Return the value of the first document; what follows it is not looked at."""
        root: Any = None
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            match event:
                case yaml.ScalarEvent():
                    found = self.keep(_scalar(event), event.anchor)
                case yaml.AliasEvent():
                    found = self.alias(event.anchor)
                case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                    self.start(event)
                    continue
                case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                    found = self.end()
                case yaml.DocumentEndEvent():
                    break
                case _:
                    continue
            if self.open:
                self.open[-1].add(found)
            else:
                root = found
        return None if root is MERGE else root

    def keep(self, value: Any, anchor: str | None) -> Any:
        self.grow(1)
        if anchor:
            self.anchors[anchor] = (value, 1)
        return value

    def start(self, event: yaml.CollectionStartEvent) -> None:
        if len(self.open) >= DEEPEST:
            raise Malformed("", f"Nothing may be nested deeper than {DEEPEST} levels")
        self.open.append(_Open(isinstance(event, yaml.MappingStartEvent), event.anchor, self.count))
        self.grow(1)
        if event.anchor:
            self.anchors[event.anchor] = None

    def end(self) -> Any:
        closed = self.open.pop()
        value = _mapping(closed.items) if closed.mapping else closed.items
        if closed.anchor:
            self.anchors[closed.anchor] = (value, self.count - closed.before)
        return value

    def alias(self, anchor: str | None) -> Any:
        found = self.anchors.get(anchor or "")
        if found is None:
            raise Malformed("", "An alias names no anchor before it, or what it is itself a part of")
        self.grow(found[1])
        return found[0]

    def grow(self, by: int) -> None:
        self.count += by
        if self.count > MOST_VALUES:
            raise Malformed("", f"There are more than {MOST_VALUES} values")


def _scalar(event: yaml.ScalarEvent) -> Any:
    if "\0" in event.value:  # No container could be given it, and no table of PostgreSQL keeps it.
        raise Malformed("", "A text holds a NUL character")
    if event.tag:
        return scalars.tagged(event.tag, event.value)
    if not event.implicit[0]:
        return event.value
    return MERGE if event.value == "<<" else scalars.resolve(event.value)


def _mapping(items: list[Any]) -> dict[str, Any]:
    """Make keys text, and let what is written in the mapping itself win over what is merged into it."""
    merged: dict[str, Any] = {}
    own: dict[str, Any] = {}
    for key, value in zip(items[::2], items[1::2], strict=True):
        if key is MERGE:
            merged |= _merged(value)
        else:
            own[_key(key)] = value
    return merged | own


def _merged(value: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for source in reversed(value if isinstance(value, list) else [value]):
        if not isinstance(source, dict):
            raise Malformed("", "Only mappings can be merged")
        found |= source
    return found


def _key(value: Any) -> str:
    if value is None or isinstance(value, dict | list):
        raise Malformed("", "A key is text, a number or a truth value")
    return value if isinstance(value, str) else scalars.text(value)
