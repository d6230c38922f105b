"""What happens once, when Django has loaded."""

from django.apps import AppConfig
from django.contrib.auth.signals import user_login_failed
from django.db.models.signals import post_migrate


class OrchestratorConfig(AppConfig):
    name = "orchestrator"

    def ready(self) -> None:
        from orchestrator.services import access  # Needs the tables, which are not there before.

        post_migrate.connect(access.make_roles, sender=self)
        user_login_failed.connect(access.note_refusal)
