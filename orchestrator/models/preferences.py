"""What callers have chosen for themselves."""

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models import Q


class PreferenceQuerySet(models.QuerySet["Preference"]):
    def of(self, owner: User | None, *, section: str) -> "PreferenceQuerySet":
        """Return a section of somebody's choices, the first made first; nobody's are those all share."""
        return self.filter(owner=owner, section=section).order_by("pk")


class Preference(models.Model):
    """One choice of a user, or, without one, of everybody who needs no credential."""

    class Section(models.TextChoices):
        SETTINGS = "settings"
        ALIASES = "aliases"  # other names of contexts
        ISSUES = "issues"  # which kinds of trouble are shown
        PINS = "pins"  # of the sidebar
        NOTIFICATIONS = "notifications"

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="preferences"
    )
    section = models.CharField(max_length=16, choices=Section.choices)
    name = models.CharField(max_length=255)
    value = models.JSONField(null=True)

    objects = PreferenceQuerySet.as_manager()

    class Meta:
        ordering = ["owner", "section", "name"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "section", "name"], name="preference_of_owner"),
            # To a database two absent owners differ.
            models.UniqueConstraint(
                fields=["section", "name"], condition=Q(owner__isnull=True), name="preference_of_nobody"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.section}: {self.name}"
