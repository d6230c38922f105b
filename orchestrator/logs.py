"""Log lines: JSON for machines, short lines for people; never a body, never a credential."""

import re
from collections.abc import MutableMapping
from typing import Any

import structlog

# https://www.structlog.org/en/stable/standard-library.html
SECRET_IN_URL = re.compile(r"((?:api(?:_|%5f)key|token|code)=|/sign-in/)[^&?\s\"']+", re.IGNORECASE)


def mask_secrets(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace the credentials that servers and middleware log as part of a URL."""
    for name, value in event.items():
        if isinstance(value, str) and ("=" in value or "/" in value):
            event[name] = SECRET_IN_URL.sub(r"\1***", value)
    return event


PROCESSORS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
]

# The default formatter prints the variables of every frame, and some of them are secrets.
CONSOLE = structlog.dev.ConsoleRenderer(
    colors=False, pad_event_to=0, exception_formatter=structlog.dev.plain_traceback
)


def configure(*, format_: str, level: str) -> dict[str, Any]:
    """Set structlog up and return what Django's `LOGGING` needs; every logger goes the same way."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *PROCESSORS,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    renderers: list[Any] = (
        [structlog.processors.format_exc_info, mask_secrets, structlog.processors.JSONRenderer()]
        if format_ == "json"
        else [mask_secrets, CONSOLE]
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "ours": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": PROCESSORS,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers],
            }
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "ours"}},
        "root": {"handlers": ["console"], "level": level.upper()},
        "loggers": {
            "django.server": {"handlers": [], "propagate": True},
            "django.request": {"level": "ERROR"},  # 4xx are answers; the request log has them.
            "uvicorn.access": {"level": "WARNING"},  # django-structlog logs each request, with its id.
            "urllib3": {"level": "ERROR"},  # Retries are ours to tell of.
            "kubernetes": {"level": "WARNING"},
            "axes": {"level": "WARNING"},
            "psycopg.pool": {"level": "ERROR"},  # It warns at every try while the database is away.
        },
    }
