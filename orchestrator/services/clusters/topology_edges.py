"""What connects the objects of a cluster; each step looks at every row once and finds others by index."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from orchestrator.backends.cluster import objects
from orchestrator.backends.cluster.objects import Pod, Row
from orchestrator.backends.cluster.port import Kind
from orchestrator.services.clusters import related
from orchestrator.services.clusters.related import BY_WORD, Known

# What a map shows, from outside to inside.
MAPPED = (
    Kind.INGRESSES,
    Kind.SERVICES,
    Kind.HPAS,
    Kind.DEPLOYMENTS,
    Kind.STATEFULSETS,
    Kind.DAEMONSETS,
    Kind.REPLICASETS,
    Kind.CRONJOBS,
    Kind.JOBS,
    Kind.PODS,
    Kind.CONFIGMAPS,
    Kind.SECRETS,
    Kind.PVCS,
    Kind.PVS,
    Kind.NODES,
)
CLUSTER_WIDE = {kind.word for kind in MAPPED if not kind.namespaced}
WORKLOADS = (Kind.DEPLOYMENTS, Kind.STATEFULSETS, Kind.DAEMONSETS)
ROUTES, SELECTS, SCALES, OWNS = "routes", "selects", "scales", "owns"
READS, CLAIMS, BINDS, RUNS_ON = "reads", "claims", "binds", "runsOn"
RELATIONS = (ROUTES, SELECTS, SCALES, OWNS, READS, CLAIMS, BINDS, RUNS_ON)
# Every namespace has one, and every pod reads it:
# https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/
ROOT_CA = "kube-root-ca.crt"


class Key(NamedTuple):
    """What names a node: an object, or a group; `workload` is the kind of the one whose pods it holds."""

    kind: str  # as manifests write it
    namespace: str
    name: str
    workload: str = ""


Line = tuple[Key, Key, str]
Listed = dict[Kind, list[tuple[Key, Row]]]


@dataclass(slots=True)
class Web:
    """Objects and what connects them; an object that others only name has no row."""

    rows: dict[Key, Row | None] = field(default_factory=dict)
    edges: dict[Line, None] = field(default_factory=dict)  # in order, each once
    owners: dict[Key, Key] = field(default_factory=dict)

    def connect(self, source: Key, target: Key, relation: str) -> None:
        self.rows.setdefault(target, None)
        self.edges[source, target, relation] = None

    def top(self, key: Key) -> Key:
        """Return the workload at the end of the chain of owners; the object itself if nobody owns it."""
        for _ in range(5):  # A chain is three long; a circle would have no end.
            if key not in self.owners:
                break
            key = self.owners[key]
        return key


def web(rows: Known) -> Web:
    """Return every object of a map and what connects them.

    Volumes and nodes are there if something leads to them. Replica sets that want no pods and have none are
    the past of a deployment, and left out.
    """
    listed = {kind: [(_key(kind, row), row) for row in rows.of(kind)] for kind in MAPPED}
    found = Web({key: row for kind in MAPPED if kind.namespaced for key, row in listed[kind]})
    _own(found, listed)
    _forget_the_past(found, listed)
    _select(found, listed)
    _route_and_scale(found, listed)
    _read(found, listed)
    _store_and_place(found, listed)
    for key, row in (*listed[Kind.PVS], *listed[Kind.NODES]):
        if key in found.rows:
            found.rows[key] = row
    return found


def restricted(web: Web, words: Collection[str]) -> Web:
    """Return the web of some kinds; what one owned that is left out belongs to that one's owner."""
    found = Web({key: row for key, row in web.rows.items() if key.kind in words})
    for key in found.rows:
        owner = web.owners.get(key)
        while owner is not None and owner not in found.rows:
            owner = web.owners.get(owner)
        if owner is not None:
            found.owners[key] = owner
            found.edges[owner, key, OWNS] = None
    for line in web.edges:
        if line[2] != OWNS and line[0] in found.rows and line[1] in found.rows:
            found.edges[line] = None
    return found


def matching(web: Web, text: str) -> Web:
    """Return what has a text in its name, and what is connected with that."""
    named = {key for key in web.rows if text in key.name}
    near = {each for line in web.edges if line[0] in named or line[1] in named for each in (line[0], line[1])}
    kept = named | near
    return Web(
        {key: row for key, row in web.rows.items() if key in kept},
        {line: None for line in web.edges if line[0] in kept and line[1] in kept},
        {key: owner for key, owner in web.owners.items() if key in kept and owner in kept},
    )


