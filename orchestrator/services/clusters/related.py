"""What an object is connected with, as far as the caches know and its reader may see."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from orchestrator.backends.cluster import objects
from orchestrator.backends.cluster.objects import Event, Pod, Row
from orchestrator.backends.cluster.port import LISTED, Kind
from orchestrator.services.clusters.contexts import Scope
from orchestrator.services.clusters.objects import Found

BY_WORD = {kind.word: kind for kind in LISTED}
MOUNTING = (Kind.PODS, Kind.DEPLOYMENTS, Kind.STATEFULSETS, Kind.DAEMONSETS)
NEEDED: dict[Kind, tuple[Kind, ...]] = {  # kind -> kinds whose rows tell what it is connected with
    Kind.PODS: (Kind.REPLICASETS, Kind.SERVICES),
    Kind.NODES: (Kind.PODS,),
    Kind.DEPLOYMENTS: (Kind.REPLICASETS, Kind.PODS, Kind.SERVICES, Kind.HPAS),
    Kind.STATEFULSETS: (Kind.PODS, Kind.SERVICES, Kind.HPAS),
    Kind.DAEMONSETS: (Kind.PODS, Kind.SERVICES),
    Kind.REPLICASETS: (Kind.PODS,),
    Kind.JOBS: (Kind.PODS,),
    Kind.CRONJOBS: (Kind.JOBS,),
    Kind.SERVICES: (Kind.PODS, Kind.INGRESSES),
    Kind.INGRESSES: (Kind.SERVICES,),
    Kind.CONFIGMAPS: MOUNTING,
    Kind.SECRETS: (*MOUNTING, Kind.INGRESSES),
}


@dataclass(frozen=True, slots=True)
class Reference:
    """An object that another one is connected with; `row` is None if no cache that runs holds it."""

    kind: Kind
    namespace: str
    name: str
    row: Row | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """References of one meaning."""

    title: str
    references: list[Reference]


@dataclass(frozen=True, slots=True)
class Known:
    """The rows that may be read, and the kinds that may not or not yet."""

    rows: Mapping[Kind, Sequence[Row]] = field(default_factory=dict)
    unread: tuple[Kind, ...] = ()

    def of(self, kind: Kind) -> Sequence[Row]:
        return self.rows.get(kind, ())


def known(kinds: Iterable[Kind], scope: Scope, *, wait_seconds: float) -> Known:
    """Return what caches hold in a scope; those that just began are waited for, together."""
    caches = {kind: scope.cluster.cache(kind) for kind in kinds}
    until = monotonic() + wait_seconds
    rows: dict[Kind, Sequence[Row]] = {}
    for kind, cache in caches.items():
        cache.wait(max(0.0, until - monotonic()))
        state = cache.state()
        if state.synced and (not kind.namespaced or state.covers(scope.namespace)):
            rows[kind] = cache.rows(scope.namespace if kind.namespaced else None)
    return Known(rows, tuple(kind for kind in caches if kind not in rows))


def owners(found: Found, rows: Known) -> list[Reference]:
    """Return the chain of owners of an object, the nearest first; unknown kinds of owners end it."""
    references = found.manifest["metadata"].get("ownerReferences") or []
    owner = next((each for each in references if each.get("controller")), None)
    kind = BY_WORD.get(owner["kind"]) if owner else None
    if owner is None or kind is None:
        return []
    namespace = found.row.namespace or "" if kind.namespaced else ""
    row = _by_name(rows.of(kind), owner["name"])
    chain = [Reference(kind, namespace, owner["name"], row)]
    if isinstance(row, objects.ReplicaSet) and row.owner:
        chain.append(Reference(Kind.DEPLOYMENTS, namespace, row.owner))
    return chain


def pods(found: Found, rows: Known) -> list[Pod]:
    """Return the pods that an object makes (by owner references), carries or selects."""
    everything = [row for row in rows.of(Kind.PODS) if isinstance(row, Pod)]
    if found.kind is Kind.NODES:
        return [pod for pod in everything if pod.node_name == found.row.name]
    if isinstance(found.row, objects.Service):
        selector = found.row.selector
        return [pod for pod in everything if selects(selector, pod.labels)]
    makers = {found.manifest["metadata"].get("uid")}
    makers |= {each.uid for each in _replica_sets(found, rows)}
    return [pod for pod in everything if any(each.uid in makers for each in pod.owner_references or ())]


def events(found: Found, rows: Iterable[Row], *, pods: Iterable[Pod] = ()) -> list[Event]:
    """Return the events about an object and about the pods it makes, newest first."""
    about = {(found.kind.word, found.row.key)} | {("Pod", pod.key) for pod in pods}
    wanted = [
        row for row in rows if isinstance(row, Event) and (row.kind, (row.namespace or "", row.name)) in about
    ]
    return sorted(wanted, key=lambda event: event.counts_at or "", reverse=True)


def groups(found: Found, rows: Known) -> list[Group]:
    """Return what an object is connected with, beside its owners and its pods."""
    make = GROUPS.get(found.kind)
    return [group for group in make(found, rows) if group.references] if make else []


def selects(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Return True if a selector by labels matches; an empty one selects nothing, as that of services."""
    return bool(selector) and all(labels.get(key) == value for key, value in selector.items())


