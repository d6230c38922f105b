"""Whether this process can serve: its database, its caches, and the controllers somewhere."""

from datetime import datetime

from django.db import DatabaseError, connection

from orchestrator.backends.cluster.port import Condition
from orchestrator.services import controllers
from orchestrator.services.clusters import contexts
from orchestrator.services.stacks import isolation


def failures(*, at: datetime) -> dict[str, str]:
    """Return what keeps the process from serving, as check → sentence; empty if nothing does.

    A cluster that does not answer is no failure of ours: pages then show what was known, and why.
    """
    found = {}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        problems = controllers.problems(at)
        if problems:
            found["controllers"] = " ".join(problems)
    except DatabaseError:
        found["database"] = "The database does not answer."
    reading = [str(kind) for _, kind, state, _ in contexts.caches() if state.condition is Condition.SYNCING]
    if reading:
        found["caches"] = f"The first list is still being read: {', '.join(sorted(reading))}."
    # Last, for it begins to watch policies where nobody did: that is no reason to be unready.
    if "database" not in found and (gap := isolation.gap()):
        found["stacks"] = gap
    return found
