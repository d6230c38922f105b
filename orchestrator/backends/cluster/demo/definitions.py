"""A kind that somebody defined in the demo world, and its objects."""

from orchestrator.backends.cluster.demo.moment import Moment
from orchestrator.backends.cluster.demo.parts import Manifest, metadata
from orchestrator.backends.cluster.demo.tables import DAY, HOUR

GROUP = "backup.example.com"
PLURAL = "backupschedules"
COLUMNS = (  # name, type, path
    ("Schedule", "string", ".spec.schedule"),
    ("Claim", "string", ".spec.claim"),
    ("Keep", "integer", ".spec.keep"),
    ("State", "string", ".status.state"),
    ("Last Backup", "date", ".status.lastBackup"),
    ("Age", "date", ".metadata.creationTimestamp"),
)
# namespace, name, claim, schedule, its first minute of a day and the minutes between two, copies kept, state
SCHEDULES = (
    ("default", "backup-data", "backup-data", "0 */6 * * *", (0, 6 * HOUR), 28, "Succeeded"),
    ("production", "postgres-nightly", "data-postgres-0", "30 2 * * *", (150, DAY), 14, "Failed"),
)


def definitions(moment: Moment) -> list[Manifest]:
    """Return the definition of the kind."""
    name = f"{PLURAL}.{GROUP}"
    texts = dict.fromkeys(("schedule", "claim"), {"type": "string"})
    spec = {"type": "object", "properties": {**texts, "keep": {"type": "integer", "minimum": 1}}}
    status = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec, "status": status}}},
        "subresources": {"status": {}},
        "additionalPrinterColumns": [
            {"name": title, "type": type_, "jsonPath": path} for title, type_, path in COLUMNS
        ],
    }
    names = {
        "plural": PLURAL,
        "singular": "backupschedule",
        "kind": "BackupSchedule",
        "listKind": "BackupScheduleList",
        "shortNames": ["bs"],
    }
    return [
        {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": metadata(moment, "CustomResourceDefinition", "", name, created=-61 * DAY),
            "spec": {
                "group": GROUP,
                "names": names,
                "scope": "Namespaced",
                "versions": [version],
                "conversion": {"strategy": "None"},
            },
            "status": {
                "acceptedNames": names,
                "storedVersions": ["v1"],
                "conditions": [
                    {"type": "NamesAccepted", "status": "True", "reason": "NoConflicts"},
                    {"type": "Established", "status": "True", "reason": "InitialNamesAccepted"},
                ],
            },
        }
    ]


def schedules(moment: Moment) -> list[Manifest]:
    """Return the objects of the kind; the last backup of the database failed."""
    return [
        {
            "apiVersion": f"{GROUP}/v1",
            "kind": "BackupSchedule",
            "metadata": metadata(
                moment, "BackupSchedule", namespace, name, created=-60 * DAY, labels={"team": "platform"}
            ),
            "spec": {"claim": claim, "schedule": schedule, "keep": keep},
            "status": {
                "state": state,
                "lastBackup": moment.stamp(moment.latest(first, every=every)),
                "conditions": [_ready(state, at=moment.stamp(moment.latest(first, every=every)))],
            },
        }
        for namespace, name, claim, schedule, (first, every), keep, state in SCHEDULES
    ]


def _ready(state: str, *, at: str) -> Manifest:
    fine = state == "Succeeded"
    message = "The last backup is complete." if fine else "The volume data-postgres-0 ran out of snapshots."
    return {
        "type": "Ready",
        "status": str(fine),
        "reason": "BackupComplete" if fine else "SnapshotQuotaExceeded",
        "message": message,
        "lastTransitionTime": at,
    }
