"""What the API server says when it does not take a stack, in the words of the documented API. Pure.

Status, reason and causes decide; where Kubernetes has none (every 403 is just `Forbidden`) the sentence of
the plugin does, as seen on 1.34. What callers read names no object of the cluster.
"""

import re

from orchestrator.backends.errors import (
    BackendError,
    Cause,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Unauthorized,
)
from orchestrator.errors import DomainError
from orchestrator.services.stacks.errors import (
    Broken,
    ClusterUnavailable,
    InvalidPodSpec,
    LimitRangeViolation,
    ResourceQuotaExceeded,
)

NODE_PORT = re.compile(r"spec\.ports\[(\d+)\]\.nodePort")
ALLOCATED = "already allocated"
QUOTA = re.compile(r"exceeded quota: [^,]+, requested: (?P<requested>\S+), used: ")
NO_LIMIT = re.compile(r"failed quota: [^:]+: must specify (?P<names>.+)")
# https://kubernetes.io/docs/concepts/policy/limit-range/
LIMIT = re.compile(
    r"(?:maximum|minimum) \S+ usage per \S+ is|max limit to request ratio per|"
    r"must be less than or equal to|must be greater than or equal to"
)
ADMISSION = re.compile(
    r'admission webhook "|violates PodSecurity|ValidatingAdmissionPolicy \'|failed calling webhook'
)
IS_FORBIDDEN = re.compile(r'^\S+(?: "[^"]*")? is forbidden: ', re.DOTALL)
NO_RIGHT = re.compile(r"^(?:User|user) \S+ cannot ")
TERMINATING = "NamespaceTerminating"
BY_POLICY = "rejected by admission policy"
LONGEST = 400  # characters of a sentence that is handed on


def taken_ports(exc: BackendError) -> list[int]:
    """Return which ports of a service, by position, the API server says are held; [] if it says otherwise.

    "provided port is already allocated" comes as a cause with the field of the port.
    """
    if not isinstance(exc, (Invalid, Conflict)):
        return []
    fields = [NODE_PORT.search(each.field) for each in exc.causes]
    found = sorted({int(each[1]) for each in fields if each})
    if not found and ALLOCATED in exc.message:
        found = sorted({int(each) for each in NODE_PORT.findall(exc.message)}) or [0]
    return found


def passing(exc: BackendError) -> bool:
    """Return True for what may be gone at the next try: no answer, overload, conflict, a fault over there."""
    return not isinstance(exc, (Forbidden, Invalid, NotFound, Unauthorized)) and (
        exc.status in (0, 408, 409, 429) or exc.status >= 500
    )


def failure(exc: BackendError) -> DomainError:
    """Return the error of the API where the cluster fails and nothing that was sent is to blame."""
    return ClusterUnavailable() if passing(exc) else Broken()


def translated(exc: BackendError) -> DomainError:
    """Return the error of the API for what kept a stack from being made."""
    if isinstance(exc, Forbidden):
        return _forbidden(exc)
    if isinstance(exc, Invalid):
        if ADMISSION.search(exc.message):
            return InvalidPodSpec(BY_POLICY)
        if LIMIT.search(exc.message) and "resources" in exc.message:
            return LimitRangeViolation(_paths(exc))
        return InvalidPodSpec(_paths(exc))
    if ADMISSION.search(exc.message) and exc.status < 500:
        return InvalidPodSpec(BY_POLICY)
    return failure(exc)


def _forbidden(exc: Forbidden) -> DomainError:
    said = IS_FORBIDDEN.sub("", exc.message)
    if quota := QUOTA.search(exc.message):
        pairs = quota["requested"].split(",")
        return ResourceQuotaExceeded(sorted(pair.partition("=")[0] for pair in pairs))
    if missing := NO_LIMIT.search(exc.message):
        names = re.findall(r"[a-z][\w./-]+(?= for:|[,;]|$)", missing["names"])
        return InvalidPodSpec(f"must specify {', '.join(names) or 'requests and limits'}")
    if ADMISSION.search(exc.message):
        return InvalidPodSpec(BY_POLICY)
    if LIMIT.search(said):
        return LimitRangeViolation(_limits(said))
    terminating = any(each.reason == TERMINATING for each in exc.causes) or "being terminated" in said
    if terminating or NO_RIGHT.match(said) or not IS_FORBIDDEN.match(exc.message):
        return Broken()
    return InvalidPodSpec(_without_names(said))


def _limits(said: str) -> str:
    """Return what a LimitRange says: several sentences stand in brackets."""
    return said.strip().removeprefix("[").removesuffix("]")[:LONGEST]


def _paths(exc: BackendError) -> str:
    """Return the causes with the path of each field, without the values that were given."""
    parts = [_cause(each) for each in exc.causes if each.message]
    return "; ".join(dict.fromkeys(parts))[:LONGEST] or "refused by the API server"


def _cause(cause: Cause) -> str:
    message = re.sub(r'^Invalid value: (?:"(?:[^"\\]|\\.)*"|\S+?): ', "", cause.message)
    return f"{cause.field}: {message}" if cause.field else message


def _without_names(said: str) -> str:
    """Return a refusal without what is quoted in it: names of the cluster's own objects."""
    cut = re.sub(r"\s*\"[^\"]*\"", "", said).strip()
    return re.sub(r"(with name) \S+", r"\1", cut)[:LONGEST] or "refused by the API server"
