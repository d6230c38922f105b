"""Disruption budgets of the demo world: how many pods may be evicted.

https://kubernetes.io/docs/tasks/run-application/configure-pdb/
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.backends.cluster.demo import failures
from orchestrator.backends.cluster.demo.overlay import Draft, Key
from orchestrator.backends.cluster.demo.parts import Manifest
from orchestrator.backends.cluster.kinds import Kind

KIND = "poddisruptionbudgets.policy"


def check(draft: Draft, pod: Manifest) -> None:
    """Raise `Overloaded` if a budget keeps a pod. One that finds no node, or is over, nobody keeps."""
    if pod["status"]["phase"] != "Running":
        return
    for budget in draft.each(KIND):
        if budget["metadata"]["namespace"] == pod["metadata"]["namespace"] and _selects(budget, pod):
            found = status_of(draft, budget)
            if found["disruptionsAllowed"] < 1:
                name, healthy = budget["metadata"]["name"], found["currentHealthy"]
                why = f"needs {found['desiredHealthy']} healthy pods and has {healthy} currently"
                raise failures.budget(f"The disruption budget {name} {why}")


def report(draft: Draft) -> Iterator[tuple[Key, Manifest]]:
    """Yield the budgets whose status is another one by now, with that status."""
    for key, budget in draft.kept(KIND):
        status = status_of(draft, budget)
        if budget.get("status") != status:
            yield key, budget | {"status": status}


def status_of(draft: Draft, budget: Manifest) -> Manifest:
    """Return what a budget allows at present."""
    place, spec = budget["metadata"]["namespace"], budget["spec"]
    pods = [
        each
        for each in draft.each(Kind.PODS)
        if each["metadata"]["namespace"] == place
        and _selects(budget, each)
        and each["status"]["phase"] in ("Pending", "Running")
    ]
    healthy = sum(map(_is_healthy, pods))
    if "maxUnavailable" in spec:
        desired = max(0, len(pods) - _number(spec["maxUnavailable"], len(pods)))
    else:
        desired = _number(spec.get("minAvailable", 1), len(pods))
    return {
        "currentHealthy": healthy,
        "desiredHealthy": desired,
        "disruptionsAllowed": max(0, healthy - desired),
        "expectedPods": len(pods),
        "observedGeneration": budget["metadata"].get("generation", 1),
    }


def _number(value: int | str, of: int) -> int:
    return value if isinstance(value, int) else math.ceil(int(value.rstrip("%")) * of / 100)


def _is_healthy(pod: Mapping[str, Any]) -> bool:
    conditions = pod["status"].get("conditions") or []
    ready = any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
    return ready and "deletionTimestamp" not in pod["metadata"]


def _selects(budget: Manifest, pod: Manifest) -> bool:
    labels = (budget["spec"].get("selector") or {}).get("matchLabels") or {}
    return bool(labels.items() <= (pod["metadata"].get("labels") or {}).items())
