"""What kubectl prints of each kind: the columns, and the cells of one object. Pure functions.

A column that is followed by `*` is a wide one, by `#` a number. `Name`, `Age` and `Created At` are the same
for every kind; the functions return the cells of all other columns, in order.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from orchestrator.backends.cluster import rows
from orchestrator.backends.cluster.acts import Column
from orchestrator.backends.cluster.demo.parts import Manifest
from orchestrator.backends.cluster.kinds import Kind

NONE = "<none>"
UNSET = "<unset>"
MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}
Cells = Callable[[Manifest, datetime], Iterable[object]]


class Printer(NamedTuple):
    columns: tuple[Column, ...]
    cells: Cells


def printer(spec: str, cells: Cells = lambda manifest, at: ()) -> Printer:
    """Return what prints a kind with these columns."""
    return Printer(tuple(_column(each) for each in spec.split(", ")), cells)


def _column(text: str) -> Column:
    number, wide = "#" in text, "*" in text
    return Column(name=text.rstrip("#*"), type="integer" if number else "string", wide=wide)


def age(since: str | None, at: datetime) -> str:
    """Return how long ago a time was, as kubectl writes it: 40s, 5m12s, 3h4m, 2d3h, 40d; "" for no time.

    https://pkg.go.dev/k8s.io/apimachinery/pkg/util/duration#HumanDuration
    """
    if not since:
        return ""
    seconds = max(0, int((at - datetime.fromisoformat(since)).total_seconds()))
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if seconds < 120:
        return f"{seconds}s"
    if minutes < 10:
        return _two(minutes, "m", seconds % 60, "s")
    if hours < 3:
        return f"{minutes}m"
    if hours < 8:
        return _two(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    return _two(days, "d", hours % 24, "h") if days < 8 else f"{days}d"


def _two(large: int, unit: str, small: int, smaller: str) -> str:
    return f"{large}{unit}{small}{smaller}" if small else f"{large}{unit}"


def pairs(values: Mapping[str, Any]) -> str:
    """Return labels or a selector on one line."""
    return ",".join(f"{key}={value}" for key, value in values.items()) or NONE


def _images(manifest: Manifest) -> tuple[str, str]:
    spec = manifest["spec"].get("jobTemplate", manifest)["spec"]["template"]["spec"]
    containers = spec["containers"]
    return ",".join(each["name"] for each in containers), ",".join(each["image"] for each in containers)


def _selected(manifest: Manifest) -> str:
    return pairs((manifest["spec"].get("selector") or {}).get("matchLabels") or {})


def _pod(manifest: Manifest, at: datetime) -> Iterable[object]:
    row: Any = rows.from_object(Kind.PODS, manifest)
    address = manifest["status"].get("podIP", NONE)
    return row.ready, row.status, row.restart_count, address, manifest["spec"].get("nodeName", NONE)


def _node(manifest: Manifest, at: datetime) -> Iterable[object]:
    row: Any = rows.from_object(Kind.NODES, manifest)
    status = manifest["status"]
    addresses = {each["type"]: each["address"] for each in status.get("addresses", ())}
    cordoned = ",SchedulingDisabled" if manifest["spec"].get("unschedulable") else ""
    ready = "Ready" if row.status != "NotReady" else "NotReady"
    info = status.get("nodeInfo") or {}
    yield from (ready + cordoned, ",".join(row.roles), row.version)
    yield from (addresses.get("InternalIP", NONE), addresses.get("ExternalIP", NONE))
    yield from (info.get(key, "") for key in ("osImage", "kernelVersion", "containerRuntimeVersion"))


def _event(manifest: Manifest, at: datetime) -> Iterable[object]:
    about = manifest["involvedObject"]
    yield age(manifest.get("lastTimestamp"), at)
    yield from (manifest["type"], manifest["reason"], f"{about['kind'].lower()}/{about['name']}")
    yield from ((manifest.get("source") or {}).get("component", ""), manifest["message"])
    yield from (age(manifest.get("firstTimestamp"), at), manifest.get("count", 1))


def _deployment(manifest: Manifest, at: datetime) -> Iterable[object]:
    status, wanted = manifest["status"], manifest["spec"].get("replicas", 1)
    updated, available = status.get("updatedReplicas", 0), status.get("availableReplicas", 0)
    ready = f"{status.get('readyReplicas', 0)}/{wanted}"
    return ready, updated, available, *_images(manifest), _selected(manifest)


def _stateful_set(manifest: Manifest, at: datetime) -> Iterable[object]:
    ready = manifest["status"].get("readyReplicas", 0)
    return f"{ready}/{manifest['spec'].get('replicas', 1)}", *_images(manifest)


def _daemon_set(manifest: Manifest, at: datetime) -> Iterable[object]:
    status = manifest["status"]
    words = "desiredNumberScheduled currentNumberScheduled numberReady updatedNumberScheduled numberAvailable"
    nodes = pairs(manifest["spec"]["template"]["spec"].get("nodeSelector") or {})
    return *(status.get(word, 0) for word in words.split()), nodes, *_images(manifest), _selected(manifest)


def _replica_set(manifest: Manifest, at: datetime) -> Iterable[object]:
    status, wanted = manifest["status"], manifest["spec"].get("replicas", 1)
    counts = wanted, status.get("replicas", 0), status.get("readyReplicas", 0)
    return *counts, *_images(manifest), _selected(manifest)


def _job(manifest: Manifest, at: datetime) -> Iterable[object]:
    row: Any = rows.from_object(Kind.JOBS, manifest)
    began, ended = manifest["status"].get("startTime"), manifest["status"].get("completionTime")
    took = age(began, datetime.fromisoformat(ended) if ended else at)
    done = f"{row.succeeded}/{row.completions}"
    return row.status, done, took, *_images(manifest), _selected(manifest)


def _cron_job(manifest: Manifest, at: datetime) -> Iterable[object]:
    spec, status = manifest["spec"], manifest.get("status") or {}
    when = spec["schedule"], spec.get("timeZone", NONE), str(spec.get("suspend", False))
    last = age(status.get("lastScheduleTime"), at) or NONE
    return *when, len(status.get("active") or ()), last, *_images(manifest), NONE


def _autoscaler(manifest: Manifest, at: datetime) -> Iterable[object]:
    spec, status = manifest["spec"], manifest["status"]
    target = spec["scaleTargetRef"]
    now = {
        each["resource"]["name"]: each["resource"]["current"] for each in status.get("currentMetrics") or ()
    }
    shown = []
    for each in (metric["resource"] for metric in spec.get("metrics") or () if "resource" in metric):
        share = now.get(each["name"], {}).get("averageUtilization")
        current = "<unknown>" if share is None else f"{share}%"
        shown.append(f"{each['name']}: {current}/{each['target'].get('averageUtilization')}%")
    yield from (f"{target['kind']}/{target['name']}", ", ".join(shown) or NONE)
    yield from (spec.get("minReplicas", 1), spec["maxReplicas"], status.get("currentReplicas", 0))


def _service(manifest: Manifest, at: datetime) -> Iterable[object]:
    spec = manifest["spec"]
    balanced = (manifest.get("status") or {}).get("loadBalancer", {}).get("ingress") or ()
    ports = ",".join(_port(each) for each in spec.get("ports") or ())
    outside = ",".join(each.get("ip") or each.get("hostname", "") for each in balanced)
    return (
        spec["type"],
        spec.get("clusterIP", NONE),
        outside or NONE,
        ports,
        pairs(spec.get("selector") or {}),
    )


def _port(port: Manifest) -> str:
    node = f":{port['nodePort']}" if "nodePort" in port else ""
    return f"{port['port']}{node}/{port.get('protocol', 'TCP')}"


def _ingress(manifest: Manifest, at: datetime) -> Iterable[object]:
    spec = manifest["spec"]
    hosts = ",".join(each.get("host", "*") for each in spec.get("rules") or ()) or "*"
    found = (manifest.get("status") or {}).get("loadBalancer", {}).get("ingress") or ()
    addresses = ",".join(each.get("ip") or each.get("hostname", "") for each in found)
    ports = "80, 443" if spec.get("tls") else "80"
    return spec.get("ingressClassName", NONE), hosts, addresses, ports


def _quota(manifest: Manifest, at: datetime) -> Iterable[object]:
    hard, used = manifest["spec"]["hard"], (manifest.get("status") or {}).get("used") or {}
    words = [(name, f"{name}: {used.get(name, 0)}/{most}") for name, most in hard.items()]
    limits = [text for name, text in words if name.startswith("limits.")]
    return ", ".join(text for _, text in words if text not in limits), ", ".join(limits)


def _modes(spec: Manifest) -> str:
    return ",".join(MODES.get(each, each) for each in spec.get("accessModes") or ())


def _claim(manifest: Manifest, at: datetime) -> Iterable[object]:
    spec, status = manifest["spec"], manifest.get("status") or {}
    size = (status.get("capacity") or {}).get("storage", "")
    yield from (status.get("phase", ""), spec.get("volumeName", ""), size, _modes(status))
    yield from (spec.get("storageClassName", ""), UNSET, spec.get("volumeMode", ""))


def _volume(manifest: Manifest, at: datetime) -> Iterable[object]:
    spec, claim = manifest["spec"], manifest["spec"].get("claimRef")
    named = f"{claim['namespace']}/{claim['name']}" if claim else ""
    yield from (spec["capacity"].get("storage", ""), _modes(spec), spec.get("persistentVolumeReclaimPolicy"))
    yield from (manifest["status"].get("phase"), named, spec.get("storageClassName", ""), UNSET, "")
    yield spec.get("volumeMode", "")


PRINTERS: dict[str, Printer] = {
    "pods": printer("Name, Ready, Status, Restarts, Age, IP*, Node*", _pod),
    "nodes": printer(
        "Name, Status, Roles, Age, Version, Internal-IP*, External-IP*, OS-Image*, Kernel-Version*, "
        "Container-Runtime*",
        _node,
    ),
    "namespaces": printer("Name, Status, Age", lambda each, at: (each["status"]["phase"],)),
    "events": printer(
        "Last Seen, Type, Reason, Object, Source*, Message, First Seen*, Count#*, Name*", _event
    ),
    "deployments": printer(
        "Name, Ready, Up-to-date, Available, Age, Containers*, Images*, Selector*", _deployment
    ),
    "statefulsets": printer("Name, Ready, Age, Containers*, Images*", _stateful_set),
    "daemonsets": printer(
        "Name, Desired#, Current#, Ready#, Up-to-date#, Available#, Node Selector, Age, Containers*, "
        "Images*, Selector*",
        _daemon_set,
    ),
    "replicasets": printer(
        "Name, Desired#, Current#, Ready#, Age, Containers*, Images*, Selector*", _replica_set
    ),
    "jobs": printer("Name, Status, Completions, Duration, Age, Containers*, Images*, Selector*", _job),
    "cronjobs": printer(
        "Name, Schedule, Timezone, Suspend, Active#, Last Schedule, Age, Containers*, Images*, Selector*",
        _cron_job,
    ),
    "horizontalpodautoscalers": printer(
        "Name, Reference, Targets, MinPods#, MaxPods#, Replicas#, Age", _autoscaler
    ),
    "services": printer("Name, Type, Cluster-IP, External-IP, Port(s), Age, Selector*", _service),
    "ingresses": printer("Name, Class, Hosts, Address, Ports, Age", _ingress),
    "configmaps": printer("Name, Data#, Age", lambda each, at: (len(each.get("data") or {}),)),
    "secrets": printer(
        "Name, Type, Data#, Age", lambda each, at: (each.get("type", "Opaque"), len(each.get("data") or {}))
    ),
    "resourcequotas": printer("Name, Request, Limit, Age", _quota),
    "limitranges": printer("Name, Created At"),
    "persistentvolumeclaims": printer(
        "Name, Status, Volume, Capacity, Access Modes, StorageClass, VolumeAttributesClass, Age, VolumeMode*",
        _claim,
    ),
    "persistentvolumes": printer(
        "Name, Capacity, Access Modes, Reclaim Policy, Status, Claim, StorageClass, VolumeAttributesClass, "
        "Reason, Age, VolumeMode*",
        _volume,
    ),
}
