"""New namespaces get what every one has; deleted ones end, with all that is in them."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from orchestrator.backends.cluster.demo.data import ROOT_CERTIFICATE
from orchestrator.backends.cluster.demo.overlay import Draft, Key, fresh, seconds_of
from orchestrator.backends.cluster.kinds import Kind

ENDING_SECONDS = 2
CERTIFICATES = "kube-root-ca.crt"


def reconcile(draft: Draft) -> Iterator[datetime]:
    """Yield when namespaces that are being deleted will be gone."""
    for key, manifest in draft.kept(Kind.NAMESPACES):
        deleted = manifest["metadata"].get("deletionTimestamp")
        if not deleted:
            _equip(draft, key.name)
        elif draft.at >= (end := seconds_of(deleted) + timedelta(seconds=ENDING_SECONDS)):
            for each in draft.present():
                if each.namespace == key.name:
                    draft.remove(each)
            draft.remove(key)
        else:
            yield end


def _equip(draft: Draft, namespace: str) -> None:
    key = Key(Kind.CONFIGMAPS, namespace, CERTIFICATES)
    if draft.find(key) is None:
        draft.put(key, fresh(draft, Kind.CONFIGMAPS, key) | {"data": {"ca.crt": ROOT_CERTIFICATE}})
