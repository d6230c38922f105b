"""The kinds of objects: those with caches, most of them with pages of their own, and all others."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The kinds that are listed and watched; the value is the plural of the API's path."""

    PODS = "pods"
    NODES = "nodes"
    NAMESPACES = "namespaces"
    EVENTS = "events"
    DEPLOYMENTS = "deployments"
    STATEFULSETS = "statefulsets"
    DAEMONSETS = "daemonsets"
    REPLICASETS = "replicasets"
    JOBS = "jobs"
    CRONJOBS = "cronjobs"
    HPAS = "horizontalpodautoscalers"
    SERVICES = "services"
    INGRESSES = "ingresses"
    NETWORKPOLICIES = "networkpolicies"
    CONFIGMAPS = "configmaps"
    SECRETS = "secrets"
    RESOURCEQUOTAS = "resourcequotas"
    LIMITRANGES = "limitranges"
    PVCS = "persistentvolumeclaims"
    PVS = "persistentvolumes"

    @property
    def namespaced(self) -> bool:
        return self not in (Kind.NODES, Kind.NAMESPACES, Kind.PVS)

    @property
    def word(self) -> str:
        """Return the kind as manifests write it: `Deployment`."""
        return WORDS[self]

    @property
    def singular(self) -> str:
        """Return the word of one, as in the frames of the stream: `pod`."""
        return self.value.removesuffix("s")


# Kinds with lists, pages and addresses of their own; people meet the others among all kinds that are served.
LISTED = tuple(kind for kind in Kind if kind is not Kind.NETWORKPOLICIES)
WORDS = {
    Kind.PODS: "Pod",
    Kind.NODES: "Node",
    Kind.NAMESPACES: "Namespace",
    Kind.EVENTS: "Event",
    Kind.DEPLOYMENTS: "Deployment",
    Kind.STATEFULSETS: "StatefulSet",
    Kind.DAEMONSETS: "DaemonSet",
    Kind.REPLICASETS: "ReplicaSet",
    Kind.JOBS: "Job",
    Kind.CRONJOBS: "CronJob",
    Kind.HPAS: "HorizontalPodAutoscaler",
    Kind.SERVICES: "Service",
    Kind.INGRESSES: "Ingress",
    Kind.NETWORKPOLICIES: "NetworkPolicy",
    Kind.CONFIGMAPS: "ConfigMap",
    Kind.SECRETS: "Secret",
    Kind.RESOURCEQUOTAS: "ResourceQuota",
    Kind.LIMITRANGES: "LimitRange",
    Kind.PVCS: "PersistentVolumeClaim",
    Kind.PVS: "PersistentVolume",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A kind as an API server serves it: https://kubernetes.io/docs/reference/using-api/api-concepts/"""

    group: str  # "" is the core group
    version: str
    plural: str  # as in paths: deployments
    kind: str  # as in manifests: Deployment
    namespaced: bool
    short_names: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()  # that it knows, whoever asks

    @property
    def api_version(self) -> str:
        """Return the group and version as manifests write them: `apps/v1`, `v1`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def id(self) -> str:
        """Return what names the kind for certain, in URLs too: `deployments.apps`, `pods`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def path(self, namespace: str | None, *rest: str) -> str:
        """Return the path of its collection, in one namespace or in all, and of what lies below it.

        `rest` are parts that are fit for a path already.
        """
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        place = f"/namespaces/{namespace}" if namespace else ""
        return "/".join((f"{root}{place}/{self.plural}", *rest))


_VERSIONS: dict[Kind, str] = {
    Kind.PODS: "v1",
    Kind.NODES: "v1",
    Kind.NAMESPACES: "v1",
    Kind.EVENTS: "v1",
    Kind.DEPLOYMENTS: "apps/v1",
    Kind.STATEFULSETS: "apps/v1",
    Kind.DAEMONSETS: "apps/v1",
    Kind.REPLICASETS: "apps/v1",
    Kind.JOBS: "batch/v1",
    Kind.CRONJOBS: "batch/v1",
    Kind.HPAS: "autoscaling/v2",
    Kind.SERVICES: "v1",
    Kind.INGRESSES: "networking.k8s.io/v1",
    Kind.NETWORKPOLICIES: "networking.k8s.io/v1",
    Kind.CONFIGMAPS: "v1",
    Kind.SECRETS: "v1",
    Kind.RESOURCEQUOTAS: "v1",
    Kind.LIMITRANGES: "v1",
    Kind.PVCS: "v1",
    Kind.PVS: "v1",
}
RESOURCES: dict[Kind, Resource] = {
    kind: Resource(
        group=version.rpartition("/")[0],
        version=version.rpartition("/")[2],
        plural=kind.value,
        kind=kind.word,
        namespaced=kind.namespaced,
    )
    for kind, version in _VERSIONS.items()
}
