"""Rules about the shape of the code itself."""

import ast
import base64
import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("orchestrator", "apis", "dashboard")
SOURCES = [
    path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")) if "migrations" not in path.parts
]
TESTS = [path for path in sorted((ROOT / "tests").rglob("*.py")) if "lab" not in path.parts]
BACKENDS = [path for path in SOURCES if "backends" in path.parts]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
VENDOR = ROOT / "static" / "vendor"
ASSETS = [
    path
    for path in sorted((ROOT / "static").rglob("*"))
    if path.suffix in {".js", ".css", ".svg"} and VENDOR not in path.parents
]
# What a browser would fetch from elsewhere. A link that a person may click is none of it, and no namespace.
FETCHED_BY_PAGES = re.compile(
    r"<(?:script|link|img|iframe|source|form)\b[^>]*[\"'](?:https?:)?//[a-z0-9]", re.IGNORECASE
)
FETCHED_BY_ASSETS = re.compile(r"[\"'(]\s*(?:https?:|wss?:)?//(?!www\.w3\.org/)[a-z0-9-]+\.", re.IGNORECASE)


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def each(paths: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", paths, ids=relative)


def test_rooms_import_only_what_they_may():
    """The contracts stand in pyproject.toml."""
    command = [Path(sys.executable).with_name("lint-imports")]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout


@each(SOURCES + TESTS)
def test_files_stay_short(path):
    assert len(path.read_text().splitlines()) < 300


@each(SOURCES + TESTS)
def test_functions_stay_short(path):
    functions = [
        node
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert [node.name for node in functions if node.end_lineno - node.lineno >= 50] == []


@each([path for path in SOURCES if path.name != "__init__.py"])
def test_modules_say_what_they_are(path):
    assert ast.get_docstring(ast.parse(path.read_text()))


@each(BACKENDS)
def test_back_ends_never_touch_the_database(path):
    """import-linter can forbid an outside package, but not a part of it."""
    assert "django.db" not in path.read_text()


@each(TEMPLATES)
def test_templates_hold_neither_scripts_nor_styles(path):
    """The content security policy would block them."""
    text = path.read_text()
    assert re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", text) == []
    assert re.findall(r"<style\b|\sstyle=|\son[a-z]+=|\shx-on|javascript:", text) == []


@each(TEMPLATES)
def test_pages_take_nothing_from_outside(path):
    assert FETCHED_BY_PAGES.findall(path.read_text()) == []


@each(ASSETS)
def test_assets_take_nothing_from_outside(path):
    assert FETCHED_BY_ASSETS.findall(path.read_text()) == []


def vendored() -> dict[str, str]:
    manifest = json.loads((VENDOR / "MANIFEST.json").read_text())
    return {name: digest for package in manifest.values() for name, digest in package["files"].items()}


def integrity(path: Path) -> str:
    return "sha384-" + base64.b64encode(hashlib.sha384(path.read_bytes()).digest()).decode()


def test_every_vendored_file_is_what_the_manifest_says():
    files = [path for path in VENDOR.rglob("*") if path.is_file() and path.name != "MANIFEST.json"]
    assert {str(path.relative_to(VENDOR)): integrity(path) for path in files} == vendored()


def test_vendored_packages_state_version_and_licence():
    manifest = json.loads((VENDOR / "MANIFEST.json").read_text())
    assert [
        name for name, package in manifest.items() if not (package["version"] and package["licence"])
    ] == []
