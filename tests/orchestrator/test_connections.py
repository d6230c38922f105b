"""orchestrator.connections"""

import pytest
from django.db import connection, transaction

from orchestrator import connections
from orchestrator.models import Stack


@pytest.mark.django_db(transaction=True)
def test_a_connection_of_a_pool_is_given_back_but_never_in_the_middle_of_a_transaction(monkeypatch):
    given: list[bool] = []
    monkeypatch.setattr(connection, "close", lambda: given.append(True))
    options = connection.settings_dict["OPTIONS"]
    if "pool" not in options:  # Each thread has its own then, which nobody waits for.
        Stack.objects.exists()
        connections.give_back()
        assert given == []
        monkeypatch.setitem(options, "pool", {})
    with transaction.atomic():
        Stack.objects.exists()
        connections.give_back()
        assert given == []
    connections.give_back()
    assert given == [True]
