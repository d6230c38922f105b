"""Changes of the managers of fields: what an update takes over, what an apply sets, drops and disputes."""

import copy
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.backends.cluster.acts import MANAGER
from orchestrator.backends.cluster.demo import failures, fields
from orchestrator.backends.cluster.demo.fields import Path
from orchestrator.backends.cluster.demo.merges import PRIMITIVES
from orchestrator.backends.cluster.demo.parts import Manifest
from orchestrator.backends.errors import Cause

# Who made what is in the generated world, by namespace; all else was made by hand.
MAKERS = {"kube-system": "helm", "staging": "argocd-controller"}


@dataclass(frozen=True, slots=True)
class Manager:
    name: str
    operation: str  # Update, Apply
    api_version: str
    subresource: str = ""

    def __str__(self) -> str:
        within = f' with subresource "{self.subresource}"' if self.subresource else ""
        using = f" using {self.api_version}" if self.operation == "Update" else ""
        return f'"{self.name}"{within}{using}'


Owned = dict[Manager, set[Path]]


def managers(manifest: Manifest) -> Owned:
    """Return who manages which fields of an object; one of the generated world has a manager that fits."""
    entries = manifest["metadata"].get("managedFields")
    if entries is None:
        return {_maker(manifest): set(fields.of(manifest))}
    return {
        Manager(each["manager"], each["operation"], each["apiVersion"], each.get("subresource", "")): (
            fields.read(each["fieldsV1"])
        )
        for each in entries
    }


def _maker(manifest: Manifest) -> Manager:
    metadata = manifest["metadata"]
    by_hand = "kubelet" if manifest["kind"] == "Node" else "kubectl-client-side-apply"
    name = MAKERS.get(metadata.get("namespace", ""), by_hand)
    if any(each.get("controller") for each in metadata.get("ownerReferences", [])):
        name = "kube-controller-manager"
    return Manager(name, "Update", manifest["apiVersion"])


def with_managers(manifest: Manifest, owned: Owned, *, at: str) -> Manifest:
    """Return an object that says who manages its fields; entries that did not change keep their time."""
    before = {
        (each["manager"], each["operation"], each.get("subresource", "")): each
        for each in manifest["metadata"].get("managedFields") or []
    }
    entries = []
    for manager, paths in owned.items():
        if not paths:
            continue
        entry: Manifest = {
            "manager": manager.name,
            "operation": manager.operation,
            "apiVersion": manager.api_version,
            "time": at,
            "fieldsType": "FieldsV1",
            "fieldsV1": fields.written(paths),
        }
        if manager.subresource:
            entry["subresource"] = manager.subresource
        old = before.get((manager.name, manager.operation, manager.subresource))
        entries.append(old if old and old["fieldsV1"] == entry["fieldsV1"] else entry)
    return manifest | {"metadata": manifest["metadata"] | {"managedFields": entries}}


def updated(after: Manifest, before: Manifest | None, *, at: str, subresource: str = "") -> Manifest:
    """Return an object after a write of ours: what we changed is ours."""
    was, now = fields.of(before) if before else {}, fields.of(after)
    changed = {path for path, value in now.items() if path not in was or was[path] != value}
    owned = managers(before) if before else {}
    left = {manager: {path for path in paths if path in now} - changed for manager, paths in owned.items()}
    mine = Manager(MANAGER, "Update", after["apiVersion"], subresource)
    left[mine] = left.get(mine, set()) | changed
    kept = {**after["metadata"], "managedFields": (before or after)["metadata"].get("managedFields")}
    return with_managers(after | {"metadata": kept}, left, at=at)


