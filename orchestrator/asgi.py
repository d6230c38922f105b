"""Entry point of the server: HTTP to Django, WebSockets to the consumers."""

import os
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orchestrator.settings")
django.setup(set_prefix=False)  # What follows imports models.

from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402
from django.conf import settings  # noqa: E402

from apis.bodies import limited  # noqa: E402
from apis.handler import Handler  # noqa: E402
from apis.proxy import proxying  # noqa: E402
from dashboard.urls import websocket_urlpatterns  # noqa: E402
from orchestrator import streams  # noqa: E402
from orchestrator.services.access.peers import is_trusted_proxy  # noqa: E402


def behind_proxies(app: Any) -> Any:
    """Return `app`, to which a request came by HTTPS if a trusted proxy says so.

    Otherwise redirects to HTTPS would go round in circles behind a proxy that ends TLS.
    """

    async def believing(scope: dict[str, Any], receive: Any, send: Any) -> None:
        said = dict(scope["headers"]).get(b"x-forwarded-proto", b"").split(b",")[0].strip().lower()
        if said in (b"http", b"https") and is_trusted_proxy((scope.get("client") or ("",))[0]):
            scope = scope | {"scheme": said.decode()}
        await app(scope, receive, send)

    return believing


# Browsers send cookies with every WebSocket handshake, so the origin must be checked as well.
websocket = AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter(websocket_urlpatterns)))
small = limited(behind_proxies(Handler()), limit_bytes=settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
application = proxying(ProtocolTypeRouter({"http": streams.ending(small), "websocket": websocket}))