def _key(kind: Kind, row: Row) -> Key:
    return Key(kind.word, row.namespace or "", row.name)


def _own(web: Web, listed: Listed) -> None:
    for kind in (Kind.REPLICASETS, Kind.JOBS, Kind.PODS):
        for key, row in listed[kind]:
            for owner, uid in _owners(key, row):
                # The uid tells an owner from another one of its name that came later.
                if owner in web.rows and getattr(web.rows[owner], "uid", "") in ("", uid):
                    web.owners[key] = owner
                    web.connect(owner, key, OWNS)
                    break


def _owners(key: Key, row: Row) -> Iterator[tuple[Key, str]]:
    if isinstance(row, Pod):
        for each in row.owner_references or ():
            yield Key(each.kind, key.namespace, each.name), each.uid
    elif isinstance(row, objects.ReplicaSet) and row.owner:
        yield Key("Deployment", key.namespace, row.owner), row.owner_uid
    elif isinstance(row, objects.Job) and row.owner:
        yield Key("CronJob", key.namespace, row.owner), ""


def _forget_the_past(web: Web, listed: Listed) -> None:
    busy = set(web.owners.values())
    for key, row in listed[Kind.REPLICASETS]:
        if isinstance(row, objects.ReplicaSet) and not row.desired and key not in busy:
            del web.rows[key]
            owner = web.owners.pop(key, None)
            if owner is not None:
                del web.edges[owner, key, OWNS]


def _select(web: Web, listed: Listed) -> None:
    labelled: dict[tuple[str, str, str], list[tuple[Key, Row]]] = defaultdict(list)
    for key, row in listed[Kind.PODS]:
        for name, value in row.labels.items():
            labelled[key.namespace, name, value].append((key, row))
    for key, row in listed[Kind.SERVICES]:
        assert isinstance(row, objects.Service)
        if row.selector:
            # The rarest of its labels leaves the fewest pods to look at.
            places = [labelled.get((key.namespace, *item), []) for item in row.selector.items()]
            for target, pod in min(places, key=len):
                if related.selects(row.selector, pod.labels):
                    web.connect(key, target, SELECTS)


def _route_and_scale(web: Web, listed: Listed) -> None:
    for key, row in listed[Kind.INGRESSES]:
        assert isinstance(row, objects.Ingress)
        for name in related.services_of(row):
            web.connect(key, Key("Service", key.namespace, name), ROUTES)
        for secret in (each.secret_name for each in row.tls or ()):
            if secret:
                web.connect(key, Key("Secret", key.namespace, secret), READS)
    for key, row in listed[Kind.HPAS]:
        assert isinstance(row, objects.HPA)
        if BY_WORD.get(row.target_ref.kind) in MAPPED:
            web.connect(key, Key(row.target_ref.kind, key.namespace, row.target_ref.name), SCALES)


def _read(web: Web, listed: Listed) -> None:
    """Connect with what is read; of a pod only with what its workload does not say already."""
    web.rows = {
        key: row for key, row in web.rows.items() if not (key.kind == "ConfigMap" and key.name == ROOT_CA)
    }
    said: dict[Key, tuple[tuple[str, ...], tuple[str, ...]]] = {}
    for kind in (*WORKLOADS, Kind.PODS):
        for key, row in listed[kind]:
            assert isinstance(row, (Pod, objects.Deployment, objects.StatefulSet, objects.DaemonSet))
            maps, secrets = said.get(web.top(key), ((), ())) if kind is Kind.PODS else ((), ())
            for name in row.config_maps:
                if name != ROOT_CA and name not in maps:
                    web.connect(key, Key("ConfigMap", key.namespace, name), READS)
            for name in row.secrets:
                if name not in secrets:
                    web.connect(key, Key("Secret", key.namespace, name), READS)
            said[key] = row.config_maps, row.secrets


def _store_and_place(web: Web, listed: Listed) -> None:
    for key, row in listed[Kind.PODS]:
        assert isinstance(row, Pod)
        for name in row.claims or ():
            web.connect(key, Key("PersistentVolumeClaim", key.namespace, name), CLAIMS)
        if row.node_name != "Unknown":
            web.connect(key, Key("Node", "", row.node_name), RUNS_ON)
    for key, row in listed[Kind.PVCS]:
        assert isinstance(row, objects.PersistentVolumeClaim)
        if row.volume:
            web.connect(key, Key("PersistentVolume", "", row.volume), BINDS)
