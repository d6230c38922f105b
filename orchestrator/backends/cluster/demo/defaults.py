"""What an API server fills in where an object says nothing, for the kinds of the demo world.

https://kubernetes.io/docs/reference/kubernetes-api/ names each default.
"""

from collections.abc import Callable
from typing import Any

from orchestrator.backends.cluster.demo.parts import Manifest

PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
PROBE = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}


def filled(manifest: Manifest) -> Manifest:
    """Return an object with the defaults of its kind."""
    fill = FILLERS.get(manifest["kind"])
    if fill is None or not isinstance(manifest.get("spec", {}), dict):
        return manifest
    return fill(manifest)


def status_of(kind: str) -> Manifest | None:
    """Return the status with which an object of a kind begins; None for one without any."""
    return STATUSES.get(kind)


def _spec(manifest: Manifest, **defaults: Any) -> Manifest:
    spec = defaults | manifest.get("spec", {})
    if "template" in spec:
        spec["template"] = spec["template"] | {"spec": pod_spec(spec["template"].get("spec") or {})}
    return manifest | {"spec": spec}


def _deployment(manifest: Manifest) -> Manifest:
    found = _spec(manifest, replicas=1, revisionHistoryLimit=10, progressDeadlineSeconds=600)
    strategy = {"type": "RollingUpdate"} | found["spec"].get("strategy", {})
    if strategy["type"] == "RollingUpdate":
        amounts = {"maxUnavailable": "25%", "maxSurge": "25%"} | (strategy.get("rollingUpdate") or {})
        strategy["rollingUpdate"] = amounts
    found["spec"]["strategy"] = strategy
    return found


def _stateful_set(manifest: Manifest) -> Manifest:
    update = {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}
    return _spec(
        manifest,
        replicas=1,
        revisionHistoryLimit=10,
        podManagementPolicy="OrderedReady",
        updateStrategy=update,
        persistentVolumeClaimRetentionPolicy={"whenDeleted": "Retain", "whenScaled": "Retain"},
    )


def _daemon_set(manifest: Manifest) -> Manifest:
    update = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}
    return _spec(manifest, revisionHistoryLimit=10, updateStrategy=update)


def _job(manifest: Manifest) -> Manifest:
    fixed = {"completionMode": "NonIndexed", "suspend": False, "podReplacementPolicy": "TerminatingOrFailed"}
    return _spec(manifest, parallelism=1, completions=1, backoffLimit=6, **fixed)


def _cron_job(manifest: Manifest) -> Manifest:
    limits = {"successfulJobsHistoryLimit": 3, "failedJobsHistoryLimit": 1}
    found = _spec(manifest, concurrencyPolicy="Allow", suspend=False, **limits)
    job = found["spec"].get("jobTemplate", {})
    spec = dict(job.get("spec", {}))
    if "template" in spec:
        spec["template"] = spec["template"] | {"spec": pod_spec(spec["template"].get("spec") or {})}
    found["spec"]["jobTemplate"] = job | {"spec": spec}
    return found


def _service(manifest: Manifest) -> Manifest:
    found = _spec(manifest, type="ClusterIP", sessionAffinity="None", internalTrafficPolicy="Cluster")
    found["spec"]["ports"] = [
        {"protocol": "TCP", "targetPort": port.get("port")} | port for port in found["spec"].get("ports", [])
    ]
    return found


def _secret(manifest: Manifest) -> Manifest:
    return {"type": "Opaque"} | manifest


def _namespace(manifest: Manifest) -> Manifest:
    name = manifest["metadata"].get("name", "")
    labels = (manifest["metadata"].get("labels") or {}) | {"kubernetes.io/metadata.name": name}
    found = _spec(manifest, finalizers=["kubernetes"])
    return found | {"metadata": manifest["metadata"] | {"labels": labels}}


def _claim(manifest: Manifest) -> Manifest:
    return _spec(manifest, volumeMode="Filesystem", storageClassName="standard")


def _limit_range(manifest: Manifest) -> Manifest:
    items = manifest.get("spec", {}).get("limits")
    if not isinstance(items, list):
        return manifest
    return manifest | {"spec": manifest["spec"] | {"limits": [_limits(each) for each in items]}}


def _limits(item: Any) -> Any:
    """Return an item in which the largest amount is the default, and what is the default is asked for."""
    if not isinstance(item, dict) or item.get("type") != "Container":
        return item
    default = (item.get("max") or {}) | (item.get("default") or {})
    asked = (item.get("min") or {}) | default | (item.get("defaultRequest") or {})
    found = {"default": default, "defaultRequest": asked}
    return item | {name: amounts for name, amounts in found.items() if amounts}


def _pod(manifest: Manifest) -> Manifest:
    return manifest | {"spec": pod_spec(manifest.get("spec", {}))}


def pod_spec(spec: Manifest) -> Manifest:
    """Return the spec of a pod with its defaults."""
    found = {
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "schedulerName": "default-scheduler",
        "securityContext": {},
        **spec,
    }
    for name in ("initContainers", "containers"):
        if isinstance(found.get(name), list):
            found[name] = [_container(each) if isinstance(each, dict) else each for each in found[name]]
    return found


def _container(container: Manifest) -> Manifest:
    image = str(container.get("image", ""))
    latest = image.endswith(":latest") or ":" not in image.rpartition("/")[2]
    found = {
        "imagePullPolicy": "Always" if latest else "IfNotPresent",
        "resources": {},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        **container,
    }
    if "ports" in found:
        found["ports"] = [{"protocol": "TCP"} | port for port in found["ports"]]
    for probe in PROBES:
        if probe in found:
            found[probe] = PROBE | found[probe]
    return found


FILLERS: dict[str, Callable[[Manifest], Manifest]] = {
    "Deployment": _deployment,
    "ReplicaSet": lambda manifest: _spec(manifest, replicas=1),
    "StatefulSet": _stateful_set,
    "DaemonSet": _daemon_set,
    "Job": _job,
    "CronJob": _cron_job,
    "Pod": _pod,
    "Service": _service,
    "Secret": _secret,
    "Namespace": _namespace,
    "PersistentVolumeClaim": _claim,
    "LimitRange": _limit_range,
}
STATUSES: dict[str, Manifest] = {
    "Deployment": {},
    "ReplicaSet": {"replicas": 0},
    "StatefulSet": {"replicas": 0},
    "DaemonSet": {},
    "Job": {},
    "CronJob": {},
    "Pod": {"phase": "Pending"},
    "Service": {"loadBalancer": {}},
    "Ingress": {"loadBalancer": {}},
    "Namespace": {"phase": "Active"},
    "PersistentVolumeClaim": {"phase": "Pending"},
    "PersistentVolume": {"phase": "Available"},
    "ResourceQuota": {},
    "HorizontalPodAutoscaler": {},
    "Node": {},
}
