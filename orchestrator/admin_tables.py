"""The admin site's lists of rows that only the product itself writes."""

from django.contrib import admin

from orchestrator.admin_bases import ReadOnly
from orchestrator.models import (
    ClusterContext,
    Drain,
    HeldPort,
    KeptAnswer,
    Lease,
    Preference,
    RelayedTopic,
    Stack,
    StackBatch,
    StackBatchItem,
    StackPort,
    StoredKey,
    Tally,
)


@admin.register(RelayedTopic)
class RelayedTopicAdmin(ReadOnly):
    list_display = ("at", "topic", "origin")
    search_fields = ("topic", "origin")


@admin.register(Lease)
class LeaseAdmin(ReadOnly):
    list_display = ("name", "owner", "fence", "heartbeat_at", "expires_at")
    search_fields = ("name", "owner")


@admin.register(Drain)
class DrainAdmin(ReadOnly):
    list_display = ("node", "context", "state", "actor", "started_at", "ended_at", "note")
    list_filter = ("state", "context")
    search_fields = ("node", "context", "actor", "note")


@admin.register(Preference)
class PreferenceAdmin(ReadOnly):
    list_display = ("owner", "section", "name", "value")
    list_filter = ("section",)
    list_select_related = ("owner",)
    search_fields = ("name", "owner__username")


@admin.register(ClusterContext)
class ClusterContextAdmin(ReadOnly):
    list_display = ("name", "cluster", "user", "namespace", "server", "verified", "added_by", "created_at")
    search_fields = ("name", "cluster", "user")
    exclude = ("sealed",)


@admin.register(StoredKey)
class StoredKeyAdmin(ReadOnly):
    list_display = ("name", "hint", "owner", "updated_at")
    list_select_related = ("owner",)
    search_fields = ("name", "owner__username")
    exclude = ("sealed",)


@admin.register(Stack)
class StackAdmin(ReadOnly):
    list_display = (
        "id",
        "context",
        "status",
        "wanted",
        "settled",
        "node_id",
        "actor",
        "expires_at",
        "problem",
    )
    list_filter = ("status", "wanted", "settled", "context")
    search_fields = ("id", "node_id", "actor", "reason", "problem")


@admin.register(StackPort)
class StackPortAdmin(ReadOnly):
    list_display = ("node_port", "stack", "container_port", "protocol", "context")
    list_select_related = ("stack",)
    search_fields = ("node_port", "stack__id")


@admin.register(HeldPort)
class HeldPortAdmin(ReadOnly):
    list_display = ("node_port", "context", "until")
    search_fields = ("node_port", "context")


@admin.register(StackBatch)
class StackBatchAdmin(ReadOnly):
    list_display = ("id", "status", "actor", "created_at", "updated_at", "ended_at")
    list_filter = ("status",)
    search_fields = ("id", "actor")


@admin.register(StackBatchItem)
class StackBatchItemAdmin(ReadOnly):
    list_display = ("stack_id", "batch", "result", "error")
    list_filter = ("result",)
    list_select_related = ("batch",)
    search_fields = ("stack_id", "batch__id", "error")


@admin.register(Tally)
class TallyAdmin(ReadOnly):
    list_display = ("name", "label", "value")
    search_fields = ("name", "label")


@admin.register(KeptAnswer)
class KeptAnswerAdmin(ReadOnly):
    list_display = ("route", "caller", "done", "status", "made", "begun_at")
    list_filter = ("done", "status", "route")
    search_fields = ("caller", "made")
    exclude = ("body", "key_digest", "body_digest", "run")
