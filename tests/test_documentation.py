"""Documents say what the code does."""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands

from orchestrator.env import Environment
from tests import settings_table

ROOT = settings_table.ROOT
DOCUMENTS = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    ROOT / "tests" / "lab" / "README.md",
]
each_document = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))


def anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_setting_is_described():
    assert [name for name, field, _ in settings_table.fields() if not field.description] == []


def test_the_table_in_readme_is_made_from_the_code():
    found = settings_table.TABLE.search(settings_table.README.read_text())
    assert found
    assert found[0] == settings_table.table(), "python -m tests.settings_table writes it"


def test_the_example_is_made_from_the_code():
    assert settings_table.EXAMPLE.read_text() == settings_table.example(), (
        "python -m tests.settings_table writes it"
    )


def test_a_default_from_the_table_is_accepted(monkeypatch):
    for name, _, default in settings_table.fields():
        monkeypatch.setenv(name, default)
    monkeypatch.setenv("RATE_LIMIT_ENABLED", "false")  # Has no fixed default, and a blank is no boolean.
    monkeypatch.setenv("LOG_FORMAT", "console")
    monkeypatch.setenv("DEFAULT_MODE", "demo")
    assert Environment().port == 8000


@each_document
def test_links_lead_somewhere(path):
    links = re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", path.read_text())
    targets = [(path.parent / file if file else path, anchor) for file, anchor in links]
    assert [str(file) for file, _ in targets if not file.exists()] == []
    assert [anchor for file, anchor in targets if anchor and anchor not in anchors(file)] == []


@each_document
def test_commands_exist(path):
    text = path.read_text()
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`(?:[A-Z_]+=\S+ )*make ([a-z]+)", text)) - targets == set()
    assert set(re.findall(r"manage\.py ([a-z_]+)", text)) - set(get_commands()) == set()
