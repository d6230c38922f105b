"""Which kind and which place each object of a text means, and in which order they are to be made."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from orchestrator.backends.cluster.port import RESOURCES, Kind, Resource
from orchestrator.backends.errors import BackendError, NotFound
from orchestrator.services.access import Caller
from orchestrator.services.clusters import acting
from orchestrator.services.clusters.contexts import Scope
from orchestrator.services.clusters.documents import Document

CRD = "CustomResourceDefinition"
# What others need comes first: https://kubernetes.io/docs/concepts/workloads/management/
ORDER = (
    ("Namespace",),
    (CRD,),
    ("PriorityClass", "StorageClass", "ResourceQuota", "LimitRange"),
    ("ServiceAccount", "ConfigMap", "Secret", "PersistentVolume", "PersistentVolumeClaim"),
    ("ClusterRole", "Role"),
    ("ClusterRoleBinding", "RoleBinding"),
    ("Service",),
)
LAST = ("Ingress", "HorizontalPodAutoscaler", "PodDisruptionBudget")
NO_KIND = "It cannot be tried before its custom resource definition is there."
NO_PLACE = "It cannot be tried before its namespace is there."


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where an object goes. Without a target it goes nowhere, for the reason in `problem`."""

    document: Document
    target: acting.Target | None = None
    problem: str = ""
    waits: str = ""  # for another object of the same text, before which it cannot be tried


def of(caller: Caller, scope: Scope, documents: Sequence[Document]) -> list[Destination]:
    """Return where each object of a text goes; raise the `BackendError` if the cluster does not say."""
    made = {(each.group, each.kind): each for document in documents for each in _defined(document)}
    new_places = {each.name for each in documents if (each.api_version, each.kind) == ("v1", "Namespace")}
    new_places = {name for name in new_places if not _is_there(scope, name)}
    found = []
    for document in documents:
        group, _, version = document.api_version.rpartition("/")
        served = _served(scope, document)
        resource = served or made.get((group, document.kind))
        if resource is None:
            problem = f"The cluster serves no {document.kind} of {document.api_version}."
            found.append(Destination(document=document, problem=problem))
            continue
        target = _target(caller, scope, replace(resource, version=version), document)
        waits = NO_KIND if served is None else NO_PLACE if target.namespace in new_places else ""
        found.append(Destination(document=document, target=target, waits=waits))
    return found


def ordered(destinations: Sequence[Destination]) -> list[tuple[int, Destination]]:
    """Return the objects in the order in which to make them, each with its place in the text."""
    return sorted(enumerate(destinations), key=lambda each: rank(each[1].document.kind))


def rank(kind: str) -> int:
    """Return the place of a kind in the order in which objects are made."""
    if kind in LAST:
        return len(ORDER) + 1
    return next((at for at, kinds in enumerate(ORDER) if kind in kinds), len(ORDER))


def _served(scope: Scope, document: Document) -> Resource | None:
    """Return the kind of an object as the cluster serves it; None if it does not."""
    known = {(each.api_version, each.kind): each for each in RESOURCES.values()}
    if found := known.get((document.api_version, document.kind)):
        return found
    wanted = (document.api_version.rpartition("/")[0], document.kind)
    for again in (False, True):
        for each in scope.cluster.resources(again=again):
            if (each.group, each.kind) == wanted:
                return each
    return None


def _defined(document: Document) -> Iterator[Resource]:
    """Yield the kind that a custom resource definition makes."""
    if document.kind != CRD:
        return
    spec: Any = document.manifest.get("spec")
    with suppress(AttributeError, KeyError, TypeError):
        names = spec["names"]
        yield Resource(
            group=str(spec["group"]),
            version="",
            plural=str(names["plural"]),
            kind=str(names["kind"]),
            namespaced=spec.get("scope") == "Namespaced",
        )


def _target(caller: Caller, scope: Scope, resource: Resource, document: Document) -> acting.Target:
    place = document.namespace or scope.namespace or scope.context.namespace or "default"
    return acting.Target(
        caller=caller,
        cluster=scope.cluster,
        resource=resource,
        namespace=place if resource.namespaced else "",
        name=document.name,
    )


def _is_there(scope: Scope, namespace: str) -> bool:
    try:
        scope.cluster.get(RESOURCES[Kind.NAMESPACES], namespace="", name=namespace)
    except NotFound:
        return False
    except BackendError:
        return True  # Whatever is wrong, the objects themselves will say.
    return True
