"""What tests of pages share."""

import pytest

from dashboard import shell


@pytest.fixture(autouse=True)
def no_numbers_of_others(monkeypatch):
    """Forget what other tests have counted: numbers may be two seconds old."""
    monkeypatch.setattr(shell, "_counted", {})
