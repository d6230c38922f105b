"""orchestrator.backends.cluster.forward_failures"""

import json

import pytest

from orchestrator.backends.cluster.forward_failures import failure_of
from orchestrator.backends.cluster.forwards import Door
from orchestrator.backends.cluster.port import Kind
from orchestrator.backends.errors import Forbidden, NotFound, Overloaded, Unauthorized

DOOR = Door(kind=Kind.PODS, namespace="stacks", name="web", port="80")
NO_WAY = "error trying to reach service: dial tcp 10.90.0.14:80: connect: connection refused"
NO_RIGHT = 'pods "web" is forbidden: User "robot" cannot get resource "pods/proxy" in the namespace "stacks"'


def said(code: int, message: str, reason: str = "", **details: str) -> bytes:
    more = {"details": details} if details else {}
    return json.dumps(
        {"kind": "Status", "apiVersion": "v1", "message": message, "reason": reason, "code": code, **more}
    ).encode()


@pytest.mark.parametrize(
    ("status", "content", "kind", "words"),
    [
        (503, said(503, NO_WAY), Overloaded, "connection refused"),
        (503, said(503, "error trying to reach service: 10.90.0.14 is odd"), Overloaded, "as HTTP wants"),
        (400, said(400, "address not allowed", "BadRequest"), Overloaded, "not started"),
        (503, said(503, 'no endpoints available for service "web"'), Overloaded, "No pod is ready"),
        (404, said(404, 'pods "web" not found', "NotFound", name="web", kind="pods"), NotFound, "no pod web"),
        (403, said(403, NO_RIGHT, "Forbidden", name="web", kind="pods"), Forbidden, "does not let us"),
        (401, said(401, "Unauthorized", "Unauthorized"), Unauthorized, "credentials"),
    ],
)
def test_what_the_api_server_refuses_is_said_without_addresses_and_users(status, content, kind, words):
    failure = failure_of(DOOR, status, content)
    assert type(failure) is kind
    assert words in failure.message
    assert not any(secret in failure.message for secret in ("10.90.0.14", "robot"))


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (404, b'{"error": "no such page"}'),
        (404, b"not json"),
        (404, b"[]"),
        (404, said(404, 'pods "other" not found', "NotFound", name="other", kind="pods")),
        (500, said(404, 'pods "web" not found', "NotFound", name="web", kind="pods")),
        (500, said(500, "boom", "InternalError", name="web", kind="pods")),
        (422, said(422, "another API server behind the door")),
    ],
)
def test_what_listens_there_may_say_what_it_likes(status, content):
    assert failure_of(DOOR, status, content) is None
