"""orchestrator.services.clusters.terminal and shells"""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils.timezone import now

from orchestrator.backends.cluster.port import Kind
from orchestrator.backends.errors import Forbidden, Invalid, TimedOut
from orchestrator.errors import InvalidInput, Missing, NotNow, Refused
from orchestrator.models import Activity, AuditEvent
from orchestrator.services import access
from orchestrator.services.access import Caller
from orchestrator.services.clusters import shells, terminal
from orchestrator.services.clusters.terminal import Choice, Terminal, Wish

OPERATOR = Caller("mara", access.scopes_of("operator"))
VIEWER = Caller("vera", access.scopes_of("viewer"))
MINUTE, QUARTER = timedelta(minutes=1), timedelta(minutes=15)


@pytest.fixture
def inside(everywhere):
    return replace(everywhere, namespace="default")


@pytest.fixture
def wish(inside):
    """Return a function that gives the wish for a terminal in the first pod of an app."""

    def wish(app: str = "nginx-deployment", container: str = "") -> Wish:
        rows = inside.cluster.cache(Kind.PODS).rows("default")
        row = next(row for row in rows if row.name.startswith(app) and row.status == "Running")
        return Wish(scope=inside, pod=row.name, container=container or row.containers[0].name)

    return wish


@pytest.fixture
def start(db, wish):
    """Return a function that opens a terminal, which is ended in the end."""
    opened = []

    def start(*where: str, caller: Caller = OPERATOR) -> Terminal:
        opened.append(terminal.start(caller, wish(*where), at=now()))
        return opened[-1]

    yield start
    for each in opened:
        terminal.end(each, at=now())
    assert terminal.count() == 0


def audited() -> list[tuple[str, str, str]]:
    return [(row.action, row.result, row.note) for row in AuditEvent.objects.order_by("pk")]


def test_the_best_shell_is_found(start):
    assert (start().name, start("redis-cache").name) == ("bash", "sh")


def test_what_a_terminal_prints_is_without_what_we_needed_to_know(start):
    opened = start()
    opened.write(b"exit 3\n")
    assert b"".join(opened.chunks()) == b"/ $ exit 3\r\n"
    assert opened.exit_code == 3


def test_opening_and_closing_are_audited_and_on_the_timeline(start):
    opened = start()
    opened.write(b"exit 3\n")
    list(opened.chunks())
    terminal.end(opened, at=now())
    terminal.end(opened, at=now())
    first, last = audited()
    assert first == ("Open terminal", "done", "nginx-deployment, bash")
    assert last[:2] == ("Close terminal", "done")
    assert last[2].endswith(": exit code 3")
    assert Activity.objects.get().text.startswith("opened a terminal in pod nginx-deployment-")


def test_what_still_runs_is_hung_up_on(start, monkeypatch):
    opened, asked = start(), []
    run = shells.run
    monkeypatch.setattr(shells, "run", lambda *where, **how: asked.append(where[2]) or run(*where, **how))
    assert next(opened.chunks()) == b"/ $ "
    terminal.end(opened, at=now(), why="because")
    assert asked == [("sh", "-c", "kill -HUP 42")]
    assert audited()[-1][2].endswith(": because")


def test_a_viewer_is_refused_before_anything_is_looked_at(start):
    with pytest.raises(Refused):
        start(caller=VIEWER)


@pytest.mark.parametrize("verb", ["create", "get"])
def test_the_cluster_is_asked_for_leave_first(start, inside, monkeypatch, verb):
    monkeypatch.setattr(inside.cluster, "may", lambda asked, **what: asked != verb)
    with pytest.raises(Forbidden, match=f"demo-user may not {verb} pods/exec in the namespace default"):
        start()
    assert [row[:2] for row in audited()] == [("Open terminal", "refused")]


def test_an_image_without_a_shell_says_so_and_what_to_do(start):
    with pytest.raises(Invalid, match="has none of bash, sh and ash.*kubectl debug -it") as raised:
        start("monitoring-agent", "config-reloader")
    assert raised.value.reason == "NoShell"
    assert audited()[0][:2] == ("Open terminal", "failed")


