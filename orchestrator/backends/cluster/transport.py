"""Requests to a Kubernetes API server, and what its failures mean.

The client library logs in and carries bytes. What they mean is in `rows`, how lists stay current in `watch`.
"""

import errno
import re
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from threading import Lock
from typing import Any

import msgspec
from django.conf import settings
from kubernetes import client
from kubernetes.client.exceptions import ApiException
from kubernetes.config import ConfigException
from urllib3.exceptions import (
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)
from urllib3.exceptions import TimeoutError as Urllib3Timeout
from yaml import YAMLError

from orchestrator.backends.cluster import raw
from orchestrator.backends.cluster.pace import Pace
from orchestrator.backends.cluster.upgrade import Upgrade, upgrade_to
from orchestrator.backends.errors import (
    BackendError,
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    Overloaded,
    TimedOut,
    Unauthorized,
    Unreachable,
)

SERVICE = "kubernetes"
CONNECT_SECONDS = 3.0
READ_SECONDS = 10.0
CHUNK_BYTES = 65536
CONNECTIONS = 64  # to one API server: every watch holds one
ERROR_FOR_STATUS: dict[int, type[BackendError]] = {
    0: Unreachable,  # The client library reports a failed TLS handshake as status 0.
    400: Invalid,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Gone,
    422: Invalid,
    429: Overloaded,
    503: Overloaded,
}
WORD_FOR_ERRNO = {
    errno.ECONNREFUSED: "ECONNREFUSED",
    errno.ECONNRESET: "ECONNRESET",
    errno.EHOSTUNREACH: "EHOSTUNREACH",
    errno.ENETUNREACH: "ENETUNREACH",
    errno.ETIMEDOUT: "ETIMEDOUT",
}


class Transport:
    """Sends requests as one user of one context. `load` reads the credentials; `reload` reads them again."""

    def __init__(self, load: Callable[[], client.Configuration]) -> None:
        self._load = load
        self._lock = Lock()
        self._api: client.ApiClient | None = None
        self._pace = Pace(rate=settings.K8S_CLIENT_QPS, burst=settings.K8S_CLIENT_BURST)

    def get(
        self,
        path: str,
        query: Mapping[str, str | int] | None = None,
        *,
        accept: str = "application/json",
    ) -> bytes:
        """Return the body of an answer; raise `BackendError`."""
        with translated_errors():
            answer = self._send("GET", path, query=query, accept=accept, read_seconds=READ_SECONDS)
            content: bytes = answer.read()
        _check(answer, content)
        return content

    def send(
        self,
        method: str,
        path: str,
        body: object,
        *,
        query: Mapping[str, str | int] | None = None,
        content_type: str = "application/json",
        seconds: float = READ_SECONDS,
    ) -> bytes:
        """Send a dict or a list as JSON, once; return the body of the answer; raise `BackendError`."""
        with translated_errors():
            answer = self._send(
                method, path, query=query, body=body, content_type=content_type, read_seconds=seconds
            )
            received: bytes = answer.read()
        _check(answer, received)
        return received

    def stream(self, path: str, query: Mapping[str, str | int], *, silence_seconds: float) -> "Stream":
        """Open a watch or a log; raise `BackendError` if it does not open, and while it is read."""
        with translated_errors():
            answer = self._send("GET", path, query=query, read_seconds=silence_seconds)
            if answer.status >= 400:
                _check(answer, answer.read())
        return Stream(answer.response)

    def upgrade(self, path: str, query: Sequence[tuple[str, str]]) -> Upgrade:
        """Return how a WebSocket client opens `path`; raise `BackendError` if the kubeconfig is of no use."""
        with translated_errors():
            api = self._client()
            _, url, headers, *_ = api.param_serialize(
                "GET", path, query_params=list(query), header_params={}, auth_settings=["BearerToken"]
            )
            return upgrade_to(url, headers, api.configuration)

    def reload(self) -> None:
        """Read the credentials again before the next request: a token may have been renewed."""
        with self._lock:
            self._api = None

    def _client(self) -> client.ApiClient:
        with self._lock:
            if self._api is None:
                with kubeconfig_errors():
                    configuration = self._load()
                configuration.retries = False  # Whether to try again is the caller's decision.
                configuration.keep_alive = True
                configuration.connection_pool_maxsize = CONNECTIONS
                self._api = client.ApiClient(configuration)
            return self._api

    def _send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        body: object = None,
        content_type: str = "",
        accept: str = "application/json",
        read_seconds: float,
    ) -> Any:
        api = self._client()
        self._pace.wait()
        content = {} if body is None else {"Content-Type": content_type}
        request = api.param_serialize(
            method,
            path,
            query_params=list((query or {}).items()),
            header_params={"Accept": accept, **content},
            body=body,
            auth_settings=["BearerToken"],
        )
        return api.call_api(*request, _request_timeout=(CONNECT_SECONDS, read_seconds))


