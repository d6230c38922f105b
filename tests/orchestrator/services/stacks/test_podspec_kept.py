"""What is forced on a pod, what is kept of it, and which zeros are written."""

import pytest

from tests.orchestrator.services.stacks.specs import checked, container, pod, read, spec

HARMLESS = {
    "allowPrivilegeEscalation": False,
    "privileged": False,
    "seccompProfile": {"type": "RuntimeDefault"},
}
LIMITS = "{limits: {cpu: 1, memory: 1Mi}}"

WHOLE = """\
apiVersion: v1
kind: Pod
metadata:
  name: challenge
spec:
  automountServiceAccountToken: false
  containers:
  - image: nginx:stable
    name: app
    ports:
    - containerPort: 80
      protocol: TCP
    resources:
      limits:
        cpu: 100m
        memory: 128Mi
      requests:
        cpu: 100m
        memory: 128Mi
    securityContext:
      allowPrivilegeEscalation: false
      privileged: false
      seccompProfile:
        type: RuntimeDefault
  enableServiceLinks: false
  restartPolicy: Never
  securityContext:
    seccompProfile:
      type: RuntimeDefault
status: {}
"""


def test_the_text_is_the_documented_one():
    text = spec(
        head="apiVersion: v1\nmetadata: {name: challenge}",
        image="nginx:stable",
        ports="[{containerPort: 80, protocol: TCP}]",
        resources="{requests: {cpu: 100m, memory: 128Mi}}",
    )
    assert checked(text).text == WHOLE


def test_what_no_asker_may_choose_is_forced():
    text = spec(
        pod="{restartPolicy: Always, automountServiceAccountToken: true, enableServiceLinks: true}"
    ).replace("  {", "  <<: {")
    found = pod(text)
    assert found["restartPolicy"] == "Never"
    assert found["automountServiceAccountToken"] is found["enableServiceLinks"] is False
    assert found["securityContext"] == {"seccompProfile": {"type": "RuntimeDefault"}}


def test_every_container_is_made_harmless():
    found = pod(spec(pod=f"initContainers: [{{name: i, image: b, resources: {LIMITS}}}]"))
    assert [each["securityContext"] for each in found["initContainers"] + found["containers"]] == [
        HARMLESS
    ] * 2


def test_other_resources_are_dropped_and_named():
    others = "requests: {ephemeral-storage: 1Gi}, claims: [{name: c}]"
    given = f"{{limits: {{cpu: 1, memory: 1Mi, nvidia.com/gpu: 1}}, {others}}}"
    found = checked(spec(resources=given))
    amount = {"cpu": "1", "memory": "1Mi"}
    assert read(found)["spec"]["containers"][0]["resources"] == {"limits": amount, "requests": amount}
    path = "spec.containers[0].resources"
    assert found.warnings == (
        f"dropped: {path}.requests.ephemeral-storage",
        f"dropped: {path}.limits.nvidia.com/gpu",
        f"dropped: {path}.claims",
    )


@pytest.mark.parametrize(
    "line",
    [
        "nodeSelector: {disk: ssd}",
        "tolerations: [{key: a, operator: Exists, tolerationSeconds: 0}]",
        "topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule}]",
        "priorityClassName: high",
        "schedulingGates: [{name: g}]",
        "hostAliases: [{ip: 1.2.3.4, hostnames: [a]}]",
        "hostname: h",
        "dnsConfig: {options: [{name: ndots}]}",
        "imagePullSecrets: [{name: s}]",
        "os: {name: linux}",
        "resourceClaims: [{name: c}]",
        "resources: {limits: {cpu: '1'}}",
        "overhead: {cpu: 100m}",
    ],
)
def test_every_other_field_of_the_pod_is_kept(line):
    assert f"{line}\n".partition(":")[0] in pod(spec(pod=line))


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("command: [a]", ["a"]),
        ("env: [{name: A, value: b}]", [{"name": "A", "value": "b"}]),
        ("envFrom: [{secretRef: {name: s}}]", [{"secretRef": {"name": "s"}}]),
        ("volumeMounts: [{name: v, mountPath: ''}]", [{"mountPath": "", "name": "v"}]),
        ("readinessProbe: {tcpSocket: {port: web}}", {"tcpSocket": {"port": "web"}}),
        ("livenessProbe: {httpGet: {path: /}}", {"httpGet": {"path": "/", "port": 0}}),
        ("startupProbe: {grpc: {port: 1}}", {"grpc": {"port": 1, "service": None}}),
        ("lifecycle: {preStop: {exec: {command: [x]}}}", {"preStop": {"exec": {"command": ["x"]}}}),
        ("stdin: true", True),
        ("resizePolicy: [{resourceName: cpu}]", [{"resourceName": "cpu", "restartPolicy": ""}]),
    ],
)
def test_every_other_field_of_a_container_is_kept(line, value):
    assert container(spec(container=line))[line.partition(":")[0]] == value


def test_metadata_is_kept_whole():
    head = (
        "metadata: {name: a, namespace: kube-system, uid: u, finalizers: [a/b], generateName: g,"
        " creationTimestamp: 2020-01-01T00:00:00Z, labels: {smctf.io/stack-id: x}}"
    )
    assert read(checked(spec(head=head)))["metadata"].keys() == {
        "name",
        "namespace",
        "uid",
        "finalizers",
        "generateName",
        "creationTimestamp",
        "labels",
    }


def test_a_given_status_is_kept():
    assert checked(spec(head="status: {phase: Running}")).text.endswith("\nstatus:\n  phase: Running\n")


@pytest.mark.parametrize(
    "line",
    [
        "hostNetwork: false",
        "hostname: ''",
        "nodeSelector: {}",
        "tolerations: []",
        "volumes: null",
        "affinity: ~",
        "bogus: 1",
    ],
)
def test_an_optional_zero_disappears(line):
    assert checked(spec(pod=line)).text == checked(spec()).text


@pytest.mark.parametrize(
    "line",
    [
        "hostUsers: false",
        "shareProcessNamespace: false",
        "setHostnameAsFQDN: false",
        "terminationGracePeriodSeconds: 0",
        "activeDeadlineSeconds: 0",
        "priority: 0",
        "affinity: {}",
        "resources: {}",
    ],
)
def test_an_explicit_zero_of_a_pointer_stays(line):
    assert f"\n  {line}\n" in checked(spec(pod=line)).text


@pytest.mark.parametrize(
    ("volume", "kept"),
    [
        ("emptyDir: {}", {"emptyDir": {}}),
        ("configMap: {name: c, optional: false}", {"configMap": {"name": "c", "optional": False}}),
        ("secret: {defaultMode: 0}", {"secret": {"defaultMode": 0}}),
        ("iscsi: {}", {"iscsi": {"iqn": "", "lun": 0, "targetPortal": ""}}),
        (
            "ephemeral: {volumeClaimTemplate: {}}",
            {"ephemeral": {"volumeClaimTemplate": {"metadata": {}, "spec": {"resources": {}}}}},
        ),
        (
            "downwardAPI: {items: [{path: p, mode: 0}]}",
            {"downwardAPI": {"items": [{"mode": 0, "path": "p"}]}},
        ),
        ("emptyDir: {sizeLimit: 99}", {"emptyDir": {"sizeLimit": "99"}}),
    ],
)
def test_a_volume_keeps_what_it_needs(volume, kept):
    assert pod(spec(volume=volume))["volumes"] == [{"name": "v", **kept}]
