"""Terminals of a running server in containers of a real cluster, over the WebSocket that a page opens."""

import json
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from urllib.parse import urlencode

import psutil
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from orchestrator.backends.cluster.kubernetes import open_kubernetes
from tests.real import acted
from tests.real.place import Place
from tests.real.processes import started, wait_until
from tests.real.product import Product

pytestmark = pytest.mark.needs("TEST_KUBECONFIG", "TEST_KUBECONFIG_VIEWER")
MOST_GROWTH_BYTES = 30 * 2**20
SECONDS = 20
IDLE_SECONDS = 20
CONTAINERS = [
    {"name": "main", "image": "lab/busybox:1", "command": ["/bin/sleep", "100000"]},
    {
        "name": "bare",
        "image": "lab/busybox:1",
        "command": ["/bin/sleep", "100000"],
        "env": [{"name": "PATH", "value": "/nowhere"}],
    },
    {"name": "ended", "image": "lab/busybox:1", "command": ["true"]},
]
TERMINALS = 12


@pytest.fixture(scope="module")
def product(tmp_path_factory) -> Iterator[Product]:
    folder = tmp_path_factory.mktemp("terminal")
    settings = {
        "CLUSTER_BACKEND": "auto",
        "KUBECONFIG": str(acted.kubeconfig(folder, current=acted.ADMIN)),
        "TERMINAL_IDLE": f"{IDLE_SECONDS}s",
        "LOG_LEVEL": "warning",
    }
    with started(f"sqlite:///{folder}/terminal.sqlite3", **settings) as processes:
        command = ("createsuperuser", "--noinput", "--username", "mara", "--email", "")
        made = processes.manage(*command, DJANGO_SUPERUSER_PASSWORD=secrets.token_hex())
        assert made.child.wait(60) == 0
        product = Product(processes)
        yield product
        assert [line for line in product.process.lines if "Traceback" in line] == []


@pytest.fixture(scope="module")
def cookie(product) -> str:
    """The session of somebody who used the link of the greeting."""
    link = product.process.wait_for("Sign in once with ").split(" with ")[1]
    reply = product.get("/" + link.split("/", 3)[3])
    return re.search(r"sessionid=\w+", reply.headers["set-cookie"])[0]


@pytest.fixture(scope="module")
def pod(place: Place) -> str:
    name = f"p-{secrets.token_hex(4)}"
    spec = {"containers": CONTAINERS, "restartPolicy": "Never", "terminationGracePeriodSeconds": 0}
    place.api.create_namespaced_pod(place.name, {"metadata": {"name": name}, "spec": spec})

    def settled() -> bool:
        found = place.api.read_namespaced_pod(name, place.name).status.container_statuses or []
        return len(found) == 3 and all(each.state.running or each.state.terminated for each in found)

    wait_until(settled)
    return name


@pytest.fixture
def open_terminal(product, cookie, place, pod):
    """Return a context manager that opens a socket as a page does."""

    @contextmanager
    def open_terminal(
        container: str = "main", *, origin: str = "", **asked: str
    ) -> Iterator[ClientConnection]:
        query = {"context": acted.ADMIN, "namespace": place.name, "pod": pod, "container": container} | asked
        own = f"127.0.0.1:{product.port}"
        address = f"ws://{own}/dashboard/terminal?{urlencode(query)}"
        with connect(
            address, origin=origin or f"http://{own}", additional_headers={"Cookie": cookie}, proxy=None
        ) as page:
            yield page

    return open_terminal


@pytest.fixture
def processes_of(place, pod):
    """Return a function that gives the commands that run in the container, without those that only wait
    for a parent to hear of their end: the first process of this container listens to nobody.
    """
    clusters, current = open_kubernetes(os.environ["TEST_KUBECONFIG"], listener=lambda change: None)

    def processes_of() -> list[str]:
        asked = {"namespace": place.name, "container": "main", "command": ["ps", "-o", "stat,args"]}
        shell = clusters[current].shell(pod, **asked, tty=False)
        lines = b"".join(shell.chunks()).decode().splitlines()[1:]
        found = [line.split(maxsplit=1) for line in lines]
        return [command for state, command in found if not state.startswith("Z")]

    return processes_of


def words(page: ClientConnection) -> dict:
    """Return what the server says next of the terminal."""
    while isinstance(said := page.recv(SECONDS), bytes):
        pass
    return json.loads(said)


def read_until(page: ClientConnection, text: str) -> str:
    found = b""
    while text.encode() not in found:
        said = page.recv(SECONDS)
        assert isinstance(said, bytes), said
        found += said
    return found.decode()


def test_a_command_is_typed_answered_and_ended_with_its_exit_code(open_terminal, pod):
    with open_terminal(columns="100", rows="30") as page:
        assert words(page) == {"ready": {"shell": "sh", "container": "main"}}
        page.send(b"hostname; stty size\n")
        read_until(page, f"{pod}\r\n30 100\r\n")
        page.send(json.dumps({"resize": [132, 43]}))
        page.send(b"stty size\n")
        read_until(page, "43 132\r\n")
        page.send(b"exit 3\n")
        assert words(page) == {"exit": 3}


