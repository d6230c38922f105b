"""POST /api/<kind>/{name}/<act>: what is done to workloads and pods."""

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path
from django.utils.timezone import now
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apis import acting, shapes
from apis.acting import ActView, PlaceSerializer
from orchestrator.backends.cluster.port import Kind
from orchestrator.services.clusters import workloads
from orchestrator.services.clusters.acting import stamp


class PodSerializer(PlaceSerializer):
    force = serializers.BooleanField(required=False, default=False)


class RestartView(ActView):
    """Have the pods of a workload replaced, one after the other."""

    throttle_group = "RESTART"

    def post(self, request: Request, name: str) -> Response:
        caller, scope, _ = self.asked(request)
        done = workloads.restart(caller, self.kind, scope, name, at=now())
        more = {"restartedAt": stamp(done.at)}
        if self.kind is Kind.DEPLOYMENTS:
            more |= {"deploymentName": done.target.name, "deployment": done.target.name}
        return acting.answer(done, self.kind, **more)


@acting.described("restartPod", Kind.PODS, PodSerializer, {"podName": shapes.TEXT})
class RestartPodView(ActView):
    """Delete a pod, so that its controller makes another one; `force` also one without a controller."""

    throttle_group = "POD_RESTART"
    kind = Kind.PODS
    takes = PodSerializer

    def post(self, request: Request, name: str) -> Response:
        caller, scope, values = self.asked(request)
        force = values["force"] or request.query_params.get("force") == "true"
        done = workloads.restart_pod(caller, scope, name, at=now(), force=force)
        return acting.answer(done, Kind.PODS, podName=done.target.name)


def paths() -> list[URLPattern]:
    """Return the URL of every act."""
    return [
        *(path(f"api/{kind}/<str:name>/restart", _restart(kind)) for kind in workloads.RESTARTABLE),
        path("api/pods/<str:name>/restart", RestartPodView.as_view()),
    ]


def _restart(kind: Kind) -> Callable[..., Any]:
    more = {"restartedAt": shapes.TEXT}
    if kind is Kind.DEPLOYMENTS:
        more |= {"deploymentName": shapes.TEXT, "deployment": shapes.TEXT}
    members = {"kind": kind, "__doc__": RestartView.__doc__, "__module__": __name__}
    made = type(f"Restart{kind.word}View", (RestartView,), members)
    described: type[ActView] = acting.described(f"restart{kind.word}", kind, PlaceSerializer, more)(made)
    return described.as_view()