def _by_name(rows: Sequence[Row], name: str) -> Row | None:
    return next((row for row in rows if row.name == name), None)


def _replica_sets(found: Found, rows: Known) -> list[objects.ReplicaSet]:
    if found.kind is not Kind.DEPLOYMENTS:
        return []
    uid = found.manifest["metadata"].get("uid")
    sets = (row for row in rows.of(Kind.REPLICASETS) if isinstance(row, objects.ReplicaSet))
    return sorted((row for row in sets if row.owner_uid == uid), key=lambda row: -row.revision)


def _all(kind: Kind, rows: Iterable[Row]) -> list[Reference]:
    return [Reference(kind, row.namespace or "", row.name, row) for row in rows]


def _named(kind: Kind, found: Found, names: Iterable[str]) -> list[Reference]:
    namespace = found.row.namespace or "" if kind.namespaced else ""
    return [Reference(kind, namespace, name) for name in dict.fromkeys(names)]


def _services(rows: Known, labels: Mapping[str, str]) -> Group:
    chosen = (
        row
        for row in rows.of(Kind.SERVICES)
        if isinstance(row, objects.Service) and selects(row.selector, labels)
    )
    return Group("Services", _all(Kind.SERVICES, chosen))


def _configuration(found: Found, spec: Mapping[str, Any]) -> list[Group]:
    """Return what pods of a specification read."""
    row: Any = found.row
    volumes = spec.get("volumes") or []
    claims = [
        each["persistentVolumeClaim"]["claimName"] for each in volumes if each.get("persistentVolumeClaim")
    ]
    return [
        Group("Config maps", _named(Kind.CONFIGMAPS, found, row.config_maps)),
        Group("Secrets", _named(Kind.SECRETS, found, row.secrets)),
        Group("Volume claims", _named(Kind.PVCS, found, claims)),
    ]


def _of_pod(found: Found, rows: Known) -> list[Group]:
    return [_services(rows, found.row.labels), *_configuration(found, found.manifest.get("spec") or {})]


def _of_workload(found: Found, rows: Known) -> list[Group]:
    template = found.manifest["spec"]["template"]
    labels = (template.get("metadata") or {}).get("labels") or {}
    scalers = (
        row
        for row in rows.of(Kind.HPAS)
        if isinstance(row, objects.HPA)
        and (row.target_ref.kind, row.target_ref.name) == (found.kind.word, found.row.name)
    )
    return [
        _services(rows, labels),
        Group("Autoscalers", _all(Kind.HPAS, scalers)),
        Group("Replica sets", _all(Kind.REPLICASETS, _replica_sets(found, rows))),
        *_configuration(found, template.get("spec") or {}),
    ]


