"""apis.stacks: each endpoint, on the demo cluster"""

import json
import re
from datetime import datetime, timedelta

import pytest
import yaml
from django.test import Client
from django.utils.timezone import now

from orchestrator.models import AuditEvent, Stack
from orchestrator.services import access
from tests.apis.reading import check_headers, error_of
from tests.apis.stack_calls import NEW, SPEC, made, post

pytestmark = pytest.mark.django_db
MEMBERS = [
    "stack_id",
    "pod_id",
    "namespace",
    "node_id",
    "node_public_ip",
    "pod_spec",
    "ports",
    "service_name",
    "status",
    "ttl_expires_at",
    "created_at",
    "updated_at",
    "requested_cpu_milli",
    "requested_memory_bytes",
]
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d*[1-9])?Z")


def test_a_new_stack_is_answered_whole(stacks_api, settings):
    response = post(stacks_api)
    assert response.status_code == 201
    check_headers(response)
    stack = response.json()
    assert list(stack) == MEMBERS
    assert re.fullmatch(r"stack-[0-9a-f]{16}", stack["stack_id"])
    assert response.headers["Location"] == f"/stacks/{stack['stack_id']}"
    assert response.headers["Content-Type"] == "application/json; charset=utf-8"
    assert response.headers["X-Backend"] == "demo"
    assert stack["service_name"] == f"svc-{stack['stack_id']}"
    assert (stack["namespace"], stack["status"]) == ("stacks", "creating")
    assert (stack["requested_cpu_milli"], stack["requested_memory_bytes"]) == (100, 134217728)
    assert list(stack["ports"][0]) == ["container_port", "protocol", "node_port"]
    assert settings.STACK_NODEPORT_MIN <= stack["ports"][0]["node_port"] <= settings.STACK_NODEPORT_MAX


def test_times_are_utc_with_as_many_digits_as_needed(stacks_api):
    stack = made(stacks_api)
    times = {name: stack[name] for name in ("ttl_expires_at", "created_at", "updated_at")}
    assert [text for text in times.values() if not TIME.fullmatch(text)] == []
    begin, end = map(datetime.fromisoformat, (times["created_at"], times["ttl_expires_at"]))
    assert end - begin == timedelta(hours=2)
    assert times["created_at"] == times["updated_at"]


def test_ports_come_in_the_order_of_the_request(stacks_api):
    spec = SPEC.replace("containerPort: 80", "{containerPort: 80, protocol: UDP}\n    - containerPort: 80")
    asked = [{"container_port": 80, "protocol": word} for word in (" udp ", "TCP")]
    stack = made(stacks_api, pod_spec=spec, target_port=asked)
    assert [port["protocol"] for port in stack["ports"]] == ["UDP", "TCP"]
    assert len({port["node_port"] for port in stack["ports"]}) == 2


def test_what_was_left_out_is_told(stacks_api):
    response = post(stacks_api, body=NEW | {"pod_spec": SPEC + "  nonsense: 1\n"})
    assert "nonsense" in response.headers["X-Pod-Spec-Warnings"]
    assert "X-Pod-Spec-Warnings" not in post(stacks_api).headers


def test_one_stack_is_what_its_creation_said(stacks_api):
    stack = made(stacks_api)
    response = stacks_api.get(f"/stacks/{stack['stack_id']}")
    assert response.status_code == 200
    assert response.json() | {"status": "creating"} == stack
    assert list(response.json()) == MEMBERS


def test_a_summary_has_its_members_in_order(stacks_api):
    stack = made(stacks_api)
    found = stacks_api.get(f"/stacks/{stack['stack_id']}/status").json()
    assert list(found) == ["stack_id", "status", "ttl", "ports", "node_public_ip"]
    assert found["ttl"] == stack["ttl_expires_at"]


def test_no_stacks_are_an_empty_list_and_zeros(stacks_api):
    assert stacks_api.get("/stacks").content == b'{"stacks":[]}'
    assert stacks_api.get("/stats").content == (
        b'{"total_stacks":0,"active_stacks":0,"node_distribution":{},"used_node_ports":0,'
        b'"reserved_cpu_milli":0,"reserved_memory_bytes":0}'
    )


def test_stacks_are_counted(stacks_api):
    first, second = made(stacks_api), made(stacks_api)
    assert stacks_api.get("/stats").json() == {
        "total_stacks": 2,
        "active_stacks": 2,
        "node_distribution": {first["node_id"]: 2}
        if first["node_id"] == second["node_id"]
        else {first["node_id"]: 1, second["node_id"]: 1},
        "used_node_ports": 2,
        "reserved_cpu_milli": 200,
        "reserved_memory_bytes": 2 * 134217728,
    }


