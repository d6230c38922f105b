"""One object of every documented kind in a real cluster, and the API server's own word on them."""

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import yaml
from kubernetes import config

IMAGE = "lab/busybox:1"
PASSWORD = "only-for-tests-5up3r"
ENCODED = b64encode(PASSWORD.encode()).decode()
DOTTED = "app.properties.v1"
LABELS = {"tests/kind": "yes"}
PATHS = {
    "deployments": "/apis/apps/v1/{}/deployments",
    "statefulsets": "/apis/apps/v1/{}/statefulsets",
    "daemonsets": "/apis/apps/v1/{}/daemonsets",
    "jobs": "/apis/batch/v1/{}/jobs",
    "cronjobs": "/apis/batch/v1/{}/cronjobs",
    "services": "/api/v1/{}/services",
    "configmaps": "/api/v1/{}/configmaps",
    "secrets": "/api/v1/{}/secrets",
    "pvcs": "/api/v1/{}/persistentvolumeclaims",
    "hpa": "/apis/autoscaling/v2/{}/horizontalpodautoscalers",
    "ingress": "/apis/networking.k8s.io/v1/{}/ingresses",
    "resourcequotas": "/api/v1/{}/resourcequotas",
    "limitranges": "/api/v1/{}/limitranges",
}


def pod(*command: str, **more: Any) -> dict[str, Any]:
    container = {"name": "main", "image": IMAGE, "command": list(command or ["sleep", "100000"])}
    spec = {"terminationGracePeriodSeconds": 0, "automountServiceAccountToken": False}
    return spec | {"containers": [container | more.pop("container", {})]} | more


def template(app: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {
        "selector": {"matchLabels": {"app": app}},
        "template": {"metadata": {"labels": {"app": app}}, "spec": spec},
    }


def job(code: int) -> dict[str, Any]:
    return {"backoffLimit": 0, "template": {"spec": pod("sh", "-c", f"exit {code}", restartPolicy="Never")}}


def objects() -> list[tuple[str, str, dict[str, Any]]]:
    """Return kind, name and manifest of everything that the namespace holds."""
    probed = {
        "ports": [{"containerPort": 8080}],
        "livenessProbe": {"exec": {"command": ["true"]}, "periodSeconds": 60},
        "envFrom": [{"configMapRef": {"name": DOTTED}}, {"secretRef": {"name": "login"}}],
    }
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}
    volume = {"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "disk"}}]}
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    rule = {
        "host": "web.example.com",
        "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]},
    }
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    cron = {"schedule": "0 3 * * *", "suspend": True, "jobTemplate": {"spec": job(0)}}
    return [
        ("configmaps", DOTTED, {"data": {"LEVEL": "info", "long": "x" * 2000}}),
        ("secrets", "login", {"stringData": {"password": PASSWORD}}),
        ("pvcs", "disk", {"spec": claim}),
        ("deployments", "web", {"spec": {"replicas": 2} | template("web", pod(container=probed))}),
        ("deployments", "web-other", {"spec": {"replicas": 1} | template("other", pod(**volume))}),
        ("statefulsets", "db", {"spec": {"replicas": 1, "serviceName": "db"} | template("db", pod())}),
        ("daemonsets", "agent", {"spec": template("agent", pod())}),
        ("jobs", "done", {"spec": job(0)}),
        ("jobs", "broken", {"spec": job(3)}),
        ("cronjobs", "nightly", {"spec": cron}),
        (
            "services",
            "web",
            {"spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]}},
        ),
        ("ingress", "web", {"spec": {"rules": [rule]}}),
        ("hpa", "web", {"spec": {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 4}}),
        ("resourcequotas", "few", {"spec": {"hard": {"configmaps": "20"}}}),
        ("limitranges", "small", {"spec": {"limits": [{"type": "Container", "max": {"cpu": "4"}}]}}),
    ]


class Source:
    """The API server itself, asked for objects as it writes them."""

    def __init__(self, kubeconfig: str, namespace: str) -> None:
        self._client = config.new_client_from_config(kubeconfig)
        self._place = f"namespaces/{namespace}"

    def call(self, kinds: str, *, method: str = "GET", name: str = "", body: Any = None) -> Any:
        path = PATHS[kinds].format(self._place) + (f"/{name}" if name else "")
        return self._client.call_api(
            *self._client.param_serialize(
                method,
                path,
                body=body,
                header_params={"Content-Type": "application/json"},
                auth_settings=["BearerToken"],
            )
        )

    def of(self, kinds: str) -> dict[str, dict[str, Any]]:
        """Return the objects of a kind by name."""
        answer = self.call(kinds)
        return {each["metadata"]["name"]: each for each in yaml.safe_load(answer.read())["items"]}

    def add(self, kinds: str, name: str, manifest: dict[str, Any]) -> None:
        answer = self.call(
            kinds, method="POST", body={"metadata": {"name": name, "labels": LABELS}} | manifest
        )
        content = answer.read()
        assert answer.status == 201, content

    def close(self) -> None:
        self._client.close()


@contextmanager
def made_in(namespace: str, kubeconfig: str) -> Iterator[Source]:
    """Make every object in a namespace, and give the API server's word on them."""
    source = Source(kubeconfig, namespace)
    try:
        for kinds, name, manifest in objects():
            source.add(kinds, name, manifest)
        yield source
    finally:
        source.close()