def test_other_trouble_with_a_container_is_not_taken_for_no_shell(start):
    with pytest.raises(Invalid, match="is not valid for pod"):
        start("nginx-deployment", "no-such")
    assert terminal.count() == 0


def test_no_such_pod(db, inside):
    with pytest.raises(Missing):
        terminal.start(OPERATOR, Wish(scope=inside, pod="no-such", container="main"), at=now())


def test_every_bad_value_is_named(db, inside):
    bad = Wish(scope=inside, pod="web", container="A", columns=0)
    with pytest.raises(InvalidInput) as raised:
        terminal.start(OPERATOR, bad, at=now())
    assert [problem.path for problem in raised.value.problems] == ["container", "size"]


def test_one_user_has_only_so_many(start, monkeypatch):
    monkeypatch.setattr(terminal, "MOST_OF_USER", 2)
    first = start()
    start()
    with pytest.raises(NotNow, match="2 of your terminals are open"):
        start()
    start(caller=replace(OPERATOR, name="jo"))
    terminal.end(first, at=now())
    start()


def test_a_process_has_only_so_many(start, monkeypatch):
    monkeypatch.setattr(terminal, "MOST_OF_PROCESS", 1)
    start()
    with pytest.raises(NotNow, match="This server has 1 terminals open"):
        start(caller=replace(OPERATOR, name="jo"))


def test_a_short_command_that_takes_too_long_is_given_up(inside, wish, monkeypatch):
    monkeypatch.setattr(shells, "SHORT_SECONDS", 0.05)
    asked = wish()
    target = terminal.acting.target(OPERATOR, Kind.PODS, inside, asked.pod)
    with pytest.raises(TimedOut):
        shells.output(target, asked.container, ["sleep", "1000"])


@pytest.mark.parametrize(
    ("signed_in", "role", "quiet", "sentence"),
    [
        (True, "operator", MINUTE, ""),
        (True, "admin", QUARTER - MINUTE, ""),
        (True, "operator", QUARTER, "Nothing was typed or printed for 15 min"),
        (True, "viewer", MINUTE, terminal.NOT_ALLOWED),
        (True, "", MINUTE, terminal.NOT_ALLOWED),
        (False, "admin", MINUTE, terminal.SIGNED_OUT),
    ],
)
def test_when_a_terminal_must_end(signed_in, role, quiet, sentence):
    why = terminal.why_end(signed_in=signed_in, role=role, quiet=quiet, idle=QUARTER)
    assert why.startswith(sentence)
    assert bool(why) == bool(sentence)


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        ([b"42\r\n"], ("42", b"")),
        ([b"4", b"2\n$ "], ("42", b"$ ")),
        ([b"sh: bad\n", b"more"], ("", b"sh: bad\n")),
        ([], ("", b"")),
    ],
)
def test_the_number_of_the_first_line(parts, found):
    assert shells.number(iter(parts)) == found


def manifest(**states: dict) -> dict:
    def statuses(*names: str) -> list[dict]:
        return [{"name": name, "state": states[name]} for name in names if name in states]

    return {
        "metadata": {"name": "web"},
        "spec": {
            "containers": [{"name": "one"}, {"name": "two"}],
            "initContainers": [{"name": "first"}],
            "ephemeralContainers": [{"name": "debug"}],
        },
        "status": {
            "containerStatuses": statuses("one", "two"),
            "initContainerStatuses": statuses("first"),
            "ephemeralContainerStatuses": statuses("debug"),
        },
    }


RUNS, WAITS = {"running": {}}, {"waiting": {"reason": "CrashLoopBackOff"}}


def test_containers_say_whether_they_run():
    assert terminal.containers(manifest(one=WAITS, two=RUNS, debug=RUNS)) == [
        Choice("one", "", False),
        Choice("two", "", True),
        Choice("first", "init", False),
        Choice("debug", "ephemeral", True),
    ]


@pytest.mark.parametrize(
    ("states", "name"),
    [({"one": RUNS, "two": RUNS}, "one"), ({"one": WAITS, "two": RUNS}, "two"), ({"one": WAITS}, "")],
)
def test_the_container_to_begin_with_runs(states, name):
    assert terminal.usual(manifest(**states)) == name
    assert bool(terminal.trouble(manifest(**states))) == (name == "")
