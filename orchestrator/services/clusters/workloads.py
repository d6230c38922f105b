"""Acts on what makes pods, and on single pods: restart, scale, pause, resume."""

from datetime import datetime
from typing import Any

from orchestrator.backends.cluster.port import Kind, Patch
from orchestrator.errors import NotNow
from orchestrator.services.access import Caller
from orchestrator.services.clusters import acting, contexts, objects
from orchestrator.services.clusters.acting import Act, Done
from orchestrator.services.clusters.contexts import Scope

RESTARTABLE = (Kind.DEPLOYMENTS, Kind.STATEFULSETS, Kind.DAEMONSETS)
# The same annotation that other tools set:
# https://kubernetes.io/docs/reference/labels-annotations-taints/#kubectl-k8s-io-restart-at
RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"

RESTART = Act(action="Restart", past="restarted", verb="patch")
RESTART_POD = Act(action="Restart", past="restarted", verb="delete")

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
