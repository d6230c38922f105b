"""orchestrator.backends.cluster.transport"""

import errno
import json
import socket
import ssl
from contextlib import closing
from threading import Thread

import pytest
from kubernetes import client
from kubernetes.client.exceptions import ApiException
from kubernetes.config import ConfigException
from urllib3.connection import HTTPConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
    SSLError,
)
from yaml import YAMLError

from orchestrator.backends import errors
from orchestrator.backends.cluster import kubernetes, transport
from orchestrator.backends.cluster.port import RESOURCES, Kind
from orchestrator.backends.cluster.transport import Transport
from tests.real.faults import Frames, Server, status_object

HOST = "api.internal.example"
CONNECTION = HTTPConnection(HOST)


def leading_to(url: str) -> Transport:
    return Transport(lambda: client.Configuration(host=url))


def failure(transport: Transport, path: str = "/version") -> errors.BackendError:
    with pytest.raises(errors.BackendError) as caught:
        transport.get(path)
    return caught.value


def caused(outer: Exception, cause: Exception) -> Exception:
    outer.__cause__ = cause
    return outer


@pytest.fixture
def server():
    server = Server()
    yield server
    server.close()


@pytest.mark.parametrize(
    ("kind", "namespace", "path"),
    [
        (Kind.PODS, None, "/api/v1/pods"),
        (Kind.PODS, "shop", "/api/v1/namespaces/shop/pods"),
        (Kind.DEPLOYMENTS, "shop", "/apis/apps/v1/namespaces/shop/deployments"),
        (Kind.JOBS, None, "/apis/batch/v1/jobs"),
    ],
)
def test_the_path_of_a_collection(kind, namespace, path):
    assert RESOURCES[kind].path(namespace) == path


REFUSED = ConnectionRefusedError(errno.ECONNREFUSED, "refused by " + HOST)
BREAKS = [
    (caused(NewConnectionError(CONNECTION, HOST), REFUSED), "ECONNREFUSED"),
    (ProtocolError("Connection aborted.", ConnectionResetError(errno.ECONNRESET, HOST)), "ECONNRESET"),
    (ProtocolError(f"Response ended prematurely: {HOST}"), "ECONNRESET"),
    (caused(NewConnectionError(CONNECTION, HOST), OSError(errno.EHOSTUNREACH, HOST)), "EHOSTUNREACH"),
    (caused(NewConnectionError(CONNECTION, HOST), OSError(errno.ENETUNREACH, HOST)), "ENETUNREACH"),
    (caused(NewConnectionError(CONNECTION, HOST), OSError(errno.ETIMEDOUT, HOST)), "ETIMEDOUT"),
    (ConnectTimeoutError(CONNECTION, f"Connection to {HOST} timed out"), "ETIMEDOUT"),
    (NameResolutionError(HOST, CONNECTION, socket.gaierror(-2, HOST)), "ENOTFOUND"),
    (OSError(errno.EPIPE, HOST), "ECONNRESET"),
]


@pytest.mark.parametrize(("raised", "word"), BREAKS)
def test_a_broken_connection_has_a_word_and_no_address(raised, word):
    with pytest.raises(errors.Unreachable) as caught, transport.translated_errors():
        raise raised
    assert caught.value.reason == word
    assert str(caught.value) == f"The API server cannot be reached ({word})."


TRANSLATIONS = [
    (ReadTimeoutError(None, HOST, "Read timed out."), errors.TimedOut, "ETIMEDOUT", "in time"),
    (SSLError(f"certificate of {HOST}"), errors.Unreachable, "TLS", "not trusted"),
    (ssl.SSLCertVerificationError(1, HOST), errors.Unreachable, "TLS", "not trusted"),
    (ApiException(status=0, reason=f"SSLError at {HOST}"), errors.Unreachable, "TLS", "not trusted"),
    (ConfigException("it is not a kubeconfig"), errors.Unauthorized, "Kubeconfig", "it is not a kubeconfig"),
    (KeyError("gitVersion"), errors.Unreachable, "BadAnswer", "makes no sense"),
]


