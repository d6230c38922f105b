"""URLs of the JSON API."""

from django.urls import path

from apis import clusters, docs, health, root, stream

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
    path("redoc.js", docs.redoc_script, name="redoc-script"),
    path("api/pods", clusters.PodsView.as_view(), name="pods"),
    path("api/nodes", clusters.NodesView.as_view(), name="nodes"),
    path("api/namespaces", clusters.NamespacesView.as_view(), name="namespaces"),
    path("api/events", clusters.EventsView.as_view(), name="events"),
    path("api/stream", stream.stream, name="stream"),
]
