"""What an API server gives to new objects: addresses and ports of services, selectors of jobs."""

from base64 import b64encode

from orchestrator.backends.cluster.demo import failures
from orchestrator.backends.cluster.demo.overlay import Draft
from orchestrator.backends.cluster.demo.parts import Manifest
from orchestrator.backends.cluster.kinds import Kind, Resource
from orchestrator.backends.errors import BackendError

NODE_PORTS = range(30000, 32768)  # https://kubernetes.io/docs/concepts/services-networking/service/
WITH_NODE_PORTS = ("NodePort", "LoadBalancer")
OUT_OF_RANGE = "provided port is not in the valid range. The range of valid ports is 30000-32767"
CONTROLLER, NAME = "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name"


def allotted(
    draft: Draft, resource: Resource, manifest: Manifest, *, before: Manifest | None = None
) -> Manifest:
    """Return an object with what is given to it; raise `Invalid` for a port that is not to be had.

    What it was given `before` it keeps.
    """
    if manifest.get("kind") == "Service" and isinstance(manifest.get("spec"), dict):
        return manifest | {"spec": _service(draft, resource, manifest, before)}
    if manifest.get("kind") == "Job" and isinstance(manifest.get("spec"), dict) and before is None:
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


def _service(draft: Draft, resource: Resource, manifest: Manifest, before: Manifest | None) -> Manifest:
    spec: Manifest = manifest["spec"]
    kind = spec.get("type", "ClusterIP")
    if kind == "ExternalName":
        return spec
    name = manifest["metadata"]["name"]
    was: Manifest = before["spec"] if before else {}
    others = [
        each["spec"]
        for each in draft.each(Kind.SERVICES)
        if before is None or each["metadata"]["uid"] != before["metadata"]["uid"]
    ]
    if not spec.get("clusterIP"):
        taken = {each.get("clusterIP") for each in others}
        addresses = (f"10.96.{high}.{low}" for high in range(20, 256) for low in range(1, 255))
        free = next(each for each in addresses if each not in taken)
        spec = spec | {"clusterIP": was.get("clusterIP") or free}
    if kind not in WITH_NODE_PORTS or not _is_readable(spec.get("ports")):
        return spec
    used = {port.get("nodePort") for each in others for port in each.get("ports", [])}
    return spec | {"ports": _with_node_ports(resource, name, spec["ports"], was.get("ports") or [], used)}


def _is_readable(ports: object) -> bool:
    """Return False for ports that will be refused for what they are."""
    return isinstance(ports, list) and all(
        isinstance(port, dict) and isinstance(port.get("nodePort") or 0, int) for port in ports
    )


def _with_node_ports(
    resource: Resource, name: str, ports: list[Manifest], was: list[Manifest], used: set[int]
) -> list[Manifest]:
    """Return the ports of a service, each with the one that nodes listen on.

    TCP and UDP of one service may share a number, as they do on 1.34; two services may not.
    """
    kept = {_place(port): port.get("nodePort") for port in was}
    free = (number for number in NODE_PORTS if number not in used)
    found: list[Manifest] = []
    for number, port in enumerate(ports):
        wanted = port.get("nodePort") or kept.get(_place(port))
        mine = {(each["nodePort"], each.get("protocol", "TCP")) for each in found}
        if wanted and wanted not in NODE_PORTS:
            raise _refused(resource, name, number, wanted, OUT_OF_RANGE)
        if wanted and (wanted in used or (wanted, port.get("protocol", "TCP")) in mine):
            raise _refused(resource, name, number, wanted, "provided port is already allocated")
        taken = {each["nodePort"] for each in found}
        fresh = wanted or next(each for each in free if each not in taken)
        found.append(port | {"nodePort": fresh})
    return found


def _place(port: Manifest) -> tuple[object, object]:
    return port.get("port"), port.get("protocol", "TCP")


def _refused(resource: Resource, name: str, number: int, port: int, why: str) -> BackendError:
    return failures.invalid(resource, name, [failures.value(f"spec.ports[{number}].nodePort", port, why)])


def _job(metadata: Manifest, spec: Manifest) -> Manifest:
    if "selector" in spec or not isinstance(spec.get("template"), dict):
        return spec
    labels = {CONTROLLER: metadata["uid"], NAME: metadata["name"], "job-name": metadata["name"]}
    inner = spec["template"].get("metadata") or {}
    pods = spec["template"] | {"metadata": inner | {"labels": (inner.get("labels") or {}) | labels}}
    return spec | {"selector": {"matchLabels": {CONTROLLER: metadata["uid"]}}, "template": pods}
