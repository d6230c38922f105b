"""What an API server has against a pod and against a service, in its own words; heard from 1.34."""

import json
import re
from collections.abc import Iterator
from typing import Any

from orchestrator.backends.cluster.demo import failures
from orchestrator.backends.cluster.demo.parts import Manifest
from orchestrator.backends.cluster.quantities import exact

Causes = Iterator[str]
LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
LABEL_RULE = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start "
    "and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
SERVICE_NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
SERVICE_RULE = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic "
    "character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for "
    "validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
)
POLICIES = ("Always", "OnFailure", "Never")
PROTOCOLS = ("SCTP", "TCP", "UDP")
PORTS, PORT_RULE = range(1, 65536), "must be between 1 and 65535, inclusive"
MOST_SECONDS = 2**31 - 1


def pod(spec: Manifest) -> Causes:
    """Yield what is wrong with the spec of a pod, beside its containers' images."""
    volumes = [each.get("name") for each in spec.get("volumes") or []]
    for number, name in enumerate(volumes):
        if name in volumes[:number]:
            yield f"spec.volumes[{number}].name: Duplicate value: {json.dumps(name)}"
    for kind in ("initContainers", "containers"):
        for number, container in enumerate(spec.get(kind) or []):
            yield from _container(container, f"spec.{kind}[{number}]", volumes)
    if spec.get("restartPolicy", "Always") not in POLICIES:
        yield failures.unsupported_value("spec.restartPolicy", spec["restartPolicy"], POLICIES)
    seconds = spec.get("activeDeadlineSeconds")
    if seconds is not None and not 1 <= seconds <= MOST_SECONDS:
        rule = f"must be between 1 and {MOST_SECONDS}, inclusive"
        yield failures.value("spec.activeDeadlineSeconds", seconds, rule)


def _container(container: Manifest, place: str, volumes: list[Any]) -> Causes:
    if not LABEL.fullmatch(container["name"]) or len(container["name"]) > 63:
        yield failures.value(f"{place}.name", container["name"], LABEL_RULE)
    for number, port in enumerate(container.get("ports") or []):
        where = f"{place}.ports[{number}]"
        if not port.get("containerPort"):
            yield failures.required(f"{where}.containerPort")
        elif port["containerPort"] not in PORTS:
            yield failures.value(f"{where}.containerPort", port["containerPort"], PORT_RULE)
        if port.get("protocol", "TCP") not in PROTOCOLS:
            yield failures.unsupported_value(f"{where}.protocol", port["protocol"], PROTOCOLS)
    for number, mount in enumerate(container.get("volumeMounts") or []):
        if mount.get("name") not in volumes:
            yield f"{place}.volumeMounts[{number}].name: Not found: {json.dumps(mount.get('name'))}"
    yield from _resources(container.get("resources") or {}, f"{place}.resources")


def _resources(resources: Manifest, place: str) -> Causes:
    limits = resources.get("limits") or {}
    for part in ("limits", "requests"):
        for name, amount in (resources.get(part) or {}).items():
            if exact(str(amount)) < 0:
                yield failures.value(
                    f"{place}.{part}[{name}]", str(amount), "must be greater than or equal to 0"
                )
    for name, amount in (resources.get("requests") or {}).items():
        if name in limits and exact(str(amount)) > exact(str(limits[name])):
            rule = f"must be less than or equal to {name} limit of {limits[name]}"
            yield failures.value(f"{place}.requests", str(amount), rule)


def service(manifest: Manifest) -> Causes:
    """Yield what is wrong with the name and the ports of a service."""
    name, ports = manifest["metadata"]["name"], manifest["spec"].get("ports") or []
    if not SERVICE_NAME.fullmatch(name) or len(name) > 63:
        yield failures.value("metadata.name", name, SERVICE_RULE)
    for number, port in enumerate(ports):
        place = f"spec.ports[{number}]"
        if len(ports) > 1 and not port.get("name"):
            yield failures.required(f"{place}.name")
        if port["port"] not in PORTS:
            yield failures.value(f"{place}.port", port["port"], PORT_RULE)
        if port.get("protocol", "TCP") not in PROTOCOLS:
            yield failures.unsupported_value(f"{place}.protocol", port["protocol"], PROTOCOLS)
        if port.get("nodePort") and manifest["spec"]["type"] == "ClusterIP":
            yield f"{place}.nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"
