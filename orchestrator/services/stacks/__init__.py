"""Stacks: pods with public ports for a while."""

from orchestrator.services.stacks.creation import Created, create, longest, pod_policy
from orchestrator.services.stacks.reads import (
    SORTS,
    STATUSES,
    Page,
    PortView,
    Query,
    View,
    events,
    get,
    is_being_made,
    log_place,
    manifest,
    page,
)
from orchestrator.services.stacks.removal import delete, extend, stop
from orchestrator.services.stacks.totals import Capacity, NodeRoom, Stats, capacity, stats
from orchestrator.services.stacks.waiting import until

__all__ = [
    "SORTS",
    "STATUSES",
    "Capacity",
    "Created",
    "NodeRoom",
    "Page",
    "PortView",
    "Query",
    "Stats",
    "View",
    "capacity",
    "create",
    "delete",
    "events",
    "extend",
    "get",
    "is_being_made",
    "log_place",
    "longest",
    "manifest",
    "page",
    "pod_policy",
    "stats",
    "stop",
    "until",
]
