"""What the policy `restricted` forbids beyond the documented rules."""

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from orchestrator.services.stacks.errors import InvalidPodSpec
from orchestrator.services.stacks.podspec.rules import each

Json = dict[str, Any]
VOLUMES = frozenset({"name", "emptyDir", "configMap", "downwardAPI", "projected"})
SOURCES = frozenset({"configMap", "downwardAPI", "clusterTrustBundle"})
FORBIDDEN = (
    "imagePullSecrets",
    "tolerations",
    "priority",
    "priorityClassName",
    "schedulerName",
    "schedulingGates",
    "hostAliases",
    "shareProcessNamespace",
    "resources",
)
HOSTNAME = "kubernetes.io/hostname"


@dataclass(frozen=True, slots=True)
class Policy:
    """`images` and `most_containers` count only if `restricted`; no images means any image.

    An image is a name as `docker pull` takes it, with or without a tag or a digest, in which `*` stands for
    any text: `nginx`, `registry.example.com/team/*`, `nginx:1.*`. Without a tag it allows every tag.
    """

    restricted: bool = False
    images: tuple[str, ...] = ()
    most_containers: int = 10


def check(pod: Json, unknown: list[str], policy: Policy) -> None:
    """Raise `InvalidPodSpec` for the first forbidden field; `unknown` are the paths of unknown ones."""
    for path in (*unknown, *_forbidden(pod["spec"], policy)):
        raise InvalidPodSpec(f"{path} is not allowed", path=path)


def _forbidden(spec: Json, policy: Policy) -> Iterator[str]:
    yield from (f"spec.{field}" for field in FORBIDDEN if field in spec)
    if "role" in spec.get("nodeSelector", {}):
        yield "spec.nodeSelector.role"
    if _names_a_node(spec.get("affinity", {}).get("nodeAffinity", {})):
        yield "spec.affinity.nodeAffinity"
    for path, volume in each(spec, "volumes"):
        yield from _volume(volume, path)
    containers = [*each(spec, "initContainers"), *each(spec, "containers")]
    for index, (path, container) in enumerate(containers):
        if index >= policy.most_containers:
            yield path
        yield from _container(container, path, policy)


def _volume(volume: Json, path: str) -> Iterator[str]:
    yield from (f"{path}.{kind}" for kind in volume if kind not in VOLUMES)
    for index, source in enumerate(volume.get("projected", {}).get("sources") or []):
        yield from (f"{path}.projected.sources[{index}].{kind}" for kind in source if kind not in SOURCES)


def _container(container: Json, path: str, policy: Policy) -> Iterator[str]:
    if policy.images and not any(_allows(pattern, container["image"]) for pattern in policy.images):
        yield f"{path}.image"
    for index, variable in enumerate(container.get("env", [])):
        if "secretKeyRef" in variable.get("valueFrom", {}):
            yield f"{path}.env[{index}].valueFrom.secretKeyRef"
    for index, source in enumerate(container.get("envFrom", [])):
        if "secretRef" in source:
            yield f"{path}.envFrom[{index}].secretRef"


def _names_a_node(affinity: Json) -> bool:
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution", {})
    preferred = affinity.get("preferredDuringSchedulingIgnoredDuringExecution") or []
    terms = [*(required.get("nodeSelectorTerms") or []), *(each["preference"] for each in preferred)]
    return any(
        "matchFields" in term or any(rule["key"] == HOSTNAME for rule in term.get("matchExpressions", []))
        for term in terms
    )


def _allows(pattern: str, image: str) -> bool:
    """Compare name with name and tag with tag, so that `nginx:*` does not allow a registry `nginx:5000/…`."""
    return all(
        not wanted or fnmatchcase(found, wanted)
        for wanted, found in zip(_parts(pattern), _parts(image), strict=True)
    )


def _parts(image: str) -> tuple[str, str, str]:
    """Return the name, the tag and the digest of an image."""
    rest, _, digest = image.partition("@")
    path, slash, last = rest.rpartition("/")
    name, _, tag = last.partition(":")
    return f"{path}{slash}{name}", tag, digest
