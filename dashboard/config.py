"""The columns of config maps, secrets, quotas and limit ranges."""

from django.utils.safestring import SafeString

from dashboard import cells
from dashboard.cells import AGE, NAMESPACE, STATE
from dashboard.links import Links
from dashboard.tables import Column
from orchestrator.backends.cluster.objects import ConfigMap, LimitRange, ResourceQuota, Secret
from orchestrator.backends.cluster.port import Kind


def config_maps(links: Links) -> tuple[Column, ...]:
    def keys(row: ConfigMap) -> SafeString | str:
        return cells.several((*row.keys, *row.binary_keys))

    return (
        cells.name_of(Kind.CONFIGMAPS, links),
        NAMESPACE,
        Column(
            "count", "Keys", lambda row: str(len(row.keys) + len(row.binary_keys)), css="num", label="keys"
        ),
        Column("keys", "Names of keys", keys, css="clip o-wide x"),
        cells.labels_column(),
        AGE,
    )


def secrets(links: Links) -> tuple[Column, ...]:
    def keys(row: Secret) -> SafeString | str:
        return cells.several(f"{key} ({size(row.sizes.get(key, 0))})" for key in row.keys)

    return (
        cells.name_of(Kind.SECRETS, links),
        NAMESPACE,
        Column("type", "Type", lambda row: row.type, sort="type", css="clip o-name", label="type"),
        Column("count", "Keys", lambda row: str(len(row.keys)), css="num", label="keys"),
        Column("keys", "Keys and sizes", keys, css="clip o-wide x"),
        cells.labels_column(),
        AGE,
    )


def quotas(links: Links) -> tuple[Column, ...]:
    def use(row: ResourceQuota) -> SafeString | str:
        return cells.several(f"{key} {row.used.get(key, '0')} of {hard}" for key, hard in row.hard.items())

    return (
        STATE,
        cells.name_of(Kind.RESOURCEQUOTAS, links),
        NAMESPACE,
        Column("use", "Used", use, css="clip o-rest"),
        AGE,
    )


def limit_ranges(links: Links) -> tuple[Column, ...]:
    def types(row: LimitRange) -> SafeString | str:
        return cells.several(str(each.get("type", "")) for each in row.limits)

    return (
        cells.name_of(Kind.LIMITRANGES, links),
        NAMESPACE,
        Column("types", "Limits", types, css="clip o-wide", label="limits"),
        AGE,
    )


def size(count: int) -> str:
    """Return a number of bytes as people write it."""
    if count < 1024:
        return f"{count} B"
    return f"{count / 1024:.1f} KiB" if count < 2**20 else f"{count / 2**20:.1f} MiB"
