"""What the admission plugins of an API server have against a new object of the demo world, in their order.

https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/; as 1.34 says it.
"""

from orchestrator.backends.cluster.demo import failures, limits, quotas, security
from orchestrator.backends.cluster.demo.overlay import Draft, Key
from orchestrator.backends.cluster.demo.parts import Manifest
from orchestrator.backends.cluster.kinds import Resource

CLASSES = {"system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000}


def completed(draft: Draft, resource: Resource, manifest: Manifest, *, namespace: str) -> Manifest:
    """Return a new object with what plugins add; raise `Forbidden` for what they refuse at once."""
    if resource.id != "pods" or not isinstance(manifest.get("spec"), dict):
        return manifest
    name, spec = (manifest.get("metadata") or {}).get("name", ""), manifest["spec"]
    if why := _priority(spec) or _account(draft, spec, namespace):
        raise failures.forbidden(resource, name, why)
    return limits.completed(draft, manifest, namespace=namespace)


def _priority(spec: Manifest) -> str:
    class_name = spec.get("priorityClassName") or ""
    if class_name and class_name not in CLASSES:
        return f"no PriorityClass with name {class_name} was found"
    wanted, given = CLASSES.get(class_name, 0), spec.get("priority")
    if given is None or given == wanted:
        return ""
    return (
        f"the integer value of priority ({given}) must not be provided in pod spec; "
        f"priority admission controller computed {wanted} from the given PriorityClass name"
    )


def _account(draft: Draft, spec: Manifest, namespace: str) -> str:
    name = spec.get("serviceAccountName") or "default"
    if name == "default" or draft.find(Key("serviceaccounts", namespace, str(name))):
        return ""
    return f'error looking up service account {namespace}/{name}: serviceaccount "{name}" not found'


def check(draft: Draft, resource: Resource, manifest: Manifest) -> None:
    """Raise `Forbidden` for an object that limits, Pod Security or quotas of its namespace keep out."""
    if resource.id == "pods":
        limits.check(draft, manifest)
        security.check(draft, manifest)
    if resource.namespaced:
        quotas.check(draft, resource, manifest)
