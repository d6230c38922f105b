"""Signing in and out by password or one-time link, and setting a password."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout, update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm, SetPasswordForm
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.timezone import now
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dashboard.templatetags.ui import age_text
from orchestrator.services import access

BACKEND = "django.contrib.auth.backends.ModelBackend"  # With several, Django wants to be told which one.
PAGE = "access/login.html"


@login_not_required
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return redirect(_next(request)) if request.user.is_authenticated else _page(request)
    form = AuthenticationForm(request, data=request.POST)
    if not form.is_valid():
        return _page(request, error=_advice(request, form), status=422)
    return _welcome(request, form.get_user())


@login_not_required
@never_cache
@require_GET  # Not HEAD: whoever only looks whether a link works must not use it up.
def by_link(request: HttpRequest, token: str) -> HttpResponse:
    try:
        user = access.redeem(token, at=now())
    except access.BadLink as exc:
        stranger = access.nobody("", address=access.peer_address(request))
        access.record(stranger, area="access", action="Sign in by link", result="refused", note=exc.message)
        return _page(request, notice=exc.message, status=403)
    response = _welcome(request, user)
    response["Referrer-Policy"] = "no-referrer"
    return response


@login_not_required
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect(settings.LOGOUT_REDIRECT_URL)


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Change the password, or set the first one: who came by a link has none to repeat."""
    assert isinstance(request.user, User)
    kind = PasswordChangeForm if request.user.has_usable_password() else SetPasswordForm
    form = kind(request.user, request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return render(request, "access/password.html", {"form": form}, status=422 if form.is_bound else 200)
    form.save()
    update_session_auth_hash(request, request.user)  # This session stays, all others end.
    caller = access.caller_of_user(request.user, address=access.peer_address(request))
    access.record(caller, area="access", action="Change password", target=caller.name)
    messages.info(request, "The password is set. Your other browsers are signed out.")
    return redirect("dashboard:access")


def locked_out(
    request: HttpRequest, _response: object = None, _credentials: object = None
) -> HttpResponseBase:
    """Answer somebody who failed too often; django-axes calls it in place of the view's own answer."""
    left = access.pause_left(request, at=now())
    seconds = max(1, round(left.total_seconds()))
    wait = age_text(seconds + 59 if seconds > 60 else seconds, style="long")
    error = f"Too many tries with this user name. Wait {wait}, then try again, or use a one-time link."
    response = _page(request, error=error, status=429)
    response["Retry-After"] = str(seconds)
    return response


def _welcome(request: HttpRequest, user: User) -> HttpResponse:
    """Start the session and go on to where the visitor wanted to go."""
    login(request, user, backend=BACKEND)
    caller = access.caller_of_user(user, address=access.peer_address(request))
    access.record(caller, area="access", action="Sign in")
    return redirect(_next(request))


def _advice(request: HttpRequest, form: AuthenticationForm) -> str:
    if not form.data.get("username") or not form.data.get("password"):
        return "Both a user name and a password are needed."
    left, wait = access.tries_left(request), age_text(access.pause().total_seconds(), style="long")
    tries = "1 try is left" if left == 1 else f"{left} tries are left"
    return f"User name and password do not match. {tries} before a pause of {wait}."


def _page(request: HttpRequest, *, error: str = "", notice: str = "", status: int = 200) -> HttpResponse:
    wanted = _wanted(request)
    context = {
        "error": error,
        "host": request.get_host(),
        "link_ttl": age_text(settings.SIGN_IN_LINK_TTL.total_seconds(), style="long"),
        "local": settings.LOCAL,
        "next": wanted,
        "notice": notice,
        "username": request.POST.get("username", ""),
    }
    return render(request, PAGE, context, status=status)


def _next(request: HttpRequest) -> str:
    return _wanted(request) or resolve_url(settings.LOGIN_REDIRECT_URL)


def _wanted(request: HttpRequest) -> str:
    """Return where the visitor wanted to go, or "" if that is elsewhere than on this server."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if ours and wanted.startswith("/") else ""
