"""Root URL table: one line per room."""

from django.contrib import admin
from django.urls import include, path

handler400 = "apis.errors.bad_request"
handler403 = "apis.errors.forbidden"
handler404 = "apis.errors.not_found"
handler500 = "apis.errors.internal_error"

urlpatterns = [
    path("admin/", admin.site.urls),
    path("dashboard/", include("dashboard.urls")),
    path("", include("apis.urls")),
]
