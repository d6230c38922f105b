"""Which headers go on through the proxy, and which come back."""

from collections.abc import Iterable
from typing import Any

from orchestrator.backends.cluster.forwards import Headers

SANDBOX = "sandbox allow-downloads allow-forms allow-modals allow-popups allow-scripts"
OPAQUE = b"null"  # the origin of a sandboxed page
# https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1
PER_HOP = {
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
# Ours, or those of our host: the API server would take the first for its own credentials.
NOT_SENT = PER_HOP | {
    "authorization",
    "cookie",
    "x-api-key",
    "host",
    "origin",
    "forwarded",
    "accept-encoding",
    "referer",
}
# Those of whom the API server should take us for are no caller's to choose.
# https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation
NOT_SENT_PREFIXES = ("x-forwarded-", "sec-fetch-", "impersonate-", "x-remote-")
# What would hold for our own pages, or for all of our host. No password goes on, so none is asked for
# (www-authenticate), and a sandboxed page may not choose its opener: browsers refuse to show it then.
# https://html.spec.whatwg.org/multipage/browsers.html#cross-origin-opener-policies
NOT_ANSWERED = PER_HOP | {
    "set-cookie",
    "strict-transport-security",
    "clear-site-data",
    "alt-svc",
    "nel",
    "report-to",
    "reporting-endpoints",
    "service-worker-allowed",
    "www-authenticate",
    "cross-origin-opener-policy",
    "audit-id",
}
NOT_ANSWERED_PREFIXES = ("access-control-", "x-kubernetes-")


def header(scope: dict[str, Any], name: bytes) -> bytes:
    """Return a header of a request, empty without it."""
    return next((value for key, value in scope["headers"] if key == name), b"")


def sent(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Return the headers that go on: none of ours, and none that says where the request came from."""
    named = [(name.decode("latin-1").lower(), _text(value)) for name, value in headers]
    return [
        (name, value)
        for name, value in named
        if name not in NOT_SENT and not name.startswith(NOT_SENT_PREFIXES)
    ]


def answered(
    scope: dict[str, Any], headers: Headers, *, prefix: str, base: str, sized: bool
) -> list[tuple[bytes, bytes]]:
    """Return the headers of an answer, without what would touch our own pages."""
    kept = []
    for name, value in headers:
        lower = name.lower()
        if lower in NOT_ANSWERED or lower.startswith(NOT_ANSWERED_PREFIXES):
            continue
        if lower == "content-length" and not sized:
            continue
        if lower == "location":
            value = located(value, prefix=prefix, base=base)
        kept.append((_bytes(lower), _bytes(value)))
    return [
        *kept,
        (b"content-security-policy", SANDBOX.encode()),
        (b"referrer-policy", b"no-referrer"),  # The link is in the address.
        (b"x-robots-tag", b"noindex"),
        *shared(scope),
    ]


def _text(value: bytes) -> str:
    """Return the value of a header, which is UTF-8 if it can be: so the client library will write it."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _bytes(text: str) -> bytes:
    """Return the bytes that were sent: the client library has read them as UTF-8, and kept what is none."""
    return text.encode(errors="surrogateescape")


def located(location: str, *, prefix: str, base: str) -> str:
    """Return where a redirect leads through the proxy, written by the server or by the API server."""
    if prefix and location.startswith(prefix):
        return base + location[len(prefix) :]
    if location.startswith("/") and not location.startswith("//"):
        return base + location
    return location


def shared(scope: dict[str, Any]) -> list[tuple[bytes, bytes]]:
    """Let a sandboxed page read what its own server answers: to browsers both are of different origins."""
    if header(scope, b"origin") != OPAQUE:
        return []
    return [(b"access-control-allow-origin", OPAQUE), (b"vary", b"Origin")]
