"""The ways to change an object by a patch, as pure functions. None of them changes what it is given."""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

# What tells the elements of a list apart when it is merged, by the name of the list.
# https://kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/
MERGE_KEYS = {
    "conditions": "type",
    "containers": "name",
    "env": "name",
    "ephemeralContainers": "name",
    "hostAliases": "ip",
    "imagePullSecrets": "name",
    "initContainers": "name",
    "ownerReferences": "uid",
    "secrets": "name",
    "taints": "key",
    "topologySpreadConstraints": "topologyKey",
    "volumeDevices": "devicePath",
    "volumeMounts": "mountPath",
    "volumes": "name",
}
PRIMITIVES = ("finalizers",)  # lists of words that are merged as sets
DELETE_FROM, ORDER, RETAIN = "$deleteFromPrimitiveList/", "$setElementOrder/", "$retainKeys"


class Unfit(Exception):
    """A patch that makes no sense for what it is laid upon."""


def merged(target: object, patch: object) -> Any:
    """Return a JSON merge patch, laid upon its target: https://www.rfc-editor.org/rfc/rfc7396"""
    if not isinstance(patch, Mapping):
        return copy.deepcopy(patch)
    found = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            found.pop(name, None)
        else:
            found[name] = merged(found.get(name), value)
    return found


def strategic(target: object, patch: Mapping[str, Any]) -> dict[str, Any]:
    """Return a strategic merge patch, laid upon its target: lists are merged by their keys.

    https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md
    """
    if patch.get("$patch") == "replace":
        return {name: copy.deepcopy(value) for name, value in patch.items() if name != "$patch"}
    found = dict(target) if isinstance(target, Mapping) else {}
    if RETAIN in patch:
        found = {name: value for name, value in found.items() if name in patch[RETAIN]}
    for name, value in patch.items():
        if name.startswith(DELETE_FROM):
            list_name = name.removeprefix(DELETE_FROM)
            found[list_name] = [each for each in found.get(list_name, []) if each not in value]
        elif name.startswith(ORDER) or name in (RETAIN, "$patch"):
            continue
        elif value is None or (isinstance(value, Mapping) and value.get("$patch") == "delete"):
            found.pop(name, None)
        elif isinstance(value, Mapping):
            found[name] = strategic(found.get(name), value)
        elif isinstance(value, list):
            found[name] = _list(name, found.get(name) or [], value)
        else:
            found[name] = value
    return found


def _list(name: str, target: Sequence[Any], patch: Sequence[Any]) -> list[Any]:
    if name in PRIMITIVES:
        return [*target, *(each for each in patch if each not in target)]
    key = merge_key(name, [*target, *patch])
    if not key or any(isinstance(each, Mapping) and each.get("$patch") == "replace" for each in patch):
        return [copy.deepcopy(each) for each in patch if "$patch" not in each or len(each) > 1]
    found = list(target)
    for each in patch:
        if not isinstance(each, Mapping) or key not in each:
            raise Unfit(f"map: {each} does not contain declared merge key: {key}")
        place = next((at for at, old in enumerate(found) if old.get(key) == each[key]), None)
        if each.get("$patch") == "delete":
            found = [old for old in found if old.get(key) != each[key]]
        elif place is None:
            found.append(strategic({}, each))
        else:
            found[place] = strategic(found[place], each)
    return found


def merge_key(name: str, elements: Sequence[Any]) -> str:
    """Return what tells the elements of a list apart; "" for one that is replaced as a whole."""
    if name == "ports":  # of a container, or of a service
        return "containerPort" if any("containerPort" in each for each in elements) else "port"
    return MERGE_KEYS.get(name, "")


def stepped(target: object, steps: Sequence[Any]) -> Any:
    """Return what the steps of a JSON patch make of a target; raise `Unfit`.

    https://www.rfc-editor.org/rfc/rfc6902
    """
    found = copy.deepcopy(target)
    for step in steps:
        try:
            found = _step(found, step)
        except (AttributeError, KeyError, IndexError, TypeError, ValueError) as exc:
            raise Unfit(f"{exc}") from exc
    return found


def _step(target: Any, step: Mapping[str, Any]) -> Any:
    operation, path = step["op"], _path(step["path"])
    if operation == "test":
        if _at(target, path) != step["value"]:
            raise ValueError(f"{step['path']} is another")
        return target
    if operation in ("move", "copy"):
        origin = _path(step["from"])
        value = copy.deepcopy(_at(target, origin))
        target = _without(target, origin) if operation == "move" else target
        return _with(target, path, value)
    if operation == "remove":
        return _without(target, path)
    if operation == "replace":
        _at(target, path)  # There must be something to replace.
        target = _without(target, path) if path else target
    elif operation != "add":
        raise ValueError(f"unknown operation {operation}")
    return _with(target, path, copy.deepcopy(step["value"]))


def _path(pointer: str) -> list[str]:
    """Return the parts of a pointer: https://www.rfc-editor.org/rfc/rfc6901"""
    if pointer and not pointer.startswith("/"):
        raise ValueError(f"{pointer} is no pointer")
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def _at(target: Any, path: Sequence[str]) -> Any:
    for part in path:
        target = target[_index(part, len(target) - 1)] if isinstance(target, list) else target[part]
    return target


def _with(target: Any, path: Sequence[str], value: Any) -> Any:
    if not path:
        return value
    place, last = _at(target, path[:-1]), path[-1]
    if isinstance(place, list):
        place.insert(len(place) if last == "-" else _index(last, len(place)), value)
    else:
        place[last] = value
    return target


def _without(target: Any, path: Sequence[str]) -> Any:
    place, last = _at(target, path[:-1]), path[-1]
    del place[_index(last, len(place) - 1) if isinstance(place, list) else last]
    return target


def _index(part: str, largest: int) -> int:
    if not part.isdecimal() or int(part) > largest:
        raise IndexError(f"{part} is no place in the list")
    return int(part)
