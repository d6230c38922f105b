"""What a pod may not ask for, in the documented order and with the field that it is about."""

import pytest

from orchestrator.services.stacks.targets import Target
from tests.orchestrator.services.stacks.specs import checked, pod, refusal, spec

HOST = "hostNetwork/hostPID/hostIPC are forbidden"
ACCOUNT = "serviceAccount is forbidden in input"
NODE = "nodeName/runtimeClassName are forbidden in input"
SECURITY = "container securityContext is forbidden in input"
SET = "request/limit must be set"
IN = "spec.containers[0]"
INIT = "initContainers: [{{name: i, image: b, {}}}]"
TOKEN = "projected: {sources: [{secret: {name: s}}, {serviceAccountToken: {path: t}}]}"

REFUSED = [
    ("kind: Deployment", "kind must be Pod", "kind"),
    ("spec: {}", "kind must be Pod", "kind"),
    (spec(pod="hostNetwork: true"), HOST, "spec.hostNetwork"),
    (spec(pod="HOSTNETWORK: on"), HOST, "spec.hostNetwork"),
    (spec(pod="hostPID: y"), HOST, "spec.hostPID"),
    (spec(pod="hostIPC: yes"), HOST, "spec.hostIPC"),
    (spec(pod="securityContext: {}"), "pod securityContext is forbidden in input", "spec.securityContext"),
    (spec(pod="serviceAccountName: a"), ACCOUNT, "spec.serviceAccountName"),
    (spec(pod="serviceAccount: a"), ACCOUNT, "spec.serviceAccount"),
    (spec(pod="nodeName: n"), NODE, "spec.nodeName"),
    (spec(pod="runtimeClassName: ''"), NODE, "spec.runtimeClassName"),
    (
        spec(pod="ephemeralContainers: [{name: e}]"),
        "ephemeralContainers are forbidden",
        "spec.ephemeralContainers",
    ),
    (spec(volume="hostPath: {}"), "hostPath volume is forbidden", "spec.volumes[0].hostPath"),
    (
        spec(volume=TOKEN),
        "projected serviceAccountToken is forbidden",
        "spec.volumes[0].projected.sources[1].serviceAccountToken",
    ),
    ("kind: Pod", "at least one container is required", "spec.containers"),
    ("kind: Pod\nspec: {containers: []}", "at least one container is required", "spec.containers"),
    (spec(name="' '"), "container name is required", f"{IN}.name"),
    (spec(image=""), "container image is required", f"{IN}.image"),
    (spec(container="securityContext: {}"), SECURITY, f"{IN}.securityContext"),
    (
        spec(pod=INIT.format("ports: [{containerPort: 1}]")),
        "initContainer ports are forbidden",
        "spec.initContainers[0].ports",
    ),
    (spec(pod=INIT.format("resources: {}")), SET, "spec.initContainers[0].resources"),
    (spec(resources="{}"), SET, f"{IN}.resources"),
    (spec(resources="{limits: {memory: 1Gi}}"), SET, f"{IN}.resources"),
    (spec(resources="{limits: {cpu: 0, memory: 1Gi}}"), SET, f"{IN}.resources"),
    (spec(resources="{limits: {cpu: -1, memory: 1Gi}}"), SET, f"{IN}.resources"),
    (spec(resources="{limits: {cpu: 1, memory: 99E}}"), SET, f"{IN}.resources"),
    (spec(ports="[{name: a}]"), "invalid container port", f"{IN}.ports[0].containerPort"),
    (spec(ports="[{containerPort: 65536}]"), "invalid container port", f"{IN}.ports[0].containerPort"),
    (
        spec(ports="[{containerPort: 80, hostPort: 1}]"),
        "hostPort/hostIP are forbidden",
        f"{IN}.ports[0].hostPort",
    ),
    (
        spec(ports="[{containerPort: 80, hostIP: 1.2.3.4}]"),
        "hostPort/hostIP are forbidden",
        f"{IN}.ports[0].hostIP",
    ),
    (
        spec(ports="[{containerPort: 80, protocol: tcp}]"),
        "protocol must be TCP or UDP",
        f"{IN}.ports[0].protocol",
    ),
    (spec(ports="[]"), "at least one exposed container port is required", f"{IN}.ports"),
    (
        spec(ports="[{containerPort: 80, protocol: UDP}]"),
        "target_port must exist in container ports",
        "target_port[0].container_port",
    ),
]


@pytest.mark.parametrize(("text", "detail", "path"), REFUSED)
def test_what_is_forbidden_is_refused_with_its_field(text, detail, path):
    assert refusal(text) == (f"invalid pod spec: {detail}", path)


