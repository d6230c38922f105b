"""What a WebSocket client needs to reach an API server as its other requests do."""

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass

from kubernetes import client
from kubernetes.client.rest import should_bypass_proxies


@dataclass(frozen=True, slots=True)
class Upgrade:
    """Where to connect and as whom. `headers` hold credentials; `tls` is None for plain HTTP."""

    url: str
    headers: Mapping[str, str]
    tls: ssl.SSLContext | None
    server_name: str | None  # that the certificate must be for, if it is not the host's
    proxy: str | None


def upgrade_to(url: str, headers: Mapping[str, str], configuration: client.Configuration) -> Upgrade:
    """Return how to open `url`, with the certificates and the proxy of a client configuration.

    Raises `OSError` if a file that it names cannot be read.
    """
    secure = url.startswith("https:")
    bypassed = should_bypass_proxies(configuration.host, configuration.no_proxy or "")
    return Upgrade(
        url=re.sub(r"^http", "ws", url),
        headers=headers,
        tls=_tls(configuration) if secure else None,
        server_name=(configuration.tls_server_name or None) if secure else None,
        proxy=None if bypassed else configuration.proxy or None,
    )


def _tls(configuration: client.Configuration) -> ssl.SSLContext:
    context = ssl.create_default_context(
        cafile=configuration.ssl_ca_cert or None, cadata=configuration.ca_cert_data or None
    )
    if configuration.cert_file:
        context.load_cert_chain(configuration.cert_file, configuration.key_file)
    if not configuration.verify_ssl:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