def _of_cron_job(found: Found, rows: Known) -> list[Group]:
    jobs = [row for row in rows.of(Kind.JOBS) if isinstance(row, objects.Job) and row.owner == found.row.name]
    jobs.sort(key=lambda row: row.created_at, reverse=True)
    return [Group("Jobs", _all(Kind.JOBS, jobs))]


def _of_service(found: Found, rows: Known) -> list[Group]:
    leading = (
        row
        for row in rows.of(Kind.INGRESSES)
        if isinstance(row, objects.Ingress) and found.row.name in services_of(row)
    )
    return [Group("Ingresses", _all(Kind.INGRESSES, leading))]


def services_of(ingress: objects.Ingress) -> list[str]:
    """Return the names of the services that an ingress leads to, each once."""
    backends = [path.backend for rule in ingress.rules for path in rule.paths]
    if ingress.default_backend:
        backends.append(ingress.default_backend)
    names = [(each.get("service") or {}).get("name", "") for each in backends]
    return [name for name in dict.fromkeys(names) if name]


def _of_ingress(found: Found, rows: Known) -> list[Group]:
    ingress = found.row
    assert isinstance(ingress, objects.Ingress)
    services = [
        Reference(Kind.SERVICES, each.namespace, each.name, _by_name(rows.of(Kind.SERVICES), each.name))
        for each in _named(Kind.SERVICES, found, services_of(ingress))
    ]
    secrets = [each.secret_name for each in ingress.tls or () if each.secret_name]
    return [Group("Services", services), Group("Secrets", _named(Kind.SECRETS, found, secrets))]


def _users(found: Found, rows: Known) -> list[Group]:
    """Return what reads a config map or a secret."""
    member = "config_maps" if found.kind is Kind.CONFIGMAPS else "secrets"
    using = [
        Reference(kind, row.namespace or "", row.name, row)
        for kind in reversed(MOUNTING)
        for row in rows.of(kind)
        if found.row.name in getattr(row, member)
    ]
    securing = (
        row
        for row in rows.of(Kind.INGRESSES)
        if isinstance(row, objects.Ingress)
        and any(each.secret_name == found.row.name for each in row.tls or ())
    )
    return [Group("Used by", using), Group("Ingresses", _all(Kind.INGRESSES, securing))]


def _of_autoscaler(found: Found, rows: Known) -> list[Group]:
    row = found.row
    assert isinstance(row, objects.HPA)
    kind = BY_WORD.get(row.target_ref.kind)
    return [Group("Scales", _named(kind, found, [row.target_ref.name]))] if kind else []


def _of_claim(found: Found, rows: Known) -> list[Group]:
    row = found.row
    assert isinstance(row, objects.PersistentVolumeClaim)
    return [Group("Volume", _named(Kind.PVS, found, [row.volume] if row.volume else []))]


def _of_volume(found: Found, rows: Known) -> list[Group]:
    row = found.row
    assert isinstance(row, objects.PersistentVolume)
    namespace, _, name = row.claim.partition("/")
    return [Group("Claim", [Reference(Kind.PVCS, namespace, name)] if name else [])]


GROUPS: dict[Kind, Callable[[Found, Known], list[Group]]] = {
    Kind.PODS: _of_pod,
    Kind.DEPLOYMENTS: _of_workload,
    Kind.STATEFULSETS: _of_workload,
    Kind.DAEMONSETS: _of_workload,
    Kind.CRONJOBS: _of_cron_job,
    Kind.SERVICES: _of_service,
    Kind.INGRESSES: _of_ingress,
    Kind.CONFIGMAPS: _users,
    Kind.SECRETS: _users,
    Kind.HPAS: _of_autoscaler,
    Kind.PVCS: _of_claim,
    Kind.PVS: _of_volume,
}
