"""What surrounds every page: areas, scope switcher, user, theme."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from time import monotonic
from typing import Any, cast
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.timezone import now
from django.views.decorators.http import require_POST

from dashboard.areas import MAP
from dashboard.kinds import AREA_OF, BAD, BESIDE_OF
from orchestrator.backends.cluster.port import Kind
from orchestrator.backends.errors import BackendError
from orchestrator.errors import DomainError
from orchestrator.services import access
from orchestrator.services.clusters import contexts, feed, lists
from orchestrator.services.stacks import totals

THEMES = ("light", "dark")
THEME_COOKIE = "theme"
THEME_SECONDS = 365 * 86400
READ, STACKS = "clusters:read", "stacks:read"
PLACE = ("context", "namespace")
MOST_NAMESPACES = 300  # as links; the field beside them takes any name
ENVIRONMENTS = {  # class of the square -> how a word in the name of a context begins
    "prod": ("prod",),
    "stg": ("stag", "stg"),
    "dev": ("dev", "kind", "mini", "demo", "local", "desktop"),
}


@dataclass(frozen=True, slots=True)
class Badge:
    """The number beside an area: how many are broken, else how many there are; None if nobody knows."""

    count: int | None = None
    bad: int = 0

    @property
    def number(self) -> str:
        shown = self.bad or self.count
        return f"{shown:,}" if shown else ""


@dataclass(frozen=True, slots=True)
class Area:
    """A line of the navigation."""

    name: str
    label: str
    icon: str
    key: str  # pressed after G
    href: str
    current: bool
    badge: Badge


@dataclass(frozen=True, slots=True)
class Section:
    """Areas under one heading; the first has none."""

    label: str
    areas: list[Area]


@dataclass(frozen=True, slots=True)
class Choice:
    """A context or namespace of the switcher."""

    label: str
    href: str
    current: bool
    env: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """Everything that `base.html` shows around a page."""

    sections: list[Section]
    context: str
    namespace: str
    env: str
    demo: bool
    contexts: list[Choice]
    namespaces: list[Choice]
    more_namespaces: int
    keep: list[tuple[str, str]]  # what the field of the switcher carries on
    path: str  # of this page in another place
    place: str  # "?context=…&namespace=…"
    problem: str
    user: User
    initials: str
    role: str
    version: str
    here: str  # the whole address, to come back to


COUNTED = (Kind.PODS, Kind.NODES)  # kinds with a number in the navigation
COUNT_SECONDS = 2.0  # A number in the navigation may be this old: counting 20,000 pods is not free.
MOST_COUNTED = 1000
_counted: dict[str, tuple[float, Badge]] = {}


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return `theme`, and for somebody signed in `shell`, which is made only if a template asks for it."""
    theme = request.COOKIES.get(THEME_COOKIE, "")
    found: dict[str, Any] = {"theme": theme if theme in THEMES else ""}
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        # Templates call what can be called; a lazy object would cost more at each of its many lookups.
        found["shell"] = cache(lambda: build(request))
    return found


@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Keep the theme in a cookie: it is a property of the screen, not of the person."""
    theme = request.POST.get("theme", "")
    response = HttpResponse(status=204) if "fetch" in request.POST else redirect(back(request))
    if theme in THEMES:
        response.set_cookie(
            THEME_COOKIE, theme, max_age=THEME_SECONDS, samesite="Lax", secure=request.is_secure()
        )
    return response


def env_of(context: str) -> str:
    """Return the class of a context's square: red production, amber staging, green development."""
    words = context.lower().replace("_", "-").replace("/", "-").replace("@", "-").split("-")
    found = (css for css, begins in ENVIRONMENTS.items() if any(word.startswith(begins) for word in words))
    return next(found, "")


def place_query(context: str, namespace: str | None = None, **more: str) -> str:
    """Return the query that names a place: `?context=prod-eu&namespace=shop`."""
    pairs = {"context": context, "namespace": namespace or "", **more}
    return "?" + urlencode({key: value for key, value in pairs.items() if value})


def scope_of(request: HttpRequest) -> contexts.Scope | None:
    """Return the scope of the address, else the default one; None if there is no cluster at all."""
    said = {key: request.GET.get(key) for key in PLACE}
    said["namespace"] = said["namespace"] or _path_of(request).get("namespace", "").strip("-")
    for wanted in (said, {}):
        try:
            return contexts.scope(context=wanted.get("context"), namespace=wanted.get("namespace"))
        except (DomainError, BackendError):
            continue  # The view says what is wrong; the shell shows what there is.
    return None


