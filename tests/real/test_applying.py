"""Many objects applied at once to a real API server: in an order that works, with a result for each."""

import secrets as random

import pytest
from kubernetes import client

from orchestrator.models import AuditEvent
from tests.real.acted import ADMIN, AWAY, VIEWER, Caller, Workloads, contexts_of, kubeconfig
from tests.real.processes import wait_until

pytestmark = [
    pytest.mark.needs("TEST_KUBECONFIG", "TEST_KUBECONFIG_VIEWER"),
    pytest.mark.django_db(transaction=True),
]
MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {}}}\ndata: {{a: '{}'}}\n"


@pytest.fixture(scope="module")
def workloads(place):
    workloads = Workloads(place.name)
    yield workloads
    workloads.close()


@pytest.fixture
def api(tmp_path, monkeypatch, settings, workloads):
    with contexts_of(kubeconfig(tmp_path, current=AWAY), monkeypatch, settings):
        yield Caller(workloads.namespace)


@pytest.fixture
def applied(api):
    """Return a function that applies a text and gives what became of each object."""

    def applied(text: str, **query) -> list[dict]:
        answer = api.post("apply", {"yaml": text}, **({"context": ADMIN} | query))
        assert answer.status_code == 200, answer.content
        return answer.json()["results"]

    return applied


def actions(results: list[dict]) -> list[tuple[str, str]]:
    return [(each["name"], each["action"]) for each in results]


def test_objects_are_created_changed_and_left_alone(applied, workloads):
    text = MAP.format("one", 1) + "---\n" + MAP.format("two", 1)
    assert actions(applied(text)) == [("one", "created"), ("two", "created")]
    text = MAP.format("one", 1) + "---\n" + MAP.format("two", 2)
    results = applied(text)
    assert actions(results) == [("one", "unchanged"), ("two", "changed")]
    assert results[1]["fields"] == ["data.a"]
    assert workloads.core.read_namespaced_config_map("two", workloads.namespace).data == {"a": "2"}
    events = AuditEvent.objects.filter(action="Apply")
    assert {(each.target, each.result) for each in events} == {
        ("configmap one", "done"),
        ("configmap two", "done"),
    }


def test_a_dry_run_stores_nothing(applied, workloads):
    assert actions(applied(MAP.format("dry", 1), dryRun="true")) == [("dry", "created")]
    names = {
        each.metadata.name for each in workloads.core.list_namespaced_config_map(workloads.namespace).items
    }
    assert "dry" not in names
    assert not AuditEvent.objects.exists()


def test_one_bad_object_does_not_stop_the_rest(applied, workloads):
    bad = MAP.format("bad", 1).replace("\ndata:", "\ndota:")
    nothing = "apiVersion: example.com/v1\nkind: Nothing\nmetadata: {name: x}\n"
    results = applied("---\n".join([bad, nothing, MAP.format("good", 1)]))
    assert actions(results) == [("bad", "refused"), ("x", "refused"), ("good", "created")]
    assert results[0]["error"] == "dota is not a field of this kind."
    assert results[1]["error"] == "The cluster serves no Nothing of example.com/v1."


def test_a_namespace_that_is_not_there_is_named(applied):
    text = MAP.format("lost", 1).replace("{name: lost}", "{name: lost, namespace: t-no-such-place}")
    (result,) = applied(text)
    assert (result["action"], result["error"]) == ("refused", "There is no namespace t-no-such-place.")


def test_a_quota_says_what_is_used_up(applied, workloads):
    quota = {"metadata": {"name": "few"}, "spec": {"hard": {"services": "0"}}}
    workloads.core.create_namespaced_resource_quota(workloads.namespace, quota)
    text = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}\n"

    def refused() -> str:
        (result,) = applied(text, dryRun="true")
        return result.get("error", "")

    wait_until(refused, within_seconds=30)
    assert refused() == "The quota few does not allow it (services: 1 more, where 0 of 0 are used)."


