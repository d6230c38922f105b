"""Which kinds the demo cluster serves: those of its world, and what its definitions define."""

from collections.abc import Iterator

from orchestrator.backends.cluster.demo.parts import Manifest
from orchestrator.backends.cluster.demo.world import World
from orchestrator.backends.cluster.kinds import RESOURCES, Kind, Resource

VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
READING = ("get", "list")
DEFINITIONS = "customresourcedefinitions.apiextensions.k8s.io"
SHORT_NAMES = {
    Kind.PODS: "po",
    Kind.NODES: "no",
    Kind.NAMESPACES: "ns",
    Kind.EVENTS: "ev",
    Kind.DEPLOYMENTS: "deploy",
    Kind.STATEFULSETS: "sts",
    Kind.DAEMONSETS: "ds",
    Kind.REPLICASETS: "rs",
    Kind.CRONJOBS: "cj",
    Kind.HPAS: "hpa",
    Kind.SERVICES: "svc",
    Kind.INGRESSES: "ing",
    Kind.NETWORKPOLICIES: "netpol",
    Kind.CONFIGMAPS: "cm",
    Kind.RESOURCEQUOTAS: "quota",
    Kind.LIMITRANGES: "limits",
    Kind.PVCS: "pvc",
    Kind.PVS: "pv",
}
OTHERS = (  # api version, plural, kind, namespaced, short names
    ("v1", "serviceaccounts", "ServiceAccount", True, "sa"),
    ("apiextensions.k8s.io/v1", "customresourcedefinitions", "CustomResourceDefinition", False, "crd crds"),
    ("discovery.k8s.io/v1", "endpointslices", "EndpointSlice", True, ""),
    ("networking.k8s.io/v1", "ingressclasses", "IngressClass", False, ""),
    ("policy/v1", "poddisruptionbudgets", "PodDisruptionBudget", True, "pdb"),
    ("rbac.authorization.k8s.io/v1", "clusterrolebindings", "ClusterRoleBinding", False, ""),
    ("rbac.authorization.k8s.io/v1", "clusterroles", "ClusterRole", False, ""),
    ("rbac.authorization.k8s.io/v1", "rolebindings", "RoleBinding", True, ""),
    ("rbac.authorization.k8s.io/v1", "roles", "Role", True, ""),
    ("storage.k8s.io/v1", "storageclasses", "StorageClass", False, "sc"),
)
MEASURED = (("nodes", "NodeMetrics", False), ("pods", "PodMetrics", True))
KNOWN = {each.id: kind.value for kind, each in RESOURCES.items()}


def place(resource: Resource) -> str:
    """Return under which name the world holds the objects of a kind."""
    return KNOWN.get(resource.id, resource.id)


def resources(world: World) -> tuple[Resource, ...]:
    """Return the kinds that the demo cluster serves, by group and plural."""
    found = [*_built_in(), *_defined(world)]
    return tuple(sorted(found, key=lambda each: (each.group, each.plural)))


def _built_in() -> Iterator[Resource]:
    for kind, each in RESOURCES.items():
        yield _resource(each.api_version, each.plural, each.kind, each.namespaced, SHORT_NAMES.get(kind, ""))
    for other in OTHERS:
        yield _resource(*other)
    for plural, word, namespaced in MEASURED:
        yield _resource("metrics.k8s.io/v1beta1", plural, word, namespaced, verbs=READING)


def _defined(world: World) -> Iterator[Resource]:
    for each in world[DEFINITIONS]:
        spec = each["spec"]
        names = spec["names"]
        short = " ".join(names.get("shortNames") or ())
        api_version = f"{spec['group']}/{version_of(each)['name']}"
        yield _resource(api_version, names["plural"], names["kind"], spec["scope"] == "Namespaced", short)


def version_of(definition: Manifest) -> Manifest:
    """Return the version of a definition in which its objects are served."""
    versions: list[Manifest] = definition["spec"]["versions"]
    return next((each for each in versions if each.get("served")), versions[0])


def _resource(
    api_version: str,
    plural: str,
    kind: str,
    namespaced: bool,
    short_names: str = "",
    *,
    verbs: tuple[str, ...] = VERBS,
) -> Resource:
    group, _, version = api_version.rpartition("/")
    return Resource(
        group=group,
        version=version,
        plural=plural,
        kind=kind,
        namespaced=namespaced,
        short_names=tuple(short_names.split()),
        verbs=verbs,
    )
