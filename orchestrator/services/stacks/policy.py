"""The namespace of stacks, and the network policy that isolates them."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from django.conf import settings

from orchestrator.backends.cluster.objects import NetworkPolicy
from orchestrator.backends.cluster.port import RESOURCES, Cluster, Condition, Kind
from orchestrator.backends.errors import BackendError, Conflict, NotFound
from orchestrator.services.stacks import manifests
from orchestrator.services.stacks.errors import ClusterUnavailable, NetworkPolicyMissing
from orchestrator.services.stacks.refusals import failure

POLICIES = RESOURCES[Kind.NETWORKPOLICIES]
NAMESPACES = RESOURCES[Kind.NAMESPACES]
OURS = {manifests.APP_LABEL: manifests.APP}  # what the labels of every stack's pod hold


def require(cluster: Cluster) -> None:
    """Raise `NetworkPolicyMissing` if stacks must be isolated and are not.

    The policy is made here if it is ours to keep. Raises `ClusterUnavailable` or `Broken` if the cluster does
    not tell, or does not let us make it.
    """
    if not settings.STACK_REQUIRE_INGRESS_NETWORK_POLICY:
        return
    cache = cluster.cache(Kind.NETWORKPOLICIES)
    cache.wait(settings.K8S_API_TIMEOUT_SECONDS)
    if isolates(each for each in cache.rows(settings.STACK_NAMESPACE) if isinstance(each, NetworkPolicy)):
        return
    if settings.STACK_MANAGE_NETWORK_POLICY:
        try:
            keep(cluster)
        except BackendError as exc:
            raise failure(exc) from exc
        return
    if not cache.state().synced and cache.state().condition is not Condition.FORBIDDEN:
        raise ClusterUnavailable
    raise NetworkPolicyMissing


def isolates(policies: Iterable[NetworkPolicy]) -> bool:
    """Return True if one of the policies restricts what reaches every stack, whatever its labels."""
    return any("Ingress" in each.policy_types and _selects(each) for each in policies)


def _selects(policy: NetworkPolicy) -> bool:
    if not all(OURS.get(name) == value for name, value in policy.match_labels.items()):
        return False
    # Of other labels than ours nobody knows whether a stack has them.
    return all(
        (each.operator == "In" and OURS.get(each.key) in each.values)
        or (each.operator == "Exists" and each.key in manifests.labels(""))
        for each in policy.match_expressions
    )


def keep(cluster: Cluster) -> bool:
    """Make the namespace and the policy as settings want them; return True if something was changed.

    Asks the API server. Raises `BackendError`.
    """
    wanted = manifest()
    try:
        there = cluster.get(POLICIES, namespace=settings.STACK_NAMESPACE, name=manifests.POLICY)
    except NotFound:
        _make(cluster, wanted)
        return True
    if same(there, wanted):
        return False
    version = {"resourceVersion": there["metadata"]["resourceVersion"]}
    body = {**wanted, "metadata": {**wanted["metadata"], **version}}
    with suppress(Conflict):  # Somebody else has just changed it; the next look will tell.
        cluster.replace(POLICIES, body, namespace=settings.STACK_NAMESPACE, name=manifests.POLICY)
    return True


def _make(cluster: Cluster, wanted: Mapping[str, Any]) -> None:
    try:
        with suppress(Conflict):
            cluster.create(POLICIES, wanted, namespace=settings.STACK_NAMESPACE)
    except NotFound:
        make_namespace(cluster)
        with suppress(Conflict):
            cluster.create(POLICIES, wanted, namespace=settings.STACK_NAMESPACE)


def make_namespace(cluster: Cluster) -> None:
    """Make the namespace of stacks; one that exists stays as it is. Raises `BackendError`."""
    with suppress(Conflict):
        cluster.create(NAMESPACES, manifests.namespace(settings.STACK_NAMESPACE), namespace="")


def manifest() -> dict[str, Any]:
    """Return the policy that settings want."""
    return manifests.network_policy(
        namespace=settings.STACK_NAMESPACE,
        pod_networks=settings.STACK_POD_CIDRS,
        denied=settings.STACK_EGRESS_DENY_CIDRS,
    )


def same(there: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Return True if a policy in the cluster is what is wanted; what the API server fills in is the same."""
    return bool(there.get("spec") == wanted["spec"])
