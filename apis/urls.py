"""URLs of the JSON API."""

from django.urls import path

from apis import (
    actions,
    clusters,
    connection,
    contexts,
    docs,
    health,
    logs,
    objects,
    preferences,
    root,
    secrets,
    stored_keys,
    stream,
    summary,
)

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
    *clusters.list_paths(),
    *objects.paths(),
    *actions.paths(),
    path("api/labels", clusters.LabelsView.as_view(), name="labels"),
    path("api/secrets/<str:name>/reveal", secrets.RevealView.as_view(), name="reveal"),
    path("api/dashboard/summary", summary.SummaryView.as_view(), name="summary"),
    path("api/cluster-health", summary.HealthView.as_view(), name="cluster-health"),
    path("api/cluster/health", connection.ConnectionView.as_view(), name="connection"),
    path("api/test-connection", connection.TestConnectionView.as_view(), name="test-connection"),
    path("api/contexts", contexts.ContextsView.as_view(), name="contexts"),
    path("api/contexts/<path:name>", contexts.ContextView.as_view(), name="context"),
    path("api/pods/<str:name>/logs", logs.pod_logs, name="pod-logs"),
    path("api/settings", preferences.SettingsView.as_view(), name="settings"),
    path("api/settings/aliases", preferences.AliasesView.as_view(), name="aliases"),
    path("api/settings/critical-issues", preferences.IssuesView.as_view(), name="critical-issues"),
    path("api/settings/sidebar-pins", preferences.PinsView.as_view(), name="sidebar-pins"),
    path("api/settings/migrate", preferences.MigrateView.as_view(), name="migrate-settings"),
    path("api/notifications", preferences.NotificationsView.as_view(), name="notifications"),
    path("api/api-keys", stored_keys.StoredKeysView.as_view(), name="stored-keys"),
    path("api/stream", stream.stream, name="stream"),
]
