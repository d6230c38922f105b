"""The page that shows values of a secret: asked for, audited, and never kept by a browser."""

import unicodedata
from base64 import b64decode
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from dashboard.kinds import PAGES
from dashboard.links import Links
from dashboard.permissions import caller_of, needs
from orchestrator.backends.cluster.port import Kind
from orchestrator.errors import InvalidInput
from orchestrator.services import access
from orchestrator.services.clusters import acting, objects, secrets


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a secret; `text` is what people can read of it, "" for bytes that are no text."""

    key: str
    size: int
    text: str
    base64: str


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@needs(access.SECRETS)
def reveal(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    """Ask which values are wanted and why; POST shows them in its answer, which is kept nowhere."""
    scope = acting.place(context=request.GET.get("context"), namespace=namespace)
    found = objects.read(Kind.SECRETS, scope, name)
    links = Links(scope.context.name)
    keys = sorted(found.manifest.get("data") or {})
    context: dict[str, Any] = {
        "page": PAGES[Kind.SECRETS],
        "kind": Kind.SECRETS,
        "name": name,
        "scope": scope,
        "list": links.listing(Kind.SECRETS),
        "list_here": links.listing(Kind.SECRETS, namespace),
        "back": links.to(Kind.SECRETS, namespace, name),
        "chosen": request.POST.getlist("keys"),
        "keys": keys,
        "reason": request.POST.get("reason", ""),
    }
    if request.method != "POST":
        return render(request, "objects/reveal.html", context)
    if not context["chosen"]:  # To the service none would mean all of them.
        context["problem"] = "choose at least one key"
        return render(request, "objects/reveal.html", context, status=422)
    try:
        revealed = secrets.reveal(
            caller_of(request),
            scope,
            name,
            keys=context["chosen"],
            reason=context["reason"],
            at=now(),
        )
    except InvalidInput as exc:
        context["problem"] = "; ".join(each.message for each in exc.problems) or exc.message
        return render(request, "objects/reveal.html", context, status=422)
    values = [decoded(key, text) for key, text in sorted(revealed.data.items())]
    return render(request, "objects/reveal.html", context | {"values": values})


def decoded(key: str, base64: str) -> Value:
    """Return a value so that it can be shown: text only if all of it is text, without control characters."""
    content = b64decode(base64)
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = ""
    # Categories Cc and Cf change how what follows is shown, or are not shown at all.
    if any(unicodedata.category(char) in ("Cc", "Cf", "Cs") and char not in "\n\r\t" for char in text):
        text = ""
    return Value(key, len(content), text, base64)
