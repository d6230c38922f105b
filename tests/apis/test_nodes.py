"""apis.nodes: cordon, uncordon, drain"""

import pytest
from django.utils.timezone import now
from jsonschema import Draft202012Validator

from apis import nodes
from orchestrator.backends.cluster.port import Kind
from orchestrator.controllers.drains import reconcile
from orchestrator.models import AuditEvent, Drain
from orchestrator.services import access
from tests.apis.reading import error_of

NODE = "/api/nodes/worker-a"
ALL = {"force": True, "deleteEmptyDirData": True}


def post(api, path, body=None, **more):
    return api.post(path, body or {}, content_type="application/json", **more)


def fits(body, shape) -> bool:
    return Draft202012Validator({**shape, "additionalProperties": False}).is_valid(body)


@pytest.mark.parametrize("path", ["cordon", "uncordon", "drain", "drain/cancel"])
def test_a_caller_who_may_only_read_is_refused(api, path):
    issued = access.issue_key("reader", scopes=["clusters:read"], owner=None, at=now())
    response = post(api, f"{NODE}/{path}", headers={"X-API-Key": issued.key})
    assert (response.status_code, error_of(response)["code"]) == (403, "insufficient_scope")


def test_a_node_takes_no_new_pods_until_it_may_again(api, demo):
    for path, cordoned in (("cordon", True), ("cordon", True), ("uncordon", False)):
        answer = post(api, f"{NODE}/{path}")
        assert (answer.status_code, answer.json()["name"]) == (200, "worker-a")
        assert demo.cache(Kind.NODES).get("", "worker-a").unschedulable is cordoned
    assert list(AuditEvent.objects.values_list("action", "result")) == [
        ("Uncordon", "done"),
        ("Cordon", "done"),
        ("Cordon", "done"),
    ]


@pytest.mark.parametrize("path", ["cordon", "uncordon", "drain"])
def test_a_node_that_is_not_there_is_named(api, path):
    response = post(api, "/api/nodes/no-such-node/" + path)
    assert (response.status_code, error_of(response)["details"]["identifier"]) == (404, "no-such-node")


def test_a_drain_is_accepted_and_followed_to_its_end(api, demo):
    asked = post(api, f"{NODE}/drain", ALL)
    assert (asked.status_code, asked.json()["state"]) == (202, "running")
    assert fits(asked.json(), nodes.DRAIN)
    at = now()
    while Drain.objects.running().exists():
        at = reconcile(at)
        demo.step(5)
    found = api.get(f"{NODE}/drain").json()
    assert fits(found, nodes.DRAIN)
    assert (found["id"], found["state"], found["cordoned"]) == (asked.json()["id"], "done", True)
    assert found["counts"]["waiting"] == found["counts"]["evicted"] == 0


def test_a_plan_changes_nothing(api, demo):
    answer = post(api, f"{NODE}/drain", {"dryRun": True})
    assert answer.status_code == 200
    assert fits(answer.json(), nodes.PLAN)
    assert {each["evicted"] for each in answer.json()["pods"]} == {True, False}
    assert not Drain.objects.exists()


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"gracePeriodSeconds": -1}, "gracePeriodSeconds"),
        ({"gracePeriodSeconds": "soon"}, "gracePeriodSeconds"),
        ({"gracePeriodSeconds": 10**20}, "gracePeriodSeconds"),
        ({"timeoutSeconds": 0}, "timeoutSeconds"),
        ({"podSelector": "tier in"}, "podSelector"),
        ({"podSelector": 1}, "podSelector"),
        ({"namespace": "Bad_NS"}, "namespace"),
        ({"force": "perhaps"}, "force"),
    ],
)
def test_an_option_that_makes_no_sense_is_named(api, body, path):
    response = post(api, f"{NODE}/drain", ALL | body)
    assert response.status_code == 400
    assert [each["path"] for each in error_of(response)["details"]] == [path]
    assert not Drain.objects.exists()


def test_a_second_drain_of_a_node_is_a_conflict(api):
    post(api, f"{NODE}/drain", ALL)
    response = post(api, f"{NODE}/drain", ALL)
    assert (response.status_code, error_of(response)["code"]) == (409, "conflict")


def test_a_drain_can_be_cancelled_while_it_runs(api):
    response = post(api, f"{NODE}/drain/cancel")
    assert (response.status_code, error_of(response)["error"]) == (409, "No drain of worker-a runs.")
    post(api, f"{NODE}/drain", ALL)
    for _ in range(2):
        answer = post(api, f"{NODE}/drain/cancel")
        assert (answer.status_code, answer.json()["state"]) == (202, "cancelling")


def test_a_node_that_was_never_drained_says_so(api):
    assert error_of(api.get(f"{NODE}/drain"))["error"] == "Node worker-a was never drained."
