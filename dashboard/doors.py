"""The ports of a service or a pod: what it names, and the way there."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.timezone import now
from django.views.decorators.http import require_POST

from dashboard.permissions import caller_of, needs
from orchestrator.backends.cluster.port import Kind
from orchestrator.services.clusters import acting, forwarding

SEE_OTHER = 303  # What follows a form is a GET: RFC 9110, section 15.4.4


@require_POST
@needs(forwarding.SCOPE)
def open_port(request: HttpRequest, kind: Kind, namespace: str, name: str) -> HttpResponse:
    """Make a link to a port, and go there."""
    scope = acting.place(context=request.POST.get("context"), namespace=namespace)
    link = forwarding.open_link(
        caller_of(request),
        scope,
        kind,
        name,
        port=request.POST.get("port", ""),
        tls=request.POST.get("scheme") == "https",
        at=now(),
    )
    return HttpResponseRedirect(link.path, status=SEE_OTHER)
