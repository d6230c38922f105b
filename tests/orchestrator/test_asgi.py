"""orchestrator.asgi"""

import pytest
from django.test import override_settings

from orchestrator import env
from orchestrator.asgi import behind_proxies


async def scheme_seen(*, said: str, peer: str = "10.0.0.1") -> str:
    """Return how the product takes a request to have come, of which a peer said something."""
    seen = []

    async def app(scope, receive, send):
        seen.append(scope["scheme"])

    headers = [(b"host", b"testserver"), (b"x-forwarded-proto", said.encode())]
    await behind_proxies(app)({"scheme": "http", "headers": headers, "client": (peer, 4711)}, None, None)
    return seen[0]


@pytest.mark.parametrize(
    ("said", "scheme"),
    [("https", "https"), ("HTTPS, http", "https"), ("http", "http"), ("javascript", "http"), ("", "http")],
)
@override_settings(TRUSTED_PROXIES=[env.network("10.0.0.0/8")])
async def test_a_trusted_proxy_is_believed_about_tls(said, scheme):
    assert await scheme_seen(said=said) == scheme


@override_settings(TRUSTED_PROXIES=[env.network("10.0.0.0/8")])
async def test_nobody_else_is_believed_about_tls():
    assert await scheme_seen(said="https", peer="192.0.2.1") == "http"
