"""Shapes of answers in the OpenAPI document that are no rows."""

from collections.abc import Collection, Mapping
from typing import Any

TEXT = {"type": "string"}
BOOLEAN = {"type": "boolean"}


def obj(properties: Mapping[str, Any], *, sometimes: Collection[str] = ()) -> dict[str, Any]:
    """Return the schema of an object that always has its members, apart from some."""
    required = [name for name in properties if name not in sometimes]
    return {"type": "object", "properties": {**properties}, "required": required}
