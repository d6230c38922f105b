"""The fields of a Pod of Kubernetes 1.34 and their types.

`tools/podschema` writes schema.json from the Go types of https://pkg.go.dev/k8s.io/api/core/v1.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Type:
    """`form` is list, map, struct (`name` says which) or a scalar; `item` is what a list or a map holds."""

    form: str
    name: str = ""
    item: "Type | None" = None
    pointer: bool = False  # absent and zero are two things
    optional: bool = False  # its zero is left out


@dataclass(frozen=True, slots=True)
class Struct:
    """The fields of a type, by name and by name without case, and those that are always written."""

    fields: dict[str, Type]
    folded: dict[str, str]
    always: tuple[str, ...]


SCALARS = frozenset({"string", "bool", "int32", "int64", "quantity", "intOrString", "time", "any"})


def folded(name: str) -> str:
    """Return a name as names are compared: a long s and the sign of kelvin are letters too, for Go."""
    return name.lower().replace("\u017f", "s").replace("\u212a", "k")


def _type(text: str) -> Type:
    optional = text.endswith("?")
    text = text.rstrip("?")
    pointer = text.startswith("*")
    text = text.removeprefix("*")
    for mark, form in (("[]", "list"), ("{}", "map")):
        if text.startswith(mark):
            return Type(form, item=_type(text[2:]), pointer=pointer, optional=optional)
    if text in SCALARS:
        return Type(text, pointer=pointer, optional=optional)
    return Type("struct", name=text, pointer=pointer, optional=optional)


def _structs() -> Iterator[tuple[str, Struct]]:
    for name, given in json.loads(Path(__file__).with_name("schema.json").read_text()).items():
        fields = {field: _type(text) for field, text in given.items()}
        always = tuple(field for field, type_ in fields.items() if not type_.optional)
        yield name, Struct(fields, {folded(field): field for field in fields}, always)


STRUCTS: dict[str, Struct] = dict(_structs())
