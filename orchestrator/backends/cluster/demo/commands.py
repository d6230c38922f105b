"""What the commands of the demo's containers print: a handful, and always the same."""

import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event

NOT_FOUND = 127
BATCH = 4096  # bytes that a busy command prints at once
FILES = {
    "/etc/os-release": 'PRETTY_NAME="Demo Linux 12"\nID=demo\nVERSION_ID="12"\n',
    "/etc/passwd": "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/app:/bin/sh\n",
    "/app/config.yaml": "log:\n  level: info\ncache:\n  size: 128Mi\n  ttl: 5m\n",
    "/app/README": "This container is part of the demo world. Nothing in it is real.\n",
    "/var/log/app.log": "started\nlistening\n",
}


@dataclass
class Place:
    """A container as a command finds it; `left` is set when somebody presses Ctrl-C or goes away."""

    host: str
    shells: tuple[str, ...]
    env: dict[str, str]
    process: str  # the first one
    clock: Callable[[], datetime]
    left: Event = field(default_factory=Event)
    cwd: str = "/"
    columns: int = 80
    rows: int = 24
    code: int = 0  # of the last command
    ended: bool = False  # by `exit`

    @property
    def files(self) -> Mapping[str, str]:
        return {**FILES, "/etc/hostname": f"{self.host}\n"}

    def path(self, name: str) -> str:
        """Return a path from the root, without `.` and `..`."""
        parts: list[str] = []
        for part in (name if name.startswith("/") else f"{self.cwd}/{name}").split("/"):
            if part == "..":
                parts = parts[:-1]
            elif part not in ("", "."):
                parts.append(part)
        return "/" + "/".join(parts)

    def inside(self, folder: str) -> list[str]:
        """Return the names in a folder; none if there is no such folder."""
        start = folder.rstrip("/") + "/"
        return sorted({path[len(start) :].split("/")[0] for path in self.files if path.startswith(start)})


Command = Callable[[Place, list[str]], Iterable[str]]


def run(place: Place, line: str) -> Iterator[str]:
    """Yield what a line of commands prints, of which `place.code` then is the exit code."""
    for commands in re.split(r"\s*(?:;|\n)\s*", line.strip()):
        wanted = True
        for operator, command in re.findall(r"(^|&&|\|\|)((?:(?!&&|\|\|).)+)", commands):
            if operator:
                wanted = (place.code == 0) is (operator == "&&")
            if wanted and not place.ended:
                yield from _run_one(place, command)


def words_of(place: Place, text: str) -> list[str]:
    """Return the words of a command, with variables in place; raise `ValueError` for an open quote."""
    known = {**place.env, "$": "42", "?": str(place.code)}
    return [
        re.sub(r"\$(\$|\?|\w+)", lambda found: known.get(found[1], ""), word) for word in shlex.split(text)
    ]


def _run_one(place: Place, text: str) -> Iterator[str]:
    try:
        name, *arguments = words_of(place, text) or ["true"]
    except ValueError:
        place.code = 2
        yield "sh: a quote is not closed\n"
        return
    command = COMMANDS.get(name)
    place.code = 0 if command else NOT_FOUND
    yield from command(place, arguments) if command else [f"sh: {name}: not found\n"]


def _fail(place: Place, text: str, code: int = 1) -> Iterator[str]:
    place.code = code
    yield f"{text}\n"


def _echo(place: Place, words: list[str]) -> Iterator[str]:
    yield " ".join(words) + "\n"


def _cd(place: Place, words: list[str]) -> Iterator[str]:
    target = place.path(words[0] if words else place.env["HOME"])
    if target != "/" and not place.inside(target):
        yield from _fail(place, f"cd: {words[0] if words else target}: no such directory")
    else:
        place.cwd = target


