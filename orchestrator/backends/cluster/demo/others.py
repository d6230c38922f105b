"""The manifests of kinds without caches: rights, policies, endpoints, storage classes."""

from collections.abc import Iterable, Mapping, Sequence

from orchestrator.backends.cluster.demo import tables
from orchestrator.backends.cluster.demo.moment import Moment
from orchestrator.backends.cluster.demo.parts import API_VERSION, Manifest, metadata, owner_reference
from orchestrator.backends.cluster.demo.plans import Plan
from orchestrator.backends.cluster.demo.tables import DAY, State

RBAC = "rbac.authorization.k8s.io"
SERVICE_ACCOUNTS = (  # namespace, name; each namespace also has one called default
    ("default", "deployer"),
    ("kube-system", "gpu-device-plugin"),
    ("kube-system", "ingress-nginx"),
    ("kube-system", "node-problem-detector"),
    ("production", "postgres-backup"),
)
READING, EVERYTHING = ["get", "list", "watch"], ["*"]
CLUSTER_ROLES: tuple[tuple[str, list[str], list[str], list[str]], ...] = (  # name, groups, resources, verbs
    ("cluster-admin", ["*"], ["*"], EVERYTHING),
    ("edit", ["", "apps", "batch"], ["*"], [*READING, "create", "update", "patch", "delete"]),
    ("system:node-problem-detector", [""], ["nodes", "nodes/status"], ["get", "patch"]),
    ("view", ["", "apps", "batch", "networking.k8s.io"], ["*"], READING),
)
CLUSTER_BINDINGS = (  # name, role, kind and name of the subject
    ("cluster-admin", "cluster-admin", "Group", "system:masters"),
    ("node-problem-detector", "system:node-problem-detector", "ServiceAccount", "node-problem-detector"),
    ("on-call", "view", "Group", "shop:on-call"),
)
ROLES: tuple[tuple[str, str, list[str], list[str], list[str]], ...] = (  # and the same again, by namespace
    ("default", "deployer", ["apps"], ["deployments"], [*READING, "patch"]),
    ("production", "backup-reader", [""], ["persistentvolumeclaims", "pods"], READING),
)
BINDINGS = (
    ("default", "deployer", "Role", "deployer", "deployer"),
    ("production", "postgres-backup", "Role", "backup-reader", "postgres-backup"),
)
BUDGETS = (  # namespace, app, rule, number
    ("default", "api-gateway", "minAvailable", 1),
    ("default", "frontend", "maxUnavailable", 1),
    ("production", "postgres", "minAvailable", 1),
)


def service_accounts(moment: Moment) -> list[Manifest]:
    """Return the service accounts."""
    usual = [(namespace, "default", days * DAY) for namespace, days in tables.NAMESPACES]
    more = [(namespace, name, 90 * DAY) for namespace, name in SERVICE_ACCOUNTS]
    return [
        _object(moment, "ServiceAccount", namespace, name, age=age) for namespace, name, age in usual + more
    ]


def rights(moment: Moment) -> dict[str, list[Manifest]]:
    """Return roles and bindings by the kind of resource."""
    return {
        f"clusterroles.{RBAC}": [
            _object(moment, "ClusterRole", "", name, age=214 * DAY, rules=[_rule(*rule)])
            for name, *rule in CLUSTER_ROLES
        ],
        f"clusterrolebindings.{RBAC}": [
            _binding(moment, "", name, role=("ClusterRole", role), subject=(kind, subject))
            for name, role, kind, subject in CLUSTER_BINDINGS
        ],
        f"roles.{RBAC}": [
            _object(moment, "Role", namespace, name, age=90 * DAY, rules=[_rule(*rule)])
            for namespace, name, *rule in ROLES
        ],
        f"rolebindings.{RBAC}": [
            _binding(moment, namespace, name, role=(kind, role), subject=("ServiceAccount", subject))
            for namespace, name, kind, role, subject in BINDINGS
        ],
    }


def _rule(groups: list[str], resources: list[str], verbs: list[str]) -> Manifest:
    return {"apiGroups": groups, "resources": resources, "verbs": verbs}


def _binding(
    moment: Moment, namespace: str, name: str, *, role: tuple[str, str], subject: tuple[str, str]
) -> Manifest:
    kind, subject_name = subject
    named: Manifest = {"kind": kind, "name": subject_name}
    if kind == "ServiceAccount":
        named["namespace"] = namespace or "kube-system"
    else:
        named["apiGroup"] = RBAC
    return _object(
        moment,
        "RoleBinding" if namespace else "ClusterRoleBinding",
        namespace,
        name,
        age=90 * DAY,
        roleRef={"apiGroup": RBAC, "kind": role[0], "name": role[1]},
        subjects=[named],
    )