def test_fields_of_others_are_taken_only_if_that_is_said(applied, workloads):
    applied(MAP.format("shared", 1))
    patch = {"data": {"a": "theirs"}}
    workloads.core.patch_namespaced_config_map(
        "shared", workloads.namespace, patch, field_manager="somebody-else"
    )
    (result,) = applied(MAP.format("shared", 2))
    assert (result["action"], result["conflicts"]) == (
        "conflict",
        [{"field": "data.a", "manager": "somebody-else"}],
    )
    assert workloads.core.read_namespaced_config_map("shared", workloads.namespace).data == {"a": "theirs"}
    (result,) = applied(MAP.format("shared", 2), force="true")
    assert result["action"] == "changed"
    assert workloads.core.read_namespaced_config_map("shared", workloads.namespace).data == {"a": "2"}


def test_what_was_edited_here_can_be_applied_here(api, applied):
    applied(MAP.format("both", 1))
    path = "resources/configmaps/both/yaml"
    text = api.get(path, context=ADMIN).json()["yaml"].replace("a: '1'", "a: '2'")
    assert api.put(path, {"yaml": text}, context=ADMIN).status_code == 200
    assert actions(applied(MAP.format("both", 3))) == [("both", "changed")]


def test_a_namespace_and_what_is_in_it(applied, workloads):
    name = f"{workloads.namespace}-b"
    inside = MAP.format("inside", 1).replace("{name: inside}", f"{{name: inside, namespace: {name}}}")
    text = f"{inside}---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n"
    try:
        assert actions(applied(text, dryRun="true")) == [("inside", "untried"), (name, "created")]
        assert actions(applied(text)) == [("inside", "created"), (name, "created")]
        assert workloads.core.read_namespaced_config_map("inside", name).data == {"a": "1"}
    finally:
        workloads.core.delete_namespace(name)


def test_a_kind_and_an_object_of_it(api, applied, workloads):
    group = f"t-edit-{random.token_hex(4)}.example.com"
    definition = f"""
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: widgets.{group}}}
spec:
  group: {group}
  scope: Namespaced
  names: {{plural: widgets, singular: widget, kind: Widget}}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties: {{spec: {{type: object, properties: {{size: {{type: integer}}}}}}}}
"""
    widget = f"apiVersion: {group}/v1\nkind: Widget\nmetadata: {{name: one}}\nspec: {{size: 3}}\n"
    try:
        assert [each for _, each in actions(applied(f"{widget}---{definition}", dryRun="true"))] == [
            "untried",
            "created",
        ]
        assert [each for _, each in actions(applied(f"{widget}---{definition}"))] == ["created", "created"]
        four = widget.replace("size: 3", "size: 4")
        # Which kinds there are is asked at most every two seconds.
        wait_until(lambda: applied(four, dryRun="true")[0]["action"] == "changed")
        (result,) = applied(four)
        assert (result["action"], result["fields"]) == ("changed", ["spec.size"])
        path = f"resources/widgets.{group}/one/yaml"
        edited = api.put(path, {"yaml": widget.replace("size: 3", "size: 5")}, context=ADMIN)
        assert [each["field"] for each in edited.json()["changes"]] == ["spec.size"]
        (result,) = applied(widget.replace("size: 3", "size: large"))
        assert result["action"] == "refused"
        assert result["error"].startswith("spec.size must be")
    finally:
        extensions = client.ApiextensionsV1Api(workloads.core.api_client)
        extensions.delete_custom_resource_definition(f"widgets.{group}")


def test_who_may_not_write_is_told_object_by_object(applied):
    (result,) = applied(MAP.format("not-mine", 1), context=VIEWER)
    assert result["action"] == "refused"
    assert "may not patch configmaps" in result["error"]


def test_a_cluster_that_is_away_ends_it_at_once(api):
    answer = api.post("apply", {"yaml": MAP.format("a", 1)}, context=AWAY)
    assert (answer.status_code, answer.json()["results"][0]["action"]) == (200, "refused")
