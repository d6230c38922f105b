"""What commands that run for long ask of the database before they begin."""

from django.core.management.base import CommandError
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor


def ready() -> bool:
    """Return True if the database has all our tables, False if it does not answer: it may come later.

    Raises `CommandError` with a sentence if it answers and lacks some.
    """
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Error:
        return False
    finally:
        connection.close()
    if missing:
        raise CommandError("The database is not up to date. Run `python manage.py migrate` first.")
    return True
