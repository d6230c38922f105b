"""Logs of a running server, of pods in a real cluster: whole, followed, searched, refused."""

import os
import socket
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection
from itertools import pairwise
from time import monotonic

import psutil
import pytest

from tests.real.place import Place
from tests.real.processes import started, wait_until
from tests.real.product import Product

pytestmark = pytest.mark.needs("TEST_KUBECONFIG")
IMAGE = "lab/busybox:1"
COUNTS = 'i=0; while true; do i=$((i+1)); echo "[INFO] number $i"; sleep 0.2; done'
CRASHES = "echo first; echo ERROR: last words; sleep 1; exit 3"
# Close to 10,000 lines a second.
FLOODS = 'while true; do yes "[INFO] a line of a flood that nobody reads" | head -n 1000; sleep 0.08; done'
SETTLED_SECONDS = 3
FLOOD_SECONDS = 6
MOST_GROWTH_BYTES = 40 * 2**20
READERS = 8


def container(name: str, command: str) -> dict:
    return {"name": name, "image": IMAGE, "command": ["sh", "-c", command]}


PODS = {
    "counts": {"containers": [container("main", COUNTS)]},
    "crashes": {"containers": [container("main", CRASHES)]},
    "two": {
        "initContainers": [container("first", "echo prepared")],
        "containers": [container("one", "echo of one; sleep 100000"), container("two", COUNTS)],
    },
    "floods": {"containers": [container("main", FLOODS)]},
    "nothing": {"containers": [{"name": "main", "image": "lab/no-such-image:1"}]},
}


@pytest.fixture(scope="module")
def products(tmp_path_factory):
    """Return a function that gives a server with the rights of somebody."""
    running: dict[str, Product] = {}
    folder = tmp_path_factory.mktemp("logs")
    with started(f"sqlite:///{folder}/logs.sqlite3", CLUSTER_BACKEND="kubernetes") as processes:

        def product(who: str = "TEST_KUBECONFIG") -> Product:
            if who not in running:
                running[who] = Product(processes, KUBECONFIG=os.environ[who], LOG_LEVEL="warning")
            return running[who]

        yield product


@pytest.fixture(scope="module")
def product(products) -> Product:
    return products()


@pytest.fixture(scope="module")
def pods(place: Place) -> Place:
    for name, spec in PODS.items():
        body = {"terminationGracePeriodSeconds": 0, "automountServiceAccountToken": False, **spec}
        place.api.create_namespaced_pod(place.name, {"metadata": {"name": name}, "spec": body})
    return place


@pytest.fixture
def ask(product, pods):
    """Return a function that asks for the log of a pod once it is there."""

    def ask(name: str, query: str = "", **headers: str):
        return product.get(f"/api/pods/{name}/logs?namespace={pods.name}&{query}", **headers)

    return ask


@pytest.fixture
def follow(product, pods):
    """Return a context manager that opens a stream of a log; what it gives is the answer."""

    @contextmanager
    def follow(name: str, query: str = "", **headers: str):
        with closing(HTTPConnection("127.0.0.1", product.port, timeout=30)) as connection:
            names = {key.replace("_", "-"): value for key, value in headers.items()}
            connection.request("GET", f"/api/pods/{name}/logs?namespace={pods.name}&{query}", headers=names)
            yield connection.getresponse()
            connection.sock and connection.sock.shutdown(socket.SHUT_RDWR)

    return follow


def until(condition) -> None:
    wait_until(condition, within_seconds=60)


def numbers(text: str) -> list[int]:
    return [int(line.rsplit(" ", 1)[1]) for line in text.splitlines() if "number" in line]


def test_a_log_is_what_the_api_server_has(ask, pods):
    until(lambda: ask("counts", "tail=20").json.get("totalLines") == 20)
    ours = ask("counts", "tail=10000").json
    theirs = pods.api.read_namespaced_pod_log("counts", pods.name)
    assert theirs.startswith(ours["logs"])
    assert ours["totalLines"] == len(ours["parsed"])
    assert {each["level"] for each in ours["parsed"]} == {"INFO"}


def test_the_first_run_of_a_crashed_container_is_kept(ask):
    until(lambda: "last words" in ask("crashes", "previous=true").json.get("logs", ""))
    parsed = ask("crashes", "previous=true").json["parsed"]
    assert [each["message"] for each in parsed] == ["first", "last words"]


def test_each_container_has_its_own_log(ask):
    until(lambda: ask("two", "container=one").json.get("totalLines"))
    assert ask("two", "container=one").json["logs"] == "of one\n"
    assert ask("two", "container=first").json["logs"] == "prepared\n"


def test_of_several_containers_one_must_be_named(ask):
    reply = ask("two")
    assert reply.status == 400
    assert reply.json["fields"]["container"][0].endswith("name one of one, two, first (init)")


