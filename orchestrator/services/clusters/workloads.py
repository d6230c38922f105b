"""Acts on what makes pods, and on single pods: restart, scale, pause, resume."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from orchestrator.backends.cluster import objects as rows
from orchestrator.backends.cluster.port import Kind, Patch
from orchestrator.errors import NotNow
from orchestrator.services.access import Caller
from orchestrator.services.clusters import acting, contexts, objects, related
from orchestrator.services.clusters.acting import Act, Done
from orchestrator.services.clusters.contexts import Scope

RESTARTABLE = (Kind.DEPLOYMENTS, Kind.STATEFULSETS, Kind.DAEMONSETS)
SCALABLE = (Kind.DEPLOYMENTS, Kind.STATEFULSETS, Kind.REPLICASETS)
# A cluster holds no more pods: https://kubernetes.io/docs/setup/best-practices/cluster-large/
MOST_REPLICAS = 150_000
HOLDERS_SECONDS = 1.0  # to wait for a list of autoscalers that just began
# The same annotation that other tools set:
# https://kubernetes.io/docs/reference/labels-annotations-taints/#kubectl-k8s-io-restart-at
RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"

RESTART = Act(action="Restart", past="restarted", verb="patch")
RESTART_POD = Act(action="Restart", past="restarted", verb="delete")
SCALE = Act(action="Scale", past="scaled", verb="patch", subresource="scale")
PAUSE = Act(action="Pause", past="paused", verb="patch")
RESUME = Act(action="Resume", past="resumed", verb="patch")

DELETED = "deletion initiated. If managed by a controller, it will be recreated automatically."
PAUSED = "Its rollout is paused: no pod restarts before it is resumed."
ON_DELETE = "Its update strategy is OnDelete: each pod restarts when somebody deletes it."


def restart(caller: Caller, kind: Kind, scope: Scope, name: str, *, at: datetime) -> Done:
    """Have the pods of a workload replaced one after the other, as its update strategy says.

    Nothing but one annotation of the pod template is changed; doing it again restarts them again. Raises
    `InvalidInput` for a kind without rollouts, and what `acting.target` and `acting.attempt` raise.
    """
    if kind not in RESTARTABLE:
        raise contexts.invalid("kind", f"only {', '.join(RESTARTABLE)} can be restarted")
    target = acting.target(caller, kind, scope, name)
    annotations = {RESTARTED_AT: acting.stamp(at)}
    body = {"spec": {"template": {"metadata": {"annotations": annotations}}}}
    with acting.attempt(target, RESTART, at=at):
        after = target.cluster.patch(
            target.resource, body, namespace=target.namespace, name=target.name, how=Patch.STRATEGIC
        )
    message = f"{kind.word} {target.name} restart initiated"
    return Done(target=target, message=message, at=at, warning=_held_back(after))


def restart_pod(caller: Caller, scope: Scope, name: str, *, at: datetime, force: bool = False) -> Done:
    """Delete a pod with its usual grace, so that its controller makes another one.

    Raises `NotNow` for a pod that nobody would make again, unless `force` says that this is meant, and what
    `acting.target` and `acting.attempt` raise.
    """
    target = acting.target(caller, Kind.PODS, scope, name)
    with acting.attempt(target, RESTART_POD, at=at):
        manifest = objects.source(Kind.PODS, scope, target.name)
        if not force and controller_of(manifest) is None:
            raise NotNow(
                f"The pod {target.name} has no controller: deleted, it would not come back. "
                "Restart it with force=true to delete it all the same."
            )
        uid = manifest["metadata"]["uid"]
        target.cluster.delete(target.resource, namespace=target.namespace, name=target.name, uid=uid)
    return Done(target=target, message=f"Pod {target.name} {DELETED}", at=at)


def scale(caller: Caller, kind: Kind, scope: Scope, name: str, *, replicas: int, at: datetime) -> Done:
    """Set the number of pods of a workload; its `warning` says what may set it again.

    Doing it again changes nothing. Raises `InvalidInput` for a kind without replicas or a number that no
    cluster holds, and what `acting.target` and `acting.attempt` raise.
    """
    if kind not in SCALABLE:
        raise contexts.invalid("kind", f"only {', '.join(SCALABLE)} can be scaled")
    if not 0 <= replicas <= MOST_REPLICAS:
        raise contexts.invalid("replicas", f"replicas is a whole number from 0 to {MOST_REPLICAS}")
    target = acting.target(caller, kind, scope, name)
    with acting.attempt(target, SCALE, at=at) as attempt:
        after = target.cluster.patch(
            target.resource,
            {"spec": {"replicas": replicas}},
            namespace=target.namespace,
            name=target.name,
            how=Patch.MERGE,
            subresource="scale",
        )
        before = (after.get("status") or {}).get("replicas", 0)
        attempt.note = f"from {before} to {replicas}"
    message = f"{kind.word} {target.name} scaled to {replicas}"
    inside = replace(scope, namespace=target.namespace)
    return Done(target=target, message=message, at=at, warning=holder(kind, inside, target.name, replicas))


def pause(caller: Caller, scope: Scope, name: str, *, at: datetime) -> Done:
    """Hold the rollout of a deployment: changes of its pod template wait. Again changes nothing.

    Raises what `acting.target` and `acting.attempt` raise.
    """
    return _set_paused(caller, scope, name, paused=True, at=at)


def resume(caller: Caller, scope: Scope, name: str, *, at: datetime) -> Done:
    """Let the rollout of a deployment go on, with all that changed meanwhile; again changes nothing.

    Raises what `acting.target` and `acting.attempt` raise.
    """
    return _set_paused(caller, scope, name, paused=False, at=at)


def holder(kind: Kind, scope: Scope, name: str, replicas: int) -> str:
    """Return in a sentence what else sets the number of pods of a workload; "" if nothing is known to.

    Caches are asked, so that what may not be read is passed over.
    """
    kinds = (Kind.HPAS, Kind.REPLICASETS) if kind is Kind.REPLICASETS else (Kind.HPAS,)
    known = related.known(kinds, scope, wait_seconds=HOLDERS_SECONDS)
    scaled = (each for each in known.of(Kind.HPAS) if isinstance(each, rows.HPA))
    target = (kind.word, name)
    for each in scaled:
        if (each.target_ref.kind, each.target_ref.name) == target and each.namespace == scope.namespace:
            return _autoscaled(each, replicas)
    for row in known.of(Kind.REPLICASETS):
        if isinstance(row, rows.ReplicaSet) and row.name == name and row.owner:
            return f"The deployment {row.owner} made it and sets the number again: scale that one."
    return ""


def controller_of(manifest: dict[str, Any]) -> dict[str, Any] | None:
    """Return the owner that makes an object again when it is gone; None if there is none.

    https://kubernetes.io/docs/concepts/architecture/garbage-collection/#owners-dependents
    """
    owners = manifest["metadata"].get("ownerReferences") or []
    return next((each for each in owners if each.get("controller")), None)


def _held_back(manifest: dict[str, Any]) -> str:
    """Return why a changed pod template does not reach the pods by itself; "" if it does."""
    spec = manifest.get("spec") or {}
    if spec.get("paused"):
        return PAUSED
    strategy = (spec.get("updateStrategy") or {}).get("type")
    return ON_DELETE if strategy == "OnDelete" else ""


def _autoscaled(autoscaler: rows.HPA, replicas: int) -> str:
    # At 0 an autoscaler stops: https://kubernetes.io/docs/concepts/workloads/autoscaling/horizontal-pod-autoscale/
    if replicas == 0:
        return f"The autoscaler {autoscaler.name} rests until somebody scales it up from 0."
    least, most = autoscaler.min_replicas, autoscaler.max_replicas
    return f"The autoscaler {autoscaler.name} keeps it between {least} and {most} and may set another number."


def _set_paused(caller: Caller, scope: Scope, name: str, *, paused: bool, at: datetime) -> Done:
    target = acting.target(caller, Kind.DEPLOYMENTS, scope, name)
    act = PAUSE if paused else RESUME
    with acting.attempt(target, act, at=at):
        target.cluster.patch(
            target.resource,
            {"spec": {"paused": paused}},
            namespace=target.namespace,
            name=target.name,
            how=Patch.MERGE,
        )
    return Done(target=target, message=f"Deployment {target.name} {act.past}", at=at)
