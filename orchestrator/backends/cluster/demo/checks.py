"""What an API server has against the content of an object, kind by kind, in its own words."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from orchestrator.backends.cluster.demo import failures, pod_checks
from orchestrator.backends.cluster.demo.parts import Manifest

Causes = Iterator[str]
IMMUTABLE = "field is immutable"
NEGATIVE = "must be greater than or equal to 0"
LABEL = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")
QUALIFIED = re.compile(r"([a-z0-9.-]+/)?([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)")
LABEL_RULE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must "
    "start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used "
    "for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
NAME_RULE = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
POD_RULE = (
    "spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,"
    "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to "
    "existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was "
    "previously negative)"
)
SET_RULE = (
    "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', "
    "'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' "
    "are forbidden"
)
POD_CHANGES = ("containers", "initContainers", "activeDeadlineSeconds", "tolerations")
SET_CHANGES = (
    *("replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit"),
    *("persistentVolumeClaimRetentionPolicy", "minReadySeconds"),
)


def causes(manifest: Manifest, before: Manifest | None) -> Causes:
    """Yield what is wrong with an object, or with what it was changed into."""
    yield from _labels(manifest["metadata"].get("labels") or {}, "metadata.labels")
    if check := CHECKS.get(manifest["kind"]):
        yield from check(manifest, before)


def _labels(labels: Manifest, place: str) -> Causes:
    for name, value in labels.items():
        if not QUALIFIED.fullmatch(name):
            yield failures.value(place, name, NAME_RULE)
        if not LABEL.fullmatch(str(value)) or len(str(value)) > 63:
            yield failures.value(place, value, LABEL_RULE)


def _workload(manifest: Manifest, before: Manifest | None) -> Causes:
    spec = manifest["spec"]
    yield from _at_least_nothing(spec, "replicas")
    labels = (spec["template"].get("metadata") or {}).get("labels")
    wanted = spec["selector"].get("matchLabels") or {}
    if not wanted.items() <= (labels or {}).items():
        why = "`selector` does not match template `labels`"
        yield failures.value("spec.template.metadata.labels", labels, why)
    yield from _containers(spec["template"].get("spec") or {}, "spec.template.spec")
    if before and spec["selector"] != before["spec"]["selector"]:
        yield failures.value("spec.selector", spec["selector"], IMMUTABLE)


def _at_least_nothing(spec: Manifest, name: str) -> Causes:
    if (spec.get(name) or 0) < 0:
        yield failures.value(f"spec.{name}", spec[name], NEGATIVE)


def _containers(spec: Manifest, place: str) -> Causes:
    if not spec.get("containers"):
        yield failures.required(f"{place}.containers")
    for number, container in enumerate(spec.get("containers") or []):
        if not container.get("image"):
            yield failures.required(f"{place}.containers[{number}].image")
    names = [each.get("name") for each in spec.get("containers") or []]
    for number, name in enumerate(names):
        if name in names[:number]:
            yield f"{place}.containers[{number}].name: Duplicate value: {json.dumps(name)}"


def _stateful_set(manifest: Manifest, before: Manifest | None) -> Causes:
    yield from _workload(manifest, None)
    if before and _others(manifest, SET_CHANGES) != _others(before, SET_CHANGES):
        yield SET_RULE


def _others(manifest: Manifest, names: tuple[str, ...]) -> Manifest:
    return {name: value for name, value in manifest["spec"].items() if name not in names}


def _pod(manifest: Manifest, before: Manifest | None) -> Causes:
    yield from _containers(manifest["spec"], "spec")
    if before is None:
        yield from pod_checks.pod(manifest["spec"])
    if before and _fixed_of_pod(manifest) != _fixed_of_pod(before):
        yield POD_RULE


def _fixed_of_pod(pod: Manifest) -> list[Any]:
    found: list[Any] = [_others(pod, POD_CHANGES)]
    for name in ("containers", "initContainers"):
        found += [{**each, "image": ""} for each in pod["spec"].get(name) or []]
    return found


def _job(manifest: Manifest, before: Manifest | None) -> Causes:
    spec = manifest["spec"]
    pod = spec["template"].get("spec") or {}
    yield from _at_least_nothing(spec, "parallelism")
    yield from _containers(pod, "spec.template.spec")
    if pod.get("restartPolicy") not in ("Never", "OnFailure"):
        yield failures.required("spec.template.spec.restartPolicy", 'valid values: "OnFailure", "Never"')
    for name in ("completions", "selector", "template", "completionMode") if before else ():
        if before and spec.get(name) != before["spec"].get(name):
            yield failures.value(f"spec.{name}", spec.get(name), IMMUTABLE)


def _cron_job(manifest: Manifest, before: Manifest | None) -> Causes:
    schedule = manifest["spec"]["schedule"]
    fields = schedule.split()
    if not schedule.startswith("@") and len(fields) != 5:
        why = f"expected exactly 5 fields, found {len(fields)}: [{schedule}]"
        yield failures.value("spec.schedule", schedule, why)
    job = manifest["spec"]["jobTemplate"].get("spec") or {}
    yield from _containers(
        (job.get("template") or {}).get("spec") or {}, "spec.jobTemplate.spec.template.spec"
    )


def _service(manifest: Manifest, before: Manifest | None) -> Causes:
    spec = manifest["spec"]
    yield from pod_checks.service(manifest)
    address = spec.get("clusterIP")
    if not spec.get("ports") and spec["type"] != "ExternalName" and address != "None":
        yield failures.required("spec.ports")
    was = before["spec"].get("clusterIP") if before else None
    if was and address != was and spec["type"] != "ExternalName":
        yield failures.value("spec.clusterIPs[0]", [address], "may not change once set")


def _values(manifest: Manifest, before: Manifest | None) -> Causes:
    """Secrets and config maps that are closed for good, and types of secrets."""
    if before and manifest.get("type") != before.get("type"):
        yield failures.value("type", manifest.get("type"), IMMUTABLE)
    if before and before.get("immutable"):
        if not manifest.get("immutable"):
            yield "immutable: Forbidden: field is immutable when `immutable` is set"
        if (manifest.get("data"), manifest.get("binaryData")) != (
            before.get("data"),
            before.get("binaryData"),
        ):
            yield "data: Forbidden: field is immutable when `immutable` is set"


CHECKS: dict[str, Callable[[Manifest, Manifest | None], Causes]] = {
    "Deployment": _workload,
    "ReplicaSet": _workload,
    "DaemonSet": _workload,
    "StatefulSet": _stateful_set,
    "Pod": _pod,
    "Job": _job,
    "CronJob": _cron_job,
    "Service": _service,
    "Secret": _values,
    "ConfigMap": _values,
}
