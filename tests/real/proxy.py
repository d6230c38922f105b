"""A proxy before a real API server: it hands on what a test does not answer itself."""

import http.client
import ssl
from contextlib import closing
from pathlib import Path
from socket import socket
from threading import Event, Thread
from urllib.parse import urlsplit

import yaml

from tests.real.faults import Answer, Handler, OpenWatch, Request, Server, break_off

PASSED_ON = ("Authorization", "Accept", "Content-Type")
ANSWER_SECONDS = 30
WATCH_SECONDS = 600


class Proxy(Server):
    """Stands before the API server of a kubeconfig's current context; callers bring their own token."""

    def __init__(self, kubeconfig: str) -> None:
        self._kubeconfig = yaml.safe_load(Path(kubeconfig).read_text())
        cluster = self._kubeconfig["clusters"][0]["cluster"]
        self._upstream = urlsplit(cluster["server"])
        self._tls = ssl.create_default_context(cafile=cluster["certificate-authority"])
        super().__init__()

    def kubeconfig(self, path: Path, *, token: str | None = None) -> Path:
        """Write a kubeconfig that leads here, for the same user or with another token."""
        name = self._kubeconfig["clusters"][0]["name"]
        changed = self._kubeconfig | {"clusters": [{"name": name, "cluster": {"server": self.url}}]}
        if token is not None:
            changed["users"] = [{"name": user["name"], "user": {"token": token}} for user in changed["users"]]
        path.write_text(yaml.safe_dump(changed))
        return path

    def otherwise(self, handler: Handler, request: Request) -> Answer | None:
        seconds = WATCH_SECONDS if request.watch else ANSWER_SECONDS
        upstream = http.client.HTTPSConnection(
            str(self._upstream.hostname), self._upstream.port, context=self._tls, timeout=seconds
        )
        with closing(upstream):
            headers = {name: value for name in PASSED_ON if (value := handler.headers[name])}
            body = handler.rfile.read(int(handler.headers["Content-Length"] or 0))
            upstream.request(request.method, handler.path, body=body or None, headers=headers)
            connection = upstream.sock
            with closing(upstream.getresponse()) as response:
                if request.watch and response.status == 200:
                    self._relay(handler, request, response, connection)
                    return None
                return Answer(response.status, response.read(), _kept(response))

    def _relay(
        self, handler: Handler, request: Request, response: http.client.HTTPResponse, upstream: socket
    ) -> None:
        with self.watched(handler, request) as watch:
            ended = Event()
            Thread(target=_end_with, args=(watch, upstream, ended), daemon=True).start()
            try:
                while line := response.readline():
                    self.pass_on(watch, line)
                if not watch.cut.is_set():
                    watch.end()
            finally:
                ended.set()
                watch.cut.set()


def _kept(response: http.client.HTTPResponse) -> dict[str, str]:
    return {name: value for name in ("Content-Type", "Retry-After") if (value := response.headers[name])}


def _end_with(watch: OpenWatch, upstream: socket, ended: Event) -> None:
    """Free the thread that reads from upstream once nobody listens any more."""
    watch.cut.wait()
    if not ended.is_set():
        break_off(upstream)
