"""What happened, in all areas, and the topics that go from process to process."""

from django.db import models


class Activity(models.Model):
    """One line of the timeline: `actor` did what `text` says."""

    class Level(models.TextChoices):
        INFO = "info"
        WARNING = "warning"
        ERROR = "error"

    at = models.DateTimeField(db_index=True)
    area = models.CharField(max_length=20)
    actor = models.CharField(max_length=150, blank=True)
    text = models.CharField(max_length=500)
    object = models.CharField(max_length=300, blank=True)  # such as "pod shop/cart-api-1"
    context = models.CharField(max_length=200, blank=True)
    namespace = models.CharField(max_length=63, blank=True)
    level = models.CharField(max_length=10, choices=Level.choices, default=Level.INFO)
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ("-pk",)
        verbose_name_plural = "activity"
        indexes = (models.Index(fields=("area", "-id")), models.Index(fields=("level", "-id")))

    def __str__(self) -> str:
        return f"{self.actor} {self.text}".strip()


class RelayedTopic(models.Model):
    """A topic that changed in one process, for the others to read: the relay of SQLite."""

    origin = models.CharField(max_length=40)
    topic = models.CharField(max_length=600)
    at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.topic} from {self.origin}"