@pytest.mark.parametrize(
    "text",
    [
        spec(pod="hostNetwork: false"),
        spec(pod="securityContext: null"),
        spec(pod="serviceAccountName: ''"),
        spec(pod="nodeName: ''"),
        spec(pod="runtimeClassName: null"),
        spec(pod="ephemeralContainers: []"),
        spec(container="securityContext: ~"),
        spec(pod=INIT.format("resources: {limits: {cpu: 1, memory: 1}}, ports: []")),
        spec(volume="hostPath: null"),
        spec(volume="projected: {sources: [{serviceAccountToken: null}]}"),
        spec(ports="[{containerPort: 80, hostPort: 0, hostIP: '', protocol: ''}]"),
        spec(head="apiVersion: apps/v9").replace("Pod", "pOD"),
    ],
)
def test_an_empty_value_of_a_forbidden_field_is_no_offence(text):
    assert refusal(text) == ("", "")


# Each breaks the rule of its own line and, taken together with what follows, several at once.
FAULTS = [
    ("kind: Pod", "kind: Deployment", "kind must be Pod"),
    ("spec:", "spec:\n  hostPID: true", HOST),
    ("spec:", "spec:\n  securityContext: {}", "pod securityContext is forbidden in input"),
    ("spec:", "spec:\n  serviceAccount: a", ACCOUNT),
    ("spec:", "spec:\n  nodeName: n", NODE),
    ("spec:", "spec:\n  ephemeralContainers: [{name: e}]", "ephemeralContainers are forbidden"),
    ("spec:", "spec:\n  volumes: [{hostPath: {}}]", "hostPath volume is forbidden"),
    ("spec:", f"spec:\n  {INIT.format('ports: [{containerPort: 1}]')}", "initContainer ports are forbidden"),
    ("name: app", "name: ''", "container name is required"),
    ("image: nginx", "image: ''", "container image is required"),
    ("resources:", "securityContext: {}\n    resources:", SECURITY),
    ("{limits: {cpu: 100m, memory: 64Mi}}", "{}", SET),
    ("containerPort: 80", "containerPort: 0", "invalid container port"),
    ("containerPort: 80", "containerPort: 80, hostPort: 1", "hostPort/hostIP are forbidden"),
]


@pytest.mark.parametrize("first", range(len(FAULTS)))
def test_of_several_faults_the_first_in_the_documented_order_is_reported(first):
    text = spec()
    for found, replacement, _ in FAULTS[first:]:
        text = text.replace(found, replacement, 1)
    assert refusal(text)[0] == f"invalid pod spec: {FAULTS[first][2]}"


def test_the_spec_is_asked_for_before_the_targets():
    assert refusal(" \n", [])[0] == "invalid pod spec: pod_spec is required"


def test_targets_are_looked_at_before_the_yaml():
    assert refusal("- a", [])[0] == "invalid input: target_port is required"


def test_one_container_is_looked_at_whole_before_the_next():
    second = "\n  - {name: '', image: ''}"
    assert refusal(spec(ports="[{containerPort: 0}]") + second)[0].endswith("invalid container port")


def test_a_port_may_be_declared_twice_and_need_not_be_a_target():
    text = spec(ports="[{containerPort: 80}, {containerPort: 80}, {containerPort: 81}]")
    assert checked(text).targets == (Target(80, "TCP"),)


def test_the_total_is_the_sum_of_containers():
    other = "\n  - {name: b, image: c, resources: {requests: {cpu: 1, memory: 1Mi}}}"
    found = checked(spec() + other)
    assert (found.cpu_milli, found.memory_bytes) == (1100, 65 * 2**20)


@pytest.mark.parametrize("more", ["", "restartPolicy: Always, "])
def test_a_larger_init_container_counts_instead(more):
    found = checked(spec(pod=INIT.format(f"{more}resources: {{limits: {{cpu: 2, memory: 1}}}}")))
    assert (found.cpu_milli, found.memory_bytes) == (2000, 64 * 2**20)


def test_a_total_beyond_64_bits_is_refused():
    other = "\n  - {name: b, image: c, resources: {limits: {cpu: 1, memory: 99Ei}}}"
    assert refusal(spec() + other)[0] == "invalid pod spec: resources are required"


def test_cpu_may_come_from_the_request_and_memory_from_the_limit():
    found = pod(spec(resources="{requests: {cpu: 2}, limits: {memory: 1Gi, cpu: 1}}"))
    amount = {"cpu": "2", "memory": "1Gi"}
    assert found["containers"][0]["resources"] == {"limits": amount, "requests": amount}
