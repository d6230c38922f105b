"""A secret as somebody edits it without seeing its values. Pure functions.

What is left masked stays as it is. What was typed over a mask is new, and is never shown again.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

from orchestrator.backends.cluster import masks
from orchestrator.services.clusters.documents import problem
from orchestrator.services.clusters.threeway import ABSENT, Change, Clash

MASK = masks.MASK
CHANGED = f"{MASK} (changed)"
NEW = f"{MASK} (new)"
Manifest = dict[str, Any]
Field = TypeVar("Field", Change, Clash)


def unmasked(typed: Manifest, live: Manifest) -> Manifest:
    """Return what was typed with the present values in the place of masks; neither is changed.

    Raises `InvalidInput` for a mask where there is no value to keep.
    """
    found = typed
    for place in (("data",), ("metadata", "annotations")):
        shown, real = _at(typed, place), _at(live, place)
        if not isinstance(shown, dict) or MASK not in shown.values():
            continue
        lost = [key for key, value in shown.items() if value == MASK and key not in real]
        if lost:
            message = f"{'.'.join(place)}.{lost[0]} is masked, and there is no value of it to keep"
            raise problem(message)
        kept = {key: real[key] if value == MASK else value for key, value in shown.items()}
        found = _with(found, place, kept)
    return found


def before(base: Manifest, typed: Manifest, live: Manifest, *, same_version: bool) -> Manifest:
    """Return a secret as it was opened, as far as that can be known: its values were masked then.

    If it is another version now, a value that was typed over counts as one that somebody else changed too.
    """
    found = base
    for place in (("data",), ("metadata", "annotations")):
        shown, real, now = _at(base, place), _at(live, place), _at(typed, place)
        if MASK not in shown.values():
            continue
        kept = {
            key: value
            if value != MASK
            else real.get(key)
            if same_version or now.get(key) in (MASK, real.get(key))
            else None
            for key, value in shown.items()
        }
        found = _with(found, place, kept)
    return found


def masked(manifest: Manifest, *, live: Manifest | None = None) -> Manifest:
    """Return a secret with every value masked, which says of each whether it is another than in `live`."""
    typed = {**(manifest.get("data") or {}), **(manifest.get("stringData") or {})}
    found = masks.masked({key: value for key, value in manifest.items() if key != "stringData"})
    if live is None or not typed:
        return found
    old = live.get("data") or {}
    plain = set(manifest.get("stringData") or {})
    return found | {
        "data": {
            key: NEW if key not in old else CHANGED if key in plain or value != old[key] else MASK
            for key, value in typed.items()
        }
    }


def hidden(field: Field) -> Field:
    """Return a field of a secret that changed or clashes, without its values."""
    names = [part for part in field.path[:2] if isinstance(part, str)]
    if names[:1] not in (["data"], ["stringData"]) and names != ["metadata", "annotations"]:
        return field
    if isinstance(field, Change):
        return Change(field.path, _mask(field.before), _mask(field.after))
    return Clash(field.path, _mask(field.base), _mask(field.theirs), _mask(field.mine))


def _mask(value: Any) -> Any:
    return ABSENT if value is ABSENT else MASK


def _at(manifest: Mapping[str, Any], place: tuple[str, ...]) -> dict[str, Any]:
    at: Any = manifest
    for part in place:
        at = (at if isinstance(at, dict) else {}).get(part) or {}
    return at if isinstance(at, dict) else {}


def _with(manifest: Manifest, place: tuple[str, ...], content: Manifest) -> Manifest:
    first, *rest = place
    below = _with(manifest.get(first) or {}, tuple(rest), content) if rest else content
    return {**manifest, first: below}
