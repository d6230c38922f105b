"""Checked pod specs before a real API server: it knows the same fields, and takes what we made."""

import json

import pytest

from orchestrator.services.stacks import podspec
from orchestrator.services.stacks.podspec.schema import STRUCTS
from orchestrator.services.stacks.targets import Target
from tests.orchestrator.services.stacks.specs import spec
from tests.real.place import Place

pytestmark = pytest.mark.needs("TEST_KUBECONFIG")

PREFIXES = ("io.k8s.api.core.v1.", "io.k8s.apimachinery.pkg.apis.meta.v1.")
BASELINE = {"pod-security.kubernetes.io/enforce": "baseline"}
RICH = spec(
    head="metadata: {labels: {team: red}, annotations: {note: 'a: b'}}",
    pod=(
        "terminationGracePeriodSeconds: 0\n"
        "  initContainers: [{name: i, image: busybox, resources: {limits: {cpu: 10m, memory: 1.5Mi}}}]\n"
        "  volumes: [{name: v, emptyDir: {sizeLimit: 1.5Mi}}, {name: w, projected: {sources: []}}]"
    ),
    container=(
        "args: ['yes', '1e3', \"two\\nlines\"]\n"
        "    volumeMounts: [{name: v, mountPath: /v}]\n"
        "    readinessProbe: {httpGet: {path: /, port: web}}"
    ),
    ports="[{containerPort: 80, name: web}, {containerPort: 80, protocol: UDP}]",
)


def served(place: Place) -> dict[str, set[str]]:
    """Return the fields of every type that the API server knows, by its name in Go."""
    client = place.api.api_client
    request = client.param_serialize(
        "GET",
        "/openapi/v3/api/v1",
        header_params={"Accept": "application/json"},
        auth_settings=["BearerToken"],
    )
    schemas = json.loads(client.call_api(*request).read())["components"]["schemas"]
    return {
        name.removeprefix(prefix): set(schema.get("properties", {}))
        for prefix in PREFIXES
        for name, schema in schemas.items()
        if name.startswith(prefix)
    }


def test_the_schema_has_the_fields_that_the_api_server_has(place):
    fields = served(place)
    assert {name: set(struct.fields) for name, struct in STRUCTS.items()} == {
        name: fields[name] for name in STRUCTS
    }


@pytest.mark.parametrize("restricted", [False, True])
def test_the_api_server_takes_a_checked_pod(place, restricted):
    place.api.patch_namespace(place.name, {"metadata": {"labels": BASELINE}})
    found = podspec.check(RICH, [Target(80, "TCP"), Target(80, "UDP")], podspec.Policy(restricted))
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": found.pod["spec"]}
    made = place.api.create_namespaced_pod(place.name, body, dry_run="All")
    security = made.spec.containers[0].security_context
    assert (security.privileged, security.allow_privilege_escalation) == (False, False)
    assert bool(security.capabilities) is restricted
    assert made.spec.containers[0].resources.limits == {"cpu": "100m", "memory": "64Mi"}
