"""dashboard.shell and dashboard.templatetags.ui"""

import json
from datetime import timedelta

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils.timezone import now

from dashboard.shell import env_of
from dashboard.templatetags import ui
from orchestrator.backends.cluster.port import CacheState, Condition


@pytest.fixture
def signed_in(client, viewer):
    client.force_login(viewer)
    return client


def body(answer) -> str:
    return answer.content.decode()


@pytest.mark.parametrize(
    ("context", "css"),
    [
        ("prod-eu", "prod"),
        ("eu-production", "prod"),
        ("gke_acme_europe_prod", "prod"),
        ("staging", "stg"),
        ("kind-dev", "dev"),
        ("minikube", "dev"),
        ("demo-cluster", "dev"),
        ("docker-desktop", "dev"),
        ("admin@homelab", ""),
        ("reproduction", ""),
    ],
)
def test_square_of_a_context(context, css):
    assert env_of(context) == css


def test_every_link_of_the_navigation_leads_somewhere(signed_in):
    shell = signed_in.get(reverse("dashboard:overview")).context["shell"]()
    for section in shell.sections:
        for area in section.areas:
            assert signed_in.get(area.href).status_code in (200, 302), area.href


def test_links_carry_the_scope(signed_in):
    answer = signed_in.get(reverse("dashboard:pods"), {"context": "demo-cluster", "namespace": "staging"})
    assert "/dashboard/nodes?context=demo-cluster&amp;namespace=staging" in body(answer)


def test_the_switcher_keeps_the_page_and_its_filter_but_not_its_number(signed_in):
    shell = signed_in.get(reverse("dashboard:pods"), {"q": "api", "page": "2"}).context["shell"]()
    staging = next(choice for choice in shell.namespaces if choice.label == "staging")
    assert staging.href == "/dashboard/pods?context=demo-cluster&namespace=staging&q=api"


def test_what_is_broken_is_a_red_number(signed_in):
    signed_in.get(reverse("dashboard:pods"))
    shell = signed_in.get(reverse("dashboard:activity")).context["shell"]()
    pods = next(area for section in shell.sections for area in section.areas if area.name == "pods")
    assert pods.badge.bad > 0


def test_nothing_of_the_shell_is_shown_to_strangers(client, db):
    answer = client.get(reverse("dashboard:login"))
    assert "shell" not in answer.context
    assert "o-nav" not in body(answer)


def test_a_theme_is_kept_in_a_cookie(signed_in):
    answer = signed_in.post(reverse("dashboard:theme"), {"theme": "dark", "next": "/dashboard/nodes"})
    assert answer.url == "/dashboard/nodes"
    assert 'data-bs-theme="dark"' in body(signed_in.get(reverse("dashboard:overview")))


def test_a_theme_that_does_not_exist_is_ignored(signed_in):
    signed_in.post(reverse("dashboard:theme"), {"theme": "'><script>"})
    assert "theme" not in signed_in.cookies


def test_the_way_back_never_leaves_the_site(signed_in):
    answer = signed_in.post(reverse("dashboard:theme"), {"theme": "dark", "next": "https://example.com/"})
    assert answer.url == reverse("dashboard:overview")


def test_a_page_has_no_inline_script_or_style(signed_in):
    html = body(signed_in.get(reverse("dashboard:overview")))
    assert "<style" not in html
    assert " style=" not in html
    assert html.count("<script") == html.count("<script src=")


def test_vendored_scripts_name_their_integrity(signed_in):
    html = body(signed_in.get(reverse("dashboard:overview")))
    assert html.count('integrity="sha384-') == html.count("/vendor/") == 2


def test_vendored_files_are_those_of_the_manifest():
    import base64
    import hashlib

    folder = settings.BASE_DIR / "static" / "vendor"
    manifest = json.loads((folder / "MANIFEST.json").read_text())
    listed = {name: digest for package in manifest.values() for name, digest in package["files"].items()}
    found = {
        str(path.relative_to(folder)): "sha384-"
        + base64.b64encode(hashlib.sha384(path.read_bytes()).digest()).decode()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "MANIFEST.json"
    }
    assert found == listed


def test_every_icon_that_a_template_names_is_in_the_sprite():
    import re

    sprite = (settings.BASE_DIR / "static/img/icons.svg").read_text()
    for path in (settings.BASE_DIR / "templates").rglob("*.html"):
        for name in re.findall(r"\{% icon '([a-z0-9-]+)'", path.read_text()):
            assert f'id="i-{name}"' in sprite, f"{path.name}: {name}"


@pytest.mark.parametrize(
    ("seconds", "style", "text"),
    [
        (0.44, "long", "0.4 s"),
        (42, "long", "42 s"),
        (181, "long", "3 min"),
        (7300, "long", "2 h"),
        (18, "short", "18s"),
        (1320, "short", "22m"),
        (400000, "short", "4d"),
        (3, "fresh", "· 3.0 s"),
        (90, "fresh", ""),
        (-5, "short", "0s"),
    ],
)
def test_ages(seconds, style, text):
    assert ui.age_text(seconds, style=style) == text


@pytest.mark.parametrize(
    ("condition", "css", "words"),
    [
        (Condition.LIVE, "live", "live"),
        (Condition.SYNCING, "poll", "reading: 212 of about 312"),
        (Condition.RECONNECTING, "late", "reconnecting"),
        (Condition.FORBIDDEN, "dead", "not permitted"),
        (Condition.UNAUTHORIZED, "dead", "credentials refused"),
        (Condition.UNREACHABLE, "dead", "no answer since"),
    ],
)
def test_chip_of_a_condition(condition, css, words):
    since = now() - timedelta(seconds=42)
    chip = ui.age_chip(CacheState(condition=condition, since=since, heard_at=since, read=212, expected=312))
    assert f'"o-age {css}"' in chip
    assert words in chip


def test_text_from_a_cluster_cannot_become_markup():
    assert "<b>" not in ui.status("crit", "<b>bold</b>")
