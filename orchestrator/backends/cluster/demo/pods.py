"""The manifests of pods, as the API server returns them."""

from orchestrator.backends.cluster.demo import tables
from orchestrator.backends.cluster.demo.moment import Moment
from orchestrator.backends.cluster.demo.parts import Manifest, condition, metadata, template
from orchestrator.backends.cluster.demo.plans import Plan
from orchestrator.backends.cluster.demo.tables import State

KILLED_BY_SIGNAL_9 = 137
NODES = {node.name: (number, node) for number, node in enumerate(tables.NODES)}


def pod(moment: Moment, plan: Plan) -> Manifest:
    """Return the manifest of a planned pod."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata(
            moment,
            "Pod",
            plan.app.namespace,
            plan.name,
            created=plan.created,
            labels=plan.labels,
            owner=plan.owner,
            generateName=plan.name[: plan.name.rindex("-") + 1],
        ),
        "spec": _spec(plan),
        "status": _status(moment, plan),
    }


def _spec(plan: Plan) -> Manifest:
    kind, _ = plan.owner
    claim = f"{plan.app.claim}-{plan.name}" if kind == "StatefulSet" else plan.app.claim
    selector = next((each.selector for each in tables.DAEMONSETS if each.app is plan.app), None)
    restart = "Never" if kind == "Job" else "Always"
    spec: Manifest = template(plan.app, labels=plan.labels, restart=restart, claim=claim, selector=selector)[
        "spec"
    ]
    return spec | {"nodeName": plan.node} if plan.node else spec


def _status(moment: Moment, plan: Plan) -> Manifest:
    pending = plan.state in (State.CREATING, State.UNSCHEDULABLE, State.UNPULLABLE)
    status: Manifest = {
        "phase": "Pending" if pending else "Running",
        "qosClass": "Burstable",
        "conditions": _conditions(moment, plan),
    }
    if not plan.node:
        return status
    number, node = NODES[plan.node]
    status |= {"hostIP": node.address, "startTime": moment.stamp(plan.created)}
    status["containerStatuses"] = [
        _container(moment, plan, spec["name"], spec["image"], main=position == 0)
        for position, spec in enumerate(_spec(plan)["containers"])
    ]
    if plan.state is not State.CREATING:
        draw = moment.draw("address", plan.name)
        address = f"10.244.{number * 16 + draw.randrange(16)}.{draw.randrange(2, 254)}"
        status |= {"podIP": address, "podIPs": [{"ip": address}]}
    return status


def _conditions(moment: Moment, plan: Plan) -> list[Manifest]:
    created = moment.stamp(plan.created)
    if plan.state is State.UNSCHEDULABLE:
        return [condition("PodScheduled", False, since=created, reason="Unschedulable", message=NO_NODE)]
    since = moment.stamp(plan.started if plan.state is State.RUNNING else plan.ended or plan.created)
    ready = plan.state is State.RUNNING
    reason = "" if ready else "ContainersNotReady"
    message = "" if ready else f"containers with unready status: [{plan.app.name}]"
    return [
        condition("PodScheduled", True, since=created),
        condition("Initialized", True, since=created),
        condition("ContainersReady", ready, since=since, reason=reason, message=message),
        condition("Ready", ready, since=since, reason=reason, message=message),
    ]


# The volume of this pod is in the zone of the node that is short of memory.
NO_NODE = (
    "0/3 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/memory-pressure: }, "
    "2 node(s) had volume node affinity conflict. preemption: 0/3 nodes are available: "
    "3 Preemption is not helpful for scheduling."
)


def _container(moment: Moment, plan: Plan, name: str, image: str, *, main: bool) -> Manifest:
    """Return the status of a container; what happens to a pod happens to its first one."""
    found: Manifest = {
        "name": name,
        "image": image,
        "imageID": "",
        "ready": plan.state is State.RUNNING,
        "started": plan.state is State.RUNNING,
        "restartCount": plan.restarts if main else 0,
        "state": _state(moment, plan)
        if main
        else {"running": {"startedAt": moment.stamp(plan.created + 0.2)}},
        "lastState": {},
    }
    if plan.state not in (State.CREATING, State.UNPULLABLE):
        digest = "".join(moment.draw("image", image).choices("0123456789abcdef", k=64))
        found["imageID"] = f"{image.rpartition(':')[0]}@sha256:{digest}"
        found["containerID"] = (
            f"containerd://{moment.draw(plan.name, name, plan.restarts).getrandbits(256):064x}"
        )
    if main and plan.ended is not None:
        found["lastState"] = {"terminated": _last(moment, plan)}
    return found


def _state(moment: Moment, plan: Plan) -> Manifest:
    if plan.state is State.RUNNING:
        return {"running": {"startedAt": moment.stamp(plan.started)}}
    if plan.state is State.KILLED:
        return {"terminated": _last(moment, plan)}
    return {"waiting": _waiting(plan)}


def _waiting(plan: Plan) -> Manifest:
    if plan.state is State.UNPULLABLE:
        return {"reason": "ImagePullBackOff", "message": f'Back-off pulling image "{plan.app.image}"'}
    if plan.state is State.CRASHING:
        place = f"{plan.app.name} pod={plan.name}_{plan.app.namespace}"
        message = f"back-off 2m0s restarting failed container={place}"
        return {"reason": "CrashLoopBackOff", "message": message}
    return {"reason": "ContainerCreating"}


def _last(moment: Moment, plan: Plan) -> Manifest:
    """Return how the last container ended: out of memory, or after its liveness probe failed."""
    ended = plan.ended if plan.ended is not None else plan.started
    out_of_memory = plan.state in (State.KILLED, State.CRASHING)
    return {
        "exitCode": KILLED_BY_SIGNAL_9,
        "reason": "OOMKilled" if out_of_memory else "Error",
        "startedAt": moment.stamp(plan.started if out_of_memory else plan.created + 0.2),
        "finishedAt": moment.stamp(ended),
    }