class Stream:
    """The lines of an open watch, or the parts of an open log."""

    def __init__(self, response: Any) -> None:
        self._response = response

    def lines(self) -> Iterator[bytes]:
        """Yield whole lines until the server ends the stream; raise `BackendError` if it breaks."""
        rest = b""
        with translated_errors():
            for chunk in self._response.stream(amt=None):
                *lines, rest = (rest + chunk).split(b"\n")
                yield from lines

    def chunks(self) -> Iterator[bytes]:
        """Yield what comes as it comes until the server ends it; raise `BackendError` if it breaks."""
        with translated_errors():
            yield from self._response.stream(amt=CHUNK_BYTES)

    def interrupt(self) -> None:
        """End the stream while another thread waits for its next line."""
        with suppress(OSError, ValueError, RuntimeError):  # It has ended already.
            self._response.shutdown()

    def close(self) -> None:
        """Give the connection up; for the thread that reads."""
        self._response.close()


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn whatever the client library raises into `BackendError`, most specific first.

    Messages name no host: they are shown to people who may not know where the API server stands.
    """
    try:
        yield
    except ApiException as exc:
        raise _error(exc.status or 0, exc.reason or "") from exc
    except ReadTimeoutError as exc:
        raise TimedOut("The API server did not answer in time.", service=SERVICE, reason="ETIMEDOUT") from exc
    except (SSLError, ssl.SSLError) as exc:
        sentence = "The API server's certificate is not trusted, or it does not speak TLS."
        raise Unreachable(sentence, service=SERVICE, reason="TLS") from exc
    except (HTTPError, OSError) as exc:
        word = _word(exc)
        raise Unreachable(
            f"The API server cannot be reached ({word}).", service=SERVICE, reason=word
        ) from exc
    except ConfigException as exc:
        sentence = f"The kubeconfig cannot be used: {_without_places(exc)}."
        raise Unauthorized(sentence, service=SERVICE, reason="Kubeconfig") from exc
    except (msgspec.DecodeError, KeyError) as exc:
        sentence = "The API server sent an answer that makes no sense."
        raise Unreachable(sentence, service=SERVICE, reason="BadAnswer") from exc


@contextmanager
def kubeconfig_errors() -> Iterator[None]:
    """Turn what goes wrong while a kubeconfig is read into `ConfigException`: the library trusts it."""
    try:
        yield
    except (AttributeError, TypeError, ValueError, YAMLError) as exc:
        raise ConfigException("it is not a kubeconfig") from exc
    except OSError as exc:
        raise ConfigException(exc.strerror or "it cannot be read") from exc


def _without_places(exc: ConfigException) -> str:
    """Return what the library says, without the directories and addresses in it: callers may read it."""
    first = str(exc).strip().partition("\n")[0]
    return re.sub(r"[^\s'\"]*/", "", first)[:200].rstrip(".") or "it is not a kubeconfig"


def _word(exc: BaseException | None) -> str:
    """Return the operating system's word for what stopped a connection."""
    while exc is not None:
        if isinstance(exc, (NameResolutionError, socket.gaierror)):
            return "ENOTFOUND"
        # To urllib3 every connection that was not made is a timeout, also one that was refused.
        if isinstance(exc, (Urllib3Timeout, TimeoutError)) and not isinstance(exc, NewConnectionError):
            return "ETIMEDOUT"
        if isinstance(exc, OSError) and exc.errno in WORD_FOR_ERRNO:
            return WORD_FOR_ERRNO[exc.errno]
        exc = exc.__cause__ or exc.__context__ or _wrapped(exc)
    return "ECONNRESET"


def _wrapped(exc: BaseException) -> BaseException | None:
    """Return the error that an error of urllib3 carries in its arguments."""
    return next((each for each in exc.args if isinstance(each, BaseException)), None)


def _check(answer: Any, content: bytes) -> None:
    """Raise our kind of error for an answer that is none."""
    if answer.status >= 400:
        raise refusal(answer.status, content, wait=answer.getheader("Retry-After", ""))


def refusal(status: int, content: bytes, *, wait: str = "") -> BackendError:
    """Return our kind of error for an answer with this status; `wait` is its Retry-After."""
    try:
        failure = raw.decode_failure(content)
    except msgspec.DecodeError:  # A proxy before the API server may send anything at all.
        failure = raw.Failure(message="")
    retry_after = float(wait) if wait.isdecimal() else None
    said = {"retry_after": retry_after, "causes": raw.causes(failure)}
    return _error(status, failure.message, reason=failure.reason, **said)


def _error(status: int, message: str, *, reason: str = "", **said: Any) -> BackendError:
    kind = ERROR_FOR_STATUS.get(status, BackendError)
    sentence = message[:500] or f"The API server answered {status}."
    if kind is Unauthorized:
        sentence = "The API server refuses the credentials of this context: they are wrong or have expired."
    if kind is Unreachable:
        sentence = "The API server's certificate is not trusted, or it does not speak TLS."
        reason = "TLS"
    return kind(sentence, service=SERVICE, status=status, reason=reason, **said)


def failure_of(frame: bytes | msgspec.Raw) -> BackendError:
    """Return the error that an ERROR frame of a watch carries."""
    failure = raw.decode_failure(frame)
    return _error(failure.code or 500, failure.message, reason=failure.reason)
