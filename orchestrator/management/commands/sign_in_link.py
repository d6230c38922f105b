"""Print a one-time sign-in link."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import now

from orchestrator.errors import DomainError
from orchestrator.services import access


class Command(BaseCommand):
    help = "Print a link that signs a user in once. Without --user: an admin, made if there is none."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--user", help="user name")
        parser.add_argument(
            "--base-url",
            default=access.own_url(),
            help="how browsers reach this server, such as https://orchestrator.example.com",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            path = access.make_link(access.link_holder(options["user"]), at=now())
        except DomainError as exc:
            raise CommandError(exc.message) from None
        self.stdout.write(options["base_url"].rstrip("/") + path)
