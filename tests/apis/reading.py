"""Reads answers the same way in every test."""

import json
import re
from typing import Any

SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "geolocation=(), microphone=(), camera=()",
}
POLICY = {
    "default-src": ["'self'"],
    "frame-ancestors": ["'none'"],
    "base-uri": ["'self'"],
    "form-action": ["'self'"],
}
INTERNALS = re.compile(
    r"Traceback|File \\?\"|\.py\b|site-packages|django|0x[0-9a-f]{6}|127\.0\.0\.1", re.IGNORECASE
)


def own_words(policy: str) -> dict[str, list[str]]:
    """Return the directives of a Content-Security-Policy."""
    parts = [part.split() for part in policy.split(";")]
    return {words[0]: words[1:] for words in parts if words}


def check_headers(response: Any) -> None:
    """Assert what every answer of the product carries."""
    assert {name: response.headers.get(name) for name in SECURITY} == SECURITY
    directives = own_words(response.headers["Content-Security-Policy"])
    assert {name: directives.get(name) for name in POLICY} == POLICY
    assert response.headers["X-Request-ID"]


def error_of(response: Any, *, path: str = "") -> dict[str, Any]:
    """Return the body of an error after asserting that it is the one error body."""
    check_headers(response)
    assert response.headers["Content-Type"] == "application/json"
    body = json.loads(response.content)
    assert {"error", "code", "detail"} <= body.keys()
    assert body["error"] == body["detail"]
    assert re.fullmatch(r"[a-z][a-z0-9_]*", body["code"])
    path = path or response.request["PATH_INFO"]
    assert body.get("statusCode") == (response.status_code if path.startswith("/api/") else None)
    assert not INTERNALS.search(response.content.decode())
    return body
