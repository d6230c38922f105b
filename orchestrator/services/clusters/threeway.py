"""Three versions of one object: as it was opened, as it is now, as somebody wants it. Pure functions.

Lists are compared item by item where items have names, as Kubernetes merges them, and elsewhere as a whole.
https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final


class _Nothing(Enum):
    ABSENT = "absent"

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Nothing.ABSENT  # stands for a field that is not there
# What names the items of a list: the first that every item has, and by which no two are the same.
KEYS: tuple[tuple[str, ...], ...] = (
    ("name",),
    ("containerPort", "protocol"),
    ("port", "protocol"),
    ("mountPath",),
    ("devicePath",),
    ("type",),
    ("uid",),
    ("ip",),
)


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a list within a path: what names it, and its content at that place."""

    name: str  # "name=app"
    content: Mapping[str, Any] = field(compare=False)


Path = tuple[str | Item, ...]
Three = tuple[Any, Any, Any]  # the same place in base, theirs and mine


@dataclass(frozen=True, slots=True)
class Change:
    """A field that differs between two versions; `ABSENT` where one does not have it."""

    path: Path
    before: Any
    after: Any

    @property
    def field(self) -> str:
        return written(self.path)


@dataclass(frozen=True, slots=True)
class Clash:
    """A field that two people changed, each to something else."""

    path: Path
    base: Any
    theirs: Any
    mine: Any

    @property
    def field(self) -> str:
        return written(self.path)


@dataclass(frozen=True, slots=True)
class Merged:
    """Both changes in one object; where they clash it has mine."""

    content: dict[str, Any]
    clashes: tuple[Clash, ...]


def written(path: Path) -> str:
    """Return a path as people write it: `spec.template.spec.containers[name=app].image`."""
    text = ""
    for part in path:
        if isinstance(part, Item):
            text += f"[{part.name}]"
        elif "." in part or "/" in part:
            text += f'["{part}"]'
        else:
            text += f".{part}" if text else part
    return text


def same(one: Any, other: Any) -> bool:
    """Return True for values that are the same in JSON, where true is not 1."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return bool(one == other)


def changes(before: Any, after: Any, *, path: Path = ()) -> list[Change]:
    """Return what differs, each field once, as deep as the two can be compared."""
    if same(before, after):
        return []
    if isinstance(before, dict) and isinstance(after, dict):
        pairs: Iterator[tuple[str | Item, Any, Any]] = (
            (key, before.get(key, ABSENT), after.get(key, ABSENT)) for key in _joined(before, after)
        )
    elif (names := _names(before, after)) is not None:
        pairs = _items(names[0], names[1])
    else:
        return [Change(path, before, after)]
    found = [change for key, *two in pairs for change in changes(*two, path=(*path, key))]
    return found or [Change(path, before, after)]  # The same items in another order.


def merge(base: Mapping[str, Any], theirs: Mapping[str, Any], mine: Mapping[str, Any]) -> Merged:
    """Return what two people made of one object, put together."""
    clashes: list[Clash] = []
    content = _merged((dict(base), dict(theirs), dict(mine)), (), clashes)
    return Merged(content, tuple(clashes))


def _merged(versions: Three, path: Path, clashes: list[Clash]) -> Any:
    base, theirs, mine = versions
    if same(theirs, mine) or same(base, mine):
        return theirs
    if same(base, theirs):
        return mine
    if isinstance(theirs, dict) and isinstance(mine, dict):
        before = base if isinstance(base, dict) else {}
        found = {
            key: _merged(_each(key, (before, theirs, mine)), (*path, key), clashes)
            for key in _joined(theirs, mine)
        }
        return {key: value for key, value in found.items() if value is not ABSENT}
    names = _names(base if isinstance(base, list) else [], theirs, mine)
    if names is None:
        clashes.append(Clash(path, base, theirs, mine))
        return mine
    return _merged_items((names[0], names[1], names[2]), path, clashes)


def _merged_items(names: Three, path: Path, clashes: list[Clash]) -> list[Any]:
    """Return the items of three lists put together, in my order unless only theirs is new."""
    base, theirs, mine = names
    kept = [name for name in base if name in theirs and name in mine]
    mine_moved = [name for name in mine if name in kept] != kept
    order = _joined(mine, theirs) if mine_moved else _joined(theirs, mine)
    found = []
    for name in order:
        three = _each(name, names)
        content = next(each for each in three if each is not ABSENT)
        found.append(_merged(three, (*path, Item(name, content)), clashes))
    return [value for value in found if value is not ABSENT]


def _each(key: str, three: Three) -> Three:
    base, theirs, mine = (each.get(key, ABSENT) for each in three)
    return base, theirs, mine


def _items(before: dict[str, Any], after: dict[str, Any]) -> Iterator[tuple[Item, Any, Any]]:
    for name in _joined(before, after):
        old, new = before.get(name, ABSENT), after.get(name, ABSENT)
        yield Item(name, old if new is ABSENT else new), old, new


def _names(*lists: Any) -> list[dict[str, Any]] | None:
    """Return the items of lists by what names them; None if the lists can only be compared as a whole."""
    if not all(isinstance(each, list) for each in lists):
        return None
    for keys in KEYS:
        found = [_named(each, keys) for each in lists]
        if all(each is not None for each in found):
            return [each for each in found if each is not None]
    return None


def _named(items: Sequence[Any], keys: tuple[str, ...]) -> dict[str, Any] | None:
    found: dict[str, Any] = {}
    for item in items:
        if not isinstance(item, dict) or not isinstance(item.get(keys[0]), str | int):
            return None
        found[",".join(f"{key}={item[key]}" for key in keys if key in item)] = item
    return found if len(found) == len(items) else None


def _joined(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Return the keys of both, those that only the other has at the end."""
    return [*one, *(key for key in other if key not in one)]
