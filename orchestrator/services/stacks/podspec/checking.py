"""One pod spec, checked and made harmless: the order of the steps is part of the documented API."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.services.stacks import targets as ports
from orchestrator.services.stacks.errors import InvalidPodSpec
from orchestrator.services.stacks.podspec import decoding, hardening, reading, restricted, rules, writing
from orchestrator.services.stacks.podspec.restricted import Policy
from orchestrator.services.stacks.targets import Target

MOST_WARNINGS = 20
LONGEST_WARNING = 160  # characters; all of them travel in one header


@dataclass(frozen=True, slots=True)
class Checked:
    """A pod that may run.

    `text` is what callers see. `pod` is the same for the API server; under the policy `restricted` it also
    gives up every capability. `warnings` are sentences of ASCII about what was dropped or read as text.
    """

    text: str
    pod: dict[str, Any]
    cpu_milli: int
    memory_bytes: int
    targets: tuple[Target, ...]
    warnings: tuple[str, ...]


def check(pod_spec: str, targets: Sequence[Target], policy: Policy) -> Checked:
    """Return the pod of a spec; nothing is remembered, so repeating it is fine.

    Raises `InvalidPodSpec` or `InvalidTargets` for the first broken rule; its problem names the field.
    """
    if not pod_spec.strip():
        raise InvalidPodSpec("pod_spec is required")
    asked = ports.checked(targets)
    notes = decoding.Notes()
    pod = _decoded(pod_spec, notes)
    needs = rules.checked(pod, asked)
    if policy.restricted:
        restricted.check(pod, notes.unknown, policy)
    dropped = hardening.harden(pod, needs)
    text = writing.text(pod)
    if policy.restricted:
        hardening.drop_capabilities(pod)
    return Checked(
        text, pod, needs.total.cpu_milli, needs.total.memory_bytes, asked, _warnings(notes, dropped)
    )


def _decoded(pod_spec: str, notes: decoding.Notes) -> dict[str, Any]:
    try:
        return decoding.pod(reading.first_document(pod_spec), notes)
    except reading.Malformed as exc:
        path = exc.path or "pod_spec"
        raise InvalidPodSpec("yaml parse failed", path=path, hint=exc.reason) from exc


def _warnings(notes: decoding.Notes, dropped: list[str]) -> tuple[str, ...]:
    found = [
        *(f"unknown, dropped: {path}" for path in notes.unknown),
        *(f"dropped: {path}" for path in dropped),
        *(f"read as text: {path}" for path in notes.coerced),
    ]
    more = len(found) - MOST_WARNINGS
    shown = [warning[:LONGEST_WARNING] for warning in found[:MOST_WARNINGS]]
    return (*shown, f"and {more} more") if more > 0 else tuple(shown)
