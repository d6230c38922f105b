"""What the policy `restricted` forbids, and what it takes away."""

import pytest

from orchestrator.services.stacks.podspec import restricted
from tests.orchestrator.services.stacks.specs import checked, refusal, spec

SECRET = "env: [{name: A, value: b}, {name: B, valueFrom: {secretKeyRef: {key: k}}}]"
REQUIRED = "affinity: {{nodeAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: {{{}}}}}}}"
PREFERRED = "affinity: {{nodeAffinity: {{preferredDuringSchedulingIgnoredDuringExecution: [{}]}}}}"
RULE = "{{preference: {{matchExpressions: [{{key: {}, operator: Exists}}]}}}}"
FIELDS = REQUIRED.format("nodeSelectorTerms: [{matchFields: [{key: metadata.name, operator: Exists}]}]")
HOSTNAME = PREFERRED.format(RULE.format("kubernetes.io/hostname"))
ZONE = PREFERRED.format(RULE.format("zone"))
NOT_ALLOWED = [
    (spec(volume="secret: {secretName: s}"), "spec.volumes[0].secret"),
    (spec(volume="persistentVolumeClaim: {claimName: c}"), "spec.volumes[0].persistentVolumeClaim"),
    (spec(volume="nfs: {server: s, path: p}"), "spec.volumes[0].nfs"),
    (
        spec(volume="projected: {sources: [{secret: {name: s}}]}"),
        "spec.volumes[0].projected.sources[0].secret",
    ),
    (spec(container=SECRET), "spec.containers[0].env[1].valueFrom.secretKeyRef"),
    (spec(container="envFrom: [{secretRef: {name: s}}]"), "spec.containers[0].envFrom[0].secretRef"),
    (spec(pod="imagePullSecrets: [{name: s}]"), "spec.imagePullSecrets"),
    (spec(pod="nodeSelector: {role: x}"), "spec.nodeSelector.role"),
    (spec(pod=FIELDS), "spec.affinity.nodeAffinity"),
    (spec(pod=HOSTNAME), "spec.affinity.nodeAffinity"),
    (spec(pod="tolerations: [{operator: Exists}]"), "spec.tolerations"),
    (spec(pod="priority: 0"), "spec.priority"),
    (spec(pod="priorityClassName: high"), "spec.priorityClassName"),
    (spec(pod="schedulerName: s"), "spec.schedulerName"),
    (spec(pod="schedulingGates: [{name: g}]"), "spec.schedulingGates"),
    (spec(pod="hostAliases: [{ip: 1.2.3.4}]"), "spec.hostAliases"),
    (spec(pod="shareProcessNamespace: true"), "spec.shareProcessNamespace"),
    (spec(pod="resources: {limits: {cpu: 1}}"), "spec.resources"),
    (spec(pod="bogus: 1"), "spec.bogus"),
]


@pytest.mark.parametrize(("text", "path"), NOT_ALLOWED)
def test_a_field_that_is_not_allowed_is_named(text, path):
    assert refusal(text, restricted=True) == (f"invalid pod spec: {path} is not allowed", path)


@pytest.mark.parametrize("text", [text for text, _ in NOT_ALLOWED])
def test_the_compatible_policy_allows_it(text):
    assert refusal(text) == ("", "")


@pytest.mark.parametrize(
    "text",
    [
        spec(),
        spec(volume="emptyDir: {}"),
        spec(volume="configMap: {name: c}"),
        spec(volume="downwardAPI: {}"),
        spec(volume="projected: {sources: [{configMap: {name: c}}, {downwardAPI: {}}]}"),
        spec(pod="nodeSelector: {disk: ssd}"),
        spec(pod=ZONE),
        spec(pod="tolerations: []"),
        spec(container="env: [{name: A, valueFrom: {configMapKeyRef: {key: k}}}]"),
    ],
)
def test_what_harms_nobody_is_allowed(text):
    assert refusal(text, restricted=True) == ("", "")


def test_the_documented_rules_come_first():
    assert refusal(spec(pod="hostNetwork: true", image="''"), restricted=True)[1] == "spec.hostNetwork"


def test_init_containers_count_as_containers():
    init = "initContainers: [{name: i, image: b, resources: {limits: {cpu: 1, memory: 1}}}]"
    assert refusal(spec(pod=init), restricted=True, most_containers=2) == ("", "")
    assert refusal(spec(pod=init), restricted=True, most_containers=1)[1] == "spec.containers[0]"


def test_capabilities_are_dropped_from_the_pod_and_not_told_in_the_text():
    found = checked(spec(), restricted=True)
    security = found.pod["spec"]["containers"][0]["securityContext"]
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert found.text == checked(spec()).text


@pytest.mark.parametrize(
    ("pattern", "image", "allowed"),
    [
        ("nginx", "nginx", True),
        ("nginx", "nginx:1.27", True),
        ("nginx", "nginx@sha256:0123", True),
        ("nginx", "evil/nginx", False),
        ("nginx", "nginx:80/evil", False),
        ("nginx", "nginx2", False),
        ("nginx:1.*", "nginx:1.27", True),
        ("nginx:1.*", "nginx:2", False),
        ("nginx:1.*", "nginx", False),
        ("registry.example.com:5000/team/*", "registry.example.com:5000/team/web:1", True),
        ("registry.example.com:5000/team/*", "registry.example.com:5000/other/web:1", False),
        ("registry.example.com/*", "registry.example.com.evil/web", False),
        ("nginx@sha256:01", "nginx@sha256:01", True),
        ("nginx@sha256:01", "nginx@sha256:02", False),
    ],
)
def test_an_image_is_allowed_by_name_and_tag(pattern, image, allowed):
    found = refusal(spec(image=image), restricted=True, images=("other", pattern))
    assert found[1] == ("" if allowed else "spec.containers[0].image")


def test_no_list_of_images_allows_every_image():
    assert refusal(spec(image="anything/at:all"), restricted=True) == ("", "")
    assert restricted.Policy().images == ()
