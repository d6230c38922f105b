"""Claims get a volume, and volumes outlive them."""

from collections.abc import Iterator
from datetime import datetime

from orchestrator.backends.cluster.demo.overlay import Draft, Key, fresh
from orchestrator.backends.cluster.kinds import Kind


def reconcile(draft: Draft) -> Iterator[datetime]:
    """Yield nothing: a claim is bound at once."""
    for key, claim in draft.kept(Kind.PVCS):
        if (claim.get("status") or {}).get("phase") != "Pending":
            continue
        volume = Key(Kind.PVS, "", f"pvc-{claim['metadata']['uid']}")
        spec = claim["spec"]
        capacity = {"storage": (spec.get("resources") or {}).get("requests", {}).get("storage", "1Gi")}
        reference = {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "namespace": key.namespace,
            "name": key.name,
            "uid": claim["metadata"]["uid"],
        }
        body = {
            "capacity": capacity,
            "accessModes": spec.get("accessModes", ["ReadWriteOnce"]),
            "persistentVolumeReclaimPolicy": "Retain",
            "storageClassName": spec.get("storageClassName", "standard"),
            "volumeMode": "Filesystem",
            "csi": {"driver": "csi.example.com", "volumeHandle": volume.name},
            "claimRef": reference,
        }
        draft.put(volume, fresh(draft, Kind.PVS, volume) | {"spec": body, "status": {"phase": "Bound"}})
        status = {"phase": "Bound", "accessModes": body["accessModes"], "capacity": capacity}
        bound = spec | {"volumeName": volume.name}
        draft.put(key, claim | {"spec": bound, "status": status})
    yield from ()