def _ls(place: Place, words: list[str]) -> Iterator[str]:
    names = [word for word in words if not word.startswith("-")] or ["."]
    for name in names:
        path = place.path(name)
        found = [name] if path in place.files else place.inside(path)
        if found:
            yield "".join(f"{each}\n" for each in found) if len(found) < 3 else "  ".join(found) + "\n"
        elif path != "/":
            yield from _fail(place, f"ls: {name}: no such file or directory")


def _cat(place: Place, words: list[str]) -> Iterator[str]:
    for name in words:
        text = place.files.get(place.path(name))
        yield from [text] if text is not None else _fail(place, f"cat: {name}: no such file or directory")


def _env(place: Place, words: list[str]) -> Iterator[str]:
    yield "".join(f"{name}={value}\n" for name, value in sorted(place.env.items()))


def _ps(place: Place, words: list[str]) -> Iterator[str]:
    rows = [("PID", "USER", "COMMAND"), ("1", "app", place.process), ("42", "app", place.shells[-1])]
    yield "".join(f"{pid:>5} {user:<8} {command}\n" for pid, user, command in rows)


def _command(place: Place, words: list[str]) -> Iterator[str]:
    """`command -v`: where a command is."""
    name = words[-1] if words else ""
    if name in place.shells or (name in COMMANDS and name not in SHELLS):
        yield f"/bin/{name}\n"
    else:
        place.code = NOT_FOUND


def _stty(place: Place, words: list[str]) -> Iterator[str]:
    yield f"{place.rows} {place.columns}\n"


def _seq(place: Place, words: list[str]) -> Iterator[str]:
    first, last = (["1", *words] if len(words) < 2 else words)[:2]
    if not (first.isdecimal() and last.isdecimal()):
        yield from _fail(place, "seq: give whole numbers")
        return
    for start in range(int(first), int(last) + 1, BATCH):
        if place.left.is_set():
            return
        yield "".join(f"{number}\n" for number in range(start, min(start + BATCH, int(last) + 1)))


def _yes(place: Place, words: list[str]) -> Iterator[str]:
    line = (" ".join(words) or "y") + "\n"
    while not place.left.is_set():
        yield line * max(1, BATCH // len(line))


def _sleep(place: Place, words: list[str]) -> Iterator[str]:
    if not (words and re.fullmatch(r"\d{1,6}(\.\d+)?", words[0])):
        yield from _fail(place, "sleep: give a number of seconds")
        return
    place.left.wait(float(words[0]))


def _end(place: Place, words: list[str]) -> Iterator[str]:
    place.ended = True
    place.code = int(words[0]) % 256 if words and words[0].isdecimal() else 0
    yield from ()


def _false(place: Place, words: list[str]) -> Iterator[str]:
    place.code = 1
    yield from ()


def _help(place: Place, words: list[str]) -> Iterator[str]:
    yield "The demo knows: " + " ".join(sorted(COMMANDS)) + "\n"


SHELLS = ("bash", "sh", "ash")
COMMANDS: dict[str, Command] = {
    "cat": _cat,
    "cd": _cd,
    "clear": lambda place, words: ["\x1b[H\x1b[2J"],
    "command": _command,
    "date": lambda place, words: [f"{place.clock():%a %b %e %H:%M:%S UTC %Y}\n"],
    "echo": _echo,
    "env": _env,
    "exec": lambda place, words: [],  # What is executed is a shell like this one.
    "exit": _end,
    "false": _false,
    "help": _help,
    "hostname": lambda place, words: [f"{place.host}\n"],
    "id": lambda place, words: ["uid=1000(app) gid=1000(app)\n"],
    "kill": lambda place, words: [],
    "ls": _ls,
    "ps": _ps,
    "pwd": lambda place, words: [f"{place.cwd}\n"],
    "seq": _seq,
    "sleep": _sleep,
    "stty": _stty,
    "true": lambda place, words: [],
    "uname": lambda place, words: ["Linux\n"],
    "whoami": lambda place, words: ["app\n"],
    "yes": _yes,
}
