"""A port of a stack in the lab is opened at the address that stays, by HTTP and by WebSocket."""

import os

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.real import web_pod
from tests.real.processes import started, wait_until
from tests.real.product import Product

pytestmark = pytest.mark.needs("TEST_KUBECONFIG")
KEY = "only-for-tests-only-for-tests"
AUTH = {"X-API-Key": KEY}
POD_SECONDS = 60  # The pod answers by a shell script that has a fifth of a core.


@pytest.fixture(scope="module")
def processes(tmp_path_factory, place):
    folder = tmp_path_factory.mktemp("stacks")
    variables = {"CLUSTER_BACKEND": "auto", "KUBECONFIG": os.environ["TEST_KUBECONFIG"]}
    variables |= {"API_KEY": KEY, "STACK_NAMESPACE": place.name}
    with started(f"sqlite:///{folder}/p.sqlite3", **variables) as processes:
        yield processes


@pytest.fixture(scope="module")
def product(processes):
    return Product(processes)


def made(processes, product) -> str:
    """Make a stack that answers at both its ports; return its id."""
    stack_id = web_pod.stack(processes)
    wait_until(lambda: product.get(door(stack_id), **AUTH).status == 200)
    wait_until(lambda: says_hello(product, link_to(product, stack_id, web_pod.SOCKETS)))
    return stack_id


def says_hello(product, path: str) -> bool:
    """Return True if a socket opens: its port is another program's than that of the pages."""
    try:
        with connect(f"ws://127.0.0.1:{product.port}{path}", open_timeout=POD_SECONDS) as socket:
            return socket.recv(timeout=20) == "hello"
    except (InvalidStatus, ConnectionClosed):
        return False


@pytest.fixture(scope="module")
def stack(processes, product) -> str:
    return made(processes, product)


@pytest.fixture
def doomed(processes, product) -> str:
    return made(processes, product)


def door(stack: str, port: int = web_pod.HTTP) -> str:
    return f"/proxy/stacks/{stack}/{port}/"


def link_to(product, stack: str, port: int = web_pod.HTTP) -> str:
    answer = product.get(f"/stacks/{stack}/ports/{port}/open", method="POST", body=b"{}", **AUTH)
    assert answer.status == 201, answer.body
    return answer.json["url"]


def test_a_program_reads_and_writes_with_its_key(product, stack):
    reply = product.get(f"{door(stack)}a%20b/c?x=1&y=%2F", Cookie="sessionid=ours", **AUTH)
    text = reply.body.decode()
    assert "GET /a%20b/c?x=1&y=%2F" in text
    assert "leaked=no" in text
    assert f'href="{door(stack)}next"' in text
    assert "set-cookie" not in reply.headers
    reply = product.get(f"{door(stack)}form", method="POST", body=b"a=1&b=2", **AUTH)
    assert b"POST /form" in reply.body
    assert b"body=a=1&b=2" in reply.body


def test_a_link_leads_a_browser_in_and_its_cookie_back(product, stack):
    link = link_to(product, stack)
    page = product.get(link, Accept="text/html")
    assert (page.status, f'href="{link}next"' in page.body.decode()) == (200, True)
    cookie = page.headers["set-cookie"].partition(";")[0]
    back = product.get(f"{door(stack)}deep?x=1", Accept="text/html", Cookie=cookie)
    assert (back.status, back.headers["location"]) == (307, f"{link}deep?x=1")
    assert product.get(door(stack), Accept="text/html").headers["location"].startswith("/dashboard/login")


@pytest.mark.parametrize("by", ["link", "key"])
def test_a_websocket_goes_both_ways(product, stack, by):
    path = link_to(product, stack, web_pod.SOCKETS) if by == "link" else door(stack, web_pod.SOCKETS)
    headers = AUTH if by == "key" else {}
    url = f"ws://127.0.0.1:{product.port}{path}"
    with connect(url, additional_headers=headers, open_timeout=POD_SECONDS) as socket:
        assert socket.recv(timeout=20) == "hello"
        socket.send("four")
        assert socket.recv(timeout=20) == "done"


def test_a_websocket_of_nobody_is_refused(product, stack):
    with pytest.raises(InvalidStatus, match="403"):
        connect(f"ws://127.0.0.1:{product.port}{door(stack, web_pod.SOCKETS)}")


def test_a_port_where_nothing_listens_says_so_without_addresses(product, stack):
    reply = product.get(door(stack, web_pod.SILENT), Accept="text/html", **AUTH)
    assert (reply.status, b"connection refused" in reply.body) == (503, True)
    assert b"dial tcp" not in reply.body


def test_a_port_that_is_not_published_is_missing(product, stack):
    assert product.get(door(stack, 80), **AUTH).status == 404


def test_a_pod_that_has_gone_says_so(product, doomed, place):
    link = link_to(product, doomed)
    place.remove(doomed)
    wait_until(lambda: product.get(link).status in (404, 503))
    wait_until(lambda: b"There is no" in product.get(link).body)


def test_a_stopped_stack_says_so_and_its_link_is_of_no_use(product, doomed):
    link = link_to(product, doomed)
    assert product.get(f"/stacks/{doomed}/stop", method="POST", **AUTH).status == 200
    stopped = product.get(link, Accept="text/html")
    assert (stopped.status, b"it has stopped" in stopped.body) == (404, True)
    assert product.get(f"/stacks/{doomed}/ports/8080/open", method="POST", **AUTH).status == 404
    assert product.get(f"/stacks/{doomed}", method="DELETE", **AUTH).status == 200
    deleted = product.get(link, Accept="text/html")
    assert (deleted.status, b"it was deleted" in deleted.body) == (404, True)


def test_a_socket_whose_pod_goes_is_closed(product, doomed, place):
    path = link_to(product, doomed, web_pod.SOCKETS)
    with connect(f"ws://127.0.0.1:{product.port}{path}", open_timeout=POD_SECONDS) as socket:
        assert socket.recv(timeout=20) == "hello"
        place.remove(doomed)
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=30)
