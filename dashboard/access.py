"""The pages of users, roles, API keys and the audit."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.timezone import now
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard import sign_in
from dashboard.htmx import etag, render_either, unchanged
from dashboard.permissions import require
from dashboard.sign_in import locked_out
from dashboard.templatetags.ui import age_text
from orchestrator.errors import InvalidInput
from orchestrator.services import access

__all__ = ["locked_out", "urlpatterns"]

ROWS = 50
ENDS = [(7, "in 7 days"), (30, "in 30 days"), (90, "in 90 days"), (365, "in a year"), (0, "never")]
PERIODS = {"day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=30)}
ADDRESSES = {"users": "access-users", "roles": "access-roles", "keys": "access-keys", "audit": "access-audit"}


@dataclass(frozen=True, slots=True)
class KeyRow:
    """An API key as its row shows it."""

    key: Any
    glyph: str
    word: str
    may: str
    ends: str
    revocable: bool


class KeyForm(forms.Form):
    """Types only; what a key may is decided in `services.access`."""

    name = forms.CharField(max_length=64)
    scopes = forms.MultipleChoiceField()
    expires = forms.TypedChoiceField(choices=ENDS, coerce=int, initial=90, label="Ends")
    stack_limit = forms.IntegerField(required=False, label="Most stacks")

    def __init__(self, data: Any = None, *, caller: access.Caller) -> None:
        super().__init__(data)
        allowed = sorted(filter(caller.may, access.EVERYTHING))
        self.fields["scopes"] = forms.MultipleChoiceField(
            choices=[(scope, scope) for scope in allowed], widget=forms.CheckboxSelectMultiple
        )


class InvitationForm(forms.Form):
    """Types only; who may be invited is decided in `services.access`."""

    username = forms.CharField(max_length=150, label="User name")
    role = forms.ChoiceField(choices=[(role, role) for role in access.ROLES])


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    return redirect("dashboard:access-keys")


@require_safe
def keys(request: HttpRequest) -> HttpResponse:
    context = _keys_context(request, _caller(request))
    return unchanged(request, etag=context["etag"]) or render_either(
        request, context, page="access/keys.html", fragment="access/_keys.html"
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new_key(request: HttpRequest) -> HttpResponse:
    caller = _caller(request)
    form = KeyForm(request.POST if request.method == "POST" else None, caller=caller)
    issued = _issue(form, caller) if form.is_valid() else None
    if issued is None:
        context = {"form": form, "tabs": _tabs(caller, "keys")}
        return render(request, "access/key_form.html", context, status=422 if form.is_bound else 200)
    # Shown in the answer itself: a redirect would have to keep the key somewhere.
    context = _keys_context(request, caller) | {"issued": issued}
    return render(request, "access/keys.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def revoke_key(request: HttpRequest, key_id: int) -> HttpResponse:
    caller = _caller(request)
    if request.method == "POST":
        access.revoke_key(key_id, by=caller, at=now())
        return redirect("dashboard:access-keys")
    context = {"key": access.find_key(key_id, by=caller), "tabs": _tabs(caller, "keys")}
    return render(request, "access/key_revoke.html", context)


@require_safe
def users(request: HttpRequest) -> HttpResponse:
    context = _users_context(request, _admin(request))
    return render_either(request, context, page="access/users.html", fragment="access/_users.html")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest) -> HttpResponse:
    caller = _admin(request)
    form = InvitationForm(request.POST if request.method == "POST" else None)
    link = _invite(form, caller) if form.is_valid() else None
    if link is None:
        context = {"form": form, "tabs": _tabs(caller, "users")}
        return render(request, "access/invitation.html", context, status=422 if form.is_bound else 200)
    invited = {"username": form.cleaned_data["username"], "link": request.build_absolute_uri(link)}
    return render(request, "access/users.html", _users_context(request, caller) | {"invited": invited})


@require_POST
def set_role(request: HttpRequest, user_id: int) -> HttpResponse:
    access.set_role(user_id, role=request.POST.get("role", ""), by=_admin(request), at=now())
    return redirect("dashboard:access-users")


@require_safe
def roles(request: HttpRequest) -> HttpResponse:
    caller, counts = _admin(request), access.users_by_role()
    rows = [(role, counts[role], scopes) for role, scopes in access.ROLES.items()]
    table = [(scope, [scope in scopes for _, _, scopes in rows]) for scope in sorted(access.EVERYTHING)]
    return render(
        request, "access/roles.html", {"rows": rows, "table": table, "tabs": _tabs(caller, "roles")}
    )


@require_safe
def audit(request: HttpRequest) -> HttpResponse:
    caller, wanted = _admin(request), _audit_filter(request, at=now())
    page = _page(request, access.events(wanted))
    tag = etag([event.pk for event in page], page.paginator.count)
    context = {
        "areas": access.AREAS,
        "etag": tag,
        "here": request.get_full_path(),
        "live": page.number == 1,
        "page": page,
        "period": _text(request, "period"),
        "periods": PERIODS,
        "query": _query(request),
        "results": access.RESULTS,
        "tabs": _tabs(caller, "audit"),
        "wanted": wanted,
    }
    return unchanged(request, etag=tag) or render_either(
        request, context, page="access/audit.html", fragment="access/_audit.html"
    )


def _caller(request: HttpRequest) -> access.Caller:
    """Return who looks at the page; `SignInMiddleware` has let only signed-in users come this far."""
    assert isinstance(request.user, User)
    return access.caller_of_user(request.user, address=access.peer_address(request))


def _admin(request: HttpRequest) -> access.Caller:
    require(request, access.ADMIN)
    return _caller(request)


def _issue(form: KeyForm, caller: access.Caller) -> access.IssuedKey | None:
    """Make the key; a value that is refused becomes an error of its field."""
    values, at = form.cleaned_data, now()
    try:
        return access.issue_key(
            values["name"],
            scopes=values["scopes"],
            owner=caller.user,
            expires_at=at + timedelta(days=values["expires"]) if values["expires"] else None,
            stack_limit=values["stack_limit"],
            at=at,
            by=caller,
        )
    except InvalidInput as exc:
        _explain(form, exc)
        return None


def _invite(form: InvitationForm, caller: access.Caller) -> str | None:
    """Make the user and return the link; a value that is refused becomes an error of its field."""
    values = form.cleaned_data
    try:
        return access.invite(values["username"], role=values["role"], by=caller, at=now())[1]
    except InvalidInput as exc:
        _explain(form, exc)
        return None


def _explain(form: forms.Form, exc: InvalidInput) -> None:
    for problem in exc.problems:
        form.add_error(problem.path, problem.message)


def _keys_context(request: HttpRequest, caller: access.Caller) -> dict[str, Any]:
    at, page = now(), _page(request, access.keys_seen_by(caller))
    rows = [_key_row(key, at=at) for key in page]
    return {
        "etag": etag([(row.key.pk, row.word, row.key.last_used_at) for row in rows], page.paginator.count),
        "here": f"{reverse('dashboard:access-keys')}?page={page.number}",
        "live": True,
        "page": page,
        "query": _query(request),
        "rows": rows,
        "tabs": _tabs(caller, "keys"),
    }


def _key_row(key: Any, *, at: datetime) -> KeyRow:
    glyph, word = access.state_of(key, at=at)
    revocable = key.revoked_at is None
    return KeyRow(key, glyph, word, ", ".join(key.scopes), _ends(key.expires_at, at=at), revocable)


def _ends(when: datetime | None, *, at: datetime) -> str:
    if when is None:
        return "never"
    span = age_text(abs((when - at).total_seconds()), style="long")
    return f"in {span}" if when > at else f"{span} ago"


def _users_context(request: HttpRequest, caller: access.Caller) -> dict[str, Any]:
    q, role = _text(request, "q"), _text(request, "role")
    page = _page(request, access.people(q=q, role=role if role in access.ROLES else ""))
    return {
        "me": caller.user,
        "page": page,
        "q": q,
        "query": _query(request),
        "role": role,
        "roles": access.ROLES,
        "rows": [(user, access.role_of(user)) for user in page],
        "tabs": _tabs(caller, "users"),
    }


def _audit_filter(request: HttpRequest, *, at: datetime) -> access.AuditFilter:
    """Return what the query asks for; a result or period that does not exist does not restrict."""
    result, period = _text(request, "result"), PERIODS.get(_text(request, "period"))
    return access.AuditFilter(
        q=_text(request, "q"),
        actor=_text(request, "actor"),
        area=_text(request, "area"),
        result=result if result in access.RESULTS else "",
        since=at - period if period else None,
    )


def _text(request: HttpRequest, name: str) -> str:
    return request.GET.get(name, "").replace("\0", "").strip()  # PostgreSQL refuses NUL.


def _page(request: HttpRequest, rows: Any) -> Page[Any]:
    return Paginator(rows, ROWS).get_page(request.GET.get("page"))


def _query(request: HttpRequest) -> str:
    """Return the query without its page, for the links of the pager."""
    query = request.GET.copy()
    query.pop("page", None)
    return query.urlencode()


def _tabs(caller: access.Caller, current: str) -> list[dict[str, Any]]:
    labels = {"users": "Users", "roles": "Roles", "keys": "API keys", "audit": "Audit"}
    shown = labels if caller.may(access.ADMIN) else {"keys": labels["keys"]}
    return [
        {"label": label, "url": f"dashboard:{ADDRESSES[name]}", "current": name == current}
        for name, label in shown.items()
    ]


urlpatterns = [
    path("login", sign_in.sign_in, name="login"),
    path("logout", sign_in.sign_out, name="logout"),
    path("sign-in/<str:token>", sign_in.by_link, name="sign-in"),
    path("access", index, name="access"),
    path("access/keys", keys, name="access-keys"),
    path("access/keys/new", new_key, name="access-key-new"),
    path("access/keys/<int:key_id>/revoke", revoke_key, name="access-key-revoke"),
    path("access/password", sign_in.password, name="access-password"),
    path("access/users", users, name="access-users"),
    path("access/users/invite", invite, name="access-user-invite"),
    path("access/users/<int:user_id>/role", set_role, name="access-user-role"),
    path("access/roles", roles, name="access-roles"),
    path("access/audit", audit, name="access-audit"),
]