def applied(before: Manifest | None, config: Manifest, *, force: bool, at: str) -> Manifest:
    """Return what an apply of ours makes of an object; raise `Conflict` over fields that others manage."""
    base: Manifest = before or {"metadata": {}}
    wanted, present = fields.of(config), fields.of(base)
    owned: Owned = managers(before) if before else {}
    mine = Manager(MANAGER, "Apply", config["apiVersion"])
    changed = {path for path, value in wanted.items() if path not in present or present[path] != value}
    others = {manager: paths for manager, paths in owned.items() if manager != mine}
    disputed = {
        manager: {path for path in paths if any(fields.overlaps(path, each) for each in changed)}
        for manager, paths in others.items()
    }
    if any(disputed.values()) and not force:
        causes = [
            Cause(f"conflict with {manager}", fields.shown(path), "FieldManagerConflict")
            for manager, paths in disputed.items()
            for path in sorted(paths)
        ]
        raise failures.apply_conflict(conflict_sentence(disputed), causes)
    after = _merged(base, {name: value for name, value in config.items() if name != "status"}, "")
    dropped = owned.get(mine, set()) - set(wanted)
    held = set().union(*others.values()) if others else set()
    for path in sorted(dropped, key=len):
        if not any(each[: len(path)] == path for each in (*held, *wanted)):
            _drop(after, path)
    left = {manager: paths - disputed[manager] for manager, paths in others.items()}
    kept = {**after["metadata"], "managedFields": base["metadata"].get("managedFields")}
    return with_managers(after | {"metadata": kept}, {**left, mine: set(wanted)}, at=at)


def conflict_sentence(disputed: Mapping[Manager, Iterable[Path]]) -> str:
    """Return how an API server tells of fields that others manage."""
    by_manager: dict[str, list[str]] = defaultdict(list)
    for manager, paths in disputed.items():
        by_manager[str(manager)] += sorted(fields.shown(path) for path in paths)
    found = {manager: paths for manager, paths in by_manager.items() if paths}
    number = sum(map(len, found.values()))
    if number == 1:
        name, (path,) = next(iter(found.items()))
        return f"Apply failed with 1 conflict: conflict with {name}: {path}"
    lines = [
        "\n".join((f"conflicts with {name}:", *(f"- {path}" for path in found[name])))
        for name in sorted(found)
    ]
    return f"Apply failed with {number} conflicts: " + "\n".join(lines)


def _merged(target: Any, config: Any, name: str) -> Any:
    """Return a configuration, laid upon an object: lists are merged by what tells their elements apart."""
    if isinstance(config, Mapping) and isinstance(target, Mapping) and name not in fields.WHOLE:
        inner = {part: _merged(target.get(part), each, part) for part, each in config.items()}
        return {**target, **inner}
    if isinstance(config, list) and isinstance(target, list):
        if name in PRIMITIVES:
            return [*target, *(each for each in config if each not in target)]
        if keys := fields.keys_of(name, [*target, *config]):
            known = {fields.element(keys, each): each for each in target}
            for each in config:
                place = fields.element(keys, each)
                known[place] = _merged(known.get(place), each, "")
            return list(known.values())
    return copy.deepcopy(config)


def _drop(manifest: Manifest, path: Path) -> None:
    """Remove a field from an object that is not shared; what is empty then stays out too."""
    *before, last = path
    place: Any = manifest
    trail = []
    for part in before:
        trail.append((place, part))
        place = _inside(place, part)
        if place is None:
            return
    if isinstance(place, dict):
        place.pop(last[2:], None)
    elif isinstance(place, list):
        found = _inside(place, last)
        place[:] = [each for each in place if each is not found]
    outer, part = trail[-1] if trail else (None, "")
    if isinstance(outer, dict) and place in ({}, []) and part.startswith("f:"):
        outer.pop(part[2:], None)


def _inside(place: Any, part: str) -> Any:
    if isinstance(place, dict):
        return place.get(part[2:])
    if isinstance(place, list) and place and part.startswith("k:"):
        keys = [key for key in json.loads(part[2:]) if key != "protocol"]
        return next((each for each in place if fields.element(tuple(keys), each) == part), None)
    return next((each for each in place if json.dumps(each) == part[2:]), None)
