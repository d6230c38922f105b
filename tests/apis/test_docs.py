"""apis.docs, apis.root and the API as a browser sees it"""

import re

import pytest
from django.contrib.staticfiles import finders

from tests.apis.reading import own_words

PAGES = ["/docs", "/redoc"]


@pytest.fixture
def browser_of_viewer(api, viewer):
    api.force_login(viewer)
    return api


def loaded(html: str) -> list[str]:
    """Return the addresses of what a browser loads for a page."""
    tags = re.findall(r"<(?:script|link|img|iframe)\b[^>]*>", html)
    return [url for tag in tags for url in re.findall(r'(?:src|href)="([^"]*)"', tag)]


def inline_scripts(html: str) -> list[str]:
    tags = re.findall(r"<script\b(?![^>]*\bsrc=)([^>]*)>", html)
    return [attributes for attributes in tags if "application/json" not in attributes]


@pytest.mark.parametrize("path", PAGES)
def test_the_documentation_needs_a_signed_in_user(api, path):
    for address in ("127.0.0.1", "192.0.2.1"):
        response = api.get(path, REMOTE_ADDR=address)
        assert (response.status_code, response.headers["Location"]) == (302, f"/dashboard/login?next={path}")


@pytest.mark.parametrize("path", PAGES)
def test_the_documentation_loads_everything_from_here(browser_of_viewer, path):
    response = browser_of_viewer.get(path)
    html = response.content.decode()
    assert response.status_code == 200
    assert "http://" not in html
    assert "https://" not in html
    assert not inline_scripts(html)
    assets = [url for url in loaded(html) if url.startswith("/static/")]
    assert assets
    assert all(finders.find(url.removeprefix("/static/")) for url in assets)


@pytest.mark.parametrize("path", PAGES)
def test_only_the_documentation_may_style_itself(browser_of_viewer, path):
    directives = own_words(browser_of_viewer.get(path).headers["Content-Security-Policy"])
    assert directives["style-src"] == ["'self'", "'unsafe-inline'"]
    assert directives["default-src"] == ["'self'"]
    assert "script-src" not in directives


def test_the_script_of_the_documentation_is_apart(browser_of_viewer):
    html = browser_of_viewer.get("/docs").content.decode()
    (script,) = [url for url in loaded(html) if url.startswith("/docs?")]
    response = browser_of_viewer.get(script)
    assert response.headers["Content-Type"].startswith("application/javascript")
    assert b"/openapi.json" in response.content
    assert b"https://" not in response.content


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_the_documentation_can_only_be_read(browser_of_viewer, path, method):
    response = browser_of_viewer.generic(method, path)
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD")
    assert response.json()["code"] == "method_not_allowed"


def test_a_browser_gets_lists_as_a_page_with_everything_from_here(api):
    response = api.get("/api/nodes", HTTP_ACCEPT="text/html,application/xhtml+xml,*/*;q=0.8")
    html = response.content.decode()
    assert response.headers["Content-Type"].startswith("text/html")
    assert "worker-a" in html
    assert "Orchestrator" in html
    assert all(url.startswith("/static/") for url in loaded(html))
    assert not inline_scripts(html)
    assert "unsafe-inline" not in response.headers["Content-Security-Policy"]
    assert response.headers["X-Total-Count"] == "3"


@pytest.mark.parametrize("path", ["/", "/dashboard"])
def test_the_root_leads_to_the_pages(api, path):
    response = api.get(path)
    assert (response.status_code, response.headers["Location"]) == (302, "/dashboard/")
