"""The admin site: every table, without a way to see a secret or to change history."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.auth import admin as auth_admin
from django.contrib.auth.models import Group, User
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.timezone import now

from orchestrator import admin_tables as admin_tables  # registers its lists
from orchestrator.admin_bases import Audited, ReadOnly, caller_of
from orchestrator.errors import InvalidInput
from orchestrator.models import (
    Activity,
    APIKey,
    AuditEvent,
    ControllerRun,
    SignInLink,
)
from orchestrator.services import access

if TYPE_CHECKING:  # The classes take parameters in their stubs alone.
    ModelForm = forms.ModelForm[APIKey]
    UserAdmin = auth_admin.UserAdmin[User]
else:
    ModelForm, UserAdmin = forms.ModelForm, auth_admin.UserAdmin

admin.site.site_title = admin.site.site_header = "Orchestrator"
admin.site.index_title = "Tables"
admin.site.site_url = "/dashboard/"


class APIKeyForm(ModelForm):
    """A new key; its rules are those of the service."""

    scopes = forms.MultipleChoiceField(
        choices=[(scope, scope) for scope in sorted(access.EVERYTHING)], widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = APIKey
        fields = ("name", "scopes", "owner", "expires_at", "stack_limit")

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        if self.errors:
            return values
        try:
            access.check_key(at=now(), **values)
        except InvalidInput as exc:
            for problem in exc.problems:
                self.add_error("expires_at" if problem.path == "expires" else problem.path, problem.message)
        return values


@admin.register(APIKey)
class APIKeyAdmin(Audited):
    """Keys are made here and revoked by an action; nothing else about them changes."""

    form = APIKeyForm
    list_display = (
        "name",
        "starts_with",
        "may",
        "owner",
        "state",
        "expires_at",
        "stack_limit",
        "last_used_at",
        "created_at",
    )
    list_filter = ("revoked_at", "expires_at", "owner")
    list_select_related = ("owner",)
    search_fields = ("name", "prefix", "owner__username")
    autocomplete_fields = ("owner",)
    exclude = ("digest",)
    actions = ("revoke",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[APIKey]:
        seen = access.keys_seen_by(caller_of(request)).values("pk")
        return super().get_queryset(request).filter(pk__in=seen)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: APIKey, form: Any, change: bool) -> None:
        issued = access.issue_key(at=now(), by=caller_of(request), **form.cleaned_data)
        obj.pk, obj.prefix = issued.row.pk, issued.row.prefix
        request.issued_key = issued  # type: ignore[attr-defined]  # for `response_add`, later in this request

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        return admin.ModelAdmin.log_addition(self, request, obj, message)  # The service has audited it.

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        # One key, one button: "save and add another" would hide the key that was just made.
        context |= {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().render_change_form(request, context, *args, **kwargs)

    def response_add(
        self, request: HttpRequest, obj: APIKey, post_url_continue: str | None = None
    ) -> HttpResponse:
        issued = request.issued_key  # type: ignore[attr-defined]
        context = self.admin_site.each_context(request) | {"title": "New API key", "issued": issued}
        return TemplateResponse(request, "admin/issued_key.html", context)

    @admin.action(description="Revoke selected keys", permissions=["delete"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[APIKey]) -> None:
        for key in queryset:
            access.revoke_key(key.pk, by=caller_of(request), at=now())
        self.message_user(request, "Programs that send these keys are refused from now on.")

    @admin.display(description="starts with")
    def starts_with(self, key: APIKey) -> str:
        return f"{key.prefix}…"

    @admin.display(description="may do")
    def may(self, key: APIKey) -> str:
        return ", ".join(key.scopes)

    @admin.display
    def state(self, key: APIKey) -> str:
        return access.state_of(key, at=now())[1]


@admin.register(SignInLink)
class SignInLinkAdmin(Audited):
    """Links are made by a command or an invitation; here they can only be withdrawn."""

    list_display = ("user", "created_at", "expires_at", "used_at")
    list_filter = ("used_at", "expires_at")
    list_select_related = ("user",)
    search_fields = ("user__username",)
    exclude = ("digest",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnly):
    list_display = ("at", "actor", "action", "target", "result", "area", "place", "address", "request_id")
    list_filter = ("result", "area", "at")
    search_fields = ("actor", "action", "target", "place", "note", "request_id", "address")
    date_hierarchy = "at"


@admin.register(Activity)
class ActivityAdmin(ReadOnly):
    list_display = ("at", "level", "area", "actor", "text", "object", "context", "namespace")
    list_filter = ("level", "area", "at")
    search_fields = ("actor", "text", "object", "context", "namespace", "request_id")
    date_hierarchy = "at"


@admin.register(ControllerRun)
class ControllerRunAdmin(ReadOnly):
    list_display = (
        "name",
        "result",
        "started_at",
        "duration_ms",
        "runs",
        "failures",
        "last_error",
        "next_due",
    )
    list_filter = ("result",)
    search_fields = ("name", "owner", "last_error")


admin.site.unregister([User, Group])


@admin.register(User)
class OurUserAdmin(Audited, UserAdmin):
    list_display = ("username", "email", "role", "is_active", "is_staff", "is_superuser", "last_login")
    list_filter = ("groups", "is_active", "is_staff", "is_superuser")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    @admin.display
    def role(self, user: User) -> str:
        return access.role_of(user) or "none"


@admin.register(Group)
class OurGroupAdmin(Audited, auth_admin.GroupAdmin):
    list_display = ("name", "members")

    @admin.display
    def members(self, group: Group) -> int:
        return group.user_set.count()
