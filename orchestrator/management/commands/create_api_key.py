"""Make an API key and print it once."""

from argparse import ArgumentParser
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import now
from pydantic import TypeAdapter, ValidationError

from orchestrator.env_values import Duration
from orchestrator.errors import InvalidInput
from orchestrator.services import access


class Command(BaseCommand):
    help = "Make an API key and print it. It cannot be shown again: only its SHA-256 is stored."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--name", required=True, help="what it is for, such as ci-deployer")
        parser.add_argument(
            "--scope",
            required=True,
            nargs="+",
            action="extend",
            help=f"one or more of {', '.join(sorted(access.EVERYTHING))}",
        )
        parser.add_argument("--expires", help="when it ends, such as 12h or 30d; without it, never")
        parser.add_argument(
            "--stack-limit", type=int, help="how many stacks it may have at a time; else STACK_LIMIT_PER_KEY"
        )
        parser.add_argument("--owner", help="user name; the key never may more than this user")

    def handle(self, *_args: Any, **options: Any) -> None:
        at = now()
        try:
            issued = access.issue_key(
                options["name"],
                scopes=sorted(set(options["scope"])),
                owner=_owner(options["owner"]),
                expires_at=_end(options["expires"], at=at),
                stack_limit=options["stack_limit"],
                at=at,
            )
        except InvalidInput as exc:
            raise CommandError(" ".join(problem.message for problem in exc.problems)) from None
        self.stdout.write(issued.key)


def _owner(name: str | None) -> User | None:
    if name is None:
        return None
    owner = User.objects.filter(username=name).first()
    if owner is None:
        raise CommandError(f"There is no user called {name}.")
    return owner


def _end(text: str | None, *, at: datetime) -> datetime | None:
    if text is None:
        return None
    try:
        span: timedelta = TypeAdapter(Duration).validate_python(text)
        return at + span
    except (ValidationError, OverflowError):
        raise CommandError("--expires is a duration such as 12h, 30d or 1d12h.") from None
