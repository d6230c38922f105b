"""/livez, /readyz and /metrics: for those who run us."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.timezone import now
from django.views.decorators.csrf import csrf_exempt
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest

from apis import authentication, errors
from orchestrator.services import health, metrics

READ = ["GET", "HEAD"]


@login_not_required
@csrf_exempt  # Other methods are 405, with a token and without.
def livez(request: HttpRequest) -> HttpResponse:
    """Answer as long as the process can answer anything at all."""
    if request.method not in READ:
        return errors.method_not_allowed(request, READ)
    return JsonResponse({"status": "ok"})


@login_not_required
@csrf_exempt
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 if requests can be served, else 503 with the checks that failed."""
    if request.method not in READ:
        return errors.method_not_allowed(request, READ)
    failures = health.failures(at=now())
    if failures:
        return JsonResponse({"status": "failed", "checks": failures}, status=503)
    return JsonResponse({"status": "ok"})


@login_not_required
@csrf_exempt
def figures(request: HttpRequest) -> HttpResponse:
    """Answer with the figures of this process in Prometheus' text format."""
    if request.method not in READ:
        return errors.method_not_allowed(request, READ)
    try:
        authentication.known(request, scope="metrics:read")
    except Exception as exc:  # Handed on if it is not one of ours.
        return errors.answered(exc, request)
    metrics.register()
    return HttpResponse(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)
