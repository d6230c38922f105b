"""/api/settings and /api/notifications: what each caller has chosen for themselves."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apis import schema, shapes
from apis.parsers import members_of
from orchestrator.services import preference_rules as rules
from orchestrator.services import preferences
from orchestrator.services.access import Caller
from orchestrator.services.clusters import contexts

View = TypeVar("View", bound=Callable[..., Response])

DONE = {"success": True}
NULL = {"type": "null"}
TEXTS = {"type": "array", "items": shapes.TEXT}
SUCCESS = shapes.obj({"success": shapes.BOOLEAN})
CHOSEN = shapes.obj(
    {"name": shapes.TEXT, "cluster": shapes.TEXT, "user": shapes.TEXT, "namespace": shapes.TEXT},
    sometimes=("namespace",),
)
SETTINGS = {
    "mode": {"type": "string", "enum": ["demo", "real"]},
    "selectedContext": {"oneOf": [CHOSEN, NULL]},
    "selectedNamespace": shapes.TEXT,
    "clusterConnected": shapes.BOOLEAN,
    "connectionError": {"type": ["string", "null"]},
    "realtimeEnabled": shapes.BOOLEAN,
    "autoRefreshEnabled": shapes.BOOLEAN,
    "autoRefreshInterval": {"type": "integer", "minimum": 5, "maximum": 300, "description": "Seconds."},
    "hasCompletedWelcome": shapes.BOOLEAN,
    "themeMode": {"type": "string", "enum": ["light", "dark", "system"]},
    "visualPreset": {"type": "string", "enum": ["liquidGlass", "glass", "classic"]},
    "compactMode": shapes.BOOLEAN,
}
ALIASES = {"type": "object", "additionalProperties": shapes.TEXT}
ALIAS = shapes.obj({"alias": {"type": ["string", "null"]}})
ENABLED = shapes.obj({"enabled": shapes.BOOLEAN})
PINNED = shapes.obj({"pinned": shapes.BOOLEAN})
NOTIFICATIONS = shapes.obj({"enabled": shapes.BOOLEAN, "enabledResources": TEXTS, "status": shapes.TEXT})
NOTIFIED = shapes.obj({"success": shapes.BOOLEAN, "enabled": shapes.BOOLEAN, "message": shapes.TEXT})


def described(
    name: str,
    answer: dict[str, Any],
    *,
    body: dict[str, Any] | None = None,
    query: str = "",
    required: bool = False,
) -> Callable[[View], View]:
    """Return the decorator that describes an operation."""
    parameters = [OpenApiParameter(query, str, required=required)] if query else []
    return extend_schema(
        operation_id=name,
        tags=["preferences"],
        parameters=parameters,
        request={"application/json": body} if body else None,
        responses={200: answer, **schema.errors()},
    )


def caller_of(request: Request) -> Caller:
    return cast(Caller, request.auth)


class PreferencesView(APIView):
    """What is shared by all of them."""

    area = "clusters"

    @property
    def throttle_group(self) -> str:
        return "SETTINGS" if self.request.method == "POST" else "GENERAL"


class SettingsView(PreferencesView):
    """The settings of the caller, with defaults for what they have not chosen."""

    @described("settings", shapes.obj(SETTINGS))
    def get(self, request: Request) -> Response:
        return Response(preferences.settings_of(caller_of(request)))

    @described("changeSettings", SUCCESS, body=shapes.obj(SETTINGS, sometimes=SETTINGS))
    def post(self, request: Request) -> Response:
        preferences.change_settings(caller_of(request), members_of(request))
        return Response(DONE)

    @described("resetSettings", SUCCESS)
    def delete(self, request: Request) -> Response:
        preferences.reset_settings(caller_of(request))
        return Response(DONE)


class AliasesView(PreferencesView):
    """The caller's own names of contexts."""

    @described("aliases", {"oneOf": [ALIASES, ALIAS]}, query="context")
    def get(self, request: Request) -> Response:
        found = preferences.aliases(caller_of(request))
        context = contexts.check_context(request.query_params.get("context"))
        return Response({"alias": found.get(context)} if context else found)

    @described("setAlias", SUCCESS, body=shapes.obj({"contextName": shapes.TEXT, "alias": shapes.TEXT}))
    def post(self, request: Request) -> Response:
        body = members_of(request)
        preferences.set_alias(caller_of(request), body.get("contextName"), alias=body.get("alias"))
        return Response(DONE)

    @described("removeAlias", SUCCESS, query="context", required=True)
    def delete(self, request: Request) -> Response:
        context = contexts.check_context(request.query_params.get("context"))
        if not context:
            raise contexts.invalid("context", "context parameter is required")
        preferences.remove_alias(caller_of(request), context)
        return Response(DONE)


class IssuesView(PreferencesView):
    """The kinds of objects whose trouble is shown."""

    @described("criticalIssues", {"oneOf": [TEXTS, ENABLED]}, query="resource")
    def get(self, request: Request) -> Response:
        found = preferences.issues(caller_of(request))
        resource = request.query_params.get("resource", "").strip()
        if resource and resource not in rules.RESOURCES:
            raise contexts.invalid("resource", f"resource is one of {', '.join(rules.RESOURCES)}")
        return Response({"enabled": resource in found} if resource else found)

    @described(
        "switchCriticalIssues",
        SUCCESS,
        body=shapes.obj({"resourceType": shapes.TEXT, "enabled": shapes.BOOLEAN}),
    )
    def post(self, request: Request) -> Response:
        body = members_of(request)
        preferences.switch_issue(caller_of(request), body.get("resourceType"), enabled=body.get("enabled"))
        return Response(DONE)


class PinsView(PreferencesView):
    """The paths that are pinned to the sidebar."""

    @described("sidebarPins", {"oneOf": [TEXTS, PINNED]}, query="path")
    def get(self, request: Request) -> Response:
        found = preferences.pins(caller_of(request))
        path = request.query_params.get("path", "").strip()
        return Response({"pinned": path in found} if path else found)

    @described("pin", SUCCESS, body=shapes.obj({"path": shapes.TEXT, "pinned": shapes.BOOLEAN}))
    def post(self, request: Request) -> Response:
        body = members_of(request)
        preferences.pin(caller_of(request), body.get("path"), pinned=body.get("pinned"))
        return Response(DONE)


class MigrateView(PreferencesView):
    """Takes over what a browser has kept: all of it, or nothing."""

    @described("migrateSettings", SUCCESS, body={"type": "object", "additionalProperties": shapes.TEXT})
    def post(self, request: Request) -> Response:
        preferences.migrate(caller_of(request), members_of(request))
        return Response(DONE)


class NotificationsView(PreferencesView):
    """Whether the caller wants to hear of trouble, and of which kinds of objects."""

    @described("notifications", NOTIFICATIONS)
    def get(self, request: Request) -> Response:
        caller = caller_of(request)
        enabled = preferences.notified(caller)
        status = "active" if enabled else "disabled"
        return Response(
            {"enabled": enabled, "enabledResources": preferences.issues(caller), "status": status}
        )

    @described("switchNotifications", NOTIFIED, body=ENABLED)
    def post(self, request: Request) -> Response:
        enabled = preferences.switch_notifications(caller_of(request), members_of(request).get("enabled"))
        message = f"Notifications {'enabled' if enabled else 'disabled'}"
        return Response({"success": True, "enabled": enabled, "message": message})
