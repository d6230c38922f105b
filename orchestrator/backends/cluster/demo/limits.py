"""Limit ranges of the demo world: what containers get that say nothing, and what is too much or too little.

https://kubernetes.io/docs/concepts/policy/limit-range/; the sentences were heard from Kubernetes 1.34.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.backends.cluster.demo import failures
from orchestrator.backends.cluster.demo.overlay import Draft
from orchestrator.backends.cluster.demo.parts import Manifest
from orchestrator.backends.cluster.kinds import RESOURCES, Kind
from orchestrator.backends.cluster.quantities import exact, written

NAMES = ("cpu", "memory")
RULES = {
    "min": "minimum {name} usage per {type} is {amount}",
    "max": "maximum {name} usage per {type} is {amount}",
    "maxLimitRequestRatio": "{name} max limit to request ratio per {type} is {amount}",
}
Amounts = Mapping[str, Any]


def completed(draft: Draft, pod: Manifest, *, namespace: str) -> Manifest:
    """Return a pod whose containers have the requests and limits that they do not name."""
    ranges = [
        item for each in _ranges(draft, namespace) for item in _items(each) if item["type"] == "Container"
    ]
    spec = pod.get("spec")
    if not isinstance(spec, dict):
        return pod
    found = {
        name: spec[name] for name in ("initContainers", "containers") if isinstance(spec.get(name), list)
    }
    filled = {name: [_filled(each, ranges) for each in containers] for name, containers in found.items()}
    return pod | {"spec": spec | filled}


def _filled(container: Any, ranges: list[Manifest]) -> Any:
    if not isinstance(container, dict) or not isinstance(container.get("resources") or {}, dict):
        return container
    resources = container.get("resources") or {}
    limits, requests = dict(resources.get("limits") or {}), dict(resources.get("requests") or {})
    requests = limits | requests  # What is limited and not asked for is asked for in full.
    for item in ranges:
        limits = (item.get("default") or {}) | limits
        requests = (item.get("defaultRequest") or {}) | requests
    found = {"limits": limits, "requests": requests}
    amounts = {part: amount for part, amount in found.items() if amount}
    return container | {"resources": resources | amounts} if amounts else container


def check(draft: Draft, pod: Manifest) -> None:
    """Raise `Forbidden` for a pod that a limit range does not allow."""
    for limit_range in _ranges(draft, pod["metadata"]["namespace"]):
        problems = list(dict.fromkeys(_problems(limit_range, pod)))
        if problems:
            why = problems[0] if len(problems) == 1 else f"[{', '.join(problems)}]"
            raise failures.forbidden(RESOURCES[Kind.PODS], pod["metadata"]["name"], why)


def _ranges(draft: Draft, namespace: str) -> list[Manifest]:
    found = (each for each in draft.each(Kind.LIMITRANGES) if each["metadata"]["namespace"] == namespace)
    return sorted(found, key=lambda each: str(each["metadata"]["name"]))


def _items(limit_range: Manifest) -> list[Manifest]:
    return limit_range["spec"].get("limits") or []


def _problems(limit_range: Manifest, pod: Manifest) -> Iterator[str]:
    spec = pod["spec"]
    containers = [each.get("resources") or {} for each in spec["containers"]]
    first = [each.get("resources") or {} for each in spec.get("initContainers") or []]
    for item in _items(limit_range):
        if item["type"] == "Container":
            for each in (*containers, *first):
                yield from _against(item, each.get("requests") or {}, each.get("limits") or {})
        elif item["type"] == "Pod":
            yield from _against(
                item, whole(containers, first, "requests"), whole(containers, first, "limits")
            )


def whole(containers: list[Manifest], first: list[Manifest], part: str) -> dict[str, str]:
    """Return what a pod asks for or may use: the sum of its containers, or more for the one that is first."""
    found = {}
    for name in NAMES:
        sums = [str(each[part][name]) for each in containers if name in (each.get(part) or {})]
        most = [str(each[part][name]) for each in first if name in (each.get(part) or {})]
        if sums or most:
            amount = max(sum(map(exact, sums), exact("0")), *map(exact, most), exact("0"))
            found[name] = written(amount, binary=any(each.endswith("i") for each in (*sums, *most)))
    return found


def _against(item: Manifest, requests: Amounts, limits: Amounts) -> Iterator[str]:
    """Yield what an item of a limit range has against a container or a pod."""
    for name in NAMES:
        for part, test in (("min", _too_little), ("max", _too_much), ("maxLimitRequestRatio", _too_wide)):
            allowed = (item.get(part) or {}).get(name)
            if allowed is not None:
                why = test(str(allowed), _text(requests.get(name)), _text(limits.get(name)))
                if why:
                    rule = RULES[part].format(name=name, type=item["type"], amount=_shown(str(allowed)))
                    yield rule + why


def _text(amount: Any) -> str:
    return "" if amount is None else str(amount)


def _too_little(allowed: str, request: str, limit: str) -> str:
    if not request:
        return ".  No request is specified"
    if exact(request) < exact(allowed):
        return f", but request is {_shown(request)}"
    return f", but limit is {_shown(limit)}" if limit and exact(limit) < exact(allowed) else ""


def _too_much(allowed: str, request: str, limit: str) -> str:
    if not limit:
        return ".  No limit is specified"
    if exact(limit) > exact(allowed):
        return f", but limit is {_shown(limit)}"
    return f", but request is {_shown(request)}" if request and exact(request) > exact(allowed) else ""


def _too_wide(allowed: str, request: str, limit: str) -> str:
    if not request or not exact(request):
        return ", but no request is specified or request is 0"
    if not limit or not exact(limit):
        return ", but no limit is specified or limit is 0"
    ratio = exact(limit) / exact(request)
    return f", but provided ratio is {ratio:.6f}" if ratio > exact(allowed) else ""


def _shown(amount: str) -> str:
    return written(exact(amount), binary=amount.endswith("i"))
