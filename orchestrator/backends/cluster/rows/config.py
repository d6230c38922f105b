"""Rows of config maps, secrets, quotas and limit ranges."""

from collections.abc import Callable
from typing import Any

from msgspec import UNSET

from orchestrator.backends.cluster import masks
from orchestrator.backends.cluster.objects import ConfigMap, LimitRange, ResourceQuota, Row, Secret
from orchestrator.backends.cluster.port import Kind
from orchestrator.backends.cluster.raw import config as of
from orchestrator.backends.cluster.rows.shared import LONGEST_VALUE, annotations, base, pool

LIMIT_MEMBERS = ("type", "max", "min", "default", "defaultRequest", "maxLimitRequestRatio")


def config_map(item: of.ConfigMapRaw) -> ConfigMap:
    long = tuple(key for key, value in item.data.items() if len(value) > LONGEST_VALUE)
    return ConfigMap(
        **base(item.metadata),
        annotations=annotations(item.metadata),
        data={key: value[:LONGEST_VALUE] for key, value in item.data.items()},
        keys=tuple(sorted(item.data)),
        binary_keys=tuple(sorted(item.binary_data)),
        truncated_keys=long or UNSET,
    )


def secret(item: of.SecretRaw) -> Secret:
    keys = tuple(sorted(item.data))
    notes = annotations(item.metadata)
    telling = {key for key, text in notes.items() if masks.is_telling(key, text, item.data.values())}
    return Secret(
        **base(item.metadata),
        annotations=pool.labels({key: text for key, text in notes.items() if key not in telling}),
        type=item.type,
        keys=keys,
        data=dict.fromkeys(keys, ""),
        sizes={key: decoded_size(item.data[key]) for key in keys},
    )


def decoded_size(text: str) -> int:
    """Return how many bytes a base64 text stands for, without decoding it."""
    return max(0, len(text) * 3 // 4 - text[-2:].count("="))


def quota(item: of.QuotaRaw) -> ResourceQuota:
    return ResourceQuota(**base(item.metadata), hard=item.status.hard, used=item.status.used)


def limit_range(item: of.LimitRangeRaw) -> LimitRange:
    limits = ({name: each[name] for name in LIMIT_MEMBERS if name in each} for each in item.spec.limits)
    return LimitRange(**base(item.metadata), limits=tuple(limits))


PROJECTIONS: dict[Kind, tuple[type[Any], Callable[[Any], Row]]] = {
    Kind.CONFIGMAPS: (of.ConfigMapRaw, config_map),
    Kind.SECRETS: (of.SecretRaw, secret),
    Kind.RESOURCEQUOTAS: (of.QuotaRaw, quota),
    Kind.LIMITRANGES: (of.LimitRangeRaw, limit_range),
}
