"""What follows from an object's fields: the status a person would name. Pure functions.

A pod's status comes from its containers and not from its phase alone: a pod in a crash loop is "Running" to
the API, see https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/.
"""

from collections.abc import Sequence

from orchestrator.backends.cluster.raw import ContainerStatus, NodeRaw, PodRaw
from orchestrator.backends.cluster.raw.workloads import DaemonSetStatus, DeploymentRaw, JobRaw

QUIET_WAITS = {"", "ContainerCreating", "PodInitializing"}


def pod_status(pod: PodRaw) -> str:
    """Return the pod's status: the first that applies of deletion, own reason, containers, phase."""
    if pod.metadata.deletion_timestamp:
        return "Terminating"
    if pod.status.reason:
        return pod.status.reason
    return (
        _init_trouble(pod.status.init_container_statuses)
        or _waiting(pod.status.container_statuses)
        or _ended(pod)
        or pod.status.phase
    )


def pod_reason(pod: PodRaw) -> tuple[str, str]:
    """Return why the pod is not simply running, as a word and a sentence; empty if it is."""
    if pod.status.reason:
        return pod.status.reason, pod.status.message
    for status in [*pod.status.init_container_statuses, *pod.status.container_statuses]:
        if status.state.waiting and status.state.waiting.reason:
            return status.state.waiting.reason, status.state.waiting.message
    for status in [*pod.status.init_container_statuses, *pod.status.container_statuses]:
        if status.state.terminated and status.state.terminated.exit_code:
            return status.state.terminated.reason or "Error", status.state.terminated.message
    for condition in pod.status.conditions:
        if condition.type == "PodScheduled" and condition.status == "False":
            return condition.reason, condition.message
    return "", ""


def is_halted(status: ContainerStatus) -> bool:
    """Return True for a container that waits or has ended."""
    return status.state.waiting is not None or status.state.terminated is not None


def is_in_trouble(status: ContainerStatus) -> bool:
    """Return True for a container that could not start or has failed."""
    waiting, ended = status.state.waiting, status.state.terminated
    return bool((waiting and waiting.reason not in QUIET_WAITS) or (ended and ended.exit_code))


def _init_trouble(statuses: Sequence[ContainerStatus]) -> str:
    for status in statuses:
        waiting, ended = status.state.waiting, status.state.terminated
        if waiting and waiting.reason not in QUIET_WAITS:
            return f"Init:{waiting.reason}"
        if ended and ended.exit_code:
            return f"Init:{ended.reason or 'Error'}"
    return ""


def _waiting(statuses: Sequence[ContainerStatus]) -> str:
    for status in statuses:
        waiting = status.state.waiting
        if waiting and waiting.reason not in QUIET_WAITS:
            return waiting.reason
    return ""


def _ended(pod: PodRaw) -> str:
    ended = [each.state.terminated for each in pod.status.container_statuses if each.state.terminated]
    if any(each.reason == "OOMKilled" for each in ended):
        return "OOMKilled"
    return "Error" if pod.status.phase == "Running" and any(each.exit_code for each in ended) else ""


def node_status(node: NodeRaw) -> str:
    """Return Ready, NotReady, or Unknown for a node that has never said anything."""
    for condition in node.status.conditions:
        if condition.type == "Ready":
            return "Ready" if condition.status == "True" else "NotReady"
    return "Unknown"


def node_roles(labels: dict[str, str]) -> tuple[str, ...]:
    """Return the suffixes of the role labels, `<none>` if there is none, as kubectl writes it."""
    prefix = "node-role.kubernetes.io/"
    return tuple(sorted(key.removeprefix(prefix) for key in labels if key.startswith(prefix))) or ("<none>",)


def deployment_status(deployment: DeploymentRaw) -> str:
    """Return Progressing during a rollout, Degraded if replicas are missing without one, else Available."""
    status, desired = deployment.status, deployment.spec.replicas
    progress = next((each.reason for each in status.conditions if each.type == "Progressing"), "")
    under_way = progress in ("NewReplicaSetCreated", "FoundNewReplicaSet", "ReplicaSetUpdated")
    if status.observed_generation < deployment.metadata.generation:
        return "Progressing"
    if status.ready_replicas < desired:
        failed = progress == "ProgressDeadlineExceeded"
        rolling = under_way or status.updated_replicas < desired
        return "Progressing" if rolling and not failed else "Degraded"
    return "Progressing" if status.updated_replicas < desired else "Available"


def stateful_set_status(*, desired: int, ready: int) -> str:
    """Return Degraded if nothing is ready, Progressing if something is missing, else Available."""
    if ready == 0 and desired > 0:
        return "Degraded"
    return "Progressing" if ready < desired else "Available"


def daemon_set_status(status: DaemonSetStatus | None) -> str:
    """Return Healthy, Degraded, Not Ready, or Unknown for a set that has never said anything."""
    if status is None:
        return "Unknown"
    desired, ready = status.desired_number_scheduled, status.number_ready
    if desired == 0 or (ready == desired and status.number_available == desired):
        return "Healthy"
    if ready == 0:
        return "Not Ready"
    return "Degraded"


def job_status(job: JobRaw) -> str:
    """Return Complete or Failed by condition, Running while pods run, Pending before that, else Unknown."""
    conditions = {each.type for each in job.status.conditions if each.status == "True"}
    for word in ("Complete", "Failed"):
        if word in conditions:
            return word
    if job.status.active > 0:
        return "Running"
    return "Unknown" if job.status.succeeded or job.status.failed else "Pending"