@pytest.mark.parametrize(
    ("name", "query", "status", "word"),
    [
        ("no-such-pod", "", 404, "Pod not found: no-such-pod"),
        ("no-such-pod", "container=main", 404, "Pod not found: no-such-pod"),
        ("two", "container=three", 400, "container three is not valid for pod two"),
        ("counts", "previous=true", 400, "previous terminated container"),
        ("nothing", "", 400, "is waiting to start"),
    ],
)
def test_what_the_cluster_refuses_keeps_its_status(ask, name, query, status, word):
    until(lambda: word in ask(name, query).body.decode())
    assert ask(name, query).status == status


def test_a_search_looks_through_everything(ask):
    until(lambda: ask("counts", "search=number 12&tail=1".replace(" ", "%20")).json.get("totalLines") == 1)
    found = ask("counts", "search=number%201&tail=3").json
    assert len(numbers(found["logs"])) == 3


def test_a_log_is_followed_as_text(ask, follow):
    until(lambda: ask("counts").json.get("totalLines"))
    with follow("counts", "follow=true&tail=1") as response:
        heard = [response.readline().decode() for _ in range(5)]
    assert all(after == before + 1 for before, after in pairwise(numbers("".join(heard))))


def test_who_comes_back_misses_nothing(ask, follow):
    until(lambda: ask("counts").json.get("totalLines"))
    with follow("counts", "tail=1", Accept="text/event-stream") as response:
        first = events(response, 3)
    with follow("counts", Accept="text/event-stream", Last_Event_ID=first[-1]["id"]) as response:
        second = events(response, 3)
    heard = [int(each["data"].split("number ")[1].split('"')[0]) for each in first + second]
    assert heard == list(range(heard[0], heard[0] + 6))


def events(response, count: int) -> list[dict[str, str]]:
    """Return frames that tell of lines."""
    found: list[dict[str, str]] = []
    said: dict[str, str] = {}
    while len(found) < count:
        line = response.readline().decode().rstrip("\n")
        if line:
            field, _, value = line.partition(": ")
            said[field] = value
        else:
            found += [said] if said.get("event") == "log" else []
            said = {}
    return found


def test_a_download_is_the_whole_log(ask):
    until(lambda: ask("counts", "tail=20").json.get("totalLines") == 20)
    reply = ask("counts", "download=true")
    assert reply.headers["content-disposition"] == 'attachment; filename="counts_main.log"'
    found = numbers(reply.body.decode())
    assert found == list(range(1, len(found) + 1))


def test_a_flood_is_followed_in_constant_memory(product, ask, follow):
    """The reader keeps up for a while and then stops reading; neither may cost memory."""
    until(lambda: ask("floods", "tail=1000").json.get("totalLines") == 1000)
    with follow("floods", "tail=100", Accept="text/event-stream") as response:
        read_for(response, SETTLED_SECONDS)
        before = product.memory_bytes()
        begun = monotonic()
        lines = read_for(response, FLOOD_SECONDS)
        assert lines / (monotonic() - begun) > 5000
        with follow("floods", "follow=true&tail=100"):  # Nobody reads this one.
            read_for(response, FLOOD_SECONDS)
        assert product.memory_bytes() - before < MOST_GROWTH_BYTES
        assert product.get("/livez").status == 200


def read_for(response, seconds: float) -> int:
    """Return how many lines were told while we read for so long."""
    ends_at, count = monotonic() + seconds, 0
    while monotonic() < ends_at:
        count += response.readline().startswith(b"event: log")
    return count


def test_who_leaves_frees_the_connection_and_the_thread(product, ask, follow):
    """Several at once, for a pool may keep a thread, and the product may begin a watch meanwhile."""
    until(lambda: ask("two", "container=one").json.get("totalLines"))
    process = psutil.Process(product.process.child.pid)
    before = process.num_threads()
    with ExitStack() as readers:
        for _ in range(READERS):
            response = readers.enter_context(follow("two", "container=one", Accept="text/event-stream"))
            events(response, 1)  # It has no more to say.
        assert process.num_threads() >= before + READERS
    until(lambda: process.num_threads() < before + READERS)


def test_who_may_only_read_reads_logs(products, pods, ask):
    until(lambda: ask("counts").json.get("totalLines"))
    reply = products("TEST_KUBECONFIG_VIEWER").get(f"/api/pods/counts/logs?namespace={pods.name}")
    assert reply.status == 200


@pytest.mark.parametrize("query", ["", "&container=main", "&container=main&follow=true"])
def test_who_may_read_nothing_is_told_so(products, pods, query):
    product = products("TEST_KUBECONFIG_NOBODY")
    reply = product.get(f"/api/pods/counts/logs?namespace={pods.name}{query}")
    assert (reply.status, reply.json["code"]) == (403, "forbidden")
    assert reply.json["details"]["resource"] == ("pods/log" if query else "pods")
