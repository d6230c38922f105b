"""Config maps, secrets, quotas and limit ranges, as far as we read them."""

from typing import Any

import msgspec

from orchestrator.backends.cluster.raw.core import Metadata, Raw


class ConfigMapRaw(Raw, rename="camel", gc=False):
    metadata: Metadata
    data: dict[str, str] = {}
    binary_data: dict[str, str] = {}


class SecretRaw(Raw, gc=False):
    metadata: Metadata
    type: str = "Opaque"
    data: dict[str, str] = {}


class QuotaStatus(Raw, gc=False):
    hard: dict[str, str] = {}
    used: dict[str, str] = {}


class QuotaRaw(Raw, gc=False):
    metadata: Metadata
    status: QuotaStatus = msgspec.field(default_factory=QuotaStatus)


class LimitRangeSpec(Raw, gc=False):
    limits: list[dict[str, Any]] = []


class LimitRangeRaw(Raw, gc=False):
    metadata: Metadata
    spec: LimitRangeSpec = msgspec.field(default_factory=LimitRangeSpec)
