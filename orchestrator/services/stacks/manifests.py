"""What a stack is in the cluster, as plain data: https://kubernetes.io/docs/reference/kubernetes-api/"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

APP = "smctf-stack"
APP_LABEL = "app.kubernetes.io/name"
INSTANCE_LABEL = "app.kubernetes.io/instance"
ID_LABEL = "smctf.io/stack-id"
POLICY = "smctf-stack-isolation"
ENFORCE = "pod-security.kubernetes.io/enforce"
GRACE_OF_DEADLINE = 600  # seconds after the longest life at which a pod ends also if nobody ends it


class Port(Protocol):
    """A port of a stack with the number that was reserved for it."""

    container_port: int
    protocol: str
    node_port: int


def labels(stack_id: str) -> dict[str, str]:
    """Return the labels of everything that belongs to a stack."""
    return {APP_LABEL: APP, INSTANCE_LABEL: stack_id, ID_LABEL: stack_id}


def service_name(stack_id: str) -> str:
    return f"svc-{stack_id}"


def pod(
    checked: Mapping[str, Any],
    *,
    stack_id: str,
    namespace: str,
    role: str,
    life_seconds: int,
) -> dict[str, Any]:
    """Return the pod of a stack from its sanitised spec, which stays as it is.

    Of the caller's metadata only labels and annotations are used; ours win. `life_seconds` is the longest
    that it can be extended to: Kubernetes lets a deadline only come nearer.
    """
    given = checked.get("metadata") or {}
    spec = dict(checked["spec"])
    spec["nodeSelector"] = {**(spec.get("nodeSelector") or {}), "role": role}
    asked = spec.get("activeDeadlineSeconds")
    latest = life_seconds + GRACE_OF_DEADLINE
    spec["activeDeadlineSeconds"] = min(asked, latest) if isinstance(asked, int) else latest
    metadata: dict[str, Any] = {
        "name": stack_id,
        "namespace": namespace,
        "labels": {**(given.get("labels") or {}), **labels(stack_id)},
    }
    if given.get("annotations"):
        metadata["annotations"] = dict(given["annotations"])
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def service(*, stack_id: str, namespace: str, ports: Iterable[Port]) -> dict[str, Any]:
    """Return the service that opens the ports of a stack on every node."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": service_name(stack_id), "namespace": namespace, "labels": labels(stack_id)},
        "spec": {
            "type": "NodePort",
            "selector": {ID_LABEL: stack_id},
            "ports": [
                {
                    "name": f"p-{port.container_port}-{port.protocol.lower()}",
                    "protocol": port.protocol,
                    "port": port.container_port,
                    "targetPort": port.container_port,
                    "nodePort": port.node_port,
                }
                for port in ports
            ],
        },
    }


def namespace(name: str) -> dict[str, Any]:
    """Return the namespace of stacks: https://kubernetes.io/docs/concepts/security/pod-security-standards/"""
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": name, "labels": {ENFORCE: "baseline"}},
    }


def network_policy(*, namespace: str, pod_networks: Sequence[str], denied: Sequence[str]) -> dict[str, Any]:
    """Return the policy that keeps stacks from each other and from private networks.

    `pod_networks` may not reach stacks, `denied` may not be reached by them; names can be looked up.
    https://kubernetes.io/docs/concepts/services-networking/network-policies/
    """
    dns = [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": POLICY, "namespace": namespace, "labels": {APP_LABEL: APP}},
        "spec": {
            "podSelector": {"matchLabels": {APP_LABEL: APP}},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"from": [_everywhere(pod_networks)]}],
            "egress": [{"ports": dns}, {"to": [_everywhere(denied)]}],
        },
    }


def _everywhere(but: Sequence[str]) -> dict[str, Any]:
    block: dict[str, Any] = {"cidr": "0.0.0.0/0"}
    narrower = [each for each in but if ":" not in each]  # An exception lies within its block.
    if narrower:
        block["except"] = narrower
    return {"ipBlock": block}
