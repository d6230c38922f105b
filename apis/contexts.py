"""/api/contexts: the contexts there are, and those that admins add, rename and remove."""

from typing import cast

from django.utils.timezone import now
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apis import schema, shapes
from apis.parsers import members_of
from orchestrator.errors import InvalidInput, Problem
from orchestrator.services import access, preferences
from orchestrator.services.access import Caller
from orchestrator.services.clusters import contexts, kubeconfigs

CONTEXT = shapes.obj(
    {
        "name": shapes.TEXT,
        "cluster": shapes.TEXT,
        "user": shapes.TEXT,
        "namespace": shapes.TEXT,
        "current": shapes.BOOLEAN,
    }
)
CONTEXTS = shapes.obj({"contexts": {"type": "array", "items": CONTEXT}})
NAMES = {"type": "array", "items": shapes.TEXT}
ADDITION = shapes.obj(
    {"kubeconfig": shapes.TEXT, "contexts": NAMES, "replace": shapes.BOOLEAN},
    sometimes=("contexts", "replace"),
)
ADDED = shapes.obj({"success": shapes.BOOLEAN, "contexts": NAMES})
RENAMED = shapes.obj({"success": shapes.BOOLEAN, "name": shapes.TEXT})
SUCCESS = shapes.obj({"success": shapes.BOOLEAN})


class ContextsView(APIView):
    """The contexts there are: those of the kubeconfig and those added, or with mode=demo the demo one."""

    area = "clusters"
    scopes = {"POST": access.ADMIN}

    @property
    def throttle_group(self) -> str:
        return "SETTINGS" if self.request.method == "POST" else "K8S_LIST"

    @extend_schema(
        operation_id="listContexts",
        tags=["clusters"],
        parameters=[schema.MODE],
        responses={200: CONTEXTS, **schema.errors()},
    )
    def get(self, request: Request) -> Response:
        choice = preferences.choice_of(cast(Caller, request.auth))
        mode = contexts.mode_of(request.query_params.get("mode"), choice=choice)
        found = [
            {
                "name": each.name,
                "cluster": each.cluster,
                "user": each.user,
                "namespace": each.namespace,
                "current": each.current,
            }
            for each in contexts.of_mode(mode)
        ]
        return Response({"contexts": found}, headers={"X-Backend": mode})

    @extend_schema(
        operation_id="addContexts",
        tags=["clusters"],
        request={"application/json": ADDITION},
        responses={201: ADDED, **schema.errors()},
    )
    def post(self, request: Request) -> Response:
        """Adds contexts of a kubeconfig, all in it or those named; all of them, or none."""
        body = members_of(request)
        problems = []
        if not isinstance(body.get("kubeconfig"), str):
            problems.append(Problem("kubeconfig", "kubeconfig is a text"))
        names = body.get("contexts")
        if names is not None and not (isinstance(names, list) and all(isinstance(n, str) for n in names)):
            problems.append(Problem("contexts", "contexts is a list of names"))
        if not isinstance(body.get("replace", False), bool):
            problems.append(Problem("replace", "replace is true or false"))
        if problems:
            raise InvalidInput("Validation failed", problems=problems)
        added = kubeconfigs.add(
            cast(Caller, request.auth),
            body["kubeconfig"],
            names=names,
            replacing=body.get("replace", False),
            at=now(),
        )
        return Response({"success": True, "contexts": added}, status=201)


class ContextView(APIView):
    """One context that was added."""

    scopes = {"PATCH": access.ADMIN, "DELETE": access.ADMIN}
    throttle_group = "SETTINGS"

    @extend_schema(
        operation_id="renameContext",
        tags=["clusters"],
        request={"application/json": shapes.obj({"name": shapes.TEXT})},
        responses={200: RENAMED, **schema.errors()},
    )
    def patch(self, request: Request, name: str) -> Response:
        to = members_of(request).get("name")
        if not isinstance(to, str):
            raise contexts.invalid("name", "name is a text")
        renamed = kubeconfigs.rename(cast(Caller, request.auth), name, to=to, at=now())
        return Response({"success": True, "name": renamed})

    @extend_schema(
        operation_id="removeContext", tags=["clusters"], responses={200: SUCCESS, **schema.errors()}
    )
    def delete(self, request: Request, name: str) -> Response:
        kubeconfigs.remove(cast(Caller, request.auth), name, at=now())
        return Response({"success": True})
