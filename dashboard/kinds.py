"""Which kinds have pages, what each is called, and how they are grouped into areas."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from orchestrator.backends.cluster.port import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What makes the page of one kind different from the others."""

    kind: Kind
    title: str
    one: str
    icon: str
    what: str  # it is, for somebody who sees none
    states: Mapping[str, str] = field(default_factory=dict)  # chip by chip
    placeholder: str = "Name or label"
    state_key: str = "state"  # of the URL
    sort: str = "state"
    hours: bool = False

    @property
    def many(self) -> str:
        """Return the word for several, as it stands within a sentence."""
        return self.title if self.title.isupper() else self.title[0].lower() + self.title[1:]


WORKLOAD_STATES = {
    "degraded": "Degraded",
    "progressing": "Progressing",
    "available": "Available",
    "zero": "Scaled to 0",
}
IMAGE = "Name, label or image"
PAGES: dict[Kind, Page] = {
    page.kind: page
    for page in (
        Page(
            kind=Kind.PODS,
            title="Pods",
            one="pod",
            icon="circle-dot",
            states={
                "failing": "Failing",
                "unready": "Not ready",
                "starting": "Starting",
                "terminating": "Terminating",
                "running": "Running",
                "done": "Completed",
            },
            placeholder="Name, label, image or node",
            what="A pod is one or more containers that run together on a node.",
        ),
        Page(
            kind=Kind.NODES,
            title="Nodes",
            one="node",
            icon="server",
            states={
                "notready": "Not ready",
                "pressure": "Under pressure",
                "cordoned": "Cordoned",
                "ready": "Ready",
            },
            placeholder="Name, label, role or version",
            what="A node is a machine that runs pods.",
        ),
        Page(
            kind=Kind.NAMESPACES,
            title="Namespaces",
            one="namespace",
            icon="tags",
            states={"terminating": "Terminating", "active": "Active"},
            what="A namespace holds the objects of one team or purpose.",
        ),
        Page(
            kind=Kind.EVENTS,
            title="Events",
            one="event",
            icon="bell",
            states={"Warning": "Warning", "Normal": "Normal"},
            placeholder="Object, reason or message",
            what="Events tell what the cluster did; it forgets them after about an hour.",
            state_key="type",
            sort="",
            hours=True,
        ),
        Page(
            kind=Kind.DEPLOYMENTS,
            title="Deployments",
            one="deployment",
            icon="versions",
            states=WORKLOAD_STATES,
            placeholder=IMAGE,
            what="A deployment keeps a number of equal pods running and replaces them step by step.",
        ),
        Page(
            kind=Kind.STATEFULSETS,
            title="Stateful sets",
            one="stateful set",
            icon="versions",
            states=WORKLOAD_STATES,
            placeholder=IMAGE,
            what="A stateful set runs pods that keep their name and their storage.",
        ),
        Page(
            kind=Kind.DAEMONSETS,
            title="Daemon sets",
            one="daemon set",
            icon="versions",
            states=WORKLOAD_STATES,
            placeholder=IMAGE,
            what="A daemon set runs one pod on every node.",
        ),
        Page(
            kind=Kind.REPLICASETS,
            title="Replica sets",
            one="replica set",
            icon="versions",
            states=WORKLOAD_STATES,
            placeholder=IMAGE,
            what="A replica set is one revision of a deployment.",
        ),
        Page(
            kind=Kind.JOBS,
            title="Jobs",
            one="job",
            icon="bolt",
            states={"failing": "Failed", "starting": "Pending", "running": "Running", "done": "Complete"},
            what="A job runs pods until enough of them have succeeded.",
        ),
        Page(
            kind=Kind.CRONJOBS,
            title="Cron jobs",
            one="cron job",
            icon="calendar",
            states={"suspended": "Suspended", "active": "Active"},
            what="A cron job starts a job at set times.",
        ),
        Page(
            kind=Kind.HPAS,
            title="Autoscalers",
            one="autoscaler",
            icon="scale",
            states={
                "blind": "No metrics",
                "limited": "At their maximum",
                "scaling": "Scaling",
                "steady": "Steady",
            },
            what="A horizontal pod autoscaler changes the number of pods of a workload with its load.",
        ),
        Page(
            kind=Kind.SERVICES,
            title="Services",
            one="service",
            icon="network",
            states={"pending": "Without address", "active": "Active"},
            what="A service gives a group of pods one address.",
        ),
        Page(
            kind=Kind.INGRESSES,
            title="Ingresses",
            one="ingress",
            icon="world",
            states={"pending": "Without address", "active": "Active"},
            placeholder="Name, label or host",
            what="An ingress leads requests from outside to services.",
        ),
        Page(
            kind=Kind.CONFIGMAPS,
            title="Config maps",
            one="config map",
            icon="adjustments-horizontal",
            sort="",
            what="A config map holds settings that pods read.",
        ),
        Page(
            kind=Kind.SECRETS,
            title="Secrets",
            one="secret",
            icon="lock",
            sort="",
            what="A secret holds what pods must know and nobody else. Its values are not shown here.",
        ),
        Page(
            kind=Kind.RESOURCEQUOTAS,
            title="Quotas",
            one="quota",
            icon="gauge",
            states={"full": "Used up", "tight": "Nearly used up", "free": "Within limits"},
            what="A quota limits what a namespace may use.",
        ),
        Page(
            kind=Kind.LIMITRANGES,
            title="Limit ranges",
            one="limit range",
            icon="gauge",
            sort="",
            what="A limit range says how much one pod or container of a namespace may ask for.",
        ),
        Page(
            kind=Kind.PVCS,
            title="Volume claims",
            one="volume claim",
            icon="database",
            states={"lost": "Lost", "pending": "Pending", "bound": "Bound"},
            what="A volume claim asks for storage that outlives pods.",
        ),
        Page(
            kind=Kind.PVS,
            title="Volumes",
            one="volume",
            icon="database",
            states={
                "failed": "Failed",
                "released": "Released",
                "pending": "Pending",
                "available": "Available",
                "bound": "Bound",
            },
            what="A volume is storage that a claim can take.",
        ),
    )
}
AREAS: dict[str, tuple[Kind, ...]] = {  # URL name of the area, which is its first kind -> its tabs
    "deployments": (
        Kind.DEPLOYMENTS,
        Kind.STATEFULSETS,
        Kind.DAEMONSETS,
        Kind.REPLICASETS,
        Kind.JOBS,
        Kind.CRONJOBS,
        Kind.HPAS,
    ),
    "services": (Kind.SERVICES, Kind.INGRESSES),
    "configmaps": (Kind.CONFIGMAPS, Kind.SECRETS, Kind.RESOURCEQUOTAS, Kind.LIMITRANGES),
    "persistentvolumeclaims": (Kind.PVCS, Kind.PVS),
}
# Kinds without caches, listed as the cluster prints them: area -> plural and group -> what they are called.
BESIDE: dict[str, dict[str, str]] = {
    "services": {
        "endpointslices.discovery.k8s.io": "Endpoint slices",
        "networkpolicies.networking.k8s.io": "Network policies",
    },
    "configmaps": {
        "serviceaccounts": "Service accounts",
        "roles.rbac.authorization.k8s.io": "Roles",
        "rolebindings.rbac.authorization.k8s.io": "Role bindings",
        "poddisruptionbudgets.policy": "Disruption budgets",
    },
    "persistentvolumeclaims": {"storageclasses.storage.k8s.io": "Storage classes"},
}
BESIDE_OF = {id_: name for name, titles in BESIDE.items() for id_ in titles}
AREA_OF = {kind: name for name, kinds in AREAS.items() for kind in kinds}
BAD: dict[Kind, str] = {  # the state whose rows are a red number
    Kind.PODS: "failing",
    Kind.NODES: "notready",
    Kind.DEPLOYMENTS: "degraded",
    Kind.STATEFULSETS: "degraded",
    Kind.DAEMONSETS: "degraded",
    Kind.REPLICASETS: "degraded",
    Kind.JOBS: "failing",
    Kind.RESOURCEQUOTAS: "full",
    Kind.PVCS: "lost",
    Kind.PVS: "failed",
}
