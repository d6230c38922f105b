"""URLs of the JSON API."""

from django.urls import path

from apis import clusters, connection, docs, health, logs, root, stream, summary

app_name = "apis"
urlpatterns = [
    path("", root.root, name="root"),
    path("dashboard", root.root),
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.figures, name="metrics"),
    path("openapi.json", docs.SchemaView.as_view(), name="schema"),
    path("api/openapi.json", docs.SchemaView.as_view()),
    path("docs", docs.SwaggerView.as_view(), name="docs"),
    path("redoc", docs.RedocView.as_view(), name="redoc"),
    path("api/pods", clusters.PodsView.as_view(), name="pods"),
    path("api/nodes", clusters.NodesView.as_view(), name="nodes"),
    path("api/namespaces", clusters.NamespacesView.as_view(), name="namespaces"),
    path("api/events", clusters.EventsView.as_view(), name="events"),
    path("api/dashboard/summary", summary.SummaryView.as_view(), name="summary"),
    path("api/cluster-health", summary.HealthView.as_view(), name="cluster-health"),
    path("api/cluster/health", connection.ConnectionView.as_view(), name="connection"),
    path("api/test-connection", connection.TestConnectionView.as_view(), name="test-connection"),
    path("api/contexts", connection.ContextsView.as_view(), name="contexts"),
    path("api/pods/<str:name>/logs", logs.pod_logs, name="pod-logs"),
    path("api/stream", stream.stream, name="stream"),
]
