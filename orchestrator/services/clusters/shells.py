"""Shells of containers: which one an image has, and short commands of our own in it."""

import re
import shlex
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import chain
from threading import Timer

from orchestrator.backends.cluster.port import Shell
from orchestrator.backends.errors import Invalid, TimedOut
from orchestrator.services.clusters.acting import Target

SHORT_SECONDS = 10.0  # for commands of our own
PROBE = "command -v bash || command -v sh || command -v ash"
NAMES = ("sh", "bash", "ash")  # in which the probe may run: nearly every image with a shell has the first
PATH = re.compile(r"[\w./-]{1,200}")
NO_ANSWER = "The container did not answer in time."
NO_SHELL = (
    "Container {container} has none of bash, sh and ash, so no terminal can be opened in it. A container "
    "beside it can bring one: kubectl debug -it {pod} -n {namespace} --image=busybox --target={container}"
)


@dataclass(frozen=True, slots=True)
class Begun:
    """A shell that waits for its first command."""

    shell: Shell
    name: str
    parts: Iterator[bytes]  # what it prints
    farewell: Sequence[str]  # the command that hangs up on it


def begin(target: Target, container: str, *, columns: int, rows: int) -> Begun:
    """Start the best shell of a container, with a terminal so large.

    Raises `Invalid` if the container does not run or has no shell, and `BackendError`.
    """
    interpreter, path = find(target, container)
    # Its number comes first, so that it can be hung up on: a lost connection alone does not end it.
    # Nobody may type before that, for what is typed is printed too.
    shell = run(target, container, [interpreter, "-c", f"echo $$; exec {shlex.quote(path)}"], tty=True)
    parts = shell.chunks()
    with _at_most(SHORT_SECONDS, shell):
        shell.resize(columns=columns, rows=rows)
        process, rest = number(parts)
    if not process:
        shell.close()
        raise TimedOut(NO_ANSWER, service="kubernetes", reason="ETIMEDOUT")
    farewell = (interpreter, "-c", f"kill -HUP {process}")
    return Begun(shell, path.rpartition("/")[2], chain([rest], parts), farewell)


def find(target: Target, container: str) -> tuple[str, str]:
    """Return the shell that told of it, and the best shell there is; raise `Invalid` if there is none."""
    for name in NAMES:
        try:
            path = output(target, container, [name, "-c", PROBE]).decode(errors="replace").strip()
        except Invalid as exc:
            if exc.reason != "NoSuchCommand":
                raise
        else:
            return name, path if PATH.fullmatch(path) else name
    sentence = NO_SHELL.format(container=container, pod=target.name, namespace=target.namespace)
    raise Invalid(sentence, service="kubernetes", reason="NoShell")


def output(target: Target, container: str, command: Sequence[str]) -> bytes:
    """Return what a short command prints; raise `BackendError`, also if it takes too long."""
    shell = run(target, container, command, tty=False)
    with _at_most(SHORT_SECONDS, shell), closing(shell):
        said = b"".join(shell.chunks())
    if shell.exit_code is None:
        raise TimedOut(NO_ANSWER, service="kubernetes", reason="ETIMEDOUT")
    return said


@contextmanager
def _at_most(seconds: float, shell: Shell) -> Iterator[None]:
    """Close a shell if what is done with it takes longer."""
    too_long = Timer(seconds, shell.close)
    too_long.daemon = True
    too_long.start()
    try:
        yield
    finally:
        too_long.cancel()


def run(target: Target, container: str, command: Sequence[str], *, tty: bool) -> Shell:
    """Run a command; raise `BackendError`."""
    place = {"namespace": target.namespace, "container": container}
    return target.cluster.shell(target.name, **place, command=command, tty=tty)


def number(parts: Iterator[bytes]) -> tuple[str, bytes]:
    """Return the number that is the first line, and what came after it; "" if that line is none."""
    head = b""
    for part in parts:
        head += part
        if b"\n" in head:
            break
    line, _, rest = head.partition(b"\n")
    found = line.decode(errors="replace").strip()
    return (found, rest) if found.isdecimal() else ("", head)
