"""Where a request really comes from, and whom that alone lets in."""

from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address, ip_address

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest

from orchestrator.services.access.callers import Caller
from orchestrator.services.access.scopes import scopes_of

Address = IPv4Address | IPv6Address
UNKNOWN = "0.0.0.0"  # Peers without an address (UNIX sockets) share one, so that limits still count them.
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
OPEN_LOCALLY = frozenset({"clusters", "containers", "projects", "metrics"})
OPEN_WITHOUT_KEYS = frozenset({"stacks", "sessions"})  # when API_KEY_ENABLED is false


def peer_address(request: HttpRequest) -> str:
    """Return the address of the client: the peer's, or what trusted proxies say of it.

    `X-Forwarded-For` is read from its end: each proxy appends whom it heard, and what stands before
    the first proxy that we do not trust may be invented.
    """
    peer = _address(request.META.get("REMOTE_ADDR", ""))
    if peer is None:
        return UNKNOWN
    hops = request.headers.get("X-Forwarded-For", "").split(",")
    while hops and _is_trusted(peer):
        before = _address(hops.pop())
        if before is None:
            break
        peer = before
    return str(peer)


def is_trusted_proxy(address: str) -> bool:
    """Return True if a peer with this address is believed about its clients (`TRUSTED_PROXIES`)."""
    peer = _address(address)
    return peer is not None and _is_trusted(peer)


def anonymous_caller(request: HttpRequest, *, area: str, origins: Collection[str] = ()) -> Caller | None:
    """Return whom an open area lets in without a credential, or None.

    `origins` are foreign origins that may write there as well.
    """
    if area in OPEN_LOCALLY:
        return local_caller(request, origins=origins)
    if area in OPEN_WITHOUT_KEYS and not settings.API_KEY_ENABLED and _origin_is_fine(request, origins):
        scopes = frozenset({f"{area}:read", f"{area}:write"})
        return Caller("anonymous", scopes, anonymous=True, address=peer_address(request))
    return None


def local_caller(request: HttpRequest, *, origins: Collection[str] = ()) -> Caller | None:
    """Return an operator called "local" for a program on this machine in local mode, else None."""
    if not settings.LOCAL or not _is_direct(request) or not _host_is_ours(request):
        return None
    if not _origin_is_fine(request, origins):
        return None
    role = "operator"
    return Caller("local", scopes_of(role), anonymous=True, role=role, address=peer_address(request))


def _is_direct(request: HttpRequest) -> bool:
    """Return True for a loopback peer that speaks for itself: a proxy's clients come from anywhere."""
    peer = _address(request.META.get("REMOTE_ADDR", ""))
    forwarded = any(
        name == "forwarded" or name.startswith("x-forwarded-") for name in map(str.lower, request.headers)
    )
    return peer is not None and peer.is_loopback and not forwarded


def _host_is_ours(request: HttpRequest) -> bool:
    # A page elsewhere can point a name of its own at 127.0.0.1 (DNS rebinding); its Host gives it away.
    try:
        return bool(request.get_host())
    except DisallowedHost:
        return False


def _origin_is_fine(request: HttpRequest, origins: Collection[str]) -> bool:
    """Return False if a page of another site wants to change something; programs send no `Origin`."""
    origin = request.headers.get("Origin")
    if request.method in SAFE_METHODS or origin is None:
        return True
    return origin in origins or (
        _host_is_ours(request) and origin == f"{request.scheme}://{request.get_host()}"
    )


def _is_trusted(address: Address) -> bool:
    return any(address in network for network in settings.TRUSTED_PROXIES)


def _address(text: str) -> Address | None:
    """Return an address without its zone; one of IPv4 in IPv6 clothes (dual-stack sockets) as IPv4."""
    try:
        found = ip_address(text.strip().partition("%")[0])
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found
