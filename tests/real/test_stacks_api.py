"""The HTTP API of stacks, of a running server on a real cluster"""

import json
import os
import socket
from contextlib import closing

import pytest

from tests.real.processes import started, wait_until
from tests.real.product import Product
from tests.real.stacks import spec, yard

pytestmark = pytest.mark.needs("TEST_KUBECONFIG")
KEY = "only-for-tests-only-for-tests"
AUTH = {"X-API-Key": KEY}
TARGETS = [{"container_port": 8080, "protocol": "tcp"}]
BODY = json.dumps({"pod_spec": spec(), "target_port": TARGETS}).encode()


@pytest.fixture(scope="module")
def place():
    with yard() as place:
        yield place


@pytest.fixture(scope="module")
def product(tmp_path_factory, place):
    folder = tmp_path_factory.mktemp("stacks")
    variables = {"CLUSTER_BACKEND": "auto", "KUBECONFIG": os.environ["TEST_KUBECONFIG"]}
    variables |= {"API_KEY": KEY, "STACK_NAMESPACE": place.name, "HTTP_ADDR": ":1"}
    with started(f"sqlite:///{folder}/p.sqlite3", **variables) as processes:
        yield Product(processes)


def made(product, body: bytes = BODY, **headers: str):
    reply = product.get("/stacks", method="POST", body=body, **AUTH, **headers)
    assert reply.status == 201, reply.body
    return reply.json


def names(product) -> list[str]:
    return [each["stack_id"] for each in product.get("/stacks", **AUTH).json["stacks"]]


def test_a_stack_is_made_waited_for_read_and_deleted(product, place):
    stack = made(product)
    path = f"/stacks/{stack['stack_id']}"
    reply = product.get(f"{path}/wait?for=running&timeout=60", **AUTH)
    assert (reply.status, reply.json["status"], reply.headers["x-backend"]) == (200, "running", "real")
    assert stack["stack_id"] in product.get(f"{path}/manifest", **AUTH).json["pod"]
    wait_until(
        lambda: "Started" in {each["reason"] for each in product.get(f"{path}/events", **AUTH).json["events"]}
    )
    assert product.get(f"{path}/logs?tail=5", **AUTH).json.keys() == {"logs", "parsed", "totalLines"}
    assert product.get("/stats", **AUTH).json["active_stacks"] == 1
    assert product.get(path, method="DELETE", **AUTH).json == {"deleted": True, "stack_id": stack["stack_id"]}
    assert product.get(path, **AUTH).status == 404
    assert (place.pods(), place.services()) == (set(), set())


def test_who_leaves_during_a_create_gets_the_answer_under_the_same_key(product, place):
    key = {"Idempotency-Key": "left-half-way"}
    head = {"Host": "127.0.0.1", "Content-Length": str(len(BODY)), **AUTH, **key}
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    with closing(socket.create_connection(("127.0.0.1", product.port))) as connection:
        connection.sendall(f"POST /stacks HTTP/1.1\r\n{lines}\r\n".encode() + BODY)
        wait_until(lambda: place.pods())
    wait_until(lambda: product.get("/stacks", method="POST", body=BODY, **AUTH, **key).status == 201)
    reply = product.get("/stacks", method="POST", body=BODY, **AUTH, **key)
    assert (reply.status, reply.headers["idempotent-replay"]) == (201, "true")
    assert names(product) == [reply.json["stack_id"]]
    product.get(f"/stacks/{reply.json['stack_id']}", method="DELETE", **AUTH)


def test_a_stream_tells_of_a_stack_from_its_creation_to_its_end(product):
    with product.stream(path="/stacks", Accept="text/event-stream", **AUTH) as stream:
        wait_until(lambda: stream.of("connected"))
        stack_id = made(product)["stack_id"]

        def told(type_: str, **members: str) -> bool:
            return any(
                frame.data["type"] == type_
                and {"stack_id": stack_id, **members}.items() <= frame.data["object"].items()
                for frame in stream.of("stack")
            )

        wait_until(lambda: told("ADDED"))
        wait_until(lambda: told("MODIFIED", status="running"), within_seconds=60)
        product.get(f"/stacks/{stack_id}", method="DELETE", **AUTH)
        wait_until(lambda: told("DELETED"))


def test_a_log_is_followed_to_the_end_of_what_writes_it(product):
    text = spec("sh", "-c", "echo first; sleep 3; echo last", image="busybox:latest")
    stack_id = made(product, json.dumps({"pod_spec": text, "target_port": TARGETS}).encode())["stack_id"]
    product.get(f"/stacks/{stack_id}/wait?for=running&timeout=60", **AUTH)
    reply = product.get(f"/stacks/{stack_id}/logs?follow=true", **AUTH)
    assert reply.body == b"first\nlast\n"
    wait = product.get(f"/stacks/{stack_id}/wait?for=stopped&timeout=15", **AUTH)
    assert wait.json["status"] == "stopped"
    product.get(f"/stacks/{stack_id}", method="DELETE", **AUTH)
