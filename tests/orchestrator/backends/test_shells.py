"""Commands in containers: what every adapter promises. The real cluster is that of TEST_KUBECONFIG."""

import os
import secrets
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from threading import Thread

import pytest

from orchestrator.backends.cluster.demo import DemoCluster
from orchestrator.backends.cluster.port import Cluster, Kind, Shell
from orchestrator.backends.errors import Forbidden, Invalid, NotFound
from tests.real.processes import wait_until

MUCH = 200_000  # lines


@dataclass
class Place:
    """A container that runs, and the cluster it is in."""

    cluster: Cluster
    namespace: str
    pod: str
    container: str

    def run(self, *command: str, tty: bool = False, **other: str) -> Shell:
        named = {"namespace": self.namespace, "container": self.container} | other
        return self.cluster.shell(named.pop("pod", self.pod), command=command, tty=tty, **named)


def demo() -> Iterator[Place]:
    cluster = DemoCluster(seed=42, evolve=False)
    pods = cluster.cache(Kind.PODS).rows("default")
    name = next(row.name for row in pods if row.name.startswith("nginx-deployment"))
    yield Place(cluster, "default", name, "nginx-deployment")
    cluster.close()


def kubernetes() -> Iterator[Place]:
    from tests.real.place import made

    kubeconfig = os.environ["TEST_KUBECONFIG"]
    with made(kubeconfig) as place, closing(opened(kubeconfig)) as cluster:
        name = f"p-{secrets.token_hex(4)}"
        container = {"name": "main", "image": "lab/busybox:1", "command": ["sleep", "100000"]}
        ended = {"name": "ended", "image": "lab/busybox:1", "command": ["true"]}
        spec = {
            "containers": [container, ended],
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 0,
        }
        place.api.create_namespaced_pod(place.name, {"metadata": {"name": name}, "spec": spec})
        wait_until(lambda: settled(place, name))
        yield Place(cluster, place.name, name, "main")


def opened(kubeconfig: str) -> Cluster:
    from orchestrator.backends.cluster.kubernetes import open_kubernetes

    clusters, current = open_kubernetes(kubeconfig, listener=lambda change: None)
    return clusters[current]


def settled(place, name: str) -> bool:
    found = place.api.read_namespaced_pod(name, place.name).status.container_statuses or []
    states = {each.name: each.state for each in found}
    return len(states) == 2 and bool(states["main"].running and states["ended"].terminated)


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(demo, id="demo"),
        pytest.param(kubernetes, id="kubernetes", marks=pytest.mark.needs("TEST_KUBECONFIG")),
    ],
)
def place(request) -> Iterator[Place]:
    yield from request.param()


def output(shell: Shell) -> bytes:
    with closing(shell):
        return b"".join(shell.chunks())


def test_a_command_says_what_it_has_to_say_and_ends(place):
    shell = place.run("echo", "hello")
    assert output(shell) == b"hello\n"
    assert shell.exit_code == 0


def test_the_exit_code_is_told(place):
    shell = place.run("sh", "-c", "exit 3")
    assert output(shell) == b""
    assert shell.exit_code == 3


def test_a_shell_repeats_what_is_typed_and_answers(place):
    shell = place.run("sh", tty=True)
    shell.write(b"hostname\nexit 7\n")
    said = output(shell).decode()
    assert said.index("hostname") < said.index(place.pod)
    assert shell.exit_code == 7


def test_the_size_of_the_terminal_is_known_inside(place):
    shell = place.run("sh", tty=True)
    shell.resize(columns=123, rows=45)
    shell.write(b"stty size; exit\n")
    assert b"45 123\r\n" in output(shell)


def test_much_output_arrives_whole(place):
    expected = "".join(f"{number}\n" for number in range(1, MUCH + 1)).encode()
    assert output(place.run("seq", str(MUCH))) == expected


def test_output_that_nobody_takes_waits(place):
    with closing(place.run("yes")) as shell:
        chunks = shell.chunks()
        assert next(chunks).startswith(b"y\n")
        shell.resize(columns=100, rows=30)  # The way there is open all the same.
        assert next(chunks).startswith(b"y\n")


def test_what_runs_is_interrupted(place):
    shell, said = place.run("sh", tty=True), []
    reader = Thread(target=lambda: said.extend(shell.chunks()))
    reader.start()
    shell.write(b"hostname; sleep 1000\n")
    wait_until(lambda: place.pod.encode() in b"".join(said))
    shell.write(b"\x03")
    shell.write(b"exit 5\n")
    reader.join(10)
    assert shell.exit_code == 5


def test_closing_ends_a_reader_in_another_thread(place):
    shell = place.run("sh", tty=True)
    reader = Thread(target=lambda: list(shell.chunks()))
    reader.start()
    shell.close()
    reader.join(5)
    assert not reader.is_alive()
    assert shell.exit_code is None


def test_typing_after_the_end_does_nothing(place):
    shell = place.run("sh", tty=True)
    shell.write(b"exit\n")
    output(shell)
    shell.write(b"echo nobody reads this\n")
    shell.resize(columns=80, rows=24)
    shell.close()


def test_no_such_command(place):
    with pytest.raises(Invalid, match="There is no command no-such-command in container") as raised:
        output(place.run("no-such-command", "--help"))
    assert raised.value.reason == "NoSuchCommand"


def test_no_such_container(place):
    with pytest.raises(Invalid, match="container no-such is not valid"):
        output(place.run("sh", container="no-such"))


def test_no_such_pod(place):
    with pytest.raises(NotFound):
        output(place.run("sh", pod="no-such-pod"))


@pytest.mark.needs("TEST_KUBECONFIG", "TEST_KUBECONFIG_VIEWER")
@pytest.mark.parametrize("place", [kubernetes], indirect=True)
def test_a_container_that_ended_has_no_shell(place):
    with pytest.raises(Invalid, match="Container ended does not run") as raised:
        output(place.run("sh", container="ended"))
    assert raised.value.reason == "NotRunning"


@pytest.mark.needs("TEST_KUBECONFIG", "TEST_KUBECONFIG_VIEWER")
@pytest.mark.parametrize("place", [kubernetes], indirect=True)
def test_who_may_not_is_refused(place):
    with closing(opened(os.environ["TEST_KUBECONFIG_VIEWER"])) as cluster, pytest.raises(Forbidden):
        cluster.shell(place.pod, namespace=place.namespace, container="main", command=["sh"])
