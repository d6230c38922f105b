"""What the lists of the admin site share."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from orchestrator.services import access

if TYPE_CHECKING:  # The class takes parameters in its stub alone.
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin


class Audited(ModelAdmin):
    """Writes what is done here into the audit as well."""

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        record(request, "Add", obj)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        record(request, "Change", obj)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        for obj in queryset:
            record(request, "Delete", obj)
        return super().log_deletions(request, queryset)


class ReadOnly(ModelAdmin):
    """Shows rows that only the product itself writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def caller_of(request: HttpRequest) -> access.Caller:
    assert isinstance(request.user, User)  # The admin site lets in nobody else.
    return access.caller_of_user(request.user, address=access.peer_address(request))


def record(request: HttpRequest, verb: str, obj: Model) -> None:
    """Audit a change made in the admin site; the values are left to the site's own history."""
    action = f"{verb} {obj._meta.verbose_name}"
    access.record(caller_of(request), area="access", action=action, target=str(obj), note="admin site")
