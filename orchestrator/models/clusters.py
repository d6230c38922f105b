"""Contexts that people added, and keys of other services that callers keep here."""

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models import Q


class ClusterContext(models.Model):
    """A context with its credentials; `sealed` is a kubeconfig that holds this context alone, encrypted."""

    name = models.CharField(max_length=255, unique=True)
    cluster = models.CharField(max_length=255)
    user = models.CharField(max_length=255)
    namespace = models.CharField(max_length=63)
    server = models.CharField(max_length=500)
    verified = models.BooleanField("certificate verified", default=True)
    sealed = models.TextField()
    added_by = models.CharField(max_length=150)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name = "context"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class StoredKeyQuerySet(models.QuerySet["StoredKey"]):
    def of(self, owner: User | None, *, name: str) -> "StoredKeyQuerySet":
        """Return somebody's key of a name; nobody's are those that all share."""
        return self.filter(owner=owner, name=name)


class StoredKey(models.Model):
    """A key of another service, such as OpenAI's, encrypted; `hint` is what may be shown of it."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="stored_keys"
    )
    name = models.CharField(max_length=50)
    hint = models.CharField(max_length=16)
    sealed = models.TextField()
    updated_at = models.DateTimeField()

    objects = StoredKeyQuerySet.as_manager()

    class Meta:
        ordering = ["owner", "name"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="stored_key_of_owner"),
            # To a database two absent owners differ.
            models.UniqueConstraint(
                fields=["name"], condition=Q(owner__isnull=True), name="stored_key_of_nobody"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.hint}"
