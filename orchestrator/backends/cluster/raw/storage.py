"""Persistent volumes and claims, as far as we read them."""

import msgspec

from orchestrator.backends.cluster.raw.core import Metadata, Raw


class ClaimRef(Raw, gc=False):
    namespace: str = ""
    name: str = ""


class VolumeSpec(Raw, rename="camel", gc=False):
    capacity: dict[str, str] = {}
    access_modes: list[str] = []
    persistent_volume_reclaim_policy: str = "Retain"
    claim_ref: ClaimRef | None = None
    storage_class_name: str = ""


class Phase(Raw, gc=False):
    phase: str = "Unknown"


class VolumeRaw(Raw, gc=False):
    metadata: Metadata
    spec: VolumeSpec = msgspec.field(default_factory=VolumeSpec)
    status: Phase = msgspec.field(default_factory=Phase)


class ClaimSpec(Raw, rename="camel", gc=False):
    access_modes: list[str] = []
    volume_name: str = ""
    storage_class_name: str = ""


class ClaimStatus(Raw, gc=False):
    phase: str = "Pending"
    capacity: dict[str, str] = {}


class ClaimRaw(Raw, gc=False):
    metadata: Metadata
    spec: ClaimSpec = msgspec.field(default_factory=ClaimSpec)
    status: ClaimStatus = msgspec.field(default_factory=ClaimStatus)
