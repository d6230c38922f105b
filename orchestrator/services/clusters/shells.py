"""Shells of containers: which one an image has, and short commands of our own in it."""

import re
from collections.abc import Iterator, Sequence
from threading import Timer

from orchestrator.backends.cluster.port import Shell
from orchestrator.backends.errors import Invalid, TimedOut
from orchestrator.services.clusters.acting import Target

SHORT_SECONDS = 10.0  # for commands of our own
PROBE = "command -v bash || command -v sh || command -v ash"
NAMES = ("sh", "bash", "ash")  # in which the probe may run: nearly every image with a shell has the first
PATH = re.compile(r"[\w./-]{1,200}")
NO_SHELL = (
    "Container {container} has none of bash, sh and ash, so no terminal can be opened in it. A container "
    "beside it can bring one: kubectl debug -it {pod} -n {namespace} --image=busybox --target={container}"
)


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
    too_long = Timer(SHORT_SECONDS, shell.close)
    too_long.daemon = True
    too_long.start()
    try:
        said = b"".join(shell.chunks())
    finally:
        too_long.cancel()
        shell.close()
    if shell.exit_code is None:
        raise TimedOut("The container did not answer in time.", service="kubernetes", reason="ETIMEDOUT")
    return said


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
