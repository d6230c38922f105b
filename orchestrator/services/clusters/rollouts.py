"""How far something is that was asked of a cluster: a rollout, a change of size, a deletion, a job."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.backends.cluster.objects import Pod
from orchestrator.backends.cluster.port import Kind
from orchestrator.errors import Missing
from orchestrator.services.clusters import objects, related, states
from orchestrator.services.clusters.contexts import Scope

STATES = ("done", "progressing", "waiting", "stuck", "failed", "gone")
WAIT_SECONDS = 2.0  # for lists that just began
# https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#failed-deployment
DEADLINE = "ProgressDeadlineExceeded"
ON_DELETE = "OnDelete"
# What pods of one revision have in common: https://kubernetes.io/docs/reference/labels-annotations-taints/
REVISIONS = ("pod-template-hash", "controller-revision-hash")
NEXT = "It waits for its controller to see the change."


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far an object is on its way to what is asked of it.

    `state` is `done`; `progressing`; `waiting`, for somebody to go on; `stuck`, if it goes on by itself once
    the reason is gone; `failed`, if it was given up; `gone`, if there is no such object. `fraction` is from 0
    to 1, None where nothing is counted.
    """

    state: str
    sentence: str
    fraction: float | None = None


def follow(kind: Kind, scope: Scope, name: str) -> Progress:
    """Return how far an object is: the object comes from the API server, its pods from a cache.

    Raises what `objects.read` raises, apart from `Missing`: what is not there is `gone`.
    """
    try:
        found = objects.read(kind, scope, name)
    except Missing:
        return progress(kind, None)
    if kind not in COUNTED:
        return progress(kind, found.manifest)
    inside = Scope(scope.cluster, found.row.namespace or None)
    makers = (Kind.REPLICASETS,) if kind is Kind.DEPLOYMENTS else ()
    rows = related.known((*makers, Kind.PODS), inside, wait_seconds=WAIT_SECONDS)
    return progress(kind, found.manifest, related.pods(found, rows))


def progress(kind: Kind, manifest: Mapping[str, Any] | None, pods: Sequence[Pod] = ()) -> Progress:
    """Return how far an object is, judged by nothing but its manifest (None if it is gone) and its pods.

    Counts are those that kubectl goes by: https://kubernetes.io/docs/reference/kubectl/generated/kubectl_rollout/
    """
    if manifest is None:
        return Progress(state="gone", sentence=f"The {kind.word} is gone.", fraction=1.0)
    metadata = manifest["metadata"]
    if metadata.get("deletionTimestamp"):
        return _leaving(metadata)
    count = COUNTED.get(kind)
    if count is None:
        return Progress(state="done", sentence="Nothing is under way.", fraction=1.0)
    found = count(manifest.get("spec") or {}, manifest.get("status") or {})
    # A job has no generation to observe; where there is one, counts are about what was wanted before.
    if kind is not Kind.JOBS and not _seen(manifest):
        found = Progress(state="progressing", sentence=NEXT, fraction=0.0)
    return _with_trouble(found, manifest.get("status") or {}, pods)


def _leaving(metadata: Mapping[str, Any]) -> Progress:
    waits = ", ".join(metadata.get("finalizers") or [])
    sentence = (
        f"It is being deleted and waits for its finalizers: {waits}." if waits else "It is being deleted."
    )
    return Progress(state="progressing", sentence=sentence)


def _seen(manifest: Mapping[str, Any]) -> bool:
    observed = (manifest.get("status") or {}).get("observedGeneration", 0)
    return bool(observed >= manifest["metadata"].get("generation", 0))


def _deployment(spec: Mapping[str, Any], status: Mapping[str, Any]) -> Progress:
    found = _replaced(
        wanted=spec.get("replicas", 1),
        present=status.get("replicas", 0),
        updated=status.get("updatedReplicas", 0),
        available=status.get("availableReplicas", 0),
    )
    if found.state == "done":
        return found
    if spec.get("paused"):
        sentence = f"It is paused: {found.sentence[:1].lower()}{found.sentence[1:]}"
        return Progress(state="waiting", sentence=sentence, fraction=found.fraction)
    late = _condition(status, "Progressing")
    if late.get("reason") == DEADLINE:
        sentence = f"{found.sentence} It was given up: {late.get('message') or 'its deadline is over.'}"
        return Progress(state="failed", sentence=sentence, fraction=found.fraction)
    return found


def _stateful_set(spec: Mapping[str, Any], status: Mapping[str, Any]) -> Progress:
    strategy = spec.get("updateStrategy") or {}
    wanted, ready = spec.get("replicas", 1), status.get("readyReplicas", 0)
    partition = (strategy.get("rollingUpdate") or {}).get("partition") or 0
    # The count of updated pods means something only while there are two revisions.
    same = status.get("currentRevision") == status.get("updateRevision")
    left = 0 if same else max(0, wanted - partition - status.get("updatedReplicas", 0))
    excess = max(0, status.get("replicas", 0) - wanted)
    if left and strategy.get("type") == ON_DELETE:
        return _by_hand(left, of=wanted)
    if ready >= wanted and not left and not excess:
        return _complete(wanted)
    sentence = f"{ready} of {wanted} pods are ready."
    if left:
        sentence = f"{left} of {wanted} pods have yet to be updated."
    elif excess:
        sentence = _left(excess)
    done = max(0, min(ready, wanted) - left)
    return Progress(state="progressing", sentence=sentence, fraction=done / (wanted + excess))