@pytest.mark.parametrize(("raised", "kind", "reason", "part"), TRANSLATIONS)
def test_every_failure_of_the_client_library_is_one_of_ours(raised, kind, reason, part):
    with pytest.raises(kind) as caught, transport.translated_errors():
        raise raised
    assert caught.value.reason == reason
    assert part in caught.value.message
    assert HOST not in str(caught.value)


@pytest.mark.parametrize(
    ("raised", "part"),
    [
        (YAMLError("mapping values are not allowed"), "it is not a kubeconfig"),
        (TypeError("string indices"), "it is not a kubeconfig"),
        (PermissionError(errno.EACCES, "Permission denied", "/secret/path"), "Permission denied"),
    ],
)
def test_a_kubeconfig_that_cannot_be_read_is_a_sentence(raised, part):
    def load():
        raise raised

    error = failure(Transport(load))
    assert type(error) is errors.Unauthorized
    assert error.message == f"The kubeconfig cannot be used: {part}."


@pytest.mark.parametrize("text", ["", "a: [", "just words", "[]", "clusters: 3", "contexts: [{name: a}]"])
def test_a_file_that_is_no_kubeconfig_is_a_sentence_without_its_place(text, tmp_path):
    (tmp_path / "config").write_text(text)
    with pytest.raises(errors.Unauthorized, match=r"The kubeconfig cannot be used: .*\.$") as caught:
        kubernetes.open_kubernetes(str(tmp_path / "config"), listener=lambda change: None)
    assert str(tmp_path) not in str(caught.value)


STATUSES = [
    (400, errors.Invalid),
    (401, errors.Unauthorized),
    (403, errors.Forbidden),
    (404, errors.NotFound),
    (409, errors.Conflict),
    (410, errors.Gone),
    (422, errors.Invalid),
    (429, errors.Overloaded),
    (500, errors.BackendError),
    (503, errors.Overloaded),
]


@pytest.mark.parametrize(("code", "kind"), STATUSES)
def test_a_status_is_a_kind_of_error_and_keeps_the_servers_words(httpserver, code, kind):
    said = json.dumps(status_object(code, "Reason", "what it says"))
    httpserver.expect_request("/version").respond_with_data(
        said, status=code, content_type="application/json"
    )
    error = failure(leading_to(httpserver.url_for("")))
    assert type(error) is kind
    assert (error.status, error.reason, error.service) == (code, "Reason", "kubernetes")
    expected = "The API server refuses the credentials" if code == 401 else "what it says"
    assert error.message.startswith(expected)


@pytest.mark.parametrize(("wait", "seconds"), [("7", 7.0), ("", None), ("soon", None), ("-1", None)])
def test_retry_after_is_a_number_of_seconds(httpserver, wait, seconds):
    httpserver.expect_request("/version").respond_with_data("{}", status=429, headers={"Retry-After": wait})
    assert failure(leading_to(httpserver.url_for(""))).retry_after == seconds


@pytest.mark.parametrize("body", ["<html>gateway at 10.1.2.3</html>", "", "[1]", '{"message":7}', '"words"'])
def test_a_failure_that_is_no_status_object_says_its_number(httpserver, body):
    httpserver.expect_request("/version").respond_with_data(body, status=502, content_type="text/html")
    error = failure(leading_to(httpserver.url_for("")))
    assert error.message == "The API server answered 502."


def test_the_causes_of_a_failure_come_one_by_one(httpserver):
    cause = {"reason": "FieldValueInvalid", "message": "field is immutable", "field": "spec.selector"}
    said = {"kind": "Status", "code": 422, "message": "no", "details": {"name": "web", "causes": [cause, {}]}}
    httpserver.expect_request("/version").respond_with_json(said, status=422)
    found = failure(leading_to(httpserver.url_for(""))).causes
    assert found[0] == errors.Cause("field is immutable", field="spec.selector", reason="FieldValueInvalid")
    assert found[1] == errors.Cause()


