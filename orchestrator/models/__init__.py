"""Tables. One file per area; import them from here."""

from orchestrator.models.access import APIKey, AuditEvent, SignInLink
from orchestrator.models.activity import Activity, RelayedTopic
from orchestrator.models.clusters import ClusterContext, StoredKey
from orchestrator.models.drains import Drain
from orchestrator.models.idempotency import KeptAnswer
from orchestrator.models.leases import ControllerRun, Lease
from orchestrator.models.preferences import Preference
from orchestrator.models.stacks import HeldPort, Stack, StackBatch, StackBatchItem, StackPort
from orchestrator.models.tallies import Tally

__all__ = [
    "APIKey",
    "Activity",
    "AuditEvent",
    "ClusterContext",
    "ControllerRun",
    "Drain",
    "HeldPort",
    "KeptAnswer",
    "Lease",
    "Preference",
    "RelayedTopic",
    "SignInLink",
    "Stack",
    "StackBatch",
    "StackBatchItem",
    "StackPort",
    "StoredKey",
    "Tally",
]
