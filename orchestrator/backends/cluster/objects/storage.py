"""Rows of persistent volumes and claims."""

from orchestrator.backends.cluster.objects.core import Row


class PersistentVolume(Row, frozen=True, kw_only=True, rename="camel", gc=False):
    capacity: str = ""
    access_modes: tuple[str, ...] = ()
    reclaim_policy: str = "Retain"
    claim: str = ""  # namespace/name
    storage_class: str = ""


class PersistentVolumeClaim(Row, frozen=True, kw_only=True, rename="camel", gc=False):
    volume: str = ""
    capacity: str = "0"
    access_modes: tuple[str, ...] = ()
    storage_class: str = ""
