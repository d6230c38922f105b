"""URLs of the pages and their WebSockets."""

from django.urls import include, path

from dashboard import access, activity, clusters, consumers, logs, overview, search, shell, system

app_name = "dashboard"
urlpatterns = [
    path("", overview.index, name="overview"),
    path("pods", clusters.pods, name="pods"),
    path("nodes", clusters.nodes, name="nodes"),
    path("namespaces", clusters.namespaces, name="namespaces"),
    path("events", clusters.events, name="events"),
    path("pods/<str:namespace>/<str:name>/logs", logs.pod, name="pod-logs"),
    path("retry", clusters.retry, name="retry"),
    path("search", search.index, name="search"),
    path("theme", shell.set_theme, name="theme"),
    path("", include(access.urlpatterns)),
    path("", include(activity.urlpatterns)),
    path("", include(system.urlpatterns)),
]
websocket_urlpatterns = [path("dashboard/live", consumers.LiveConsumer.as_asgi())]
