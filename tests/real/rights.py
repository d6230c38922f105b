"""A product of three users who share a cluster, and every address that it has."""

import json
import os
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import yaml
from django.urls import URLPattern, URLResolver, get_resolver
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from dashboard import deeds
from dashboard.kinds import PAGES
from orchestrator.backends.cluster.port import RESOURCES, Kind
from tests.real.processes import started
from tests.real.product import Product, Reply
from tests.real.proxy import Proxy

ADMIN, VIEWER, NOBODY = "the-admin", "the-viewer", "the-nobody"
TOKENS = {ADMIN: "lab-admin", VIEWER: "lab-viewer", NOBODY: "lab-nobody"}
ROLES = "roles.rbac.authorization.k8s.io"
GAP = re.compile(r"<(?:\w+:)?(\w+)>")
LEFT_OUT = ("login", "logout", "sign-in", "stream")
WITHOUT_NAMESPACE = ("nodes", "namespaces", "persistentvolumes")


class Users:
    """The product as a process; `proxies` count what each context asks its API server."""

    def __init__(self, server: Product, proxies: dict[str, Proxy]) -> None:
        self.product, self.proxies = server, proxies
        link = server.process.wait_for("Sign in once with ").split(" with ")[1]
        reply = server.get("/" + link.split("/", 3)[3])
        self._session = re.search(r"sessionid=\w+", reply.headers["set-cookie"])[0]  # type: ignore[index]
        self._token = secrets.token_hex(16)

    def page(self, path: str) -> Reply:
        """Open a page as somebody who is signed in."""
        return self.product.get(path, Cookie=self._session)

    def form(self, path: str, body: str = "") -> Reply:
        """Send a form as a page does."""
        cookie = f"{self._session}; csrftoken={self._token}"
        return self.product.get(
            path,
            method="POST",
            body=body.encode(),
            Cookie=cookie,
            X_CSRFToken=self._token,
            Content_Type="application/x-www-form-urlencoded",
        )

    @contextmanager
    def terminal(self, **asked: str) -> Iterator[ClientConnection]:
        """Open the socket of a terminal as its page does."""
        own = f"127.0.0.1:{self.product.port}"
        address = f"ws://{own}/dashboard/terminal?{urlencode(asked)}"
        cookie = {"Cookie": self._session}
        with connect(address, origin=Origin(f"http://{own}"), additional_headers=cookie) as page:
            yield page

    def api(self, path: str, *, method: str = "GET", body: Any = None) -> Reply:
        data = b"" if body is None else json.dumps(body).encode()
        return self.product.get(path, method=method, body=data, Content_Type="application/json")


@contextmanager
def users(folder: Path) -> Iterator[Users]:
    """Start the product with a context for each user, the administrator's the current one."""
    proxies = {name: Proxy(os.environ["TEST_KUBECONFIG"]) for name in TOKENS}
    settings = {
        "CLUSTER_BACKEND": "auto",
        "KUBECONFIG": str(_merged(folder, proxies)),
        "LOG_LEVEL": "warning",
    }
    with started(f"sqlite:///{folder}/rights.sqlite3", **settings) as processes:
        command = ("createsuperuser", "--noinput", "--username", "mara", "--email", "")
        made = processes.manage(*command, DJANGO_SUPERUSER_PASSWORD=secrets.token_hex())
        assert made.child.wait(60) == 0
        yield Users(Product(processes), proxies)
    for proxy in proxies.values():
        proxy.close()


def _merged(folder: Path, proxies: dict[str, Proxy]) -> Path:
    config: dict[str, Any] = {"apiVersion": "v1", "kind": "Config", "current-context": ADMIN}
    config |= {"clusters": [], "users": [], "contexts": []}
    for name, proxy in proxies.items():
        config["clusters"].append({"name": name, "cluster": {"server": proxy.url}})
        config["users"].append({"name": name, "user": {"token": TOKENS[name]}})
        config["contexts"].append({"name": name, "context": {"cluster": name, "user": name}})
    file = folder / "kubeconfig"
    file.write_text(yaml.safe_dump(config))
    return file


def addresses(room: str, *, names: Mapping[str, str], namespace: str) -> list[str]:
    """Return the paths of a room of the site (apis, dashboard) for objects that are there.

    `names` has the name of one object of each kind. Streams, which do not end, are left out.
    """
    found = set()
    for route, owner in _routes(get_resolver()):
        if owner == room and not any(word in route for word in LEFT_OUT):
            choices = [_values(gap, route) for gap in GAP.findall(route)]
            found |= {_filled(route, values, names, namespace) for values in product(*choices)}
    return sorted(found)


def _routes(resolver: URLResolver, before: str = "", room: str = "") -> Iterator[tuple[str, str]]:
    for each in resolver.url_patterns:
        path = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from _routes(each, path, room or str(each.app_name or ""))
        elif isinstance(each, URLPattern):
            yield "/" + path, room


def _values(gap: str, route: str) -> list[str]:
    """Return what stands in a gap of an address; "" is left for the name or the namespace of an object."""
    if gap == "resource" or "resources/<str:kind>" in route and gap == "kind":
        return [*(each.id for each in RESOURCES.values()), ROLES]
    if gap in ("kind", "type"):
        return [str(kind) for kind in PAGES if kind is not Kind.EVENTS]
    if gap == "deed":
        return [each.name for each in deeds.DEEDS]
    return ["1"] if gap in ("revision", "key_id", "user_id") else [""]


def _filled(route: str, values: Iterable[str], names: Mapping[str, str], namespace: str) -> str:
    gaps = GAP.findall(route)
    path = route
    for gap, value in zip(gaps, values, strict=True):
        path = GAP.sub(value or f"{{{gap}}}", path, count=1)
    words = [word.partition(".")[0] for word in path.split("/")]
    kind = next((word for word in words if word in names), "")
    place = "-" if kind in WITHOUT_NAMESPACE else namespace
    return path.replace("{namespace}", place).replace("{name}", names.get(kind, "web"))