def test_a_long_message_is_cut(httpserver):
    said = json.dumps(status_object(422, "Invalid", "x" * 10_000))
    httpserver.expect_request("/version").respond_with_data(said, status=422)
    assert len(failure(leading_to(httpserver.url_for(""))).message) == 500


def test_html_with_status_200_makes_no_sense(httpserver, tmp_path):
    httpserver.expect_request("/version").respond_with_data("<html>sign in</html>", content_type="text/html")
    cluster = kubernetes.KubernetesCluster(
        kubernetes.Context(name="c", cluster="c", user="u"),
        load=lambda: client.Configuration(host=httpserver.url_for("")),
        listener=lambda change: None,
    )
    with pytest.raises(errors.Unreachable, match="makes no sense"):
        cluster.version()


def test_a_port_where_nobody_listens(server):
    server.stop()
    assert failure(leading_to(server.url)).reason == "ECONNREFUSED"


def test_a_server_that_hangs_up_without_an_answer():
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        listener.settimeout(10)
        port = listener.getsockname()[1]

        def hang_up() -> None:
            connection, _ = listener.accept()
            connection.recv(1000)
            connection.close()

        thread = Thread(target=hang_up)
        thread.start()
        assert failure(leading_to(f"http://127.0.0.1:{port}")).reason == "ECONNRESET"
        thread.join()


def test_a_server_that_does_not_speak_tls(server):
    assert failure(leading_to(server.url.replace("http:", "https:"))).reason == "TLS"


def test_a_name_that_nobody_knows(monkeypatch):
    def unknown(*args: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert failure(leading_to(f"http://{HOST}")).reason == "ENOTFOUND"


def test_an_answer_that_does_not_come_in_time(monkeypatch):
    monkeypatch.setattr(transport, "READ_SECONDS", 0.2)
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:  # It never accepts, the kernel does.
        error = failure(leading_to(f"http://127.0.0.1:{listener.getsockname()[1]}"))
    assert type(error) is errors.TimedOut


def test_a_stream_gives_whole_lines(server):
    server.rule = lambda request: Frames([b'{"a":1}', b'{"b":2}'], ends=True)
    stream = leading_to(server.url).stream("/api/v1/pods", {"watch": "true"}, silence_seconds=5)
    assert list(stream.lines()) == [b'{"a":1}', b'{"b":2}']
    stream.close()


def test_a_line_that_comes_in_pieces_is_one_line():
    class Pieces:
        def stream(self, amt):
            yield from (b'{"a"', b':1}\n{"b":2}\n{"c', b'":3}\n', b'{"half"')

    assert list(transport.Stream(Pieces()).lines()) == [b'{"a":1}', b'{"b":2}', b'{"c":3}']


def test_a_stream_that_is_cut_is_an_error(server, wait_until):
    server.rule = lambda request: Frames([b'{"a":1}'])
    stream = leading_to(server.url).stream("/api/v1/pods", {"watch": "true"}, silence_seconds=5)
    lines = stream.lines()
    assert next(lines) == b'{"a":1}'
    server.cut()
    with pytest.raises(errors.Unreachable):
        next(lines)
    stream.close()


def test_silence_in_a_stream_is_an_error(server):
    server.rule = lambda request: Frames()
    stream = leading_to(server.url).stream("/api/v1/pods", {"watch": "true"}, silence_seconds=0.2)
    with pytest.raises(errors.TimedOut):
        next(stream.lines())
    stream.close()


def test_a_stream_that_does_not_open_is_an_error(server):
    with pytest.raises(errors.NotFound):
        leading_to(server.url).stream("/api/v1/pods", {"watch": "true"}, silence_seconds=5)


def test_credentials_are_read_once_and_again_after_a_reload(server):
    loaded = []

    def load() -> client.Configuration:
        loaded.append(1)
        return client.Configuration(host=server.url)

    transport = Transport(load)
    failure(transport)
    failure(transport)
    assert len(loaded) == 1
    transport.reload()
    failure(transport)
    assert len(loaded) == 2
