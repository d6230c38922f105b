"""The columns of volumes and of claims on them."""

from django.utils.safestring import SafeString

from dashboard import cells
from dashboard.cells import AGE, DASH, NAMESPACE, STATE
from dashboard.links import Links
from dashboard.tables import Column
from orchestrator.backends.cluster.objects import PersistentVolume, PersistentVolumeClaim
from orchestrator.backends.cluster.port import Kind

CAPACITY = Column("capacity", "Size", lambda row: row.capacity, sort="capacity", label="size", css="num")
CLASS = Column(
    "class", "Class", lambda row: cells.text(row.storage_class), sort="storageClass", label="class"
)
MODES = Column("modes", "Access", lambda row: cells.several(row.access_modes), css="hide-t x")


def claims(links: Links) -> tuple[Column, ...]:
    def volume(row: PersistentVolumeClaim) -> SafeString | str:
        return links.named(Kind.PVS, "", row.volume, css="t2") if row.volume else DASH

    return (
        STATE,
        cells.name_of(Kind.PVCS, links),
        NAMESPACE,
        CAPACITY,
        CLASS,
        MODES,
        Column("volume", "Volume", volume, sort="volume", css="clip o-name x"),
        cells.labels_column(),
        AGE,
    )


def volumes(links: Links) -> tuple[Column, ...]:
    def claim(row: PersistentVolume) -> SafeString | str:
        namespace, _, name = row.claim.partition("/")
        return links.named(Kind.PVCS, namespace, name, css="t2") if name else DASH

    return (
        STATE,
        cells.name_of(Kind.PVS, links),
        CAPACITY,
        CLASS,
        Column("claim", "Claim", claim, sort="claim", css="clip o-name", label="claim"),
        Column("reclaim", "After use", lambda row: row.reclaim_policy, sort="reclaimPolicy", css="x"),
        MODES,
        AGE,
    )
