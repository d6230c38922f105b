"""On which node a pod of the demo world runs, and why on none."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from orchestrator.backends.cluster.demo.controllers.fates import amount
from orchestrator.backends.cluster.demo.overlay import Draft, Key
from orchestrator.backends.cluster.demo.parts import Manifest
from orchestrator.backends.cluster.kinds import Kind

UNSCHEDULABLE = "node.kubernetes.io/unschedulable"
BLOCKING = ("NoSchedule", "NoExecute")


def choose(draft: Draft, pod: Manifest) -> tuple[str, str]:
    """Return the name of a node, or "" and the reason why there is none."""
    nodes = sorted(draft.each(Kind.NODES), key=lambda node: node["metadata"]["name"])
    others = [each for each in draft.each(Kind.PODS) if each["spec"].get("nodeName")]
    fitting, reasons = [], []
    for node in nodes:
        here = [each for each in others if each["spec"]["nodeName"] == node["metadata"]["name"]]
        reason = obstacle(pod, node, here) or _wrong_zone(draft, pod, node)
        if reason:
            reasons.append(reason)
        else:
            fitting.append((len(here), node["metadata"]["name"]))
    if fitting:
        return min(fitting)[1], ""
    return "", _sentence(len(nodes), reasons)


def obstacle(pod: Manifest, node: Manifest, here: Sequence[Manifest]) -> str:
    """Return what keeps a pod from a node on which others run, "" for nothing."""
    wanted = (pod["spec"].get("nodeSelector") or {}).items()
    if not wanted <= node["metadata"].get("labels", {}).items():
        return "node(s) didn't match Pod's node affinity/selector"
    tolerations = pod["spec"].get("tolerations") or []
    if node["spec"].get("unschedulable") and not tolerated({"key": UNSCHEDULABLE}, tolerations):
        return "node(s) were unschedulable"
    for taint in node["spec"].get("taints") or []:
        if taint["effect"] in BLOCKING and not tolerated(taint, tolerations):
            return f"node(s) had untolerated taint {{{taint['key']}: {taint.get('value', '')}}}"
    return _short_of(pod, node, here)


def tolerated(taint: Mapping[str, str], tolerations: Iterable[Mapping[str, str]]) -> bool:
    """Return True if one of the tolerations is for a taint.

    https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/
    """
    return any(
        each.get("effect", "") in ("", taint.get("effect", "NoSchedule"))
        and each.get("key", taint["key"]) == taint["key"]
        and (each.get("operator") == "Exists" or each.get("value", "") == taint.get("value", ""))
        for each in tolerations
    )


def _short_of(pod: Manifest, node: Manifest, here: Sequence[Manifest]) -> str:
    room = {name: amount(value) for name, value in node["status"]["allocatable"].items()}
    if len(here) >= room.get("pods", 110):
        return "Too many pods"
    for name in ("cpu", "memory"):
        if sum(_request(each, name) for each in (*here, pod)) > room.get(name, 0):
            return f"Insufficient {name}"
    return ""


def _request(pod: Manifest, name: str) -> float:
    """Return how much of something all containers of a pod ask for."""
    asked = [(each.get("resources") or {}).get("requests") or {} for each in pod["spec"]["containers"]]
    return sum(amount(each.get(name, 0)) for each in asked)


def _wrong_zone(draft: Draft, pod: Manifest, node: Manifest) -> str:
    """A volume is in one zone, and pods that mount it with it."""
    zone = node["metadata"].get("labels", {}).get("topology.kubernetes.io/zone")
    place = pod["metadata"]["namespace"]
    for volume in pod["spec"].get("volumes") or []:
        claim = (volume.get("persistentVolumeClaim") or {}).get("claimName")
        found = draft.find(Key(Kind.PVCS, place, claim)) if claim else None
        name = found["spec"].get("volumeName", "") if found else ""
        if claim and not found:
            return f'persistentvolumeclaim "{claim}" not found'
        if zone not in _zones(draft.find(Key(Kind.PVS, "", name)), zone):
            return "node(s) had volume node affinity conflict"
    return ""


def _zones(volume: Manifest | None, otherwise: str | None) -> list[str | None]:
    if volume is None or "nodeAffinity" not in volume["spec"]:
        return [otherwise]
    terms = volume["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"]
    return [value for term in terms for each in term["matchExpressions"] for value in each["values"]]


def _sentence(nodes: int, reasons: Sequence[str]) -> str:
    counted = ", ".join(f"{number} {reason}" for reason, number in sorted(Counter(reasons).items()))
    unhelpful = f"{nodes} Preemption is not helpful for scheduling."
    return f"0/{nodes} nodes are available: {counted}. preemption: 0/{nodes} nodes are available: {unhelpful}"
