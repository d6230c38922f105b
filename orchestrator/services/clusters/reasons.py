"""Why an object is not as it should be, in the words of its cluster."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.backends.cluster.port import Kind
from orchestrator.services.clusters.objects import Found

# Conditions that are bad news while they hold; all others are bad news while they do not.
BAD_IF_TRUE = {
    "DiskPressure",
    "DisruptionTarget",
    "Failed",
    "FailureTarget",
    "FileSystemResizePending",
    "MemoryPressure",
    "NamespaceContentRemaining",
    "NamespaceDeletionContentFailure",
    "NamespaceDeletionDiscoveryFailure",
    "NamespaceDeletionGroupVersionParsingFailure",
    "NamespaceFinalizersRemaining",
    "NetworkUnavailable",
    "PIDPressure",
    "ReplicaFailure",
}
NEUTRAL = {"ScalingLimited", "Suspended", "PodReadyToStartContainers", "Resizing"}
QUIET_WAITS = {"", "ContainerCreating", "PodInitializing"}
ENDED_WELL = {"PodCompleted", "Completed"}  # reasons of a pod that is not ready because its work is done


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that is wrong: how bad, in a word, and in the cluster's own sentence."""

    level: str  # crit or warn
    word: str
    text: str


def of(found: Found) -> list[Reason]:
    """Return what is wrong with an object, the containers of a pod first; nothing if all is well."""
    reasons = [*_deletion(found)]
    if found.kind is Kind.PODS:
        reasons += _containers(found.manifest.get("status") or {})
    explained = bool(reasons)
    for condition in conditions(found):
        # That a pod is not ready says no more than why its container does not run.
        if is_bad(condition) and not (explained and found.kind is Kind.PODS):
            text = condition.get("message") or condition.get("reason") or "The cluster gives no reason."
            word = f"{condition['type']}: {condition.get('reason') or condition.get('status')}"
            reasons.append(Reason("warn", word, text))
    return reasons


def conditions(found: Found) -> list[Mapping[str, Any]]:
    """Return the conditions of an object as it has them."""
    return list((found.manifest.get("status") or {}).get("conditions") or [])


def is_bad(condition: Mapping[str, Any]) -> bool:
    """Return True if a condition says that something is wrong."""
    type_, status = str(condition.get("type", "")), condition.get("status")
    if type_ in NEUTRAL or condition.get("reason") in ENDED_WELL:
        return False
    return status == "True" if type_ in BAD_IF_TRUE else status != "True"


def _deletion(found: Found) -> Iterable[Reason]:
    metadata = found.manifest["metadata"]
    if metadata.get("deletionTimestamp") and metadata.get("finalizers"):
        names = ", ".join(metadata["finalizers"])
        yield Reason("warn", "Deletion waits", f"It stays until these finalizers are done: {names}.")


def _containers(status: Mapping[str, Any]) -> Iterable[Reason]:
    for each in [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]:
        yield from _container(each)


def _container(status: Mapping[str, Any]) -> Iterable[Reason]:
    name = status.get("name", "")
    state = status.get("state") or {}
    waiting, ended = state.get("waiting") or {}, state.get("terminated") or {}
    if waiting.get("reason", "") not in QUIET_WAITS:
        yield Reason(
            "crit", waiting["reason"], f"{name}: {waiting.get('message') or 'it waits to be started'}"
        )
    if ended.get("exitCode"):
        yield Reason("crit", ended.get("reason") or "Error", f"{name} {how_it_ended(ended)}")
    before = (status.get("lastState") or {}).get("terminated") or {}
    if before and (waiting or not status.get("ready")):
        yield Reason(
            "warn", f"Last time: {before.get('reason') or 'ended'}", f"{name} {how_it_ended(before)}"
        )


def how_it_ended(ended: Mapping[str, Any]) -> str:
    """Return how a container ended, as the end of a sentence that begins with its name."""
    by = f", signal {ended['signal']}" if ended.get("signal") else ""
    said = f": {ended['message'].strip()}" if ended.get("message") else "."
    return f"ended with exit code {ended.get('exitCode', 0)}{by}{said}"
