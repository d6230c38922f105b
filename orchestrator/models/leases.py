"""Leases and runs of controllers: who may act, and what came of it."""

from django.db import models


class Lease(models.Model):
    """One row per controller; whoever holds it before `expires_at` acts alone."""

    name = models.CharField(primary_key=True, max_length=40)
    owner = models.CharField(max_length=120, blank=True)  # empty: given back
    fence = models.PositiveBigIntegerField(default=0)  # grows with each change of owner
    expires_at = models.DateTimeField()
    heartbeat_at = models.DateTimeField()

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return f"{self.name} held by {self.owner or 'nobody'}"


class ControllerRun(models.Model):
    """What the runs of one controller came to; one row per controller."""

    class Result(models.TextChoices):
        NONE = "", "not yet"
        DONE = "done"
        FAILED = "failed"

    name = models.CharField(primary_key=True, max_length=40)
    owner = models.CharField(max_length=120, blank=True)
    fence = models.PositiveBigIntegerField(default=0)  # of the lease under which the last run was recorded
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    duration_ms = models.PositiveIntegerField(default=0)
    result = models.CharField(max_length=10, choices=Result.choices, blank=True, default=Result.NONE)
    last_error = models.CharField(max_length=500, blank=True)
    last_error_at = models.DateTimeField(null=True, blank=True)
    runs = models.PositiveBigIntegerField(default=0)
    failures = models.PositiveBigIntegerField(default=0)
    next_due = models.DateTimeField(null=True, blank=True)
    asked_at = models.DateTimeField(null=True, blank=True)  # somebody wants it to run before it is due

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return f"{self.name}: {self.get_result_display()}"