def build(request: HttpRequest) -> Shell:
    """Return the shell of a page. Reads caches only and waits for nothing."""
    scope = scope_of(request)
    name = scope.context.name if scope else ""
    namespace = (scope.namespace if scope else None) or ""
    names = contexts.namespaces(scope) if scope else []
    user = cast(User, request.user)
    return Shell(
        sections=list(_sections(request, scope)),
        context=name,
        namespace=namespace,
        env=env_of(name),
        demo=bool(scope and scope.context.demo),
        contexts=[
            Choice(each.name, _elsewhere(request, context=each.name), each.name == name, env_of(each.name))
            for each in contexts.every()
        ],
        namespaces=_namespaces(request, name, namespace, names[:MOST_NAMESPACES]),
        more_namespaces=max(0, len(names) - MOST_NAMESPACES),
        keep=[("context", name), *_kept(request)],
        path=_list_path(request),
        place=place_query(name, namespace),
        problem=contexts.problem(),
        user=user,
        initials=initials(user),
        role=access.role_of(user),
        version=settings.VERSION,
        here=request.get_full_path(),
    )


def initials(user: User) -> str:
    """Return one or two letters for a user's disc."""
    words = (user.get_full_name() or user.get_username()).replace(".", " ").replace("-", " ").split()
    return "".join(word[0] for word in words[:2]).upper() or "?"


def _namespaces(request: HttpRequest, context: str, current: str, names: list[str]) -> list[Choice]:
    links = [(name, _elsewhere(request, context=context, namespace=name)) for name in names]
    everything = Choice("all namespaces", _elsewhere(request, context=context), not current)
    return [everything, *(Choice(name, href, name == current) for name, href in links)]


def _elsewhere(request: HttpRequest, *, context: str, namespace: str = "") -> str:
    """Return the address of this page in another place; its page number means nothing there."""
    return _list_path(request) + place_query(context, namespace, **dict(_kept(request)))


def _path_of(request: HttpRequest) -> dict[str, Any]:
    return request.resolver_match.kwargs if request.resolver_match else {}


def _list_path(request: HttpRequest) -> str:
    """Return the path to go on with elsewhere: an object is not there, but others of its kind may be."""
    found = _path_of(request)
    if "name" in found and "resource" in found:
        return reverse("dashboard:generic", kwargs={"resource": found["resource"]})
    return reverse(f"dashboard:{found['kind']}") if "name" in found and "kind" in found else request.path


def _kept(request: HttpRequest) -> list[tuple[str, str]]:
    return [(key, request.GET[key]) for key in request.GET if key not in (*PLACE, "page")]


def _sections(request: HttpRequest, scope: contexts.Scope | None) -> Iterator[Section]:
    role = access.role_of(cast(User, request.user))
    place = place_query(scope.context.name, scope.namespace) if scope else ""
    scopes = access.scopes_of(role)
    badges = _badges(scope) if scope and READ in scopes else {}
    if STACKS in scopes:
        badges["stacks"] = _stacks_badge()
    for label, entries in MAP:
        areas = []
        for name, word, icon, key, needed in entries:
            if needed in ("", role):
                path = reverse(f"dashboard:{name}")
                badge = badges.get(name, Badge())
                shown_by = _shown_by(request)
                current = shown_by == name if shown_by else _is_in(request, path)
                areas.append(Area(name, word, icon, key, path + place, current, badge))
        yield Section(label, areas)


def _is_in(request: HttpRequest, path: str) -> bool:
    return request.path == path or (not path.endswith("/") and request.path.startswith(path + "/"))


def _shown_by(request: HttpRequest) -> str:
    """Return the name of the area that the kind of this page belongs to; "" if it has none."""
    found = _path_of(request)
    kind = found.get("kind")
    return AREA_OF.get(kind, "") if isinstance(kind, Kind) else BESIDE_OF.get(found.get("resource", ""), "")


def _badges(scope: contexts.Scope) -> dict[str, Badge]:
    """Return URL name -> number."""
    return {kind.value: badge_of(kind, scope) for kind in COUNTED}


def _stacks_badge() -> Badge:
    """Return how many stacks there are; it may be two seconds old."""
    counted_at, known = _counted.get("stacks", (-COUNT_SECONDS, Badge()))
    if monotonic() - counted_at >= COUNT_SECONDS:
        known = Badge(totals.count(at=now()) or None)
        _counted["stacks"] = (monotonic(), known)
    return known


def badge_of(kind: Kind, scope: contexts.Scope) -> Badge:
    """Return how many objects of a kind there are, or are broken; it may be two seconds old."""
    namespace = scope.namespace if kind.namespaced else None
    topic = feed.topic(kind, context=scope.context.name, namespace=namespace)
    counted_at, known = _counted.get(topic, (-COUNT_SECONDS, Badge()))
    if monotonic() - counted_at < COUNT_SECONDS:
        return known
    found = lists.listing(kind, replace(scope, namespace=namespace), lists.Query(limit=1), wait_seconds=0)
    known = Badge(found.everything or None, found.counts.get(BAD[kind], 0) if kind in BAD else 0)
    if len(_counted) >= MOST_COUNTED:
        _counted.clear()  # Namespaces come from addresses, so there is no end to them.
    _counted[topic] = (monotonic(), known)
    return known


def back(request: HttpRequest) -> str:
    """Return where the form was; never another site."""
    target = request.POST.get("next", "")
    fine = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()})
    return target if fine else reverse("dashboard:overview")
