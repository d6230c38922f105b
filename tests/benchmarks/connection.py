"""A client that costs next to nothing: one keep-alive connection, plain or TLS, and bytes as they come."""

import gzip
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from urllib.parse import urlsplit

import yaml

TIMEOUT_SECONDS = 60.0
END_OF_CHUNKS = b"\r\n0\r\n\r\n"


class Failed(Exception):
    """A measurement met an answer that it must not count."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One response: how long it took until its last byte, and what came."""

    status: int
    headers: dict[str, str]
    raw: bytes
    seconds: float

    @property
    def body(self) -> bytes:
        content = _joined(self.raw) if "chunked" in self.headers.get("transfer-encoding", "") else self.raw
        return gzip.decompress(content) if self.headers.get("content-encoding") == "gzip" else content


class Connection:
    """Sends GET requests one after another."""

    def __init__(self, url: str, *, tls: ssl.SSLContext | None = None, headers: dict[str, str] | None = None):
        place = urlsplit(url)
        assert place.hostname is not None
        self.headers = {"Host": place.netloc, "Accept": "application/json"} | (headers or {})
        plain = socket.create_connection((place.hostname, place.port or 443), TIMEOUT_SECONDS)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = tls.wrap_socket(plain, server_hostname=place.hostname) if tls else plain

    def get(self, path: str, *, expect: int = 200) -> Answer:
        """Return the answer; raise `Failed` if its status is not the expected one."""
        lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in self.headers.items())]
        request = ("\r\n".join(lines) + "\r\n\r\n").encode()
        began = perf_counter()
        self._socket.sendall(request)
        head, rest = self._head()
        status, headers = _parsed(head)
        raw = self._rest(rest, headers)
        answer = Answer(status, headers, raw, perf_counter() - began)
        if status != expect:
            raise Failed(f"GET {path} answered {status} and not {expect}: {answer.body[:300]!r}")
        return answer

    def close(self) -> None:
        self._socket.close()

    def _head(self) -> tuple[bytes, bytes]:
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._received(65536)
        head, _, rest = received.partition(b"\r\n\r\n")
        return head, rest

    def _rest(self, begin: bytes, headers: dict[str, str]) -> bytes:
        parts, size = [begin], len(begin)
        if "content-length" in headers:
            while size < int(headers["content-length"]):
                parts.append(self._received(1 << 20))
                size += len(parts[-1])
            return b"".join(parts)
        tail = b"\r\n" + begin[-8:]
        while not tail.endswith(END_OF_CHUNKS):
            parts.append(self._received(1 << 20))
            tail = (tail + parts[-1])[-8:]
        return b"".join(parts)

    def _received(self, most: int) -> bytes:
        data = self._socket.recv(most)
        if not data:
            raise Failed("The server closed the connection in the middle of an answer.")
        return data


def to_api_server(kubeconfig: Path) -> Connection:
    """Return a connection over TLS with the token of a kubeconfig as the lab writes it."""
    config = yaml.safe_load(kubeconfig.read_text())
    cluster = config["clusters"][0]["cluster"]
    tls = ssl.create_default_context(cafile=cluster["certificate-authority"])
    token = config["users"][0]["user"]["token"]
    return Connection(cluster["server"], tls=tls, headers={"Authorization": f"Bearer {token}"})


def _parsed(head: bytes) -> tuple[int, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        name, value = name.strip().lower(), value.strip()
        headers[name] = f"{headers[name]}\n{value}" if name in headers else value
    return int(first.split(" ")[1]), headers


def _joined(raw: bytes) -> bytes:
    """Return the content of a chunked body."""
    parts: list[bytes] = []
    at = 0
    while True:
        line_end = raw.index(b"\r\n", at)
        size = int(raw[at:line_end].split(b";")[0], 16)
        if size == 0:
            return b"".join(parts)
        parts.append(raw[line_end + 2 : line_end + 2 + size])
        at = line_end + 4 + size
