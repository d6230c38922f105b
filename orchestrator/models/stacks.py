"""Stacks: a pod and its service for a while, the node ports they hold, and jobs that delete many."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q


class StackQuerySet(models.QuerySet["Stack"]):
    def visible(self, *, at: datetime) -> "StackQuerySet":
        """Return the stacks that exist for readers: made, not deleted, not expired; oldest first."""
        there = self.filter(settled=True, expires_at__gt=at).exclude(wanted=Stack.Wanted.ABSENT)
        return there.order_by("created_at", "pk")

    def over(self, *, at: datetime) -> "StackQuerySet":
        """Return the stacks of which nothing is to remain: deleted, or expired at `at`."""
        return self.filter(Q(expires_at__lte=at) | Q(wanted=Stack.Wanted.ABSENT))


class Stack(models.Model):
    """What we decided to run, and until when. The cluster holds what does run."""

    class Wanted(models.TextChoices):
        PRESENT = "present"
        STOPPED = "stopped"  # the row stays until it expires; pod, service and ports go
        ABSENT = "absent"

    class Status(models.TextChoices):
        CREATING = "creating"
        RUNNING = "running"
        STOPPED = "stopped"
        FAILED = "failed"
        NODE_DELETED = "node_deleted"

    id = models.CharField(primary_key=True, max_length=63)  # also the pod's name
    context = models.CharField(max_length=255)
    namespace = models.CharField(max_length=63)
    pod_spec = models.TextField()  # sanitised YAML
    pod = models.JSONField()  # the same as the API server takes it
    requested_cpu_milli = models.BigIntegerField()
    requested_memory_bytes = models.BigIntegerField()
    wanted = models.CharField(max_length=7, choices=Wanted.choices, default=Wanted.PRESENT)
    # False until the create has ended well: a half-made stack is not finished but undone.
    settled = models.BooleanField(default=False)
    cleaned_at = models.DateTimeField(null=True, blank=True)  # pod and service are gone, and no port is held
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.CREATING)
    reason = models.CharField(max_length=64, blank=True)  # a word of Kubernetes', such as OOMKilled
    message = models.CharField(max_length=500, blank=True)
    node_id = models.CharField(max_length=253, blank=True)
    pod_uid = models.CharField(max_length=63, blank=True)
    problem = models.CharField(max_length=500, blank=True)  # why it cannot be removed yet
    actor = models.CharField(max_length=150)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    key = models.ForeignKey("APIKey", on_delete=models.SET_NULL, null=True, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    objects = StackQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "pk"]
        indexes = [
            models.Index(fields=["context", "created_at", "id"], name="stack_of_context"),
            models.Index(fields=["wanted", "settled", "cleaned_at"], name="stack_to_do"),
        ]

    def __str__(self) -> str:
        return self.pk


class StackPort(models.Model):
    """A node port that a stack holds; no second one can hold it in the same cluster.

    The rows of a stack are in the order of their keys that in which its ports were asked for.
    """

    context = models.CharField(max_length=255)
    node_port = models.PositiveIntegerField()
    stack = models.ForeignKey(Stack, on_delete=models.PROTECT, related_name="ports")
    container_port = models.PositiveIntegerField()
    protocol = models.CharField(max_length=3)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["stack", "position"]
        constraints = [
            models.UniqueConstraint(fields=["context", "node_port"], name="one_holder_of_node_port"),
            models.UniqueConstraint(fields=["stack", "position"], name="one_port_at_position"),
        ]

    def __str__(self) -> str:
        return f"{self.node_port} of {self.stack_id}"


class HeldPort(models.Model):
    """A node port that something else in the cluster holds; it is not drawn before `until`."""

    context = models.CharField(max_length=255)
    node_port = models.PositiveIntegerField()
    until = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["context", "node_port"], name="held_node_port"),
        ]

    def __str__(self) -> str:
        return f"{self.node_port} in {self.context}"


class StackBatch(models.Model):
    """A job that deletes many stacks, one after another."""

    class Status(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        COMPLETED = "completed"
        FAILED = "failed"

    id = models.CharField(primary_key=True, max_length=63)
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.QUEUED)
    actor = models.CharField(max_length=150)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    created_at = models.DateTimeField(db_index=True)
    updated_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True, db_index=True)

    class Meta:
        ordering = ["-created_at", "pk"]
        verbose_name_plural = "stack batches"

    def __str__(self) -> str:
        return f"{self.pk}: {self.status}"


class StackBatchItem(models.Model):
    """One stack of a job, and how its deletion ended."""

    class Result(models.TextChoices):
        WAITING = "waiting"
        BEGUN = "begun"  # asked for; after a crash it counts as ours if the row is gone then
        DELETED = "deleted"
        NOT_FOUND = "not_found"
        FAILED = "failed"

    batch = models.ForeignKey(StackBatch, on_delete=models.CASCADE, related_name="items")
    position = models.PositiveIntegerField()
    stack_id = models.TextField()  # as given; it need not be an id
    result = models.CharField(max_length=9, choices=Result.choices, default=Result.WAITING)
    error = models.CharField(max_length=512, blank=True)

    class Meta:
        ordering = ["batch", "position"]
        constraints = [
            models.UniqueConstraint(fields=["batch", "position"], name="one_item_at_position"),
        ]
        indexes = [models.Index(fields=["batch", "result", "position"], name="item_of_batch")]

    def __str__(self) -> str:
        return f"{self.stack_id} of {self.batch_id}: {self.result}"
