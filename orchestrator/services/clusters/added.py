"""The contexts that people added, opened: what is in the table, in every process, about a second later."""

import asyncio
import json
import logging
from datetime import datetime
from threading import Lock
from time import monotonic

from django.db import DatabaseError

from orchestrator.backends.cluster import open_added
from orchestrator.backends.cluster.port import Cluster
from orchestrator.backends.errors import BackendError
from orchestrator.models import ClusterContext
from orchestrator.services import vault
from orchestrator.services.clusters import feed

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
PURPOSE = "kubeconfig"

_lock = Lock()
_opened: dict[str, tuple[datetime, Cluster | None, str]] = {}  # name -> version, cluster, what is wrong
_look_at = 0.0


def clusters() -> dict[str, Cluster]:
    """Return the clusters by context. The table is read at most once a second, and never in an event loop."""
    global _look_at
    if monotonic() >= _look_at and not _in_event_loop():
        _look_at = monotonic() + LOOK_SECONDS
        _look()
    return opened()


def opened() -> dict[str, Cluster]:
    """Return those clusters that were opened so far, by context; the table is not read."""
    return {name: cluster for name, (_, cluster, _) in _opened.items() if cluster is not None}


def problems() -> dict[str, str]:
    """Return what keeps added contexts from being used, by name."""
    return {name: problem for name, (_, _, problem) in _opened.items() if problem}


def look_again() -> None:
    """Read the table at the next call: it was changed here."""
    global _look_at
    _look_at = 0.0


def _in_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _look() -> None:
    global _opened
    with _lock:
        try:
            rows = {row.name: row for row in ClusterContext.objects.all()}
        except DatabaseError as exc:
            logger.warning("the contexts that people added cannot be read: %s", exc)
            return  # Those known so far stay.
        before = _opened
        _opened = {
            name: before[name] if name in before and before[name][0] == row.updated_at else _open(row)
            for name, row in rows.items()
        }
        gone = [cluster for name, (at, cluster, _) in before.items() if _opened.get(name, (None,))[0] != at]
    for cluster in gone:
        if cluster is not None:
            cluster.close()


def _open(row: ClusterContext) -> tuple[datetime, Cluster | None, str]:
    try:
        config = json.loads(vault.unseal(row.sealed, purpose=PURPOSE))
        return row.updated_at, open_added(config, name=row.name, listener=feed.heard), ""
    except (vault.Unsealable, BackendError) as exc:
        logger.error("context %s cannot be opened: %s", row.name, exc)
        return row.updated_at, None, exc.message
