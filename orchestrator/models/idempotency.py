"""Answers to calls that make something, kept so that a repeated call makes nothing twice."""

from django.db import models


class KeptAnswer(models.Model):
    """What a caller was told under an `Idempotency-Key`, or that the first such call is still under way."""

    caller = models.CharField(max_length=200)
    route = models.CharField(max_length=300)
    key_digest = models.CharField(max_length=64)
    body_digest = models.CharField(max_length=64)
    run = models.CharField(max_length=32)  # names the call under way: who was replaced must not answer
    made = models.CharField(max_length=255, blank=True)  # what the call makes, known before it exists
    done = models.BooleanField(default=False)
    status = models.PositiveSmallIntegerField(default=0)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(default=b"")
    begun_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = "kept answer"
        constraints = [
            models.UniqueConstraint(fields=["caller", "route", "key_digest"], name="one_answer_of_key"),
        ]

    def __str__(self) -> str:
        return f"{self.route} by {self.caller}: {self.status if self.done else 'under way'}"
