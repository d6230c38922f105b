"""Who manages which field of an object, as the API server keeps book of it. Pure functions.

https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.backends.cluster.acts import MANAGER
from orchestrator.services.clusters.threeway import Item, Path, written

MOST = 40  # fields that are listed
# The autoscaler writes as the controller manager, through the subresource: seen on 1.34.
AUTOSCALER = ("kube-controller-manager", "scale")
TOOLS = {  # part of a manager's name -> the tool that will put its own version back
    "argocd": "Argo CD",
    "kustomize-controller": "Flux",
    "helm-controller": "Flux",
    "flux": "Flux",
    "fleet": "Fleet",
    "config-sync": "Config Sync",
}
MARKS = {  # label or annotation -> the tool that put it there
    "argocd.argoproj.io/instance": "Argo CD",
    "argocd.argoproj.io/tracking-id": "Argo CD",
    "kustomize.toolkit.fluxcd.io/name": "Flux",
    "helm.toolkit.fluxcd.io/name": "Flux",
    "objectset.rio.cattle.io/hash": "Fleet",
    "configsync.gke.io/resource-id": "Config Sync",
    "meta.helm.sh/release-name": "Helm",
}


@dataclass(frozen=True, slots=True)
class Managed:
    """A field, and who manages it: nobody if it is new."""

    field: str
    managers: tuple[str, ...]


def of(manifest: Mapping[str, Any], paths: Iterable[Path]) -> list[Managed]:
    """Return who manages each of some fields, or a part of it."""
    entries = [each for each in _entries(manifest) if isinstance(each.get("fieldsV1"), dict)]
    found = []
    for path in paths:
        names = [_name(each, path) for each in entries if _holds(each["fieldsV1"], path)]
        found.append(Managed(written(path), tuple(dict.fromkeys(names))))
    return found


def overview(manifest: Mapping[str, Any]) -> list[Managed]:
    """Return who manages what, field by field as far down as it takes to tell the managers apart."""
    owned = [
        (str(each.get("manager") or "?"), each["fieldsV1"], each)
        for each in _entries(manifest)
        if isinstance(each.get("fieldsV1"), dict) and each.get("subresource") != "status"
    ]
    found: list[Managed] = []
    _walk((), [(_name(entry, ()), tree) for _, tree, entry in owned], found)
    return found[:MOST]


def tool(manifest: Mapping[str, Any]) -> str:
    """Return the tool that keeps the object as its own source says, such as Argo CD; "" for none."""
    metadata: Mapping[str, Any] = manifest.get("metadata") or {}
    marks = {**(metadata.get("labels") or {}), **(metadata.get("annotations") or {})}
    for mark, name in MARKS.items():
        if mark in marks:
            return name
    managers = [str(each.get("manager", "")).lower() for each in _entries(manifest)]
    return next((name for part, name in TOOLS.items() for each in managers if part in each), "")


def _entries(manifest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    entries = (manifest.get("metadata") or {}).get("managedFields")
    return [each for each in entries or [] if isinstance(each, dict)]


def _name(entry: Mapping[str, Any], path: Path) -> str:
    manager = str(entry.get("manager") or "unknown")
    if (manager, entry.get("subresource")) == AUTOSCALER:
        return "horizontal-pod-autoscaler"
    return manager


def _holds(tree: Mapping[str, Any], path: Path) -> bool:
    """Return True if a manager's tree of fields has a field, one above it as a whole, or some below it."""
    for part in path:
        if isinstance(part, Item):
            below = next((each for key, each in tree.items() if _is_item(key, part)), None)
        else:
            below = tree.get(f"f:{part}")
        if below is None:
            return False
        if not below:  # The field is managed as a whole, with all that is in it.
            return True
        tree = below
    return True


def _is_item(key: str, item: Item) -> bool:
    """Return True for a key such as `k:{"name":"app"}` that means an item."""
    if not key.startswith("k:"):
        return False
    try:
        named = json.loads(key[2:])
    except ValueError:
        return False
    content = {"protocol": "TCP", **item.content}  # the default of every port
    return isinstance(named, dict) and all(content.get(name) == value for name, value in named.items())


def _walk(path: tuple[str, ...], trees: list[tuple[str, Mapping[str, Any]]], found: list[Managed]) -> None:
    """Add the fields below a path: one line where all of it has the same managers, else go down."""
    names = tuple(dict.fromkeys(name for name, _ in trees))
    keys = list(dict.fromkeys(key for _, tree in trees for key in tree if key != "."))
    if path and (len(names) == 1 or not keys):
        found.append(Managed("".join(path).removeprefix("."), names))
        return
    for key in keys:
        below = [(name, tree[key]) for name, tree in trees if key in tree]
        _walk((*path, _readable(key)), below, found)


def _readable(key: str) -> str:
    """Return a key of `fieldsV1` as part of a path."""
    kind, _, rest = key.partition(":")
    if kind == "f":
        return f'["{rest}"]' if "." in rest or "/" in rest else f".{rest}"
    if kind == "k":
        try:
            named = json.loads(rest)
        except ValueError:
            return f"[{rest}]"
        return "[" + ",".join(f"{name}={value}" for name, value in named.items()) + "]"
    return f"[{rest}]"


def is_ours(manager: str) -> bool:
    """Return True for the name under which this product sets fields."""
    return manager == MANAGER