def test_a_list_is_filtered_sorted_and_paged(stacks_api):
    ids = [made(stacks_api)["stack_id"] for _ in range(3)]

    def listed(query: str) -> tuple[list[str], str]:
        response = stacks_api.get(f"/stacks?{query}")
        found = [stack["stack_id"] for stack in response.json()["stacks"]]
        return found, response.headers["X-Total-Count"]

    assert listed("") == (ids, "3")
    assert listed("sort=-created_at&limit=2") == (ids[:0:-1], "3")
    assert listed("offset=2&limit=1000") == (ids[2:], "3")
    assert listed(f"search={ids[1][6:]}") == ([ids[1]], "1")
    assert listed("status=failed,stopped") == ([], "0")
    assert listed("node_id=nowhere") == ([], "0")


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=1.0", "limit"),
        ("limit=1_0", "limit"),
        ("offset=-1", "offset"),
        ("offset=" + "9" * 40, "offset"),
        ("sort=colour", "sort"),
        ("status=fine", "status"),
    ],
)
def test_a_query_that_makes_no_sense_names_its_parameter(stacks_api, query, path):
    response = stacks_api.get(f"/stacks?{query}")
    body = error_of(response)
    assert (response.status_code, body["code"], list(body["fields"])) == (400, "invalid_input", [path])


def test_a_deleted_stack_is_gone(stacks_api):
    stack_id = made(stacks_api)["stack_id"]
    response = stacks_api.delete(f"/stacks/{stack_id}")
    assert response.status_code == 200
    assert response.content == b'{"deleted":true,"stack_id":"%s"}' % stack_id.encode()
    assert stacks_api.delete(f"/stacks/{stack_id}").status_code == 404
    assert stacks_api.get("/stats").json()["used_node_ports"] == 0
    assert AuditEvent.objects.filter(area="stacks", action="Delete", result="done").count() == 1


def test_an_expired_stack_is_gone(stacks_api):
    stack_id = made(stacks_api)["stack_id"]
    Stack.objects.filter(pk=stack_id).update(expires_at=now())
    assert error_of(stacks_api.get(f"/stacks/{stack_id}"))["error"] == "stack not found"
    assert stacks_api.get("/stacks").json() == {"stacks": []}


def test_a_stopped_stack_can_still_be_read(stacks_api):
    stack_id = made(stacks_api)["stack_id"]
    response = post(stacks_api, f"/stacks/{stack_id}/stop", body="")
    assert (response.status_code, response.json()["status"]) == (200, "stopped")
    assert list(response.json()) == MEMBERS
    assert stacks_api.get(f"/stacks/{stack_id}").json()["status"] == "stopped"


def test_a_stack_is_extended(stacks_api):
    stack = made(stacks_api)
    response = post(stacks_api, f"/stacks/{stack['stack_id']}/extend", body={"SECONDS": 60})
    assert response.status_code == 200
    before, after = (datetime.fromisoformat(each["ttl_expires_at"]) for each in (stack, response.json()))
    assert after - before == timedelta(seconds=60)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"seconds": 10**30}, 400, "ttl_limit_exceeded"),
        ({"seconds": 22 * 3600 + 1}, 400, "ttl_limit_exceeded"),
        ({"seconds": 0}, 400, "ttl_limit_exceeded"),
        ({"seconds": -1}, 400, "ttl_limit_exceeded"),
        ({}, 400, "ttl_limit_exceeded"),
        ({"seconds": "60"}, 400, "invalid_json"),
        ({"seconds": 1.5}, 400, "invalid_json"),
        ({"seconds": True}, 400, "invalid_json"),
        ("", 400, "invalid_json"),
    ],
)
def test_a_stack_is_extended_by_a_number_within_the_limit(stacks_api, body, status, code):
    stack_id = made(stacks_api)["stack_id"]
    response = post(stacks_api, f"/stacks/{stack_id}/extend", body=body)
    assert (response.status_code, error_of(response)["code"]) == (status, code)


def test_a_manifest_is_what_the_cluster_has(stacks_api):
    stack = made(stacks_api)
    found = stacks_api.get(f"/stacks/{stack['stack_id']}/manifest").json()
    assert list(found) == ["pod", "service"]
    pod, service = (yaml.safe_load(text) for text in found.values())
    assert (pod["kind"], pod["metadata"]["name"]) == ("Pod", stack["stack_id"])
    assert service["spec"]["ports"][0]["nodePort"] == stack["ports"][0]["node_port"]