def _daemon_set(spec: Mapping[str, Any], status: Mapping[str, Any]) -> Progress:
    wanted = status.get("desiredNumberScheduled", 0)
    updated, available = status.get("updatedNumberScheduled", 0), status.get("numberAvailable", 0)
    if updated < wanted and (spec.get("updateStrategy") or {}).get("type") == ON_DELETE:
        return _by_hand(wanted - updated, of=wanted)
    return _replaced(wanted=wanted, present=wanted, updated=updated, available=available)


def _replica_set(spec: Mapping[str, Any], status: Mapping[str, Any]) -> Progress:
    present, available = status.get("replicas", 0), status.get("availableReplicas", 0)
    wanted = spec.get("replicas", 1)
    return _replaced(wanted=wanted, present=present, updated=min(present, wanted), available=available)


def _job(spec: Mapping[str, Any], status: Mapping[str, Any]) -> Progress:
    wanted, succeeded = spec.get("completions") or 1, status.get("succeeded", 0)
    failed = _condition(status, "Failed")
    fraction = min(1.0, succeeded / wanted)
    if failed.get("status") == "True":
        why = failed.get("message") or failed.get("reason") or "The cluster gives no reason."
        return Progress(state="failed", sentence=f"It failed: {why}", fraction=fraction)
    if _condition(status, "Complete").get("status") == "True":
        return Progress(state="done", sentence="It is complete.", fraction=1.0)
    if spec.get("suspend"):
        return Progress(state="waiting", sentence="It is suspended.", fraction=fraction)
    sentence = f"{succeeded} of {wanted} completed, {status.get('active', 0)} active."
    return Progress(state="progressing", sentence=sentence, fraction=fraction)


def _replaced(*, wanted: int, present: int, updated: int, available: int) -> Progress:
    """Return how far old pods are replaced by new ones, all of them wanted to be available."""
    old = max(0, present - updated)
    excess = max(0, updated - wanted)
    if updated < wanted:
        sentence = f"{updated} of {wanted} pods are updated."
    elif old:
        sentence = f"{old} old {_pods(old)} left."
    elif excess:
        sentence = _left(excess)
    elif available < updated:
        sentence = f"{available} of {wanted} pods are available."
    else:
        return _complete(wanted)
    fresh = max(0, min(updated, available - old))
    return Progress(state="progressing", sentence=sentence, fraction=fresh / (wanted + old + excess))


def _by_hand(left: int, *, of: int) -> Progress:
    sentence = f"{left} of {of} pods wait: each is replaced when somebody deletes it."
    return Progress(state="waiting", sentence=sentence, fraction=(of - left) / of)


def _complete(wanted: int) -> Progress:
    sentence = f"{wanted} {_pods(wanted)} up to date and available." if wanted else "It is scaled to 0."
    return Progress(state="done", sentence=sentence, fraction=1.0)


def _left(excess: int) -> str:
    return f"{excess} {_pods(excess)} still to go."


def _pods(number: int) -> str:
    return "pod is" if number == 1 else "pods are"


def _condition(status: Mapping[str, Any], type_: str) -> Mapping[str, Any]:
    return next((each for each in status.get("conditions") or [] if each.get("type") == type_), {})


def _with_trouble(found: Progress, status: Mapping[str, Any], pods: Sequence[Pod]) -> Progress:
    """Return the progress with what keeps pods from being made, or the newest ones from running."""
    if found.state not in ("progressing", "failed"):
        return found
    refused = _condition(status, "ReplicaFailure")
    if refused.get("status") == "True":
        why = f"No pod can be made: {refused.get('message') or refused.get('reason')}"
    else:
        why = _trouble(_newest(pods))
    if not why:
        return found
    state = "stuck" if found.state == "progressing" else found.state
    return Progress(state=state, sentence=f"{found.sentence} {why}", fraction=found.fraction)


def _newest(pods: Sequence[Pod]) -> list[Pod]:
    """Return the pods of the newest one's revision, that one alone if it is of none, newest first."""
    ordered = sorted(pods, key=lambda pod: (pod.created_at, pod.name), reverse=True)
    marks = [_revision(pod) for pod in ordered]
    if not ordered or not marks[0]:
        return ordered[:1]
    return [pod for pod, mark in zip(ordered, marks, strict=True) if mark == marks[0]]


def _revision(pod: Pod) -> str:
    return next((pod.labels[label] for label in REVISIONS if label in pod.labels), "")


def _trouble(pods: Sequence[Pod]) -> str:
    """Return what keeps the first pod from running that something keeps from it; "" if nothing does."""
    for pod in pods:
        if states.of(pod) == "failing" or pod.reason == "Unschedulable":
            return f"{pod.name}: {states.reason(pod)}" + (f", {pod.message}" if pod.message else ".")
    return ""


COUNTED: dict[Kind, Callable[[Mapping[str, Any], Mapping[str, Any]], Progress]] = {
    Kind.DEPLOYMENTS: _deployment,
    Kind.STATEFULSETS: _stateful_set,
    Kind.DAEMONSETS: _daemon_set,
    Kind.REPLICASETS: _replica_set,
    Kind.JOBS: _job,
}
