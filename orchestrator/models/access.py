"""API keys, one-time sign-in links, and the record of who did what."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q

USED_INTERVAL = timedelta(minutes=1)  # A busy key would else cost a write for each request.


class APIKeyQuerySet(models.QuerySet["APIKey"]):
    def usable(self, *, at: datetime) -> "APIKeyQuerySet":
        """Return the keys that are neither revoked nor expired, and whose owner, if any, may sign in."""
        unexpired = Q(expires_at__isnull=True) | Q(expires_at__gt=at)
        owned_well = Q(owner__isnull=True) | Q(owner__is_active=True)
        return self.filter(unexpired, owned_well, revoked_at__isnull=True)

    def note_use(self, *, at: datetime) -> int:
        """Move `last_used_at` to `at` where it is older than a minute; return how many rows changed."""
        stale = Q(last_used_at__isnull=True) | Q(last_used_at__lt=at - USED_INTERVAL)
        return self.filter(stale).update(last_used_at=at)


class APIKey(models.Model):
    """A secret that speaks for its owner, or for nobody in particular; only its SHA-256 is stored."""

    name = models.CharField(max_length=64)
    prefix = models.CharField("starts with", max_length=8)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    # Deleted with its owner: a key that outlived them would no longer be bound by what they may.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="api_keys"
    )
    stack_limit = models.PositiveIntegerField(null=True, blank=True)  # None: STACK_LIMIT_PER_KEY
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = APIKeyQuerySet.as_manager()

    class Meta:
        verbose_name = "API key"
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class SignInLinkQuerySet(models.QuerySet["SignInLink"]):
    def take(self, digest: str, *, at: datetime) -> bool:
        """Use the link up; True for the first caller alone, also of two at the same moment."""
        open_ = self.filter(digest=digest, used_at__isnull=True, expires_at__gt=at)
        return open_.update(used_at=at) == 1


class SignInLink(models.Model):
    """Signs a user in once; only the SHA-256 of its token is stored."""

    digest = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sign_in_links")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True, blank=True)

    objects = SignInLinkQuerySet.as_manager()

    class Meta:
        verbose_name = "sign-in link"
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"link of {self.user}, ends {self.expires_at:%Y-%m-%d %H:%M}"


class AuditEvent(models.Model):
    """Who did, or tried to do, what; never changed after its result is known."""

    class Result(models.TextChoices):
        ASKED = "asked"  # before it is done; it stays so if we died in between
        DONE = "done"
        REFUSED = "refused"
        FAILED = "failed"

    at = models.DateTimeField(db_index=True)
    actor = models.CharField(max_length=150)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    area = models.CharField(max_length=32)
    action = models.CharField(max_length=64)
    target = models.CharField(max_length=300, blank=True)
    place = models.CharField(max_length=300, blank=True)
    result = models.CharField(max_length=8, choices=Result.choices)
    request_id = models.CharField(max_length=64, blank=True)
    address = models.CharField(max_length=45, blank=True)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["actor", "-at"], name="audit_actor"),
            models.Index(fields=["area", "-at"], name="audit_area"),
        ]

    def __str__(self) -> str:
        return f"{self.actor}: {self.action} {self.target}".rstrip()
