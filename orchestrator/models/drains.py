"""Nodes that are being emptied, and what became of each of their pods."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class DrainQuerySet(models.QuerySet["Drain"]):
    def of(self, *, context: str, node: str) -> "DrainQuerySet":
        """Return the drains of a node, the latest first."""
        return self.filter(context=context, node=node)

    def running(self) -> "DrainQuerySet":
        """Return the drains that are not over, the oldest first."""
        return self.filter(ended_at__isnull=True).order_by("pk")


class Drain(models.Model):
    """One request to empty a node. It acts as the user of `context`, whoever asked for it."""

    class State(models.TextChoices):
        RUNNING = "running"
        CANCELLING = "cancelling"
        DONE = "done"
        CANCELLED = "cancelled"
        FAILED = "failed"

    context = models.CharField(max_length=255)
    node = models.CharField(max_length=253)
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    force = models.BooleanField(default=False)  # also pods that nothing makes again
    delete_empty_dir = models.BooleanField(default=False)  # also pods that lose what they wrote
    grace_seconds = models.PositiveIntegerField(null=True, blank=True)  # None: what each pod says
    namespace = models.CharField(max_length=63, blank=True)  # empty: all
    pod_selector = models.CharField(max_length=1000, blank=True)
    cordoned = models.BooleanField(default=False)
    pods = models.JSONField(default=list)  # services.clusters.draining.Entry, one for each pod
    note = models.CharField(max_length=500, blank=True)  # what it waits for, or how it ended
    actor = models.CharField(max_length=150)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    started_at = models.DateTimeField()
    deadline = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = DrainQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["context", "node", "-id"], name="drain_of_node")]
        constraints = [
            # Two at once would count the same evictions twice.
            models.UniqueConstraint(
                fields=["context", "node"], condition=Q(ended_at__isnull=True), name="one_drain_of_node"
            )
        ]

    def __str__(self) -> str:
        return f"{self.node} in {self.context}: {self.state}"
