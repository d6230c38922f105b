"""What a kind's manifests may hold, as the client library describes it."""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from orchestrator.backends.cluster.demo.parts import Manifest
from orchestrator.backends.cluster.kinds import Resource

LISTS, MAPS = re.compile(r"List\[(.+)\]"), re.compile(r"Dict\[str, (.+)\]")
GO_TYPES = {"int": "int32", "str": "string", "bool": "bool", "float": "float64", "datetime": "string"}
PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "str": (str,),
    "bool": (bool,),
    "float": (int, float),
    "datetime": (str,),
    "bytes": (str,),
}
WORDS = {str: "string", int: "number", float: "number", bool: "bool", list: "array", dict: "object"}
# Amounts are texts to the client library, while an API server takes numbers too.
AMOUNTS = frozenset(
    ("limits", "requests", "hard", "used", "capacity", "allocatable", "default", "defaultRequest", "max")
    + ("min", "overhead", "sizeLimit", "value", "averageValue", "maxLimitRequestRatio")
)


@dataclass
class Reading:
    """What was found in a manifest that does not belong there."""

    unknown: list[str] = field(default_factory=list)
    wrong: list[tuple[str, str, Any, str]] = field(default_factory=list)  # model, path, value, wanted type
    missing: list[str] = field(default_factory=list)


def read(resource: Resource, manifest: Manifest) -> tuple[Manifest, Reading]:
    """Return a manifest without what its kind does not know, and what is wrong with it.

    The status is not looked into, and kinds that Kubernetes does not bring are taken as they are.
    """
    reading, model = Reading(), _model(resource)
    if model is None:
        return manifest, reading
    looked_at = {name: value for name, value in manifest.items() if name != "status"}
    kept: Manifest = _object(looked_at, model, "", reading)
    return (kept | {"status": manifest["status"]} if "status" in manifest else kept), reading


@lru_cache(maxsize=128)
def _model(resource: Resource) -> Any:
    # Imported here because the client library costs 0.7 s and 42 MB.
    from kubernetes.client import models

    version = resource.version[:1].upper() + resource.version[1:]
    known = resource.group in ("", "apps", "batch", "autoscaling", "policy")
    if not known and not resource.group.endswith(".k8s.io"):
        return None
    names = (f"{version}{resource.kind}", f"Core{version}{resource.kind}")
    return next((getattr(models, name) for name in names if hasattr(models, name)), None)


def _value(value: Any, type_: str, place: str, owner: str, reading: Reading) -> Any:
    """Return a value as far as it fits its type; `owner` is the model that it is a member of."""
    if value is None or type_ == "object":
        return value
    if (found := LISTS.fullmatch(type_)) is not None:
        return _list(value, found[1], place, owner, reading)
    if (found := MAPS.fullmatch(type_)) is not None:
        return _map(value, found[1], place, owner, reading)
    if type_ in PYTHON_TYPES:
        if not _fits(value, type_, place):
            reading.wrong.append((owner, place, value, GO_TYPES.get(type_, "[]uint8")))
        return value
    if not isinstance(value, dict):
        reading.wrong.append((owner, place, value, f"v1.{_bare(type_)}"))
        return value
    from kubernetes.client import models

    return _object(value, getattr(models, type_), place, reading)


def _fits(value: Any, type_: str, place: str) -> bool:
    if isinstance(value, bool):
        return type_ == "bool"
    if isinstance(value, int | float) and AMOUNTS.intersection(place.split(".")[-2:]):
        return True
    return isinstance(value, PYTHON_TYPES[type_])


def _list(value: Any, type_: str, place: str, owner: str, reading: Reading) -> Any:
    if not isinstance(value, list):
        go = GO_TYPES.get(type_, f"v1.{_bare(type_)}")
        reading.wrong.append((owner, place, value, f"[]{go}"))
        return value
    return [_value(each, type_, f"{place}[{number}]", owner, reading) for number, each in enumerate(value)]


def _map(value: Any, type_: str, place: str, owner: str, reading: Reading) -> Any:
    if not isinstance(value, dict):
        reading.wrong.append((owner, place, value, f"map[string]{GO_TYPES.get(type_, 'interface {}')}"))
        return value
    return {name: _value(each, type_, f"{place}.{name}", owner, reading) for name, each in value.items()}


def _object(value: Manifest, model: Any, place: str, reading: Reading) -> Manifest:
    types = {model.attribute_map[name]: (name, type_) for name, type_ in model.openapi_types.items()}
    kept = {}
    for name, each in value.items():
        path = f"{place}.{name}" if place else name
        if name not in types:
            reading.unknown.append(path)
            continue
        kept[name] = _value(each, types[name][1], path, _bare(model.__name__), reading)
    fields = model.model_fields
    for written, (name, _) in types.items():
        if kept.get(written) is None and name in fields and fields[name].is_required():
            reading.missing.append(f"{place}.{written}" if place else written)
    return kept


def _bare(model: str) -> str:
    """Return the name of a model without its version: `DeploymentSpec`."""
    return re.sub(r"^(Core)?V\d+(alpha\d+|beta\d+)?", "", model)


def sentence(wrong: tuple[str, str, Any, str]) -> str:
    """Return what an API server says of a value that is of another type."""
    model, place, value, wanted = wrong
    path = re.sub(r"\[\d+\]", "", place)
    word = WORDS.get(type(value), "null")
    return f"json: cannot unmarshal {word} into Go struct field {model}.{path} of type {wanted}"
