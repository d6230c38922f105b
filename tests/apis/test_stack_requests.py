"""apis.stack_requests: bodies as callers send them, and which of several faults is told first"""

import json
from pathlib import Path

import pytest
import yaml

from tests.apis.reading import error_of
from tests.apis.stack_calls import NEW, SPEC, post

pytestmark = pytest.mark.django_db
PORT = {"container_port": 80, "protocol": "TCP"}
GOLDEN = json.loads(
    (Path(__file__).parents[1] / "contracts" / "golden" / "stacks.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize(
    "body",
    [
        {"POD_SPEC": SPEC, "Target_Port": [{"Container_Port": 80, "PROTOCOL": " tcp "}]},
        json.dumps(NEW) + ' {"second": "value"} and nonsense',
        " \r\n\t" + json.dumps(NEW),
        NEW | {"unknown": {"deep": [1, None]}},
        json.dumps({"pod_spec": "", "target_port": None})[:-1] + "," + json.dumps(NEW)[1:],
        json.dumps(NEW).encode(),
        json.dumps(NEW | {"note": "ü"}, ensure_ascii=False).encode("latin-1"),
    ],
)
def test_a_body_is_read_generously(stacks_api, body):
    assert post(stacks_api, body=body).status_code == 201


@pytest.mark.parametrize("content_type", ["", "application/json", "multipart/form-data", "image/png; q=x"])
def test_the_content_type_does_not_matter(stacks_api, content_type):
    response = stacks_api.generic("POST", "/stacks", json.dumps(NEW), content_type=content_type)
    assert response.status_code == 201


@pytest.mark.parametrize(
    "body",
    [
        "",
        " ",
        "{",
        "pod_spec=x",
        "[]",
        "7",
        '"text"',
        "true",
        "NaN",
        "\ufeff{}",
        b"\xff\xfe",
        "{'pod_spec': ''}",
        '{"pod_spec": "a\nb"}',
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"n": ' + "9" * 5000 + "}",
        NEW | {"pod_spec": 7},
        NEW | {"pod_spec": ["a"]},
        NEW | {"pod_spec": False},
        NEW | {"target_port": {}},
        NEW | {"target_port": "80"},
        NEW | {"target_port": 80},
        NEW | {"target_port": True},
        NEW | {"target_port": [80]},
        NEW | {"target_port": ["80"]},
        NEW | {"target_port": [[]]},
        NEW | {"target_port": [{"container_port": "80", "protocol": "TCP"}]},
        NEW | {"target_port": [{"container_port": 80.5, "protocol": "TCP"}]},
        NEW | {"target_port": [{"container_port": True, "protocol": "TCP"}]},
        NEW | {"target_port": [{"container_port": [80], "protocol": "TCP"}]},
        NEW | {"target_port": [{"container_port": 80, "protocol": 6}]},
        '{"target_port": [{"container_port": Infinity}]}',
        # A type is looked at before any rule.
        {"pod_spec": "", "target_port": [{"container_port": "80"}]},
    ],
)
def test_what_cannot_be_decoded_is_refused(stacks_api, body):
    response = post(stacks_api, body=body)
    found = error_of(response)
    assert response.status_code == 400
    assert (found["code"], found["error"]) == ("invalid_json", "invalid json body")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("null", "invalid pod spec: pod_spec is required"),
        ({}, "invalid pod spec: pod_spec is required"),
        (NEW | {"pod_spec": None}, "invalid pod spec: pod_spec is required"),
        ({"pod_spec": " \n", "target_port": []}, "invalid pod spec: pod_spec is required"),
        (NEW | {"target_port": None}, "invalid input: target_port is required"),
        (NEW | {"target_port": [None]}, "invalid input: target_port is out of range"),
        (NEW | {"target_port": [PORT] * 25}, "invalid input: target_port exceeds limit (max 24)"),
        (NEW | {"target_port": [PORT, PORT]}, "invalid input: duplicate target_port entry"),
        (NEW | {"target_port": [{"container_port": 80}]}, "invalid input: protocol is required"),
        ({"pod_spec": "- a", "target_port": None}, "invalid input: target_port is required"),
        (NEW | {"pod_spec": "kind: [", "target_port": [PORT]}, "invalid pod spec: yaml parse failed"),
        (NEW | {"pod_spec": "\ud800"}, "invalid pod spec: yaml parse failed"),
        (NEW | {"pod_spec": "a: \0"}, "invalid pod spec: yaml parse failed"),
        (
            NEW | {"target_port": [{"container_port": 81, "protocol": "TCP"}]},
            "invalid pod spec: target_port must exist in container ports",
        ),
    ],
)
def test_the_first_broken_rule_is_told(stacks_api, body, error):
    response = post(stacks_api, body=body)
    found = error_of(response)
    assert (response.status_code, found["error"]) == (400, error)
    assert found["code"] == ("invalid_input" if error.startswith("invalid input") else "invalid_pod_spec")
    assert found["fields"]


@pytest.mark.parametrize(
    "case", [GOLDEN[number] for number in range(0, len(GOLDEN), 6)], ids=lambda case: case["name"]
)
def test_recorded_cases_hold_through_http(stacks_api, case):
    response = post(stacks_api, body=case["request"])
    body, expected = response.json(), case["expect"]
    if expected["status"] == 400:
        assert (response.status_code, body["error"]) == (400, expected["error"])
    elif response.status_code != 503:  # The demo has not the nodes for every pod.
        assert response.status_code == 201
        assert {
            name: body[name] for name in ("pod_spec", "requested_cpu_milli", "requested_memory_bytes")
        } == {name: expected[name] for name in ("pod_spec", "requested_cpu_milli", "requested_memory_bytes")}
        assert [{**port, "node_port": 0} for port in expected["target_port"]] == [
            {**port, "node_port": 0} for port in body["ports"]
        ]


@pytest.mark.parametrize(
    "names", [["a\nb: c"], ["é\U0001f600"], [f"unknown{number}" for number in range(1000)]]
)
def test_a_warning_is_a_header_whatever_was_left_out(stacks_api, names):
    spec = json.dumps(yaml.safe_load(SPEC) | dict.fromkeys(names, 1), ensure_ascii=False)
    response = post(stacks_api, body=NEW | {"pod_spec": spec})
    assert response.status_code == 201
    assert 1 <= len(response.headers["X-Pod-Spec-Warnings"]) < 4100
    assert response.headers["X-Pod-Spec-Warnings"].isascii()
