"""What a real API server makes of objects that are edited, and how its refusals read."""

import secrets as random
from base64 import b64encode
from contextlib import contextmanager, suppress

import pytest
import yaml
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from orchestrator.models import AuditEvent
from tests.real.acted import ADMIN, AWAY, VIEWER, Caller, Workloads, contexts_of, kubeconfig
from tests.real.processes import wait_until

pytestmark = [
    pytest.mark.needs("TEST_KUBECONFIG", "TEST_KUBECONFIG_VIEWER"),
    pytest.mark.django_db(transaction=True),
]
WEB = "resources/deployments/web/yaml"
CONFIG = "resources/configmaps/settings/yaml"


@pytest.fixture(scope="module")
def workloads(place):
    workloads = Workloads(place.name)
    workloads.deployment("web", replicas=1)
    workloads.core.create_namespaced_config_map(
        place.name, {"metadata": {"name": "settings"}, "data": {"level": "info", "old": "1"}}
    )
    yield workloads
    workloads.close()


@pytest.fixture
def api(tmp_path, monkeypatch, settings, workloads):
    with contexts_of(kubeconfig(tmp_path, current=AWAY), monkeypatch, settings):
        yield Caller(workloads.namespace)


@pytest.fixture
def text(api, workloads):
    """Return a function that gives an object as YAML with something put in the place of something."""

    def text(path: str, *changes: tuple[str, str]) -> str:
        wait_until(lambda: workloads.is_complete("web"))  # Its controller writes to it no more.
        found = api.get(path, context=ADMIN).json()["yaml"]
        for before, after in changes:
            assert before in found
            found = found.replace(before, after)
        return found

    return text


@pytest.fixture
def refused(api):
    """Return a function that gives the sentence with which an edit is refused."""

    def refused(path: str, text: str, *, status: int = 422, **query) -> str:
        answer = api.put(path, {"yaml": text}, **({"context": ADMIN} | query))
        assert answer.status_code == status, answer.content
        return answer.json()["error"]

    return refused


def test_an_edit_changes_what_was_typed_and_nothing_else(api, text, workloads):
    before = workloads.core.read_namespaced_config_map("settings", workloads.namespace)
    answer = api.put(CONFIG, {"yaml": text(CONFIG, ("level: info", "level: debug"))}, context=ADMIN)
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert [(each["field"], each["before"], each["after"]) for each in body["changes"]] == [
        ("data.level", "info", "debug")
    ]
    after = workloads.core.read_namespaced_config_map("settings", workloads.namespace)
    assert after.data == {"level": "debug", "old": "1"}
    assert after.metadata.uid == before.metadata.uid
    assert body["resourceVersion"] == after.metadata.resource_version
    event = AuditEvent.objects.get(action="Edit")
    assert (event.target, event.result, event.note) == ("configmap settings", "done", "data.level")


def test_what_is_taken_out_of_the_text_is_gone(api, text, workloads):
    typed = text(CONFIG, ("  old: '1'\n", ""))
    assert api.put(CONFIG, {"yaml": typed}, context=ADMIN).status_code == 200
    found = workloads.core.read_namespaced_config_map("settings", workloads.namespace)
    assert "old" not in found.data


def test_a_dry_run_changes_nothing_and_shows_what_the_server_would_store(api, text, workloads):
    typed = text(WEB, ("replicas: 1", "replicas: 3"))
    answer = api.put(WEB, {"yaml": typed}, context=ADMIN, dryRun="true")
    assert answer.status_code == 200, answer.content
    assert yaml.safe_load(answer.json()["yaml"])["spec"]["replicas"] == 3
    assert answer.json()["dryRun"] is True
    assert workloads.read("web").spec.replicas == 1
    assert not AuditEvent.objects.exists()


def test_the_managers_of_what_changes_are_named(api, text, workloads):
    patch = {"metadata": {"annotations": {"example.com/by": "hand"}}}
    workloads.apps.patch_namespaced_deployment(
        "web", workloads.namespace, patch, field_manager="argocd-controller"
    )
    typed = text(WEB, ("example.com/by: hand", "example.com/by: me"))
    change = api.put(WEB, {"yaml": typed}, context=ADMIN, dryRun="true").json()["changes"][0]
    assert change["field"] == 'metadata.annotations["example.com/by"]'
    assert change["managers"] == ["argocd-controller"]


def test_an_immutable_field_is_named(refused, text):
    typed = text(WEB, ("app: web", "app: other"))
    assert "spec.selector cannot be changed once the object exists." in refused(WEB, typed)


def test_a_value_of_the_wrong_type_is_named(refused, text):
    typed = text(WEB, ("replicas: 1", "replicas: many"))
    assert refused(WEB, typed, status=400) == "spec.replicas must be a whole number, not text."


def test_a_field_that_does_not_exist_is_named(refused, text):
    typed = text(WEB, ("replicas: 1", "replicas: 1\n  replica: 2"))
    assert refused(WEB, typed, status=400) == "spec.replica is not a field of this kind."


def test_values_that_break_rules_are_all_named(refused, text):
    typed = text(
        WEB, ("replicas: 1", "replicas: -1"), ("revisionHistoryLimit: 10", "revisionHistoryLimit: -2")
    )
    said = refused(WEB, typed)
    assert "spec.replicas must be greater than or equal to 0." in said
    assert "spec.revisionHistoryLimit must be greater than or equal to 0." in said


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ("kind: ConfigMap", "kind: Secret", "kind must stay ConfigMap"),
        ("name: settings", "name: others", "metadata.name must stay settings"),
        ("apiVersion: v1", "apiVersion: v2", "apiVersion must stay v1"),
        ("data:", "data: [", "line 4: did not find expected"),
    ],
)
def test_another_object_and_bad_yaml_reach_no_cluster(api, text, before, after, sentence):
    answer = api.put(CONFIG, {"yaml": text(CONFIG, (before, after))}, context=ADMIN)
    assert (answer.status_code, answer.json()["code"]) == (400, "validation_error")
    assert answer.json()["fields"]["yaml"][0].startswith(sentence)
    assert not AuditEvent.objects.exists()


