"""Why a stack is refused: each with the code and the words of the documented API."""

from orchestrator.errors import DomainError, InvalidInput, Missing, NotNow, Problem


class InvalidTargets(InvalidInput):
    """`target_port` breaks a rule."""

    code = "invalid_input"

    def __init__(self, detail: str = "", *, path: str = "target_port") -> None:
        message = f"invalid input: {detail}" if detail else "invalid input"
        super().__init__(message, problems=[Problem(path, detail or message)])


class InvalidPodSpec(InvalidInput):
    """The pod spec breaks a rule, ours or the API server's; a form shows the `hint`, if there is one."""

    code = "invalid_pod_spec"

    def __init__(self, detail: str, *, path: str = "pod_spec", hint: str = "") -> None:
        super().__init__(f"invalid pod spec: {detail}", problems=[Problem(path, hint or detail)])


class LimitRangeViolation(InvalidPodSpec):
    """A LimitRange of the namespace forbids the resources that were asked for."""

    code = "limit_range_violation"


class InvalidQuery(InvalidInput):
    """What a list is asked for makes no sense."""

    code = "invalid_input"

    def __init__(self, *problems: Problem) -> None:
        super().__init__(f"invalid input: {problems[0].message}", problems=problems)


class InvalidStackIds(InvalidInput):
    """A batch names a blank stack."""

    code = "invalid_stack_ids"

    def __init__(self) -> None:
        super().__init__("invalid stack_ids", problems=[Problem("stack_ids", "invalid stack_ids")])


class InvalidBatch(InvalidInput):
    """A batch names no stacks."""

    code = "invalid_input"

    def __init__(self) -> None:
        super().__init__("invalid input", problems=[Problem("stack_ids", "invalid input")])


class TTLLimitExceeded(InvalidInput):
    """A stack is to live longer than it may."""

    code = "ttl_limit_exceeded"


class StackNotFound(Missing):
    """There is no such stack, or there no longer is."""

    code = "stack_not_found"

    def __init__(self) -> None:
        super().__init__("stack not found")


class JobNotFound(Missing):
    """There is no such batch delete."""

    code = "job_not_found"

    def __init__(self) -> None:
        super().__init__("job not found")


class StackQuotaExceeded(NotNow):
    """The caller has as many stacks as it may."""

    code = "stack_quota_exceeded"


class NoLogYet(DomainError):
    """The container has not started, so it has printed nothing."""

    code = "no_log_yet"


class Unavailable(DomainError):
    """The cluster cannot take it now: 503. `retry_after` is in seconds."""

    code = "cluster_unavailable"
    retry_after: int | None = None


class NoNodePort(Unavailable):
    """Every node port of the range is held."""

    code = "no_available_nodeport"

    def __init__(self) -> None:
        super().__init__("no available nodeport")


class ClusterSaturated(Unavailable):
    """No node takes the pod."""

    code = "cluster_saturated"

    def __init__(self) -> None:
        super().__init__("cluster saturated")


class ResourceQuotaExceeded(Unavailable):
    """A ResourceQuota of the namespace is used up; `details` name the resources."""

    code = "resource_quota_exceeded"

    def __init__(self, resources: list[str]) -> None:
        super().__init__(
            "cluster saturated: resource quota exceeded",
            details={"resources": resources} if resources else {},
        )


class ClusterUnavailable(Unavailable):
    """The API server does not answer, or not well."""

    retry_after = 5

    def __init__(self) -> None:
        super().__init__("cluster unavailable")


class NetworkPolicyMissing(Unavailable):
    """Stacks would be open to each other: no policy selects them."""

    code = "network_policy_missing"

    def __init__(self) -> None:
        super().__init__("missing ingress networkpolicy")


class Broken(DomainError):
    """Something that neither the caller nor a full cluster is to blame for: 500. The cause is in the log."""

    code = "internal_error"

    def __init__(self) -> None:
        super().__init__("internal server error")
