"""dashboard.terminal"""

import json
from datetime import timedelta

import pytest
from channels.db import database_sync_to_async
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import AnonymousUser, Group

from dashboard import consumers, terminal
from orchestrator.backends.cluster.port import Kind
from orchestrator.models import AuditEvent
from orchestrator.services.clusters import contexts
from orchestrator.services.clusters import terminal as service

pytestmark = pytest.mark.django_db(transaction=True)
PLACE = "context=demo-cluster&namespace=default"
SECONDS = 10


@pytest.fixture(scope="module")
def pod() -> str:
    """A pod of the demo cluster with one container, called nginx-deployment."""
    rows = contexts.catalogue().clusters["demo-cluster"].cache(Kind.PODS).rows("default")
    return next(row.name for row in rows if row.name.startswith("nginx-deployment"))


@pytest.fixture(autouse=True)
def quick(monkeypatch) -> None:
    """Look after terminals more often than people need."""
    monkeypatch.setattr(terminal, "CHECK_SECONDS", 0.1)


@pytest.fixture
def session(client, operator):
    """The operator's session, as the handshake finds it."""
    client.force_login(operator)
    return client.session


@pytest.fixture
def socket(operator, session, pod):
    """Return a function that makes the socket of a page."""

    def socket(query: str = "", *, user=operator, origin: str = "http://testserver"):
        address = f"/dashboard/terminal?{PLACE}&pod={pod}&{query or 'container=nginx-deployment'}"
        headers = [(b"host", b"testserver"), (b"origin", origin.encode())]
        made = WebsocketCommunicator(terminal.TerminalConsumer.as_asgi(), address, headers=headers)
        made.scope |= {"user": user, "session": session, "client": ("127.0.0.1", 4711)}
        return made

    return socket


@pytest.fixture
async def open_page(socket):
    """A page with a terminal that is ready."""
    page = socket()
    assert (await page.connect(SECONDS))[0]
    assert await words(page) == {"ready": {"shell": "bash", "container": "nginx-deployment"}}
    yield page
    await page.disconnect(timeout=SECONDS)


async def words(page) -> dict:
    """Return what the server says next of the terminal, past what the terminal prints."""
    while True:
        frame = await page.receive_output(timeout=SECONDS)
        if frame.get("text"):
            return json.loads(frame["text"])
        assert frame["type"] == "websocket.send", frame


async def printed(page, text: str) -> str:
    """Return what the terminal printed once it printed a text."""
    found = b""
    while text.encode() not in found:
        found += (await page.receive_output(timeout=SECONDS))["bytes"]
    return found.decode()


async def closed(page) -> int:
    while (frame := await page.receive_output(timeout=SECONDS))["type"] != "websocket.close":
        pass
    return frame["code"]


@database_sync_to_async
def audited() -> list[tuple[str, str]]:
    rows = AuditEvent.objects.filter(area="clusters").order_by("pk")
    return [(row.action, row.result) for row in rows]


async def test_what_is_typed_is_answered_and_the_exit_code_told(open_page, pod):
    await open_page.send_to(bytes_data=b"hostname\nexit 3\n")
    assert pod in await printed(open_page, f"{pod}\r\n")
    assert await words(open_page) == {"exit": 3}
    assert await closed(open_page) == terminal.ENDED
    assert await audited() == [("Open terminal", "done"), ("Close terminal", "done")]


async def test_the_audit_says_where_and_how_it_ended(open_page, pod, operator):
    await open_page.send_to(bytes_data=b"exit 3\n")
    await closed(open_page)
    row = await AuditEvent.objects.aget(action="Close terminal")
    assert (row.actor, row.target, row.place) == (operator.username, f"pod {pod}", "demo-cluster / default")
    assert row.address == "127.0.0.1"
    assert row.note.startswith("nginx-deployment, bash, 0:00:0")
    assert row.note.endswith(": exit code 3")


async def test_the_size_reaches_the_terminal(open_page):
    await open_page.send_to(text_data=json.dumps({"resize": [123, 45]}))
    await open_page.send_to(bytes_data=b"stty size\n")
    await printed(open_page, "45 123")


