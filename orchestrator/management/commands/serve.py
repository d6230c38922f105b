"""Run the web server, the controllers and the relay in one process."""

import errno
import logging
import os
import signal
import socket
from argparse import ArgumentParser
from math import ceil
from threading import Event, Timer
from types import FrameType

import uvicorn
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import Error, connection

from orchestrator import env_aliases, relay, streams
from orchestrator.controllers import runner
from orchestrator.errors import DomainError
from orchestrator.management import database
from orchestrator.services import access
from orchestrator.services.clusters import contexts

logger = logging.getLogger(__name__)

OPEN_AREAS = (
    "API_KEY_ENABLED is false: everybody who reaches this server may use the areas stacks and sessions."
)
KEEP_ALIVE_SECONDS = 75  # as long as proxies keep theirs; 5 would make every visitor connect again
BACKLOG = 2048  # connections that wait to be accepted
# A stop takes less than 5 seconds in all, and no longer than SHUTDOWN_TIMEOUT. A call that hangs may hold a
# thread for longer; whatever is cut may be cut at any line.
LAST_SECONDS = min(4.0, settings.SHUTDOWN_TIMEOUT.total_seconds())
ANSWERS_SECONDS = min(2, ceil(LAST_SECONDS / 2))
WORKERS_SECONDS = min(1.0, LAST_SECONDS / 4)
ANY_ADDRESS = ("0.0.0.0", "::", "")  # a browser cannot open these


class Server(uvicorn.Server):
    """Tells the rest of the process at once when it is asked to stop."""

    def __init__(self, config: uvicorn.Config, *, stop: Event) -> None:
        super().__init__(config)
        self._stop = stop

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop; end in any case after `LAST_SECONDS`."""
        self._stop.set()
        last = Timer(LAST_SECONDS, os._exit, args=(0,))
        last.daemon = True
        last.start()
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End streams at once, and wait for answers that are on their way."""
        streams.end()
        await super().shutdown(sockets)


class Command(BaseCommand):
    requires_system_checks: list[str] = []  # `make check` has looked already.
    help = "Serve pages, API and controllers until SIGTERM or Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default=settings.ENV.host)
        parser.add_argument("--port", type=int, default=settings.ENV.port)
        parser.add_argument("--no-controllers", action="store_true", help="pages and API only")

    def handle(self, *args: object, **options: object) -> None:
        listener = listen(str(options["host"]), port=int(str(options["port"])))
        answers = database.ready()
        config = server_config()
        config.load()  # Imports the application, before anything runs.
        stop, silent = Event(), Event()
        server = Server(config, stop=stop)
        for number in (signal.SIGTERM, signal.SIGINT):
            # uvicorn listens to signals only while it serves, and raises them again at its end.
            signal.signal(number, server.handle_exit)
        for sentence in warnings():
            logger.warning(sentence)
        contexts.warm()
        carriers = relay.start(silent)
        workers = [] if options["no_controllers"] else runner.start(stop)
        self._greet(address(listener), answers=answers)
        try:
            server.run(sockets=[listener])
        finally:
            stop.set()
            runner.join(workers, seconds=WORKERS_SECONDS)
            silent.set()  # Last, so that the others hear what the controllers said at the end.
            runner.join(carriers, seconds=WORKERS_SECONDS)

    def _greet(self, base_url: str, *, answers: bool) -> None:
        """Say where we are; in local mode also how to sign in."""
        self.stdout.write(f"Orchestrator is at {base_url}")
        if not answers:
            self.stdout.write("The database does not answer. Pages work once it does.")
        elif settings.LOCAL:
            self.stdout.write(first_link(base_url))
        self.stdout.flush()


def warnings() -> list[str]:
    """Return what is set and hardly meant so."""
    ports = (settings.STACK_NODEPORT_MIN, settings.STACK_NODEPORT_MAX)
    opened = [] if settings.API_KEY_ENABLED else [OPEN_AREAS]
    return opened + env_aliases.warnings(os.environ, node_ports=ports)


def first_link(base_url: str) -> str:
    """Return a sentence with a link that signs in once, or one that says why there is none."""
    try:
        return f"Sign in once with {access.first_link(base_url)}"
    except DomainError as exc:
        return f"There is no sign-in link. {exc.message}"
    except Error as exc:
        return f"There is no sign-in link: the database failed ({type(exc).__name__})."
    finally:
        connection.close()


def listen(host: str, *, port: int) -> socket.socket:
    """Return a socket that listens. Raises `CommandError` with a sentence that says why it cannot."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as exc:
        if exc.errno == errno.EADDRINUSE:
            reason = f"Port {port} is taken by another program. Set PORT to a free one."
        elif exc.errno == errno.EACCES:
            reason = f"Port {port} needs more rights than this user has. Set PORT to one above 1023."
        else:
            reason = f"Cannot listen on {host}: {exc.strerror}. Set HOST to an address of this machine."
        raise CommandError(reason) from exc


def address(listener: socket.socket) -> str:
    """Return the URL under which a browser on this machine finds us."""
    host, port = listener.getsockname()[:2]
    name = "localhost" if host in ANY_ADDRESS else f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}/"


def server_config() -> uvicorn.Config:
    return uvicorn.Config(
        "orchestrator.asgi:application",
        loop="uvloop",
        http="httptools",
        lifespan="off",  # Django does not speak it.
        access_log=False,  # django-structlog logs each request.
        log_config=None,  # Django's LOGGING holds for all.
        proxy_headers=False,  # Who is believed is decided by TRUSTED_PROXIES.
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=ANSWERS_SECONDS,
    )
