"""What an API server gives to new objects: addresses and ports of services, selectors of jobs."""

from base64 import b64encode

from orchestrator.backends.cluster.demo.overlay import Draft
from orchestrator.backends.cluster.demo.parts import Manifest
from orchestrator.backends.cluster.kinds import Kind

NODE_PORTS = range(30000, 32768)  # https://kubernetes.io/docs/concepts/services-networking/service/
CONTROLLER, NAME = "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name"


def allotted(draft: Draft, manifest: Manifest) -> Manifest:
    """Return an object with what is given to it once and for all."""
    if manifest["kind"] == "Service" and isinstance(manifest.get("spec"), dict):
        return manifest | {"spec": _service(draft, manifest["spec"])}
    if manifest["kind"] == "Job" and isinstance(manifest.get("spec"), dict):
        return manifest | {"spec": _job(manifest["metadata"], manifest["spec"])}
    return manifest


def encoded(manifest: Manifest) -> Manifest:
    """Return a secret whose texts are encoded like its other values."""
    texts = manifest.get("stringData")
    if manifest["kind"] != "Secret" or not isinstance(texts, dict):
        return manifest
    data = {name: b64encode(str(value).encode()).decode() for name, value in texts.items()}
    rest = {name: value for name, value in manifest.items() if name != "stringData"}
    return rest | {"data": (manifest.get("data") or {}) | data}


def _service(draft: Draft, spec: Manifest) -> Manifest:
    kind = spec.get("type", "ClusterIP")
    if kind == "ExternalName":
        return spec
    others = [each["spec"] for each in draft.each(Kind.SERVICES)]
    if not spec.get("clusterIP"):
        taken = {each.get("clusterIP") for each in others}
        addresses = (f"10.96.{high}.{low}" for high in range(20, 256) for low in range(1, 255))
        spec = spec | {"clusterIP": next(each for each in addresses if each not in taken)}
    if kind == "ClusterIP":
        return spec
    used = {port.get("nodePort") for each in others for port in each.get("ports", [])}
    free = (number for number in NODE_PORTS if number not in used)
    ports = [
        port if "nodePort" in port else port | {"nodePort": next(free)} for port in spec.get("ports", [])
    ]
    return spec | {"ports": ports}


def _job(metadata: Manifest, spec: Manifest) -> Manifest:
    if "selector" in spec or not isinstance(spec.get("template"), dict):
        return spec
    labels = {CONTROLLER: metadata["uid"], NAME: metadata["name"], "job-name": metadata["name"]}
    inner = spec["template"].get("metadata") or {}
    pods = spec["template"] | {"metadata": inner | {"labels": (inner.get("labels") or {}) | labels}}
    return spec | {"selector": {"matchLabels": {CONTROLLER: metadata["uid"]}}, "template": pods}