async def test_a_page_that_does_not_read_makes_the_container_wait(open_page):
    await open_page.send_to(bytes_data=b"yes\n")
    sizes = []
    while sum(sizes) < terminal.MOST_UNREAD:
        sizes.append(len((await open_page.receive_output(timeout=SECONDS))["bytes"]))
    assert await open_page.receive_nothing(timeout=0.3)
    await open_page.send_to(text_data=json.dumps({"read": sum(sizes)}))
    assert (await open_page.receive_output(timeout=SECONDS))["bytes"].startswith(b"y\r\n")


async def test_a_page_that_leaves_ends_its_terminal(socket):
    page = socket()
    await page.connect(SECONDS)
    await words(page)
    await page.send_to(bytes_data=b"sleep 1000\n")
    await page.disconnect(timeout=SECONDS)
    assert await audited() == [("Open terminal", "done"), ("Close terminal", "done")]
    assert (await AuditEvent.objects.aget(action="Close terminal")).note.endswith(": the page was left")
    assert service.count() == 0


@pytest.mark.parametrize(
    "nonsense", ["no JSON", "[]", '{"resize": [0, 5]}', '{"resize": [80]}', '{"read": -1}']
)
async def test_nonsense_closes_it(open_page, nonsense):
    await open_page.send_to(text_data=nonsense)
    assert await closed(open_page) == terminal.BAD_FRAME


async def test_too_much_at_once_is_not_taken(open_page):
    await open_page.send_to(bytes_data=b"x" * (terminal.MOST_TYPED + 1))
    assert "too much at once" in (await words(open_page))["note"]


async def test_silence_ends_it(socket, settings):
    settings.TERMINAL_IDLE = timedelta(seconds=1)
    page = socket()
    await page.connect(SECONDS)
    await words(page)
    assert await words(page) == {"ended": "Nothing was typed or printed for 1 s, so the terminal was closed."}
    assert await closed(page) == terminal.ENDED


async def test_who_signs_out_elsewhere_loses_it(open_page, session):
    await database_sync_to_async(type(session)(session.session_key).flush)()
    assert await words(open_page) == {"ended": service.SIGNED_OUT}


async def test_who_loses_the_role_loses_it(open_page, operator):
    await database_sync_to_async(operator.groups.set)([])
    assert await words(open_page) == {"ended": service.NOT_ALLOWED}


async def test_a_stranger_is_refused(socket):
    assert await socket(user=AnonymousUser()).connect(SECONDS) == (False, consumers.SIGNED_OUT)


@pytest.mark.parametrize("origin", ["http://testserver:3000", "https://evil.example.com", "", "http://["])
async def test_pages_of_others_are_refused(socket, origin):
    assert not (await socket(origin=origin).connect(SECONDS))[0]


@database_sync_to_async
def to_viewer(user) -> None:
    user.groups.set([Group.objects.get_or_create(name="viewer")[0]])


async def test_a_viewer_is_told_what_is_missing(socket, operator):
    await to_viewer(operator)
    page = socket()
    await page.connect(SECONDS)
    assert "clusters:write" in (await words(page))["error"]
    assert await audited() == []


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("container=no-such", "container no-such is not valid for pod"),
        ("container=", "container: a name is 1 to 253"),
        ("container=nginx-deployment&columns=0", "size: a terminal has 1 to 1000"),
        ("container=nginx-deployment&rows=9999999", "size: a terminal has 1 to 1000"),
        ("container=nginx-deployment&pod=../x", "name: a name is 1 to 253"),
        ("container=nginx-deployment&pod=no-such", "Pod not found: no-such"),
        ("container=nginx-deployment&context=no-such", "Context not found: no-such"),
        ("container=nginx-deployment&context=", "context parameter is required"),
    ],
)
async def test_what_cannot_be_opened_is_explained(socket, query, sentence):
    page = socket(query)
    await page.connect(SECONDS)
    assert sentence in (await words(page))["error"]
    assert await closed(page) == terminal.ENDED