def storage_classes(moment: Moment) -> list[Manifest]:
    """Return the storage classes; one is taken where a claim names none."""
    usual = {"storageclass.kubernetes.io/is-default-class": "true"}
    members = {
        "provisioner": "csi.example.com",
        "reclaimPolicy": "Retain",
        "volumeBindingMode": "WaitForFirstConsumer",
        "allowVolumeExpansion": True,
    }
    fast = {**members, "parameters": {"tier": "ssd"}, "reclaimPolicy": "Delete"}
    standard = _object(moment, "StorageClass", "", "standard", age=214 * DAY, **members)
    standard["metadata"]["annotations"] = usual
    return [_object(moment, "StorageClass", "", "fast", age=120 * DAY, **fast), standard]


def ingress_classes(moment: Moment) -> list[Manifest]:
    """Return the class that every ingress names."""
    spec = {"controller": "k8s.io/ingress-nginx"}
    return [_object(moment, "IngressClass", "", "nginx", age=200 * DAY, spec=spec)]


def network_policies(moment: Moment) -> list[Manifest]:
    """Return the network policies: nothing comes in by itself, and the database hears its clients alone."""
    closed = {"podSelector": {}, "policyTypes": ["Ingress"]}
    clients = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "default"}}}
    port = {"protocol": "TCP", "port": 5432}
    open_ = {
        "podSelector": {"matchLabels": {"app": "postgres"}},
        "policyTypes": ["Ingress"],
        "ingress": [{"from": [clients], "ports": [port]}],
    }
    return [
        _object(moment, "NetworkPolicy", namespace, name, age=80 * DAY, spec=spec)
        for namespace, name, spec in (
            ("production", "closed", closed),
            ("production", "postgres-clients", open_),
            ("staging", "closed", closed),
        )
    ]


def budgets(moment: Moment, planned: Iterable[Plan]) -> list[Manifest]:
    """Return the disruption budgets; what they allow follows from the pods that are ready."""
    pods = [*planned]
    return [
        _budget(moment, namespace, app, rule, number, [each for each in pods if each.app.name == app])
        for namespace, app, rule, number in BUDGETS
    ]


def _budget(
    moment: Moment, namespace: str, app: str, rule: str, number: int, pods: Sequence[Plan]
) -> Manifest:
    healthy = sum(each.state is State.RUNNING for each in pods)
    desired = number if rule == "minAvailable" else max(0, len(pods) - number)
    return _object(
        moment,
        "PodDisruptionBudget",
        namespace,
        app,
        age=100 * DAY,
        spec={rule: number, "selector": {"matchLabels": {"app": app}}},
        status={
            "currentHealthy": healthy,
            "desiredHealthy": desired,
            "disruptionsAllowed": max(0, healthy - desired),
            "expectedPods": len(pods),
            "observedGeneration": 1,
        },
    )


def endpoint_slices(moment: Moment, services: Iterable[Manifest], pods: Sequence[Manifest]) -> list[Manifest]:
    """Return one slice for each service, with the pods that it selects and that have an address."""
    return [_slice(moment, each, pods) for each in services]


def _slice(moment: Moment, service: Manifest, pods: Sequence[Manifest]) -> Manifest:
    namespace, name = service["metadata"]["namespace"], service["metadata"]["name"]
    wanted = service["spec"]["selector"]
    found = _object(
        moment,
        "EndpointSlice",
        namespace,
        f"{name}-{moment.letters(5, 'slice', name)}",
        age=100 * DAY,
        addressType="IPv4",
        ports=[
            {"name": each["name"], "port": each["targetPort"], "protocol": each["protocol"]}
            for each in service["spec"]["ports"]
        ],
        endpoints=[_endpoint(each) for each in pods if _is_behind(each, namespace, wanted)],
    )
    found["metadata"]["labels"] = {"kubernetes.io/service-name": name}
    found["metadata"]["ownerReferences"] = [owner_reference(moment, namespace, "Service", name)]
    return found


def _is_behind(pod: Manifest, namespace: str, selector: Mapping[str, str]) -> bool:
    labels = pod["metadata"]["labels"]
    here = pod["metadata"]["namespace"] == namespace and "podIP" in pod["status"]
    return here and all(labels.get(key) == value for key, value in selector.items())


def _endpoint(pod: Manifest) -> Manifest:
    ready = any(each["type"] == "Ready" and each["status"] == "True" for each in pod["status"]["conditions"])
    return {
        "addresses": [pod["status"]["podIP"]],
        "conditions": {"ready": ready, "serving": ready, "terminating": False},
        "nodeName": pod["spec"]["nodeName"],
        "targetRef": {"kind": "Pod", **{key: pod["metadata"][key] for key in ("namespace", "name", "uid")}},
    }


def _object(moment: Moment, kind: str, namespace: str, name: str, *, age: int, **members: object) -> Manifest:
    return {
        "apiVersion": API_VERSION[kind],
        "kind": kind,
        "metadata": metadata(moment, kind, namespace, name, created=-age),
        **members,
    }
