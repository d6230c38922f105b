"""What becomes of pods."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from orchestrator.backends.cluster.demo.overlay import Draft, seconds_of
from orchestrator.backends.cluster.kinds import Kind

ENDING_SECONDS = 2  # that a container takes to end when it is asked


def reconcile(draft: Draft) -> Iterator[datetime]:
    """Yield when a pod will have got on."""
    for key, manifest in draft.kept(Kind.PODS):
        metadata = manifest["metadata"]
        if "deletionTimestamp" not in metadata:
            continue
        grace = metadata["deletionGracePeriodSeconds"]
        asked = seconds_of(metadata["deletionTimestamp"]) - timedelta(seconds=grace)
        end = asked + timedelta(seconds=min(grace, ENDING_SECONDS))
        if draft.at >= end:
            draft.remove(key)
        else:
            yield end
