"""Small parts of pages that are too often used to be templates."""

import json
from datetime import datetime
from functools import lru_cache

from django import template
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from orchestrator.backends.cluster.port import CacheState, Condition
from orchestrator.services.clusters.sampler import Condition as Sampling
from orchestrator.services.clusters.sampler import SourceState
from orchestrator.services.clusters.samples import EVERY_SECONDS

register = template.Library()
VENDORED = {
    "htmx": "htmx/htmx.min.js",
    "idiomorph": "idiomorph/idiomorph-ext.min.js",
    "xterm": "xterm/xterm.js",
    "xterm-fit": "xterm/addon-fit.js",
    "cytoscape": "cytoscape/cytoscape.min.js",
    "dagre": "dagre/dagre.min.js",
    "yaml-editor": "codemirror/yaml-editor.min.js",
}
LONG_UNITS = ((86400, "d"), (3600, "h"), (60, "min"))
SHORT_UNITS = ((86400, "d"), (3600, "h"), (60, "m"))
FRESH_UNTIL_SECONDS = 60
SOON_SECONDS, NOW_SECONDS = 15 * 60, 5 * 60  # before an end: amber, then red
TENTHS_UNTIL_SECONDS = 10  # below it, tenths of a second tell something


@register.simple_tag
@lru_cache(maxsize=256)  # A page has dozens, and their URL never changes while a process lives.
def icon(name: str, css: str = "") -> SafeString:
    """Return an icon of the sprite; it says nothing to a screen reader."""
    return format_html(
        '<svg class="i {}" aria-hidden="true"><use href="{}#i-{}"/></svg>', css, static("img/icons.svg"), name
    )


@register.simple_tag
def status(glyph: str, text: str = "", css: str = "") -> SafeString:
    """Return a status: `glyph` is ok, prog, warn, crit, sleep, off or unk; `css` quiet or pill."""
    return mark_safe(f"{_badge(glyph, css)}{escape(text)}</span>")


@lru_cache(maxsize=256)
def _badge(glyph: str, css: str) -> SafeString:
    return format_html(
        '<span class="st {} {}"><svg aria-hidden="true"><use href="{}#s-{}"/></svg>',
        glyph,
        css,
        static("img/icons.svg"),
        glyph,
    )


@register.simple_tag
def vendor(name: str) -> SafeString:
    """Return the script element of a vendored file, with its integrity from the manifest."""
    path = VENDORED[name]
    return format_html(
        '<script src="{}" integrity="{}" defer></script>', static(f"vendor/{path}"), _integrity()[path]
    )


@register.simple_tag
def ago(when: datetime | None, style: str = "short") -> SafeString | str:
    """Return how long ago something was; it ticks in the browser.

    `style` is short ("22m"), long ("22 min"), or fresh: the same behind a dot, and nothing from a minute on.
    """
    if when is None:
        return "–"
    return format_html(
        '<time datetime="{}" data-age="{}" title="{}">{}</time>',
        when.isoformat(),
        style,
        when.strftime("%Y-%m-%d %H:%M:%S UTC"),
        age_text((timezone.now() - when).total_seconds(), style=style),
    )


@register.simple_tag
def left(when: datetime) -> SafeString:
    """Return how long it is until an end; it ticks in the browser."""
    seconds = (when - timezone.now()).total_seconds()
    return format_html(
        '<time class="o-left {}" datetime="{}" data-left title="{}">{}</time>',
        urgency(seconds),
        when.isoformat(),
        when.strftime("%Y-%m-%d %H:%M:%S UTC"),
        left_text(seconds),
    )


@register.simple_tag
def age_chip(state: CacheState | None) -> SafeString:
    """Return how old the data of a panel is, and why."""
    if state is None:
        return format_html('<span class="o-age"><i></i>{}</span>', "not read yet")
    heard = ago(state.heard_at, "long")
    match state.condition:
        case Condition.LIVE:
            # An open watch of a quiet cluster is silent for minutes, and no less live for it.
            return format_html(
                '<span class="o-age live"><i></i><b>live</b> {}</span>', ago(state.heard_at, "fresh")
            )
        case Condition.SYNCING:
            return format_html('<span class="o-age poll"><i></i>{}</span>', progress(state))
        case Condition.RECONNECTING if state.heard_at:
            return format_html('<span class="o-age late"><i></i>reconnecting · {} old</span>', heard)
        case Condition.FORBIDDEN:
            return format_html('<span class="o-age dead"><i></i>{}</span>', "not permitted")
        case Condition.UNAUTHORIZED:
            return format_html('<span class="o-age dead"><i></i>{}</span>', "credentials refused")
        case _:
            since = state.since.strftime("%H:%M:%S")
            return format_html('<span class="o-age dead"><i></i>no answer since {} UTC</span>', since)


@register.simple_tag
def sample_chip(state: SourceState, why_not: str = "") -> SafeString:
    """Return how old what is said of use is, and why nothing is said if nothing is."""
    heard = ago(state.heard_at, "long")
    match state.condition:
        case Sampling.LIVE if not why_not:
            every = f"{EVERY_SECONDS:.0f} s"
            return format_html('<span class="o-age poll"><i></i>use every {} · {}</span>', every, heard)
        case Sampling.LATE if state.heard_at and not why_not:
            return format_html('<span class="o-age late"><i></i>use is {} old</span>', heard)
        case Sampling.STARTING:
            return format_html('<span class="o-age poll"><i></i>{}</span>', "use is being read")
        case _:
            return format_html('<span class="o-age" title="{}"><i></i>no metrics here</span>', why_not)


@register.filter
def sentence(text: str) -> str:
    """Return what another system said, closed by a full stop, so that more can follow."""
    return text if not text or text[-1] in ".!?" else f"{text}."


def progress(state: CacheState) -> str:
    """Return how far a first list is, such as "reading: 212 of about 312"."""
    if not state.read:
        return "reading"
    return (
        f"reading: {state.read:,} of about {state.expected:,}"
        if state.expected
        else f"reading: {state.read:,}"
    )


def age_text(seconds: float, *, style: str = "short") -> str:
    """Return a time span as people write it: 18s, 22m, 6h, 3d; or 0.4 s, 42 s, 3 min, 2 h."""
    seconds = max(0.0, seconds)
    if style == "fresh":
        return f"· {age_text(seconds, style='long')}" if seconds < FRESH_UNTIL_SECONDS else ""
    long = style == "long"
    gap = " " if long else ""
    for size, unit in LONG_UNITS if long else SHORT_UNITS:
        if seconds >= size:
            return f"{int(seconds // size)}{gap}{unit}"
    return f"{seconds:.1f} s" if long and seconds < TENTHS_UNTIL_SECONDS else f"{int(seconds)}{gap}s"


def left_text(seconds: float) -> str:
    """Return the time until an end as people write it: 3:52, 1 h 04 min, 2 d 3 h."""
    whole = max(0, int(seconds))
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02}"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60:02} min"
    return f"{whole // 86400} d {whole % 86400 // 3600} h"


def urgency(seconds: float) -> str:
    """Return the class of a time until an end."""
    return "now" if seconds < NOW_SECONDS else "soon" if seconds < SOON_SECONDS else ""


@lru_cache(maxsize=1)
def _integrity() -> dict[str, str]:
    """Return path below static/vendor -> digest, as the manifest has it."""
    path = finders.find("vendor/MANIFEST.json")
    if path is None:
        raise LookupError("static/vendor/MANIFEST.json is missing; run tools/vendor.py")
    with open(path) as file:
        packages = json.load(file)
    return {name: digest for package in packages.values() for name, digest in package["files"].items()}
