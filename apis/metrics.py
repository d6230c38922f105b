"""/api/metrics/pods: what the pods of a deployment use and ask for."""

from dataclasses import replace

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.views import APIView

from apis import schema
from apis.clusters import as_json, place_headers, scope_of
from orchestrator.services.clusters import pod_metrics


@schema.pod_metrics
class PodMetricsView(APIView):
    """What each container of a deployment's pods used a moment ago, asks for, and may use at most."""

    area = "clusters"
    throttle_group = "K8S_LIST"

    def get(self, request: Request) -> HttpResponse:
        scope = scope_of(request)
        place = replace(scope, namespace=scope.namespace or "default")
        found = pod_metrics.of_deployment(place, request.query_params.get("deployment", ""))
        return as_json(found, headers=place_headers(scope))