def test_somebody_else_was_faster(api, text, workloads):
    typed = text(CONFIG, ("level: ", "level: x"))
    patch = {"data": {"other": random.token_hex(4)}}
    workloads.core.patch_namespaced_config_map("settings", workloads.namespace, patch)
    answer = api.put(CONFIG, {"yaml": typed}, context=ADMIN)  # The text names the version it was read in.
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert workloads.core.read_namespaced_config_map("settings", workloads.namespace).data["other"]


@pytest.mark.parametrize("path", ["resources/configmaps/nope/yaml"])
def test_what_is_not_there_is_404(api, text, path):
    typed = text(CONFIG, ("name: settings", "name: nope"))
    assert api.put(path, {"yaml": typed}, context=ADMIN).status_code == 404


def test_a_viewer_of_the_cluster_is_told_which_right_is_missing(api, text):
    answer = api.put(CONFIG, {"yaml": text(CONFIG)}, context=VIEWER)
    assert answer.status_code == 403
    assert answer.json()["details"]["verb"] == "update"
    assert AuditEvent.objects.get(action="Edit").result == "refused"


def test_a_secret_keeps_what_is_masked_and_takes_what_is_typed(api, text, workloads):
    path = "resources/secrets/login/yaml"
    values = {"user": "mara", "password": "only-for-tests-5up3r"}
    workloads.core.create_namespaced_secret(
        workloads.namespace, {"metadata": {"name": "login"}, "stringData": values}
    )
    fresh = b64encode(b"another-5ecret").decode()
    masked = text(path)
    assert "only-for" not in masked
    typed = text(path, ("password: '********'", f"password: {fresh}"))
    answer = api.put(path, {"yaml": typed}, context=ADMIN)
    assert answer.status_code == 200, answer.content
    assert workloads.core.read_namespaced_secret("login", workloads.namespace).data == {
        "user": b64encode(b"mara").decode(),
        "password": fresh,
    }
    assert fresh not in answer.content.decode()
    assert "another-5ecret" not in answer.content.decode()


def test_a_secret_that_is_not_base64_says_so(refused, text, workloads):
    path = "resources/secrets/plain/yaml"
    workloads.core.create_namespaced_secret(
        workloads.namespace, {"metadata": {"name": "plain"}, "stringData": {"a": "b"}}
    )
    typed = text(path, ("a: '********'", "a: '%%%'"))
    assert "Plain text belongs under stringData" in refused(path, typed, status=400)


@contextmanager
def policy(name: str, namespace: str):
    """Let an admission policy forbid more than two replicas in a namespace."""
    api = client.AdmissionregistrationV1Api(Workloads(namespace).core.api_client)
    here = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}
    rule = {
        "apiGroups": ["apps"],
        "apiVersions": ["v1"],
        "operations": ["UPDATE"],
        "resources": ["deployments"],
    }
    check = {"expression": "object.spec.replicas < 3", "message": "at most two replicas here"}
    spec = {"matchConstraints": here | {"resourceRules": [rule]}, "validations": [check]}
    api.create_validating_admission_policy({"metadata": {"name": name}, "spec": spec})
    binding = {"metadata": {"name": name}, "spec": {"policyName": name, "validationActions": ["Deny"]}}
    api.create_validating_admission_policy_binding(binding)
    try:
        yield
    finally:
        for delete in (
            api.delete_validating_admission_policy_binding,
            api.delete_validating_admission_policy,
        ):
            with suppress(ApiException):
                delete(name)


def test_an_admission_policy_says_why(api, text, workloads):
    name = f"t-edit-{random.token_hex(4)}"
    with policy(name, workloads.namespace):
        said = []

        def is_refused() -> bool:
            typed = text(WEB, ("replicas: 1", "replicas: 5"))
            said.append(api.put(WEB, {"yaml": typed}, context=ADMIN, dryRun="true"))
            return said[-1].status_code != 200

        wait_until(is_refused, within_seconds=60)  # A policy counts some time after it was made.
        assert (
            said[-1].json()["error"] == f"The admission policy {name} refuses it: at most two replicas here."
        )


def test_a_webhook_that_does_not_answer_is_named(api, text, workloads):
    name = f"t-edit-{random.token_hex(4)}"
    hooks = client.AdmissionregistrationV1Api(workloads.core.api_client)
    rule = {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["*"], "resources": ["deployments"]}
    hook = {
        "name": "gone.example.com",
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "timeoutSeconds": 2,
        "clientConfig": {"url": "https://127.0.0.1:1/review"},
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": workloads.namespace}},
        "rules": [rule],
    }
    hooks.create_validating_webhook_configuration({"metadata": {"name": name}, "webhooks": [hook]})
    try:
        said = []

        def is_refused() -> bool:
            typed = text(WEB, ("replicas: 1", "replicas: 2"))
            said.append(api.put(WEB, {"yaml": typed}, context=ADMIN, dryRun="true"))
            return said[-1].status_code != 200

        wait_until(is_refused, within_seconds=60)
        assert said[-1].json()["error"] == (
            "The admission webhook gone.example.com has to agree, and does not answer."
        )
    finally:
        hooks.delete_validating_webhook_configuration(name)
