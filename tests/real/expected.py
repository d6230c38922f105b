"""What our API must say of an object that the API server sends."""

from collections.abc import Callable
from typing import Any

Manifest = dict[str, Any]


def stamp(time: str) -> str:
    return time.replace("Z", ".000Z")


def of_deployment(each: Manifest) -> Manifest:
    status = each["status"]
    counts = {
        "ready": "readyReplicas",
        "available": "availableReplicas",
        "unavailable": "unavailableReplicas",
    }
    replicas = {name: status.get(member, 0) for name, member in counts.items()}
    return {
        "uid": each["metadata"]["uid"],
        "annotations": each["metadata"]["annotations"],
        "replicas": replicas
        | {"desired": each["spec"]["replicas"], "updated": status.get("updatedReplicas", 0)},
        "selector": each["spec"]["selector"]["matchLabels"],
        "strategy": each["spec"]["strategy"]["type"],
        "images": [each["spec"]["template"]["spec"]["containers"][0]["image"]],
        "conditions": sorted((one["type"], one["status"]) for one in status.get("conditions", [])),
    }


def of_set(each: Manifest) -> Manifest:
    spec, status = each["spec"], each["status"]
    return {
        "replicas": {
            "desired": spec["replicas"],
            "ready": status.get("readyReplicas", 0),
            "current": status.get("currentReplicas", 0),
            "updated": status.get("updatedReplicas", 0),
        },
        "serviceName": spec["serviceName"],
        "updateStrategy": spec["updateStrategy"]["type"],
        "podManagementPolicy": spec["podManagementPolicy"],
    }


def of_daemon_set(each: Manifest) -> Manifest:
    status = each["status"]
    return {
        "desired": status["desiredNumberScheduled"],
        "current": status["currentNumberScheduled"],
        "ready": status["numberReady"],
        "available": status.get("numberAvailable", 0),
        "upToDate": status.get("updatedNumberScheduled", 0),
    }


def of_job(each: Manifest) -> Manifest:
    counts = {name: each["status"].get(name, 0) for name in ("succeeded", "failed", "active")}
    return counts | {
        "completions": 1,
        "conditions": sorted((one["type"], one["status"]) for one in each["status"].get("conditions", [])),
    }


def of_service(each: Manifest) -> Manifest:
    spec = each["spec"]
    return {
        "type": spec["type"],
        "clusterIP": spec["clusterIP"],
        "selector": spec["selector"],
        "ports": [
            {"port": one["port"], "protocol": one["protocol"], "targetPort": one["targetPort"]}
            for one in spec["ports"]
        ],
    }


def of_secret(each: Manifest) -> Manifest:
    return {
        "type": each["type"],
        "keys": sorted(each["data"]),
        "masked": True,
        "data": dict.fromkeys(each["data"], ""),
    }


EXPECTED: dict[str, Callable[[Manifest], Manifest]] = {
    "deployments": of_deployment,
    "statefulsets": of_set,
    "daemonsets": of_daemon_set,
    "jobs": of_job,
    "cronjobs": lambda each: {
        "schedule": each["spec"]["schedule"],
        "suspend": each["spec"]["suspend"],
        "active": 0,
    },
    "services": of_service,
    "configmaps": lambda each: {"keys": sorted(each["data"])},
    "secrets": of_secret,
    "pvcs": lambda each: {
        "status": each["status"]["phase"],
        "volume": each["spec"].get("volumeName", ""),
        "capacity": each["status"].get("capacity", {}).get("storage", "0"),
        "accessModes": each["spec"]["accessModes"],
        "storageClass": each["spec"]["storageClassName"],
    },
    "hpa": lambda each: {
        "minReplicas": 2,
        "maxReplicas": 4,
        "targetRef": {"kind": "Deployment", "name": "web"},
    },
    "ingress": lambda each: {"hosts": ["web.example.com"]},
    "resourcequotas": lambda each: {"hard": each["status"]["hard"], "used": each["status"]["used"]},
    "limitranges": lambda each: {
        "limits": [
            {
                "type": "Container",
                **{name: each["spec"]["limits"][0][name] for name in ("max", "default", "defaultRequest")},
            }
        ]
    },
}
