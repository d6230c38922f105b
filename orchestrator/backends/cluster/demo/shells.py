"""Terminals in the containers of the demo world: no process runs, but it looks as if."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from queue import SimpleQueue

from orchestrator.backends.cluster.demo import commands
from orchestrator.backends.cluster.demo.parts import Manifest
from orchestrator.backends.errors import Invalid

WITHOUT_SHELL = ("config-reloader",)  # Its image is built from scratch.
WITH_BASH = ("/shop/", "nginx", "postgres:", "rabbitmq", "pgbouncer")
INTERRUPT, END_OF_INPUT, CLEAR = "\x03", "\x04", "\x0c"
ERASE = ("\x7f", "\b")
INTERRUPTED = 130  # 128 and the number of SIGINT


class DemoShell:
    """A command of a container, or a shell that takes lines until it is left."""

    def __init__(self, place: commands.Place, command: Sequence[str], *, tty: bool) -> None:
        self._place = place
        self._command = list(command)
        self._tty = tty
        self._typed: SimpleQueue[str] = SimpleQueue()  # "" is the end
        self._closed = False
        self._exit_code: int | None = None

    def chunks(self) -> Iterator[bytes]:
        for text in self._output():
            if self._closed:
                return
            if text:
                yield (text.replace("\n", "\r\n") if self._tty else text).encode()
        if not self._closed:
            self._exit_code = self._place.code

    def write(self, data: bytes) -> None:
        text = data.decode(errors="replace")
        if INTERRUPT in text:
            self._place.left.set()
        self._typed.put(text)

    def resize(self, *, columns: int, rows: int) -> None:
        self._place.columns, self._place.rows = columns, rows

    @property
    def exit_code(self) -> int | None:
        return self._exit_code

    def close(self) -> None:
        self._closed = True
        self._place.left.set()
        self._typed.put("")

    def _output(self) -> Iterator[str]:
        name, *arguments = self._command
        if name not in commands.SHELLS:
            yield from commands.run(self._place, " ".join(self._command))
        elif arguments[:1] == ["-c"]:
            yield from commands.run(self._place, arguments[1])
            if "exec " in arguments[1]:
                yield from self._interactive()
        else:
            yield from self._interactive()

    def _interactive(self) -> Iterator[str]:
        line = ""
        yield self._prompt()
        while not self._closed:
            for key in self._typed.get():
                if key == END_OF_INPUT and not line:
                    yield "exit\n"
                    return
                if key in "\r\n":
                    yield "\n"
                    yield from self._do(line)
                    if self._place.ended:
                        return
                    line = ""
                    yield self._prompt()
                else:
                    line, shown = self._edited(line, key)
                    yield shown

    def _edited(self, line: str, key: str) -> tuple[str, str]:
        """Return a line after a key, and what the terminal shows of it."""
        if key == INTERRUPT:
            self._place.code = INTERRUPTED
            return "", f"^C\n{self._prompt()}"
        if key in ERASE:
            return line[:-1], "\b \b" if line else ""
        if key == CLEAR:
            return line, f"\x1b[H\x1b[2J{self._prompt()}{line}"
        return (line + key, key) if key.isprintable() else (line, "")

    def _do(self, line: str) -> Iterator[str]:
        self._place.left.clear()
        if self._closed:  # It may have been set for good.
            return
        for text in commands.run(self._place, line):
            yield text
            if self._closed:
                return

    def _prompt(self) -> str:
        return f"{self._place.cwd} $ "


def open_shell(
    manifest: Manifest,
    *,
    container: str,
    command: Sequence[str],
    tty: bool,
    clock: Callable[[], datetime],
) -> DemoShell:
    """Run a command in a container; raise `Invalid` in our words for real clusters."""
    name = manifest["metadata"]["name"]
    spec = next((each for each in manifest["spec"]["containers"] if each["name"] == container), None)
    if spec is None:
        raise _invalid(f"container {container} is not valid for pod {name}", reason="BadRequest")
    statuses = manifest["status"].get("containerStatuses", [])
    if not any(each["name"] == container and "running" in each["state"] for each in statuses):
        raise _invalid(f"Container {container} does not run.", reason="NotRunning")
    place = commands.Place(
        host=name,
        shells=_shells(container, spec["image"]),
        env=_environment(spec, host=name),
        process=f"/app/{container}",
        clock=clock,
    )
    if command[0] not in (*place.shells, *(set(commands.COMMANDS) - set(commands.SHELLS))):
        raise _invalid(f"There is no command {command[0]} in container {container}.", reason="NoSuchCommand")
    return DemoShell(place, command, tty=tty)


def _shells(container: str, image: str) -> tuple[str, ...]:
    if container in WITHOUT_SHELL:
        return ()
    return ("bash", "sh") if any(part in image for part in WITH_BASH) else ("sh", "ash")


def _environment(spec: Manifest, *, host: str) -> dict[str, str]:
    ports = [str(each["containerPort"]) for each in spec.get("ports", ())]
    found = {
        "HOME": "/app",
        "HOSTNAME": host,
        "KUBERNETES_SERVICE_HOST": "10.96.0.1",
        "KUBERNETES_SERVICE_PORT": "443",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "TERM": "xterm",
    }
    return found | ({"PORT": ports[0]} if ports else {})


def _invalid(message: str, *, reason: str) -> Invalid:
    return Invalid(message, service="demo cluster", status=400, reason=reason)
