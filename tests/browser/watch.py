"""Sees what a browser asks for and complains about while a test runs."""

import re
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Request

HARMLESS_SCHEMES = ("data", "blob")


class Watch:
    """Collects requests, console messages and exceptions of all pages of a browser context."""

    def __init__(self, context: BrowserContext, *, origin: str) -> None:
        self.requests: list[Request] = []
        self.origins = {origin}
        self._said: list[str] = []
        self._allowed: list[str] = []
        context.on("request", lambda request: self.requests.append(request))
        context.on("console", self._hear)
        context.on("weberror", lambda error: self._said.append(str(error.error)))

    def allow(self, pattern: str) -> None:
        """Expect complaints like this one, such as the 404 of a page that a test asks for."""
        self._allowed.append(pattern)

    def problems(self) -> list[str]:
        """Return what went wrong: errors, blocked scripts and styles, requests to elsewhere."""
        said = [each for each in self._said if not any(re.search(each_of, each) for each_of in self._allowed)]
        return said + [f"asked {request.url}" for request in self.requests if not self._is_ours(request)]

    def addresses(self) -> list[str]:
        """Return path and query of what was asked for, in order."""
        parts = [urlsplit(request.url) for request in self.requests]
        return [each.path + (f"?{each.query}" if each.query else "") for each in parts]

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._said.append(f"{message.type}: {message.text} ({message.location['url']})")

    def _is_ours(self, request: Request) -> bool:
        place = urlsplit(request.url)
        return place.scheme in HARMLESS_SCHEMES or f"{place.scheme}://{place.netloc}" in self.origins
