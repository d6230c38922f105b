"""Rows of config maps, secrets, quotas and limit ranges."""

from typing import Any

from msgspec import UNSET, UnsetType

from orchestrator.backends.cluster.objects.core import Row


class ConfigMap(Row, frozen=True, kw_only=True, rename="camel", gc=False):
    """Long values are cut in lists, and `truncated_keys` names them."""

    data: dict[str, str] = {}
    keys: tuple[str, ...] = ()
    binary_keys: tuple[str, ...] = ()
    truncated_keys: tuple[str, ...] | UnsetType = UNSET


class Secret(Row, frozen=True, kw_only=True, rename="camel", gc=False):
    """Never holds a value: what is not in memory cannot leak. `data` has every key with the same mask."""

    type: str = "Opaque"
    keys: tuple[str, ...] = ()
    data: dict[str, str] = {}
    masked: bool = True
    sizes: dict[str, int] = {}  # bytes


class ResourceQuota(Row, frozen=True, kw_only=True, rename="camel", gc=False):
    hard: dict[str, str] = {}
    used: dict[str, str] = {}


class LimitRange(Row, frozen=True, kw_only=True, rename="camel", gc=False):
    limits: tuple[dict[str, Any], ...] = ()
