"""How a pod gets on: pulled, started, ready, ended, tried again. Pure functions of status and time."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from orchestrator.backends.cluster.demo.controllers import fates
from orchestrator.backends.cluster.demo.overlay import seconds_of, stamp
from orchestrator.backends.cluster.demo.parts import Manifest, condition

CREATE_SECONDS, PULL_FAILS_SECONDS, BACK_OFF_SECONDS = 2, 2, 5
READY_SECONDS = 3  # after the start, for a container with a readiness probe
FIRST_BACK_OFF, LONGEST_BACK_OFF = (
    10,
    300,
)  # https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/
Told = tuple[str, str, bool]  # reason, message, whether it is a warning


@dataclass
class Step:
    """A pod at a moment: its status, what is told of it, and when it gets on."""

    at: datetime
    pod: Manifest
    has: Callable[[str, str], bool]  # whether there is an object of this kind and name beside the pod
    told: list[Told] = field(default_factory=list)
    due: list[datetime] = field(default_factory=list)

    def after(self, since: str, seconds: float) -> bool:
        """Return True if so much time has passed, and note when it will have."""
        time = seconds_of(since) + timedelta(seconds=seconds)
        if time > self.at:
            self.due.append(time)
        return time <= self.at

    def tell(self, reason: str, message: str, *, warning: bool = False) -> None:
        self.told.append((reason, message, warning))


def lived(step: Step) -> Manifest:
    """Return the status of a pod that has a node."""
    pod, status = step.pod, dict(step.pod["status"])
    deadline = pod["spec"].get("activeDeadlineSeconds")
    if deadline is not None and step.after(status["startTime"], deadline):
        return _timed_out(step, status)
    known = {each["name"]: each for each in status.get("containerStatuses", [])}
    containers = [_container(step, each, known.get(each["name"])) for each in pod["spec"]["containers"]]
    status["containerStatuses"] = containers
    status["phase"] = _phase(pod, containers)
    if any("running" in each["state"] or "terminated" in each["state"] for each in containers):
        status |= _address(pod)
    status["conditions"] = _conditions(step, status, containers)
    return status


def _timed_out(step: Step, status: Manifest) -> Manifest:
    """Return the status of a pod that was active for too long; seen on 1.34."""
    message = "Pod was active on the node longer than the specified deadline"
    status |= {"phase": "Failed", "reason": "DeadlineExceeded", "message": message}
    containers = [_killed(step, each) for each in status.get("containerStatuses", [])]
    status["containerStatuses"] = containers
    status["conditions"] = _conditions(step, status, containers)
    step.tell("DeadlineExceeded", message)
    return status


def _killed(step: Step, found: Manifest) -> Manifest:
    last = found["state"].get("running")
    if last is None:
        return found | {"ready": False, "started": False}
    ended = {
        "exitCode": fates.KILLED_BY_SIGNAL_9,
        "reason": "Error",
        "startedAt": last["startedAt"],
        "finishedAt": stamp(step.at),
        "containerID": found.get("containerID", ""),
    }
    return found | {"state": {"terminated": ended}, "ready": False, "started": False}


def _container(step: Step, spec: Manifest, known: Manifest | None) -> Manifest:
    """Return the status of a container, from what it was."""
    found: Manifest = known or {
        "name": spec["name"],
        "image": spec["image"],
        "imageID": "",
        "restartCount": 0,
        "lastState": {},
        "state": {"waiting": {"reason": "ContainerCreating"}},
    }
    if found["image"] != spec["image"]:  # Somebody changed the image of a running pod.
        found = found | {"image": spec["image"], "state": {"waiting": {"reason": "ContainerCreating"}}}
    state = found["state"]
    if "running" in state:
        found = _running(step, spec, found)
    elif "terminated" in state:
        found = _ended(step, found)
    else:
        found = _waiting(step, spec, found)
    running = found["state"].get("running")
    return found | {"started": running is not None, "ready": _is_ready(step, spec, running)}


def _is_ready(step: Step, spec: Manifest, running: Manifest | None) -> bool:
    wait = READY_SECONDS if "readinessProbe" in spec else 0
    return running is not None and step.after(running["startedAt"], wait)


def _waiting(step: Step, spec: Manifest, found: Manifest) -> Manifest:
    last = found["lastState"].get("terminated")
    if last and found["state"]["waiting"]["reason"] == "CrashLoopBackOff":
        if step.after(last["finishedAt"], back_off(found["restartCount"])):
            return _start(step, spec, found | {"restartCount": found["restartCount"] + 1})
        return found
    begun = step.pod["status"]["startTime"]
    if not step.after(begun, CREATE_SECONDS):
        return found
    if not fates.is_known(spec["image"]):
        return found | {"state": {"waiting": _unpullable(step, spec["image"], begun)}}
    if why := fates.missing_reference(step.has, step.pod, spec):
        if found["state"]["waiting"]["reason"] != "CreateContainerConfigError":
            step.tell("Failed", f"Error: {why}", warning=True)
        return found | {"state": {"waiting": {"reason": "CreateContainerConfigError", "message": why}}}
    return _start(step, spec, found)


def back_off(restarts: int) -> int:
    """Return how many seconds the kubelet waits before it starts a container once more."""
    return int(min(FIRST_BACK_OFF * 2.0 ** min(restarts, 10), LONGEST_BACK_OFF))


def _unpullable(step: Step, image: str, begun: str) -> Manifest:
    why = f'failed to pull and unpack image "{image}": failed to resolve reference "{image}": not found'
    if step.after(begun, BACK_OFF_SECONDS):
        step.tell("BackOff", f'Back-off pulling image "{image}"', warning=False)
        return {
            "reason": "ImagePullBackOff",
            "message": f'Back-off pulling image "{image}": ErrImagePull: {why}',
        }
    step.tell("Pulling", f'Pulling image "{image}"')
    step.tell("Failed", f'Failed to pull image "{image}": {why}', warning=True)
    step.tell("Failed", "Error: ErrImagePull", warning=True)
    return {"reason": "ErrImagePull", "message": why}


def _start(step: Step, spec: Manifest, found: Manifest) -> Manifest:
    image, name = spec["image"], spec["name"]
    step.tell("Pulled", f'Container image "{image}" already present on machine')
    step.tell("Created", f"Created container: {name}")
    step.tell("Started", f"Started container {name}")
    words = f"{step.pod['metadata']['uid']}/{name}/{found['restartCount']}"
    return found | {
        "state": {"running": {"startedAt": stamp(step.at)}},
        "imageID": f"{image.partition('@')[0].rpartition(':')[0] or image}@sha256:{_hex(image)}",
        "containerID": f"containerd://{_hex(words)}",
    }


def _hex(words: str) -> str:
    return sha256(words.encode()).hexdigest()


def _running(step: Step, spec: Manifest, found: Manifest) -> Manifest:
    began = found["state"]["running"]["startedAt"]
    end = fates.end_of(step.pod, spec)
    if end is None or not step.after(began, end.after):
        return found
    last = {
        "exitCode": end.code,
        "reason": end.reason,
        "startedAt": began,
        "finishedAt": stamp(step.at),
        "containerID": found.get("containerID", ""),
    }
    return _ended(step, found | {"state": {"terminated": last}})


def _ended(step: Step, found: Manifest) -> Manifest:
    """Return a container that ended: it stays so, or waits for its next try."""
    last = found["state"]["terminated"]
    policy = step.pod["spec"].get("restartPolicy", "Always")
    if policy == "Never" or (policy == "OnFailure" and last["exitCode"] == 0):
        return found
    seconds, metadata = back_off(found["restartCount"]), step.pod["metadata"]
    place = f"{found['name']} in pod {metadata['name']}_{metadata['namespace']}({metadata['uid']})"
    step.tell("BackOff", f"Back-off restarting failed container {place}", warning=True)
    step.after(last["finishedAt"], seconds)
    message = f"back-off {seconds}s restarting failed container={found['name']} pod={metadata['name']}"
    waiting = {"reason": "CrashLoopBackOff", "message": f"{message}_{metadata['namespace']}"}
    return found | {"state": {"waiting": waiting}, "lastState": {"terminated": last}}


def _phase(pod: Manifest, containers: list[Manifest]) -> str:
    ended = [each["state"]["terminated"] for each in containers if "terminated" in each["state"]]
    if len(ended) == len(containers):
        return "Failed" if any(each["exitCode"] for each in ended) else "Succeeded"
    unstarted = [each for each in containers if "waiting" in each["state"] and not each["lastState"]]
    return "Pending" if unstarted else "Running"


def _address(pod: Manifest) -> Manifest:
    if "podIP" in pod["status"]:
        return {}
    number = sha256(pod["metadata"]["uid"].encode()).digest()
    address = f"10.244.{number[0] % 48}.{2 + number[1] % 252}"
    return {"podIP": address, "podIPs": [{"ip": address}]}


def _conditions(step: Step, status: Manifest, containers: list[Manifest]) -> list[Manifest]:
    unready = [each["name"] for each in containers if not each["ready"]]
    word = {"Succeeded": "PodCompleted", "Failed": "PodFailed"}.get(status["phase"], "")
    over = bool(word)
    reason = "" if not unready else word or "ContainersNotReady"
    message = "" if not unready or over else f"containers with unready status: [{' '.join(unready)}]"
    wanted = {
        "PodScheduled": (True, "", ""),
        "Initialized": (True, "PodCompleted" if word == "PodCompleted" else "", ""),
        "ContainersReady": (not unready, reason, message),
        "Ready": (not unready, reason, message),
    }
    before = {each["type"]: each for each in status.get("conditions", [])}
    return [_condition(step, type_, wants, before.get(type_)) for type_, wants in wanted.items()]


def _condition(
    step: Step, type_: str, wants: tuple[bool, str, str], before: dict[str, Any] | None
) -> Manifest:
    true, reason, message = wants
    unchanged = before is not None and before["status"] == str(true)
    since = before["lastTransitionTime"] if before and unchanged else stamp(step.at)
    return condition(type_, true, since=since, reason=reason, message=message)
