"""POST /api/<kind>/{name}/<act>: what is done to workloads and pods."""

from datetime import datetime
from typing import Any, Protocol

from django.urls import URLPattern, path
from django.utils.timezone import now
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apis import acting, schema, shapes
from apis.acting import ActView, PlaceSerializer
from apis.clusters import WholeNumber, place_headers, scope_of
from orchestrator.backends.cluster.port import LISTED, Kind
from orchestrator.services.access import Caller
from orchestrator.services.clusters import cronjobs, rollouts, workloads
from orchestrator.services.clusters.acting import Done, stamp
from orchestrator.services.clusters.contexts import Scope

PROGRESS = shapes.obj(
    {
        "state": {"type": "string", "enum": [*rollouts.STATES]},
        "message": shapes.TEXT,
        "fraction": {"type": "number", "minimum": 0, "maximum": 1},
    },
    sometimes=("fraction",),
)


class Simple(Protocol):
    """A service that acts on an object and needs to know nothing but which one."""

    def __call__(self, caller: Caller, scope: Scope, name: str, *, at: datetime) -> Done: ...


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
        return acting.answer(done, **more)


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
        return acting.answer(done, podName=done.target.name)


class ProgressView(APIView):
    """How far an object is on its way to what was asked of it; `gone` if there is none (any more)."""

    area = "clusters"
    throttle_group = "K8S_DETAIL"
    kind: Kind

    def get(self, request: Request, name: str) -> Response:
        scope = scope_of(request)
        found = rollouts.follow(self.kind, scope, name)
        counted = {} if found.fraction is None else {"fraction": round(found.fraction, 3)}
        body = {"state": found.state, "message": found.sentence, **counted}
        return Response(body, headers=place_headers(scope))


class ScaleSerializer(PlaceSerializer):
    replicas = WholeNumber()


class ScaleView(ActView):
    """Set the number of pods of a workload; `warning` says what may set it again."""

    takes = ScaleSerializer

    def post(self, request: Request, name: str) -> Response:
        caller, scope, values = self.asked(request)
        replicas = values["replicas"]
        done = workloads.scale(caller, self.kind, scope, name, replicas=replicas, at=now())
        return acting.answer(done, replicas=replicas)


class SimpleView(ActView):
    """An act that takes nothing but a place."""

    act: Simple

    def post(self, request: Request, name: str) -> Response:
        caller, scope, _ = self.asked(request)
        return acting.answer(type(self).act(caller, scope, name, at=now()))


def paths() -> list[URLPattern]:
    """Return the URL of every act, and where to follow it."""
    return [
        *(_path(kind, "progress", _progress(kind)) for kind in LISTED),
        *(_path(kind, "restart", _restart(kind)) for kind in workloads.RESTARTABLE),
        _path(Kind.PODS, "restart", RestartPodView),
        *(_path(kind, "scale", _scale(kind)) for kind in workloads.SCALABLE),
        *(_path(kind, word, _simple(kind, word, act)) for (kind, word), act in SIMPLE.items()),
    ]


# Kind and word of the URL -> what is done, which says itself what it is.
SIMPLE: dict[tuple[Kind, str], Simple] = {
    (Kind.DEPLOYMENTS, "pause"): workloads.pause,
    (Kind.DEPLOYMENTS, "resume"): workloads.resume,
    (Kind.CRONJOBS, "suspend"): cronjobs.suspend,
    (Kind.CRONJOBS, "resume"): cronjobs.resume,
    (Kind.CRONJOBS, "trigger"): cronjobs.trigger,
}


def _path(kind: Kind, word: str, view: type[APIView]) -> URLPattern:
    return path(f"api/{acting.path_of(kind)}/<str:name>/{word}", view.as_view())


def _made(parent: type[ActView], word: str, kind: Kind, about: str, **more: Any) -> type[ActView]:
    """Return a view of one kind, with a name and a sentence of its own for the OpenAPI document."""
    members = {"kind": kind, "__doc__": about, "__module__": __name__, **more}
    return type(f"{word.title()}{kind.word}View", (parent,), members)


def _progress(kind: Kind) -> type[APIView]:
    members = {"kind": kind, "__doc__": ProgressView.__doc__, "__module__": __name__}
    made = type(f"Progress{kind.word}View", (ProgressView,), members)
    asked, answers = schema.place_of(kind), {200: PROGRESS, **schema.errors()}
    described: type[APIView] = schema.described("get", f"follow{kind.word}", asked, answers)(made)
    return described


def _restart(kind: Kind) -> type[ActView]:
    more = {"restartedAt": shapes.TEXT}
    if kind is Kind.DEPLOYMENTS:
        more |= {"deploymentName": shapes.TEXT, "deployment": shapes.TEXT}
    made = _made(RestartView, "restart", kind, str(RestartView.__doc__))
    described: type[ActView] = acting.described(f"restart{kind.word}", kind, PlaceSerializer, more)(made)
    return described


def _scale(kind: Kind) -> type[ActView]:
    made = _made(ScaleView, "scale", kind, str(ScaleView.__doc__))
    more = {"replicas": {"type": "integer"}}
    described: type[ActView] = acting.described(f"scale{kind.word}", kind, ScaleSerializer, more)(made)
    return described


def _simple(kind: Kind, word: str, act: Simple) -> type[ActView]:
    about = str(act.__doc__).partition("\n")[0]
    made = _made(SimpleView, word, kind, about, act=act)
    described: type[ActView] = acting.described(f"{word}{kind.word}", kind, PlaceSerializer, {})(made)
    return described
