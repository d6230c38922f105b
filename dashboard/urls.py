"""URLs of the pages and their WebSockets."""

from django.urls import include, path, register_converter

from dashboard import (
    access,
    activity,
    acts,
    applying,
    clusters,
    consumers,
    contexts,
    doors,
    editing,
    generic,
    generic_objects,
    logs,
    map,
    objects,
    overview,
    search,
    secrets,
    shell,
    stacks,
    system,
    terminal,
    workload_logs,
)
from dashboard.kinds import PAGES
from orchestrator.backends.cluster.port import Kind
from orchestrator.services.clusters import forwarding


class KindConverter:
    """A kind whose objects have pages, by its plural."""

    regex = "|".join(kind for kind in PAGES if kind is not Kind.EVENTS)

    def to_python(self, value: str) -> Kind:
        return Kind(value)

    def to_url(self, value: str) -> str:
        return str(value)


register_converter(KindConverter, "kind")
app_name = "dashboard"
urlpatterns = [
    path("", overview.index, name="overview"),
    *(path(kind, clusters.index, {"kind": kind}, name=kind) for kind in PAGES),
    path("<kind:kind>/<namespace>/<name>", objects.overview, name="object"),
    path("<kind:kind>/<namespace>/<name>/events", objects.events_of, name="object-events"),
    path("<kind:kind>/<namespace>/<name>/metrics", objects.metrics_of, name="object-metrics"),
    path("<kind:kind>/<namespace>/<name>/yaml", objects.yaml_of, name="object-yaml"),
    path("<kind:kind>/<namespace>/<name>/history", objects.history_of, name="object-history"),
    path("<kind:kind>/<namespace>/<name>/do/<slug:deed>", acts.act, name="act"),
    path("pods/<namespace>/<name>/terminal", objects.terminal_of, {"kind": Kind.PODS}, name="pod-terminal"),
    *(
        route
        for kind in forwarding.KINDS
        for route in (
            path(f"{kind}/<namespace>/<name>/ports", objects.ports_of, {"kind": kind}),
            path(f"{kind}/<namespace>/<name>/ports/open", doors.open_port, {"kind": kind}),
        )
    ),
    path("secrets/<namespace>/<name>/reveal", secrets.reveal, name="secret-reveal"),
    path("<kind:kind>/<namespace>/<name>/edit", editing.edit, name="object-edit"),
    path("apply", applying.apply, name="apply"),
    path("pods/<str:namespace>/<str:name>/logs", logs.pod, name="pod-logs"),
    path("<kind:kind>/<namespace>/<name>/logs", workload_logs.logs_of, name="workload-logs"),
    path("map", map.index, name="map"),
    path("kinds", generic.kinds, name="kinds"),
    path("kinds/<resource>", generic.index, name="generic"),
    path("kinds/<resource>/<namespace>/<name>", generic_objects.overview, name="generic-object"),
    path(
        "kinds/<resource>/<namespace>/<name>/events", generic_objects.events_of, name="generic-object-events"
    ),
    path("kinds/<resource>/<namespace>/<name>/yaml", generic_objects.yaml_of, name="generic-object-yaml"),
    path("kinds/<resource>/<namespace>/<name>/edit", editing.edit_any, name="generic-object-edit"),
    path("retry", clusters.retry, name="retry"),
    path("search", search.index, name="search"),
    path("theme", shell.set_theme, name="theme"),
    path("", include(access.urlpatterns)),
    path("", include(activity.urlpatterns)),
    path("", include(contexts.urlpatterns)),
    path("", include(stacks.urlpatterns)),
    path("", include(system.urlpatterns)),
]
websocket_urlpatterns = [
    path("dashboard/live", consumers.LiveConsumer.as_asgi()),
    path(terminal.PATH, terminal.TerminalConsumer.as_asgi()),
]
