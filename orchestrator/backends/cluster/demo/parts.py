"""Parts that many manifests share: metadata, owners, conditions, pod templates."""

from typing import Any

from orchestrator.backends.cluster.demo.moment import Moment
from orchestrator.backends.cluster.demo.tables import PULL, App

Manifest = dict[str, Any]
API_VERSION = {
    "Service": "v1",
    "ServiceAccount": "v1",
    "Deployment": "apps/v1",
    "ReplicaSet": "apps/v1",
    "StatefulSet": "apps/v1",
    "DaemonSet": "apps/v1",
    "Job": "batch/v1",
    "CronJob": "batch/v1",
    "Ingress": "networking.k8s.io/v1",
    "IngressClass": "networking.k8s.io/v1",
    "NetworkPolicy": "networking.k8s.io/v1",
    "HorizontalPodAutoscaler": "autoscaling/v2",
    "PodDisruptionBudget": "policy/v1",
    "StorageClass": "storage.k8s.io/v1",
    "EndpointSlice": "discovery.k8s.io/v1",
    "ClusterRole": "rbac.authorization.k8s.io/v1",
    "ClusterRoleBinding": "rbac.authorization.k8s.io/v1",
    "Role": "rbac.authorization.k8s.io/v1",
    "RoleBinding": "rbac.authorization.k8s.io/v1",
}
TLS_SECRET = "tls-cert"


def metadata(
    moment: Moment,
    kind: str,
    namespace: str,
    name: str,
    *,
    created: float,
    labels: dict[str, str] | None = None,
    owner: tuple[str, str] | None = None,
    **more: Any,
) -> Manifest:
    """Return an object's metadata; `owner` is the kind and name of its controller in the same namespace."""
    found: Manifest = {"name": name, "uid": moment.uid(kind, namespace, name)}
    if namespace:
        found["namespace"] = namespace
    found |= {"creationTimestamp": moment.stamp(created), "labels": labels or {}, **more}
    if owner:
        found["ownerReferences"] = [owner_reference(moment, namespace, *owner)]
    return found


def owner_reference(moment: Moment, namespace: str, kind: str, name: str) -> Manifest:
    """Return the reference to the object that controls others."""
    return {
        "apiVersion": API_VERSION[kind],
        "kind": kind,
        "name": name,
        "uid": moment.uid(kind, namespace, name),
        "controller": True,
        "blockOwnerDeletion": True,
    }


def condition(type_: str, status: bool, *, since: str, reason: str = "", message: str = "") -> Manifest:
    """Return a condition as most kinds write it; without reason and message where there are none."""
    found: Manifest = {"type": type_, "status": str(status), "lastTransitionTime": since}
    if reason:
        found |= {"reason": reason, "message": message}
    return found


def template(
    app: App,
    *,
    labels: dict[str, str],
    restart: str = "Always",
    claim: str = "",
    selector: tuple[str, str] | None = None,
) -> Manifest:
    """Return a pod template: labels and spec. `claim` backs the volume of an app that has one."""
    containers = [_container(app)]
    if app.sidecar:
        containers.append(_sidecar(app.sidecar))
    spec: Manifest = {
        "containers": containers,
        "restartPolicy": restart,
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "serviceAccountName": "default",
        "schedulerName": "default-scheduler",
        "securityContext": {},
    }
    if volumes := _volumes(app, claim):
        spec["volumes"] = volumes
    if PULL in app.secrets:
        spec["imagePullSecrets"] = [{"name": PULL}]
    if selector:
        spec["nodeSelector"] = dict([selector])
    return {"metadata": {"labels": labels}, "spec": spec}


def _container(app: App) -> Manifest:
    amounts = {"cpu": f"{app.cpu}m", "memory": f"{app.memory}Mi"}
    found: Manifest = {
        "name": app.name,
        "image": app.image,
        "imagePullPolicy": "IfNotPresent",
        "resources": {"requests": amounts, "limits": amounts | {"cpu": f"{app.cpu * 2}m"}},
    }
    if app.port:
        found |= _serving(app.port)
    if env_from := _env_from(app):
        found["envFrom"] = env_from
    if mounts := _mounts(app):
        found["volumeMounts"] = mounts
    return found


def _serving(port: int) -> Manifest:
    probe = {"tcpSocket": {"port": port}, "periodSeconds": 10, "timeoutSeconds": 1, "failureThreshold": 3}
    return {
        "ports": [{"containerPort": port, "protocol": "TCP"}],
        "readinessProbe": probe | {"initialDelaySeconds": 5},
        "livenessProbe": probe | {"initialDelaySeconds": 15},
    }


def _sidecar(image: str) -> Manifest:
    amounts = {"cpu": "10m", "memory": "32Mi"}
    return {
        "name": "config-reloader",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "resources": {"requests": amounts, "limits": amounts},
    }


def _env_from(app: App) -> list[Manifest]:
    """Return the first config map and all plain secrets as variables; the others are mounted."""
    plain = [name for name in app.secrets if name not in (PULL, TLS_SECRET)]
    configs = [{"configMapRef": {"name": name}} for name in app.configs[:1]]
    return [*configs, *({"secretRef": {"name": name}} for name in plain)]


def _volumes(app: App, claim: str) -> list[Manifest]:
    volumes: list[Manifest] = [{"name": name, "configMap": {"name": name}} for name in app.configs[1:]]
    if TLS_SECRET in app.secrets:
        volumes.append({"name": TLS_SECRET, "secret": {"secretName": TLS_SECRET}})
    if claim:
        volumes.append({"name": "data", "persistentVolumeClaim": {"claimName": claim}})
    return volumes


def _mounts(app: App) -> list[Manifest]:
    mounts: list[Manifest] = [{"name": name, "mountPath": f"/etc/{name}"} for name in app.configs[1:]]
    if TLS_SECRET in app.secrets:
        mounts.append({"name": TLS_SECRET, "mountPath": "/etc/tls", "readOnly": True})
    if app.claim:
        mounts.append({"name": "data", "mountPath": "/data"})
    return mounts
