"""The pages of contexts: which clusters there are, and adding, testing, renaming and removing them."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.timezone import now
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard.errors import sentence_of
from dashboard.permissions import needs
from dashboard.shell import env_of, place_query
from orchestrator.backends.errors import BackendError
from orchestrator.errors import DomainError, InvalidInput
from orchestrator.services import access
from orchestrator.services.clusters import connection, contexts, kubeconfigs

LONGEST_FILE = 512 * 1024  # bytes


@dataclass(frozen=True, slots=True)
class Row:
    """A context as its row shows it."""

    known: kubeconfigs.Known
    env: str
    href: str


@require_safe
@needs("clusters:read")
def index(request: HttpRequest) -> HttpResponse:
    return render(request, "contexts/page.html", _context(request))


@require_POST
@needs("clusters:read")
def test(request: HttpRequest) -> HttpResponse:
    name = request.POST.get("name", "")
    try:
        scope = contexts.scope(context=name)
        connection.check(scope)
        told = ("ok", f"{name} answers, and its pods may be listed.")
    except (BackendError, DomainError) as exc:
        told = ("crit", f"{name}: {sentence_of(exc)}")
    return render(request, "contexts/page.html", _context(request) | {"told": told})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@needs(access.ADMIN)
def add(request: HttpRequest) -> HttpResponse:
    """Two steps: what a kubeconfig holds, then which of it is wanted. The text travels with the form."""
    if request.method != "POST":
        return render(request, "contexts/add.html", {})
    context: dict[str, Any] = {}
    try:
        text = context["kubeconfig"] = _text(request)
        found = kubeconfigs.check(text)
        if "add" in request.POST:
            names = kubeconfigs.add(_caller(request), text, names=request.POST.getlist("contexts"), at=now())
            return redirect(reverse("dashboard:contexts") + place_query(names[0]))
        context["entries"] = [(each, env_of(each.name)) for each in found]
        context["usable"] = any(not each.problem for each in found)
        return render(request, "contexts/add.html", context)
    except InvalidInput as exc:
        context["problem"] = "; ".join(each.message for each in exc.problems) or exc.message
        return render(request, "contexts/add.html", context, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(access.ADMIN)
def rename(request: HttpRequest) -> HttpResponse:
    name = request.POST.get("name", "") or request.GET.get("name", "")
    context = {"known": kubeconfigs.find(name), "name": name, "to": request.POST.get("to", name)}
    if request.method != "POST":
        return render(request, "contexts/rename.html", context)
    try:
        to = kubeconfigs.rename(_caller(request), name, to=request.POST.get("to", ""), at=now())
    except InvalidInput as exc:
        context["problem"] = "; ".join(each.message for each in exc.problems) or exc.message
        return render(request, "contexts/rename.html", context, status=422)
    return redirect(reverse("dashboard:contexts") + place_query(to))


@require_http_methods(["GET", "HEAD", "POST"])
@needs(access.ADMIN)
def remove(request: HttpRequest) -> HttpResponse:
    name = request.POST.get("name", "") or request.GET.get("name", "")
    if request.method != "POST":
        return render(request, "contexts/remove.html", {"known": kubeconfigs.find(name), "env": env_of(name)})
    kubeconfigs.remove(_caller(request), name, at=now())
    return redirect("dashboard:contexts")


def _context(request: HttpRequest) -> dict[str, Any]:
    overview = reverse("dashboard:overview")
    rows = [
        Row(each, env_of(each.view.name), overview + place_query(each.view.name))
        for each in kubeconfigs.known()
    ]
    assert isinstance(request.user, User)
    admin = access.ADMIN in access.scopes_of(access.role_of(request.user))
    return {"rows": rows, "problem": contexts.problem(), "admin": admin}


def _text(request: HttpRequest) -> str:
    """Return the kubeconfig of a form: the file if one was chosen, else the text."""
    upload = request.FILES.get("file")
    if upload is None:
        return request.POST.get("kubeconfig", "")
    if (upload.size or 0) > LONGEST_FILE:
        raise contexts.invalid("kubeconfig", "the file is too large for a kubeconfig")
    content: bytes = upload.read()
    return content.decode("utf-8", "replace")


def _caller(request: HttpRequest) -> access.Caller:
    assert isinstance(request.user, User)
    return access.caller_of_user(request.user, address=access.peer_address(request))


urlpatterns = [
    path("contexts", index, name="contexts"),
    path("contexts/test", test, name="contexts-test"),
    path("contexts/add", add, name="contexts-add"),
    path("contexts/rename", rename, name="contexts-rename"),
    path("contexts/remove", remove, name="contexts-remove"),
]
