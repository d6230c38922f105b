"""Plain values as a Pod: known fields only, of the right types, without the zeros that Kubernetes leaves out.

It follows https://pkg.go.dev/encoding/json, by which Kubernetes' tools read: names match without regard to
case, and null is the zero of its type. The outcome is what they would write.
"""

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from orchestrator.services.stacks.podspec import quantities, scalars
from orchestrator.services.stacks.podspec.reading import DEEPEST, Malformed
from orchestrator.services.stacks.podspec.schema import STRUCTS, Struct, Type, folded

ZEROS = {"string": "", "bool": False, "int32": 0, "int64": 0, "quantity": "0", "intOrString": 0}
RANGES = {"int32": 2**31, "int64": 2**63}
PLAIN_KEY = re.compile(r"[A-Za-z0-9_./-]{1,80}", re.ASCII)
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)", re.ASCII)
BEGINNING = datetime(1, 1, 1, tzinfo=UTC)  # Go's zero


@dataclass(slots=True)
class Notes:
    """Paths of what was changed on the way."""

    unknown: list[str] = field(default_factory=list)
    coerced: list[str] = field(default_factory=list)


def pod(value: Any, notes: Notes) -> dict[str, Any]:
    """Return the Pod that a document holds, and add to the notes; raise `Malformed` for a wrong type."""
    return _Decoder(notes).struct(value, "Pod", "")


class _Decoder:
    def __init__(self, notes: Notes) -> None:
        self.notes = notes

    def value(self, value: Any, type_: Type, path: str) -> Any:
        if value is None:
            return None if type_.pointer else self.zero(type_, path)
        match type_.form:
            case "struct":
                return self.struct(value, type_.name, path)
            case "list":
                return self.list(value, type_.item, path)
            case "map":
                return self.map(value, type_.item, path)
            case "string":
                return self.string(value, path)
            case form:
                return SCALARS[form](value, path)

    def zero(self, type_: Type, path: str) -> Any:
        return self.struct({}, type_.name, path) if type_.form == "struct" else ZEROS.get(type_.form)

    def struct(self, value: Any, name: str, path: str) -> dict[str, Any]:
        given = _given(value, path)
        struct = STRUCTS[name]
        found = {}
        for key, item in self.known(given, struct, path).items():
            type_ = struct.fields[key]
            got = self.value(item, type_, _join(path, key))
            if got is not None and (got or type_.pointer or not type_.optional):
                found[key] = got
        for key in struct.always:
            if key not in found:
                found[key] = self.value(None, struct.fields[key], _join(path, key))
        return found

    def known(self, given: dict[str, Any], struct: Struct, path: str) -> dict[str, Any]:
        found = {}
        for key, item in given.items():
            name = key if key in struct.fields else struct.folded.get(folded(key))
            if name is None:
                self.notes.unknown.append(_join(path, key))
            else:
                found[name] = item
        return found

    def list(self, value: Any, item: Type | None, path: str) -> list[Any]:
        assert item
        if not isinstance(value, list):
            raise Malformed(path, "A list belongs here")
        return [self.value(each, item, f"{path}[{index}]") for index, each in enumerate(value)]

    def map(self, value: Any, item: Type | None, path: str) -> dict[str, Any]:
        assert item
        return {key: self.value(each, item, _join(path, key)) for key, each in _given(value, path).items()}

    def string(self, value: Any, path: str) -> str:
        if isinstance(value, str):
            return value
        if isinstance(value, list | dict):
            raise Malformed(path, "Text belongs here")
        self.notes.coerced.append(path)
        return scalars.text(value)


def _given(value: Any, path: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Malformed(path, "A mapping belongs here")
    return value


def _join(path: str, key: str) -> str:
    shown = key if PLAIN_KEY.fullmatch(key) else json.dumps(key[:40])
    return f"{path}.{shown}" if path else shown


def _bool(value: Any, path: str) -> bool:
    if not isinstance(value, bool):
        raise Malformed(path, "true or false belongs here, without quotes")
    return value


def _integer(limit: int) -> Callable[[Any, str], int]:
    def read(value: Any, path: str) -> int:
        whole = int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e21 else value
        if type(whole) is not int or not -limit <= whole < limit:
            raise Malformed(path, "A whole number belongs here, without quotes")
        return whole

    return read


def _integer_or_string(value: Any, path: str) -> int | str:
    return value if isinstance(value, str) else _integer(2**31)(value, path)


def _quantity(value: Any, path: str) -> str:
    try:
        if isinstance(value, bool | list | dict) or isinstance(value, float) and not math.isfinite(value):
            raise ValueError
        return quantities.canonical(quantities.parsed(value))
    except ValueError as exc:
        raise Malformed(path, "A quantity belongs here, such as 100m or 64Mi") from exc


def _time(value: Any, path: str) -> str | None:
    """Return whole seconds of UTC; None for the time that stands for none."""
    try:
        if not isinstance(value, str) or not RFC3339.fullmatch(value):
            raise ValueError
        found = datetime.fromisoformat(value).astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError) as exc:
        raise Malformed(path, "A time belongs here, such as 2030-01-31T12:00:00Z") from exc
    return None if found == BEGINNING else f"{found.replace(tzinfo=None).isoformat()}Z"


def _any(value: Any, path: str, depth: int = 0) -> Any:
    if depth > DEEPEST or isinstance(value, float) and not math.isfinite(value):
        raise Malformed(path, "This is too deep, or no number")
    if isinstance(value, dict):
        return {key: _any(item, path, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_any(item, path, depth + 1) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


SCALARS: dict[str, Callable[[Any, str], Any]] = {
    "bool": _bool,
    "int32": _integer(2**31),
    "int64": _integer(2**63),
    "quantity": _quantity,
    "intOrString": _integer_or_string,
    "time": _time,
    "any": _any,
}
