"""Connections to the database while nothing is asked of it."""

from django.db import connection


def give_back() -> None:
    """Give the connection of this thread back to the pool, for a wait; the next query takes one again.

    In a transaction nothing is done, nor where there is no pool: nobody waits for the connections of others.
    """
    if "pool" in connection.settings_dict["OPTIONS"] and not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()