def test_what_runs_when_the_page_is_left_is_hung_up_on(open_terminal, processes_of):
    with open_terminal() as page:
        words(page)
        page.send(b"sleep 4711\n")
        wait_until(lambda: "sleep 4711" in processes_of())
    wait_until(lambda: "sleep 4711" not in processes_of())
    assert [each for each in processes_of() if each.startswith("sh")] == []


def test_many_terminals_leave_nothing_behind(product, open_terminal, processes_of):
    """Many, for a pool may keep a thread, and the product may begin a watch meanwhile."""
    process = psutil.Process(product.process.child.pid)
    with open_terminal() as page:
        words(page)
    wait_until(lambda: processes_of() == ["/bin/sleep 100000", "ps -o stat,args"])
    before = process.num_threads(), len(process.net_connections())
    for _ in range(TERMINALS):
        with open_terminal() as page:
            words(page)
            page.send(b"exit\n")
            words(page)
    wait_until(lambda: process.num_threads() < before[0] + TERMINALS)
    wait_until(lambda: len(process.net_connections()) < before[1] + TERMINALS)
    assert processes_of() == ["/bin/sleep 100000", "ps -o stat,args"]


def test_a_flood_that_nobody_reads_waits_and_can_be_interrupted(product, open_terminal):
    with open_terminal() as page:
        words(page)
        page.send(b"yes\n")
        read_until(page, "y\r\ny\r\n")
        before = product.memory_bytes()
        size = read_to_silence(page)
        assert size < 2**20
        assert product.get("/livez").status == 200
        page.send(b"\x03")
        page.send(json.dumps({"read": size + 100_000}))
        read_to_prompt(page)
        assert product.memory_bytes() - before < MOST_GROWTH_BYTES


def read_to_silence(page: ClientConnection) -> int:
    """Return how many bytes come although nobody says that they were drawn."""
    size = 0
    with suppress(TimeoutError):
        while True:
            size += len(page.recv(1))
    return size


def read_to_prompt(page: ClientConnection) -> None:
    """Read as a page does, and say so, until the shell waits for a command."""
    last = b""
    while not last.endswith(b"# "):
        chunk = page.recv(SECONDS)
        page.send(json.dumps({"read": len(chunk)}))
        last = (last + chunk)[-20:].replace(b"\x1b[6n", b"")


def test_an_image_without_a_shell_says_so(open_terminal, pod):
    with open_terminal("bare") as page:
        said = words(page)["error"]
    assert said.startswith("Container bare has none of bash, sh and ash")
    assert f"kubectl debug -it {pod}" in said


def test_a_container_that_ended_says_so(open_terminal):
    with open_terminal("ended") as page:
        assert words(page) == {"error": "Container ended does not run."}


def test_a_context_without_the_right_is_refused_by_its_name(open_terminal, place):
    with open_terminal(context=acted.VIEWER) as page:
        said = words(page)["error"]
    assert said == f"the-viewer may not create pods/exec in the namespace {place.name}."


def test_a_cluster_that_does_not_answer_says_so(open_terminal):
    with open_terminal(context=acted.AWAY) as page:
        assert "cannot be reached" in words(page)["error"]


def test_a_page_of_another_site_is_refused(open_terminal):
    with pytest.raises(InvalidStatus), open_terminal(origin="http://127.0.0.1:3000"):
        pass


def test_the_end_is_the_end(open_terminal):
    with open_terminal() as page:
        words(page)
        page.send(b"exit\n")
        assert words(page) == {"exit": 0}
        with pytest.raises(ConnectionClosed) as raised:
            page.recv(SECONDS)
    assert raised.value.rcvd.code == 1000


def test_a_page_that_leaves_in_the_middle_of_a_flood(open_terminal, processes_of):
    with open_terminal() as page:
        words(page)
        page.send(b"yes\n")
        read_until(page, "y\r\ny\r\n")
    wait_until(lambda: not any("yes" in each for each in processes_of()))


def test_silence_ends_it(open_terminal):
    with open_terminal() as page:
        words(page)
        assert "Nothing was typed or printed for 20 s" in words_after(page, IDLE_SECONDS + 15)["ended"]


def words_after(page: ClientConnection, seconds: float) -> dict:
    while isinstance(said := page.recv(seconds), bytes):
        pass
    return json.loads(said)


def test_who_signs_out_loses_it(product, open_terminal, cookie):
    with open_terminal() as page:
        words(page)
        sign_out(product, cookie)
        assert "signed out" in words_after(page, 15)["ended"]


def sign_out(product: Product, cookie: str) -> None:
    page = product.get("/dashboard/?context=the-admin", Cookie=cookie)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.body.decode())[1]
    csrf = re.search(r"csrftoken=\w+", page.headers["set-cookie"])[0]
    connection = HTTPConnection("127.0.0.1", product.port, timeout=SECONDS)
    headers = {"Cookie": f"{cookie}; {csrf}", "Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/dashboard/logout", urlencode({"csrfmiddlewaretoken": token}), headers)
    assert connection.getresponse().status == 302
    connection.close()
