"""Rows of persistent volumes and claims."""

from collections.abc import Callable
from typing import Any

from orchestrator.backends.cluster.objects import PersistentVolume, PersistentVolumeClaim, Row
from orchestrator.backends.cluster.port import Kind
from orchestrator.backends.cluster.raw import storage as of
from orchestrator.backends.cluster.rows.shared import base


def volume(item: of.VolumeRaw) -> PersistentVolume:
    spec = item.spec
    return PersistentVolume(
        **base(item.metadata, namespaced=False),
        status=item.status.phase,
        capacity=spec.capacity.get("storage", ""),
        access_modes=tuple(spec.access_modes),
        reclaim_policy=spec.persistent_volume_reclaim_policy,
        claim=f"{spec.claim_ref.namespace}/{spec.claim_ref.name}" if spec.claim_ref else "",
        storage_class=spec.storage_class_name,
    )


def claim(item: of.ClaimRaw) -> PersistentVolumeClaim:
    return PersistentVolumeClaim(
        **base(item.metadata),
        status=item.status.phase,
        volume=item.spec.volume_name,
        capacity=item.status.capacity.get("storage", "0"),
        access_modes=tuple(item.spec.access_modes),
        storage_class=item.spec.storage_class_name,
    )


PROJECTIONS: dict[Kind, tuple[type[Any], Callable[[Any], Row]]] = {
    Kind.PVS: (of.VolumeRaw, volume),
    Kind.PVCS: (of.ClaimRaw, claim),
}
