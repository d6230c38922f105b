"""The product under measurement: one process, started as users start it, with a database of its own."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from tests.benchmarks.bare import ROOT
from tests.benchmarks.connection import Connection, Failed

START_SECONDS = 60
SYNC_SECONDS = 120
LINK = re.compile(r"Sign in once with (\S+)")


class Product:
    """A running `manage.py serve`."""

    def __init__(
        self,
        folder: Path,
        kubeconfig: Path,
        *options: str,
        prepare: Callable[[dict[str, str]], None] | None = None,
        **more: str,
    ) -> None:
        self.url = f"http://127.0.0.1:{_free_port()}"
        self.log = folder / "product.log"
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self._env = kept | {
            "DATABASE_URL": f"sqlite:///{folder / 'product.sqlite3'}",
            "KUBECONFIG": str(kubeconfig),
            "PORT": str(urlsplit(self.url).port),
            "PYTHONUNBUFFERED": "1",
            **more,
        }
        self._manage("migrate", "--verbosity", "0").wait(START_SECONDS)
        if prepare is not None:
            prepare(self._env)
        self._process = self._manage("serve", *options)
        self.began = time.monotonic()
        self._watched = psutil.Process(self._process.pid)
        self._link = ""

    def connect(self, **headers: str) -> Connection:
        return Connection(self.url, headers=headers)

    def wait(self, *, pods: int) -> float:
        """Wait until it lists so many pods; return the seconds since its start. Raises `Failed`."""
        while time.monotonic() < self.began + SYNC_SECONDS:
            if self._process.poll() is not None:
                raise Failed(f"The product ended with {self._process.returncode}:\n{self._tail()}")
            if self._lists(pods):
                return time.monotonic() - self.began
            time.sleep(0.1)
        raise Failed(f"The product does not list {pods} pods after {SYNC_SECONDS} s:\n{self._tail()}")

    def sign_in(self) -> str:
        """Return the Cookie header of the browser that opens the one-time link."""
        found = LINK.search(self.log.read_text())
        if found is None:
            raise Failed(f"The product printed no sign-in link:\n{self._tail()}")
        connection = self.connect()
        answer = connection.get(urlsplit(found[1]).path, expect=302)
        connection.close()
        return "; ".join(line.split(";")[0] for line in answer.headers["set-cookie"].split("\n"))

    def rss(self) -> int:
        """Return the megabytes (1,000,000 bytes) of memory that the process holds."""
        return round(self._watched.memory_info().rss / 1e6)

    def cpu_seconds(self) -> float:
        times = self._watched.cpu_times()
        return float(times.user + times.system)

    def close(self) -> None:
        """Stop it, and raise `Failed` if it has logged an error."""
        self._process.terminate()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise Failed("The product did not stop within 15 s.") from None
        errors = [line for line in self.log.read_text().splitlines() if _tells_of_error(line)]
        if errors:
            raise Failed("The product logged errors:\n" + "\n".join(errors[:10]))

    def _lists(self, pods: int) -> bool:
        try:
            connection = self.connect()
            answer = connection.get("/api/pods?limit=1")
            connection.close()
        except (OSError, Failed):  # It does not listen yet, or does not know its pods yet.
            return False
        return int(answer.headers["x-total-count"]) >= pods

    def _manage(self, *command: str) -> "subprocess.Popen[bytes]":
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "manage.py", *command], cwd=ROOT, env=self._env, stdout=log, stderr=log
            )

    def _tail(self) -> str:
        return "\n".join(self.log.read_text().splitlines()[-20:])


def _tells_of_error(line: str) -> bool:
    return "[error" in line or "[critical" in line or line.startswith("Traceback")


@contextmanager
def serving(folder: Path, kubeconfig: Path, *, pods: int) -> Iterator[Product]:
    """Give the product once it knows all pods; stop it in the end."""
    folder.mkdir(parents=True, exist_ok=True)
    product = Product(folder, kubeconfig)
    try:
        product.wait(pods=pods)
        yield product
    except BaseException:
        product._process.kill()
        raise
    product.close()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
