"""Run the controllers apart from the web servers."""

import signal
from threading import Event

from django.core.management.base import BaseCommand

from orchestrator import relay
from orchestrator.controllers import runner
from orchestrator.management import database

STOP_SECONDS = 3.0  # A run that takes longer is cut; the next owner does it again.


class Command(BaseCommand):
    requires_system_checks: list[str] = []  # `make check` has looked already.
    help = "Run the controllers until SIGTERM or Ctrl-C."

    def handle(self, *args: object, **options: object) -> None:
        if not database.ready():
            self.stdout.write("The database does not answer. Controllers run once it does.")
        stop, silent = Event(), Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        carriers = relay.start(silent)
        workers = runner.start(stop)
        self.stdout.write(f"Controllers run: {', '.join(runner.CONTROLLERS)}.")
        self.stdout.flush()
        stop.wait()
        runner.join(workers, seconds=STOP_SECONDS)
        silent.set()  # Last, so that the others hear what the controllers said at the end.
        runner.join(carriers, seconds=1)
