"""What an edit consists of: the object as it was opened, what was typed, what that does, what was stored."""

from dataclasses import dataclass
from typing import Any

import msgspec
from django.utils.crypto import salted_hmac

from orchestrator.services.clusters import diffs, managers, threeway

# What the API server keeps of an object, and nobody edits.
# https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/
KEPT = (
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
)
Manifest = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An object as it is edited: without what the API server keeps, the values of a secret masked."""

    text: str
    version: str  # its resource version
    tool: str  # that keeps it as its own source says, such as Argo CD; "" for none
    owner: tuple[str, str] | None  # kind and name of what made it and keeps it as it is
    managed: list[managers.Managed]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What somebody typed, and what they saw when they began.

    Without a `base` it is the whole object that they want, whatever it is now. `mine` settles fields that
    others changed as well. `seen` is the mark of what they were shown as present when they agreed.
    """

    text: str
    base: str = ""
    version: str = ""
    mine: bool = False
    seen: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What would become of an object. With clashes the API server was not asked."""

    hunks: list[diffs.Hunk]  # the present state against what would be
    changes: list[threeway.Change]
    managed: list[managers.Managed]  # who manages the fields that would change
    theirs: list[diffs.Hunk]  # what others changed since it was opened
    clashes: tuple[threeway.Clash, ...]
    adapted: list[threeway.Change]  # what the API server would store otherwise than it was typed
    tool: str
    mark: str  # of the present state

    @property
    def settled(self) -> bool:
        """Return True if it can be put back as it is."""
        return bool(self.changes) and not self.clashes


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """An object after it was put back; with a dry run as it would be."""

    text: str
    version: str
    changes: list[threeway.Change]
    managed: list[managers.Managed]


def editable(manifest: Manifest) -> Manifest:
    """Return the part of an object that people edit."""
    metadata = manifest.get("metadata") or {}
    kept = {name: value for name, value in metadata.items() if name not in KEPT}
    return {name: value for name, value in manifest.items() if name != "status"} | {"metadata": kept}


def version_of(manifest: Manifest) -> str:
    """Return the resource version of an object; "" if it names none."""
    return str((manifest.get("metadata") or {}).get("resourceVersion") or "")


def mark_of(manifest: Manifest) -> str:
    """Return a mark that changes with an object and tells nothing of it."""
    content = msgspec.json.encode(manifest, order="sorted")
    return salted_hmac("orchestrator.editing", content, algorithm="sha256").hexdigest()
