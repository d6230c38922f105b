"""Which answers of a door are the API server's own, and what they mean, in words for whoever knocked.

Its own words name addresses of pods and users of the cluster, and those who knock may be anybody.
"""

import msgspec

from orchestrator.backends.cluster import raw
from orchestrator.backends.cluster.forwards import Door
from orchestrator.backends.cluster.transport import SERVICE, refusal
from orchestrator.backends.errors import BackendError, Forbidden, NotFound, Overloaded

LARGEST_FAILURE = 16384  # bytes; longer answers come from what listens at the door
# As API servers of 1.30 to 1.34 say it.
NO_WAY = "error trying to reach service: "
NO_ADDRESS = "address not allowed"
NO_ENDPOINTS = "no endpoints available for service"


def failure_of(door: Door, status: int, content: bytes) -> BackendError | None:
    """Return why the API server carries nothing to a door; None for an answer of what listens there."""
    try:
        said = raw.decode_failure(content)
    except msgspec.DecodeError:
        return None
    if said.kind != "Status" or said.code != status:
        return None
    if status == 401 and said.reason == "Unauthorized":
        return refusal(status, content)
    if said.message.startswith(NO_WAY):
        return _closed(door, said.message)
    if said.message == NO_ADDRESS:
        sentence = f"The {door.kind.singular} {door.name} has not started yet."
        return Overloaded(sentence, service=SERVICE, status=503, reason=said.reason)
    if said.message.startswith(NO_ENDPOINTS):
        sentence = f"No pod is ready behind the {door.kind.singular} {door.name}."
        return Overloaded(sentence, service=SERVICE, status=503, reason=said.reason)
    if said.details is None or said.details.name.partition(":")[0] != door.name:
        return None
    return _refused(door, status, reason=said.reason)


def _closed(door: Door, message: str) -> Overloaded:
    """Return that nothing listens. Only the last words of the message are free of addresses."""
    why = message.rpartition(": ")[2]
    where = f"port {door.port} of the {door.kind.singular} {door.name}"
    sentence = f"What listens on {where} does not answer as HTTP wants it."
    if why in ("connection refused", "i/o timeout", "no route to host"):
        sentence = f"Nothing answers on {where}: {why}."
    return Overloaded(sentence, service=SERVICE, status=503, reason="ServiceUnavailable")


def _refused(door: Door, status: int, *, reason: str) -> BackendError | None:
    word = door.kind.singular
    if status == 404:
        return NotFound(f"There is no {word} {door.name}.", service=SERVICE, status=404, reason=reason)
    if status == 403:
        sentence = f"The cluster does not let us open ports of {door.kind.value} in {door.namespace}."
        return Forbidden(sentence, service=SERVICE, status=403, reason=reason)
    return None
