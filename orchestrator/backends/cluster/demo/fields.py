"""Who manages which fields of an object: https://kubernetes.io/docs/reference/using-api/server-side-apply/

A field is a path of parts as `metadata.managedFields` writes them: `f:spec`, `k:{"name":"web"}`, `v:"a"`. The
path of an element of a list stands for its being there at all.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from orchestrator.backends.cluster.demo.merges import MERGE_KEYS, PRIMITIVES
from orchestrator.backends.cluster.demo.parts import Manifest

Path = tuple[str, ...]
Fields = dict[Path, Any]  # what a path leads to; None for an element of a list
KEYS: dict[str, tuple[str, ...]] = {name: (key,) for name, key in MERGE_KEYS.items() if name != "taints"}
KEYS["topologySpreadConstraints"] = ("topologyKey", "whenUnsatisfiable")
# Objects that are one value: they have one manager, and are replaced as a whole.
WHOLE = frozenset(
    ("selector", "nodeSelector", "labelSelector", "podSelector", "namespaceSelector", "fieldRef", "secretRef")
    + ("configMapKeyRef", "secretKeyRef", "resourceFieldRef", "claimRef", "scaleTargetRef", "roleRef")
)
UNMANAGED = ("apiVersion", "kind", "status")
OWN_METADATA = frozenset(
    ("name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp", "managedFields")
    + ("selfLink", "generateName", "deletionTimestamp", "deletionGracePeriodSeconds")
)


def of(manifest: Mapping[str, Any]) -> Fields:
    """Return the fields of an object that are managed."""
    found: Fields = {}
    for name, value in manifest.items():
        if name == "metadata":
            value = {each: inner for each, inner in value.items() if each not in OWN_METADATA}
        if name not in UNMANAGED and value != {}:
            _collect(value, (f"f:{name}",), name, found)
    return found


def _collect(value: Any, path: Path, name: str, found: Fields) -> None:
    if isinstance(value, Mapping) and value and name not in WHOLE:
        for inner, each in value.items():
            _collect(each, (*path, f"f:{inner}"), inner, found)
    elif isinstance(value, list) and (keys := keys_of(name, value)):
        for each in value:
            place = (*path, element(keys, each))
            found[place] = None
            for inner, part in each.items():
                _collect(part, (*place, f"f:{inner}"), inner, found)
    elif isinstance(value, list) and name in PRIMITIVES:
        found |= {(*path, f"v:{json.dumps(each)}"): each for each in value}
    else:
        found[path] = value


def keys_of(name: str, elements: Sequence[Any]) -> tuple[str, ...]:
    """Return what tells the elements of a list apart; () for a list that is one value."""
    if not all(isinstance(each, Mapping) for each in elements):
        return ()
    keys = KEYS.get(name, ())
    if name == "ports":
        keys = ("containerPort",) if any("containerPort" in each for each in elements) else ("port",)
    return keys if all(key in each for key in keys for each in elements) else ()


def element(keys: Sequence[str], each: Mapping[str, Any]) -> str:
    """Return the part of a path that leads to an element of a list."""
    named = {key: each.get(key) for key in keys}
    if keys in (("containerPort",), ("port",)):
        named["protocol"] = each.get("protocol", "TCP")
    return "k:" + json.dumps(named, sort_keys=True, separators=(",", ":"))


def written(fields: Iterable[Path]) -> Manifest:
    """Return fields in the form of `fieldsV1`."""
    found: Manifest = {}
    for path in sorted(fields):
        place = found
        for part in path:
            place = place.setdefault(part, {})
        if path[-1].startswith("k:"):
            place["."] = {}
    return found


def read(fields: Manifest, path: Path = ()) -> set[Path]:
    """Return the fields that `fieldsV1` names."""
    found = {path} if path and (not fields or "." in fields) else set()
    for part, inner in fields.items():
        if part != ".":
            found |= read(inner, (*path, part))
    return found


def shown(path: Path) -> str:
    """Return a field as a conflict names it: `.spec.containers[name="web"].image`."""
    said = ""
    for part in path:
        if part.startswith("f:"):
            said += f".{part[2:]}"
        elif part.startswith("k:"):
            named = json.loads(part[2:])
            said += "[" + ",".join(f"{key}={json.dumps(value)}" for key, value in named.items()) + "]"
        else:
            said += f"[={part[2:]}]"
    return said


def overlaps(one: Path, other: Path) -> bool:
    """Return True if one of two fields is a part of the other, and neither a mere place in a list."""
    shorter, longer = sorted((one, other), key=len)
    return longer[: len(shorter)] == shorter and (len(one) == len(other) or not shorter[-1].startswith("k:"))
