"""A port of a pod or a service of the lab is opened through a link, by HTTP and by WebSocket."""

import json
import os
from contextlib import closing
from http.client import HTTPConnection

import pytest
from websockets.sync.client import connect

from tests.real import web_pod
from tests.real.processes import started, wait_until
from tests.real.product import Product

pytestmark = pytest.mark.needs("TEST_KUBECONFIG", "TEST_KUBECONFIG_VIEWER")


@pytest.fixture(scope="module")
def served(place):
    """Make a pod that answers on two ports, and a service before it; return the namespace."""
    web_pod.run(place, "web")
    ports = [{"name": "http", "port": 80, "targetPort": 8080}]
    place.api.create_namespaced_service(
        place.name, {"metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}, "ports": ports}}
    )
    return place.name


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    folder = tmp_path_factory.mktemp("proxy")
    files = f"{os.environ['TEST_KUBECONFIG']}"
    with started(f"sqlite:///{folder}/p.sqlite3", CLUSTER_BACKEND="auto", KUBECONFIG=files) as processes:
        yield Product(processes)


def post(product, path: str, body: bytes, **headers: str) -> tuple[int, bytes]:
    with closing(HTTPConnection("127.0.0.1", product.port, timeout=20)) as connection:
        connection.request("POST", path, body=body, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read()


def opened(product, namespace: str, path: str, port: object) -> str:
    """Return the path of a link."""
    body = json.dumps({"port": port}).encode()
    status, answer = post(product, f"/api/{path}/open?namespace={namespace}", body)
    assert status == 201, answer
    return json.loads(answer)["url"]


@pytest.mark.parametrize(
    ("path", "port"), [("pods/web", 8080), ("services/web", 80), ("services/web", "http")]
)
def test_a_page_comes_through_with_its_own_links(product, served, path, port):
    link = opened(product, served, path, port)
    wait_until(lambda: product.get(link).status == 200)
    reply = product.get(f"{link}a%20b/c?x=1&y=%2F", Cookie="sessionid=ours", Authorization="Bearer ours")
    text = reply.body.decode()
    assert "GET /a%20b/c?x=1&y=%2F" in text
    assert "leaked=no" in text
    assert f'href="{link}next"' in text
    assert "set-cookie" not in reply.headers
    assert reply.headers["content-security-policy"].startswith("sandbox")


def test_a_body_goes_through(product, served):
    link = opened(product, served, "pods/web", 8080)
    status, answer = post(product, f"{link}form", b"a=1&b=2", **{"Content-Type": "text/plain"})
    assert (status, b"POST /form" in answer, b"body=a=1&b=2" in answer) == (200, True, True)


def test_a_websocket_goes_through(product, served):
    link = opened(product, served, "pods/web", 8081)
    with connect(f"ws://127.0.0.1:{product.port}{link}", open_timeout=60) as socket:
        assert socket.recv(timeout=20) == "hello"
        socket.send("four")
        assert socket.recv(timeout=20) == "done"


def test_a_port_where_nothing_listens_says_so(product, served):
    reply = product.get(opened(product, served, "pods/web", 9))
    assert reply.status in (502, 503)
    assert b"refused" in reply.body


def test_who_may_not_open_ports_is_refused(served, tmp_path):
    viewer = os.environ["TEST_KUBECONFIG_VIEWER"]
    with started(f"sqlite:///{tmp_path}/v.sqlite3", CLUSTER_BACKEND="auto", KUBECONFIG=viewer) as processes:
        product = Product(processes)
        status, answer = post(product, f"/api/pods/web/open?namespace={served}", b'{"port": 8080}')
    assert status == 403
    assert json.loads(answer)["details"]["resource"] == "pods/proxy"
