"""A start with something wrong: every mistake in one message, never a traceback, and whatever can works."""

import os
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import yaml

from tests.real.processes import Processes, free_port, started
from tests.real.product import Product

pytestmark = pytest.mark.timeout(240)
WRONG = {
    "PORT": "99999",
    "APP_ENV": "staging",
    "DATABASE_URL": "mysql://user:hunter2@db.example.com/x",
    "REDIS_URL": "http://user:hunter2@redis.example.com",
    "SECRET_KEY": "hunter2",
    "ENCRYPTION_KEY": "hunter2",
    "CLUSTER_BACKEND": "docker",
    "RL_K8S_LIST_MAX": "0",
    "CACHE_IDLE": "soon",
    "TRUSTED_PROXIES": "example.com",
    "CLUSTER_NAMESPACES": "Bad_NS",
    "LOG_LEVEL": "loud",
}


@pytest.fixture(scope="module")
def database(tmp_path_factory) -> str:
    url = f"sqlite:///{tmp_path_factory.mktemp('start')}/start.sqlite3"
    with started(url):
        return url


@pytest.fixture
def processes(tmp_path):
    processes = Processes(f"sqlite:///{tmp_path}/start.sqlite3")
    yield processes
    processes.close()


@contextmanager
def running(database: str, **settings: str) -> Iterator[Product]:
    """Give a server under such settings."""
    with closing(Processes(database, **settings)) as processes:
        yield Product(processes)


def ended(process) -> tuple[int, str]:
    """Return how a process ended, and everything it said."""
    code = process.child.wait(60)
    process.close()
    return code, "\n".join(process.lines)


@pytest.mark.parametrize("command", [["check"], ["serve"], ["migrate"], ["controllers"]])
def test_wrong_settings_are_told_all_at_once(processes, command):
    code, said = ended(processes.manage(*command, **WRONG))
    assert code == 1
    assert said.startswith("These settings are wrong:")
    told = {line.split(":")[0].strip() for line in said.splitlines()[1:]}
    assert told == set(WRONG)
    assert "Traceback" not in said
    assert "hunter2" not in said


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        (
            {"APP_ENV": "production", "SECRET_KEY": "", "ENCRYPTION_KEY": ""},
            {"SECRET_KEY", "ENCRYPTION_KEY", "ALLOWED_HOSTS"},
        ),
        ({"APP_ENV": "production", "ALLOWED_HOSTS": "x.example.com", "DEBUG": "true"}, {"DEBUG"}),
        ({"DEBUG": "maybe", "PORT": "http"}, {"DEBUG", "PORT"}),
        ({"DEBUG": "maybe", "PORT": ""}, {"DEBUG"}),  # An empty one is not set.
    ],
)
def test_what_production_needs_is_told_at_once(processes, settings, names):
    code, said = ended(processes.manage("check", **settings))
    told = {line.split(":")[0].strip() for line in said.splitlines()[1:]}
    assert (code, told) == (1, names)
    assert "Traceback" not in said


def test_right_settings_say_nothing_is_wrong(processes):
    code, said = ended(processes.manage("check"))
    assert (code, "no issues" in said) == (0, True)


def test_a_port_that_is_taken_is_one_sentence(processes):
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        port = other.getsockname()[1]
        code, said = ended(processes.manage("serve", PORT=str(port)))
    assert code == 1
    assert f"Port {port} is taken" in said
    assert "Traceback" not in said


def test_a_database_that_is_not_there_is_told_without_a_traceback(processes):
    url = f"postgres://user:hunter2@127.0.0.1:{free_port()}/x"
    code, said = ended(processes.manage("migrate", DATABASE_URL=url))
    assert code == 1
    assert "The database failed. Check DATABASE_URL" in said
    assert "Traceback" not in said
    assert "hunter2" not in said


# --- Clusters that cannot be read


def kubeconfig(path: Path, *, server: str = "https://127.0.0.1:1", token: str = "hunter2") -> str:
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "wrong",
        "clusters": [{"name": "c", "cluster": {"server": server, "insecure-skip-tls-verify": True}}],
        "users": [{"name": "u", "user": {"token": token}}],
        "contexts": [{"name": "wrong", "context": {"cluster": "c", "user": "u"}}],
    }
    path.write_text(yaml.safe_dump(content))
    return str(path)


def nonsense(folder: Path) -> str:
    (folder / "config").write_text("{[")
    return str(folder / "config")


def unreadable(folder: Path) -> str:
    (folder / "config").mkdir()
    return str(folder / "config")


def server_of_the_lab() -> str:
    content = yaml.safe_load(Path(os.environ["TEST_KUBECONFIG"]).read_text())
    return str(content["clusters"][0]["cluster"]["server"])


CLUSTERS = [
    pytest.param(lambda folder: str(folder / "absent"), 503, "connection_error", id="absent"),
    pytest.param(unreadable, 503, "connection_error", id="folder"),
    pytest.param(nonsense, 503, "connection_error", id="nonsense"),
    pytest.param(lambda folder: kubeconfig(folder / "config"), 503, "connection_error", id="dead"),
    pytest.param(
        lambda folder: kubeconfig(folder / "config", server="https://no-such-host.invalid"),
        503,
        "connection_error",
        id="unknown host",
    ),
    pytest.param(
        lambda folder: kubeconfig(folder / "config", server=server_of_the_lab()),
        401,
        "cluster_unauthorized",
        id="token",
        marks=pytest.mark.needs("TEST_KUBECONFIG"),
    ),
]


@pytest.mark.parametrize(("make", "status", "code"), CLUSTERS)
def test_a_cluster_that_cannot_be_read_is_one_sentence_and_the_demo_works(
    database, tmp_path, make, status, code
):
    with running(database, CLUSTER_BACKEND="auto", KUBECONFIG=make(tmp_path)) as product:
        reply = product.get("/api/pods")
        assert (reply.status, reply.json["code"]) == (status, code)
        assert "\n" not in reply.json["error"]
        assert reply.json["error"].endswith(".")
        assert not any(
            word in reply.body.decode() for word in ("hunter2", str(tmp_path), "127.0.0.1", "invalid")
        )
        demo = product.get("/api/pods?mode=demo")
        assert (demo.status, demo.headers["x-backend"], len(demo.json)) == (200, "demo", 42)
        assert product.get("/livez").status == 200
        said = "\n".join(product.process.lines)
        assert "Traceback" not in said
        assert "hunter2" not in said
