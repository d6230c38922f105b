"""The product as a process that a browser can open, and the kubeconfig that it reads."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.real.processes import Process, Processes, free_port, started

USER, PASSWORD = "mara", "a-password-only-for-tests"


@dataclass
class Product:
    """A server with a database of its own; it keeps its port when it is started again."""

    processes: Processes
    port: int
    process: Process | None = None
    first_link: str = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Serve, and note the one-time link of the greeting."""
        self.process = self.processes.manage("serve", PORT=str(self.port))
        self.first_link = self.process.wait_for("Sign in once with ").split(" with ")[1]

    def stop(self) -> None:
        assert self.process
        self.process.stop()

    def link(self) -> str:
        """Return another one-time link."""
        return self.processes.manage("sign_in_link", "--base-url", self.url).wait_for("/sign-in/")


@contextmanager
def product(folder: Path, **variables: str) -> Iterator[Product]:
    """Give a product that is not started yet; `USER` is its administrator."""
    with started(f"sqlite:///{folder}/product.sqlite3", **variables) as processes:
        command = ("createsuperuser", "--noinput", "--username", USER, "--email", "")
        assert processes.manage(*command, DJANGO_SUPERUSER_PASSWORD=PASSWORD).child.wait(60) == 0
        yield Product(processes, free_port())


def merged(path: Path, *, contexts: Mapping[str, str | Path]) -> Path:
    """Write a kubeconfig whose contexts are the only ones of other files, under these names."""
    config = {"apiVersion": "v1", "kind": "Config", "current-context": next(iter(contexts))}
    config |= {"clusters": [], "users": [], "contexts": []}
    for name, source in contexts.items():
        found = yaml.safe_load(Path(source).read_text())
        config["clusters"].append(found["clusters"][0] | {"name": name})
        config["users"].append(found["users"][0] | {"name": name})
        config["contexts"].append({"name": name, "context": {"cluster": name, "user": name}})
    path.write_text(yaml.safe_dump(config))
    return path
