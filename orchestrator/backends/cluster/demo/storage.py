"""The manifests of persistent volumes and claims: every claim is bound, three volumes are free."""

from orchestrator.backends.cluster.demo import tables
from orchestrator.backends.cluster.demo.moment import Moment
from orchestrator.backends.cluster.demo.parts import Manifest, metadata
from orchestrator.backends.cluster.demo.tables import DAY

STANDARD = "standard"
# name, phase, storage, age; the released one was bound to a claim that is gone.
UNBOUND = (
    ("archive-01", "Available", "100Gi", 80 * DAY),
    ("archive-02", "Available", "100Gi", 80 * DAY),
    ("scratch-01", "Released", "10Gi", 33 * DAY),
)
ZONES = ("zone-a", "zone-c", "zone-b")  # of the pods of a stateful set, by number


def _claims() -> list[tuple[str, str, str, str, int]]:
    """Return namespace, name, app, storage and number of each claim."""
    found = [("default", "backup-data", "backup-service", "50Gi", 0)]
    for each in tables.STATEFULSETS:
        app = each.app
        for number in range(each.replicas):
            name = f"{app.claim}-{app.name}-{number}"
            found.append((app.namespace, name, app.name, each.storage, number))
    return found


def claims(moment: Moment) -> list[Manifest]:
    """Return the claims."""
    return [
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": metadata(
                moment, "PersistentVolumeClaim", namespace, name, created=-60 * DAY, labels={"app": app}
            ),
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "storageClassName": STANDARD,
                "volumeMode": "Filesystem",
                "volumeName": _volume_name(moment, namespace, name),
                "resources": {"requests": {"storage": storage}},
            },
            "status": {
                "phase": "Bound",
                "accessModes": ["ReadWriteOnce"],
                "capacity": {"storage": storage},
            },
        }
        for namespace, name, app, storage, _ in _claims()
    ]


def volumes(moment: Moment) -> list[Manifest]:
    """Return the volumes, those of claims first."""
    bound = [
        _volume(
            moment,
            _volume_name(moment, namespace, name),
            phase="Bound",
            storage=storage,
            age=60 * DAY,
            zone=ZONES[number],
            claim=(namespace, name),
        )
        for namespace, name, _, storage, number in _claims()
    ]
    free = [
        _volume(
            moment,
            name,
            phase=phase,
            storage=storage,
            age=age,
            zone=ZONES[0],
            claim=("staging", "scratch") if phase == "Released" else None,
        )
        for name, phase, storage, age in UNBOUND
    ]
    return [*bound, *free]


def _volume_name(moment: Moment, namespace: str, claim: str) -> str:
    return f"pvc-{moment.uid('PersistentVolumeClaim', namespace, claim)}"


def _volume(
    moment: Moment,
    name: str,
    *,
    phase: str,
    storage: str,
    age: int,
    zone: str,
    claim: tuple[str, str] | None,
) -> Manifest:
    in_zone = {"key": "topology.kubernetes.io/zone", "operator": "In", "values": [zone]}
    spec: Manifest = {
        "capacity": {"storage": storage},
        "accessModes": ["ReadWriteOnce"],
        "persistentVolumeReclaimPolicy": "Retain",
        "storageClassName": STANDARD,
        "volumeMode": "Filesystem",
        "csi": {"driver": "csi.example.com", "volumeHandle": name},
        "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [in_zone]}]}},
    }
    if claim:
        namespace, claim_name = claim
        spec["claimRef"] = {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "namespace": namespace,
            "name": claim_name,
            "uid": moment.uid("PersistentVolumeClaim", namespace, claim_name),
        }
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": metadata(moment, "PersistentVolume", "", name, created=-age),
        "spec": spec,
        "status": {"phase": phase},
    }