def test_events_tell_what_the_cluster_did(stacks_api):
    found = stacks_api.get(f"/stacks/{made(stacks_api)['stack_id']}/events").json()["events"]
    assert list(found[0]) == ["type", "reason", "message", "count", "last_seen"]
    assert re.fullmatch(r"Scheduled [-\d]+T[:\d]+(\.\d*[1-9])?Z", "{reason} {last_seen}".format(**found[0]))


def test_a_good_key_is_well(stacks_api):
    assert stacks_api.get("/healthz").content == b'{"status":"ok"}'


READS = ["", "/status", "/manifest", "/events", "/logs", "/wait"]


@pytest.mark.parametrize("stack_id", ["unknown", "batch-delete", "%20stack-1%20", "a%00b", "Ω", "x" * 3000])
@pytest.mark.parametrize("path", READS)
def test_what_is_unknown_is_not_found(stacks_api, stack_id, path):
    response = stacks_api.get(f"/stacks/{stack_id}{path}")
    code = "job_not_found" if stack_id == "batch-delete" and path else "stack_not_found"
    assert (response.status_code, error_of(response)["code"]) == (404, code)
    assert response.headers["Content-Type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize(("method", "path"), [("DELETE", ""), ("POST", "/stop"), ("POST", "/extend")])
def test_what_is_unknown_cannot_be_changed(stacks_api, method, path):
    response = stacks_api.generic(method, f"/stacks/unknown{path}", '{"seconds":1}')
    assert (response.status_code, error_of(response)["error"]) == (404, "stack not found")


@pytest.mark.parametrize("path", ["/healthz", "/stats", "/stacks", *(f"/stacks/ID{each}" for each in READS)])
def test_head_is_get_without_a_body(stacks_api, demo, path):
    path = path.replace("ID", made(stacks_api)["stack_id"])
    demo.tick(5)  # The container starts, so there is a log.
    got, head = stacks_api.get(path), stacks_api.head(path)
    assert (head.status_code, head.content) == (200, b"")
    ours = {"Content-Type", "X-Backend", "X-Total-Count", "Content-Length"}
    assert {name: head.headers.get(name) for name in ours} == {name: got.headers.get(name) for name in ours}


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/stacks", "GET, POST, HEAD, OPTIONS"),
        ("DELETE", "/stacks", "GET, POST, HEAD, OPTIONS"),
        ("PATCH", "/stacks/x", "GET, DELETE, HEAD, OPTIONS"),
        ("POST", "/stacks/x/status", "GET, HEAD, OPTIONS"),
        ("GET", "/stacks/x/stop", "POST, OPTIONS"),
        ("DELETE", "/stacks/batch-delete/x", "GET, HEAD, OPTIONS"),
        ("POST", "/stacks/x/logs", "GET, HEAD"),
        ("POST", "/stacks/x/wait", "GET, HEAD, OPTIONS"),
        ("POST", "/healthz", "GET, HEAD, OPTIONS"),
    ],
)
def test_a_wrong_method_names_the_right_ones(stacks_api, method, path, allowed):
    response = stacks_api.generic(method, path)
    assert (response.status_code, response.headers["Allow"]) == (405, allowed)
    assert error_of(response)["code"] == "method_not_allowed"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/stacks/", 301),
        ("HEAD", "/stacks/x/", 301),
        ("POST", "/stacks/", 307),
        ("DELETE", "/stacks/x/", 307),
    ],
)
def test_a_slash_at_the_end_is_redirected_before_anybody_asks_who_calls(api, method, path, status):
    response = api.generic(method, f"{path}?a=b")
    assert (response.status_code, response.headers["Location"]) == (status, f"{path[:-1]}?a=b")


def test_json_is_answered_whatever_is_accepted(stacks_api):
    for accepted in ("text/html", "application/xml", "*/*", ""):
        response = stacks_api.get("/stacks", headers={"Accept": accepted})
        assert json.loads(response.content) == {"stacks": []}


def test_a_key_may_have_so_many_stacks_at_a_time(stacks_api):
    issued = access.issue_key(
        "k", scopes=["stacks:read", "stacks:write"], owner=None, at=now(), stack_limit=1
    )
    client = Client(headers={"X-API-Key": issued.key})
    stack_id = made(client)["stack_id"]
    response = post(client)
    assert (response.status_code, error_of(response)["code"]) == (409, "stack_quota_exceeded")
    client.delete(f"/stacks/{stack_id}")
    assert post(client).status_code == 201
    assert post(stacks_api).status_code == 201  # Another key has a number of its own.
