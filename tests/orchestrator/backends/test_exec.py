"""orchestrator.backends.cluster.shells: what is asked of an API server, and what its answers mean"""

import json
import ssl
from collections.abc import Iterator
from threading import Event, Thread

import pytest
from kubernetes import client
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from orchestrator.backends.cluster.shells import V4, V5, exit_code_of, open_shell
from orchestrator.backends.cluster.transport import Transport
from orchestrator.backends.cluster.upgrade import upgrade_to
from orchestrator.backends.errors import Invalid, Overloaded, Unreachable

SUCCESS = b'\x03{"metadata":{},"status":"Success"}'


class Peer:
    """An API server that lets one thing be said in each connection."""

    def __init__(self) -> None:
        self.says: list[bytes] = [SUCCESS]
        self.protocols = [V5, V4]
        self.paths: list[str] = []
        self.headers: list[dict] = []
        self.heard: list[bytes] = []
        self.left = Event()
        self.refusal: tuple[int, str] | None = None

    def begin(self, connection: ServerConnection, request: Request) -> Response | None:
        if self.refusal is None:
            return None
        answer = connection.respond(*self.refusal)
        answer.headers["Retry-After"] = "7"
        return answer

    def __call__(self, connection: ServerConnection) -> None:
        self.paths.append(connection.request.path)
        self.headers.append(dict(connection.request.headers))
        for frame in self.says:
            connection.send(frame)
        if not self.says:
            self.heard.extend(connection)
            self.left.set()

    def select(self, connection: ServerConnection, offered: list) -> str | None:
        return next((each for each in self.protocols if each in offered), None)


@pytest.fixture
def peer() -> Peer:
    return Peer()


@pytest.fixture
def transport(peer) -> Iterator[Transport]:
    choose = {"subprotocols": [V5, V4], "select_subprotocol": peer.select, "process_request": peer.begin}
    with serve(peer, "127.0.0.1", 0, **choose) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        port = server.socket.getsockname()[1]
        key = {"BearerToken": "Bearer a-token"}
        configuration = client.Configuration(host=f"http://127.0.0.1:{port}/prefix", api_key=key)
        yield Transport(lambda: configuration)
        server.shutdown()


def opened(transport: Transport, **other):
    asked = {"namespace": "shop", "container": "web", "command": ["sh", "-c", "a & b"], "tty": True} | other
    return open_shell(transport, "web-1", **asked)


def test_the_way_keeps_the_prefix_and_the_credentials(peer, transport):
    list(opened(transport).chunks())
    assert peer.paths == [
        "/prefix/api/v1/namespaces/shop/pods/web-1/exec"
        "?container=web&stdin=true&stdout=true&stderr=false&tty=true&command=sh&command=-c&command=a%20%26%20b"
    ]
    assert peer.headers[0]["authorization"] == "Bearer a-token"


def test_without_a_terminal_errors_come_apart(peer, transport):
    peer.says = [b"\x01", b"\x01out", b"\x02err", SUCCESS]
    assert list(opened(transport, tty=False).chunks()) == [b"out", b"err"]
    assert "stderr=true&tty=false" in peer.paths[0]


def test_an_old_api_server_speaks_the_fourth_version(peer, transport):
    peer.protocols = [V4]
    shell = opened(transport)
    assert (list(shell.chunks()), shell.exit_code) == ([], 0)


def test_who_speaks_no_version_is_no_api_server(peer, transport):
    peer.protocols = []
    with pytest.raises(Unreachable, match="does not let WebSockets through"):
        opened(transport)


def test_what_is_typed_and_the_size_go_into_channels(peer, transport):
    peer.says = []
    shell = opened(transport)
    shell.write(b"ls\n")
    shell.resize(columns=80, rows=24)
    shell.close()
    assert peer.left.wait(5)
    assert peer.heard == [b"\x00ls\n", b'\x04{"Width": 80, "Height": 24}', b"\xff\x00"]


def test_a_connection_that_breaks_off_is_no_end(peer, transport):
    peer.says = [b"\x01something"]
    shell = opened(transport)
    with pytest.raises(Unreachable, match="broke off"):
        list(shell.chunks())
    assert shell.exit_code is None


@pytest.mark.parametrize("status", [200, 302])
def test_an_answer_that_is_no_websocket_is_explained(peer, transport, status):
    peer.refusal = (status, "a page")
    with pytest.raises(Unreachable, match="does not let WebSockets through"):
        opened(transport)


def test_an_api_server_that_is_busy_says_for_how_long(peer, transport):
    peer.refusal = (429, '{"message": "too many requests"}')
    with pytest.raises(Overloaded, match="too many requests") as raised:
        opened(transport)
    assert raised.value.retry_after == 7


def test_nobody_listens():
    with pytest.raises(Unreachable, match="ECONNREFUSED"):
        opened(Transport(lambda: client.Configuration(host="http://127.0.0.1:1")))


def status(**said) -> bytes:
    return json.dumps({"status": "Failure"} | said).encode()


@pytest.mark.parametrize(
    ("message", "sentence", "reason"),
    [
        (
            'OCI runtime exec failed: exec: "zsh": executable file not found in $PATH: unknown',
            "There is no command zsh in container web.",
            "NoSuchCommand",
        ),
        (
            "executable file `zsh` not found in $PATH: No such file or directory",
            "There is no command zsh in container web.",
            "NoSuchCommand",
        ),
        (
            'unable to upgrade connection: container not found ("web")',
            "Container web does not run.",
            "NotRunning",
        ),
        ("something else", "something else", "NotStarted"),
        ("", "The command did not start.", "NotStarted"),
    ],
)
def test_a_command_that_did_not_start_says_why(message, sentence, reason):
    with pytest.raises(Invalid) as raised:
        exit_code_of(status(reason="InternalError", message=message), container="web", command="zsh")
    assert (raised.value.message, raised.value.reason) == (sentence, reason)


def test_a_node_that_does_not_answer_is_not_named_by_its_address():
    said = status(reason="InternalError", message="error dialing backend: dial tcp 10.0.0.1:10250: refused")
    with pytest.raises(Unreachable, match="^The API server cannot reach the node of the pod.$"):
        exit_code_of(said, container="web", command="sh")


@pytest.mark.parametrize("said", [b"", b"no JSON", b"[]"])
def test_a_last_word_that_makes_no_sense(said):
    with pytest.raises(Unreachable, match="makes no sense"):
        exit_code_of(said, container="web", command="sh")


def test_the_certificates_and_the_proxy_of_the_kubeconfig_count():
    configuration = client.Configuration(host="https://api.example.com")
    configuration.proxy, configuration.no_proxy = "http://proxy.example.com:3128", "elsewhere.example.com"
    configuration.verify_ssl, configuration.tls_server_name = False, "inside.example.com"
    found = upgrade_to("https://api.example.com/x?y=http", {}, configuration)
    assert (found.url, found.proxy) == ("wss://api.example.com/x?y=http", "http://proxy.example.com:3128")
    assert (found.server_name, found.tls.verify_mode) == ("inside.example.com", ssl.CERT_NONE)
    configuration.no_proxy = "api.example.com"
    assert upgrade_to("https://api.example.com/", {}, configuration).proxy is None
