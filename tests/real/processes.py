"""Starts processes of the product for tests, with a database of their own."""

import os
import secrets
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from time import monotonic, sleep
from urllib.parse import urlsplit, urlunsplit

import psycopg

ROOT = Path(__file__).resolve().parent.parent.parent
# Above what systems use, below node ports and the ports that outgoing connections get: those may be taken by
# anybody between the draw and the start of who shall listen, or while a server is away.
PORTS = range(18000, 29000)
SECRET = "only-for-tests-only-for-tests-only-for-tests-only-for-tests"


def environment(database_url: str, **extra: str) -> dict[str, str]:
    """Return the variables of a process that shares nothing with this one but the machine."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {
        "DATABASE_URL": database_url,
        "SECRET_KEY": SECRET,
        "ENCRYPTION_KEY": "b25seS1mb3ItdGVzdHMtb25seS1mb3ItdGVzdHMtMDE=",
        "CLUSTER_BACKEND": "demo",
        "DEMO_EVOLVE": "false",
        "LOG_FORMAT": "console",
        "PYTHONUNBUFFERED": "1",
        **extra,
    }


class Process:
    """A child whose lines can be waited for."""

    def __init__(self, *command: str, env: dict[str, str]) -> None:
        self.lines: deque[str] = deque()
        self.child = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.child.stdout
        for line in self.child.stdout:
            self.lines.append(line.rstrip("\n"))

    def says(self, text: str) -> bool:
        return any(text in line for line in list(self.lines))

    def wait_for(self, text: str, *, within_seconds: float = 60) -> str:
        """Return the first line that holds `text`."""
        wait_until(lambda: self.says(text) or self.child.poll() is not None, within_seconds=within_seconds)
        assert self.says(text), "\n".join(self.lines)
        return next(line for line in self.lines if text in line)

    def tell(self, line: str) -> None:
        assert self.child.stdin
        self.child.stdin.write(line + "\n")
        self.child.stdin.flush()

    def kill(self) -> None:
        """End it as a crash would: nothing is given back."""
        self.child.send_signal(signal.SIGKILL)
        self.child.wait(10)

    def freeze(self) -> None:
        self.child.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.child.send_signal(signal.SIGCONT)

    def stop(self) -> float:
        """Ask it to stop; return how many seconds that took."""
        begun = monotonic()
        self.child.terminate()
        self.child.wait(20)
        return monotonic() - begun

    def close(self) -> None:
        if self.child.poll() is None:
            self.kill()
        self._reader.join(5)
        for stream in (self.child.stdin, self.child.stdout):
            with suppress(OSError):
                stream.close()


class Processes:
    """Starts children that end with the test."""

    def __init__(self, database_url: str, **extra: str) -> None:
        self.env = environment(database_url, **extra)
        self._started: list[Process] = []

    def start(self, *command: str, **extra: str) -> Process:
        process = Process(*command, env=self.env | extra)
        self._started.append(process)
        return process

    def manage(self, *command: str, **extra: str) -> Process:
        return self.start("manage.py", *command, **extra)

    def page(self, *topics: str) -> Process:
        """Start what a web process is to the relay; see page.py."""
        process = self.start("-m", "tests.real.page", *topics)
        process.wait_for("listening")
        return process

    def migrate(self) -> None:
        done = self.manage("migrate", "--skip-checks", "--verbosity", "0")
        assert done.child.wait(60) == 0, "\n".join(done.lines)

    def close(self) -> None:
        for process in self._started:
            process.close()


def free_port() -> int:
    """Return a port on which nobody listens, and which no connection is given by chance."""
    while True:
        port = secrets.choice(PORTS)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


@contextmanager
def started(database_url: str, **extra: str) -> Iterator[Processes]:
    """Give processes on a migrated database."""
    processes = Processes(database_url, **extra)
    try:
        processes.migrate()
        yield processes
    finally:
        processes.close()


@contextmanager
def fresh_postgresql(url: str) -> Iterator[str]:
    """Make a database beside the one of `url`, and drop it in the end."""
    name = f"t_{secrets.token_hex(6)}"
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        try:
            yield urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def wait_until(
    condition: Callable[[], object],
    *,
    within_seconds: float = 60,
    every_seconds: float = 0.05,
    process: Process | None = None,
) -> float:
    """Return after how many seconds the condition held; after a deadline fail, with what `process` said."""
    begun = monotonic()
    while not condition():
        said = "\n".join(process.lines) if process else ""
        assert monotonic() - begun < within_seconds, f"not within {within_seconds} s\n{said}"
        sleep(every_seconds)
    return monotonic() - begun
