"""The manifests of horizontal pod autoscalers, resource quotas and limit ranges."""

from collections.abc import Sequence

from orchestrator.backends.cluster.demo import tables
from orchestrator.backends.cluster.demo.moment import Moment
from orchestrator.backends.cluster.demo.nodes import percent
from orchestrator.backends.cluster.demo.parts import Manifest, condition, metadata
from orchestrator.backends.cluster.demo.plans import Plan
from orchestrator.backends.cluster.demo.tables import DAY

MEMORY_TARGET, MEMORY_USED = 80, 140  # percent; what leaks memory would be scaled to nine pods for it


def scalers(moment: Moment) -> list[Manifest]:
    """Return the autoscalers. The one of the broken deployment wants nearly its maximum."""
    replicas = {each.app.name: each.replicas for each in tables.DEPLOYMENTS}
    return [
        _scaler(moment, name, low, high, target, current=replicas[name])
        for name, low, high, target in tables.SCALERS
    ]


def _scaler(moment: Moment, name: str, low: int, high: int, target: int, *, current: int) -> Manifest:
    broken = name == tables.BROKEN
    wanted = -(-current * MEMORY_USED // MEMORY_TARGET) if broken else current
    targets = [("cpu", target, min(percent(moment, name, "scaler", start=target - 20), target))]
    if broken:
        targets.append(("memory", MEMORY_TARGET, MEMORY_USED))
    since = moment.stamp(-50 if broken else -20 * DAY)
    message = (
        "the HPA controller was unable to update the target scale" if broken else "recommended size matches"
    )
    able = condition(
        "AbleToScale",
        not broken,
        since=since,
        reason="FailedUpdateScale" if broken else "ReadyForNewScale",
        message=message,
    )
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": metadata(moment, "HorizontalPodAutoscaler", "default", name, created=-70 * DAY),
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
            "minReplicas": low,
            "maxReplicas": high,
            "metrics": [_metric(resource, "target", share) for resource, share, _ in targets],
        },
        "status": {
            "currentReplicas": current,
            "desiredReplicas": wanted,
            "currentMetrics": [_metric(resource, "current", share) for resource, _, share in targets],
            "conditions": [able],
        },
    }


def _metric(resource: str, member: str, share: int) -> Manifest:
    amount: Manifest = {"averageUtilization": share}
    if member == "target":
        amount["type"] = "Utilization"
    return {"type": "Resource", "resource": {"name": resource, member: amount}}


def quotas(moment: Moment, pods: Sequence[Plan]) -> list[Manifest]:
    """Return the resource quotas; what is used is the sum of the pods' requests."""
    found = []
    for namespace, cpu, memory, count, *_ in tables.QUOTAS:
        apps = [each.app for each in pods if each.app.namespace == namespace]
        hard = {"requests.cpu": cpu, "requests.memory": memory, "pods": count}
        used = {
            "requests.cpu": f"{sum(app.cpu for app in apps)}m",
            "requests.memory": f"{sum(app.memory for app in apps)}Mi",
            "pods": str(len(apps)),
        }
        found.append(
            {
                "apiVersion": "v1",
                "kind": "ResourceQuota",
                "metadata": metadata(moment, "ResourceQuota", namespace, "compute", created=-80 * DAY),
                "spec": {"hard": hard},
                "status": {"hard": hard, "used": used},
            }
        )
    return found


def limit_ranges(moment: Moment) -> list[Manifest]:
    """Return the limit ranges."""
    return [
        {
            "apiVersion": "v1",
            "kind": "LimitRange",
            "metadata": metadata(moment, "LimitRange", namespace, "containers", created=-80 * DAY),
            "spec": {
                "limits": [
                    {
                        "type": "Container",
                        "default": {"cpu": cpu, "memory": memory},
                        "defaultRequest": {"cpu": "100m", "memory": "128Mi"},
                        "max": {"cpu": "2", "memory": "4Gi"},
                    }
                ]
            },
        }
        for namespace, *_, cpu, memory in tables.QUOTAS
    ]
