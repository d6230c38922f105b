"""Which preferences there are, their defaults, and what each may be. Pure functions.

A check returns the value to keep, and raises `ValueError` with a sentence for people.
"""

import re
from collections.abc import Callable
from typing import Any

from orchestrator.services.clusters.contexts import CONTEXT_NAME, MODES, NAMESPACE_NAME

Check = Callable[[Any], Any]

ALIAS = re.compile(r"[a-zA-Z0-9 _.-]{1,100}")
PATH = re.compile(r"/[a-zA-Z0-9/_.~-]{0,199}")
RESOURCES = ("pods", "nodes", "deployments", "pv")  # whose trouble can be switched off
PINS = tuple(
    f"/{name}"
    for name in (
        "",
        "repo-browser",
        "deployments",
        "statefulsets",
        "daemonsets",
        "pods",
        "jobs",
        "cronjobs",
        "services",
        "ingress",
        "configmaps",
        "secrets",
        "namespaces",
        "nodes",
        "hpa",
        "events",
        "labels",
        "topology",
        "pv",
        "settings",
    )
)


def boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("is true or false")
    return value


def text(value: Any) -> str:
    """Accept what every database and every answer can hold: no NUL, and no half of a character."""
    if not isinstance(value, str):
        raise ValueError("is text")
    if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise ValueError("is text without NUL and lone surrogates")
    return value


def text_or_null(value: Any) -> str | None:
    return None if value is None else text(value)


def one_of(*words: str) -> Check:
    def check(value: Any) -> str:
        if value not in words:
            raise ValueError(f"is one of {', '.join(words)}")
        return str(value)

    return check


def whole(least: int, most: int) -> Check:
    def check(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise ValueError(f"is a whole number from {least} to {most}")
        return value

    return check


def namespace(value: Any) -> str:
    place = text(value).strip()
    if place and not NAMESPACE_NAME.fullmatch(place):
        raise ValueError("is a namespace: at most 63 lower-case letters, digits and hyphens")
    return place


def context_name(value: Any) -> str:
    name = text(value).strip()
    if not CONTEXT_NAME.fullmatch(name) or ".." in name:
        raise ValueError("is a context: 1 to 255 letters, digits and _.:/@+-, and no ..")
    return name


def context(value: Any) -> dict[str, str] | None:
    """Accept null or an object with name, cluster, user perhaps a namespace; others are dropped."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise ValueError("is null, or an object with name, cluster and user")
    kept = {
        "name": context_name(value.get("name")),
        "cluster": text(value.get("cluster")),
        "user": text(value.get("user")),
    }
    return kept | ({"namespace": namespace(value["namespace"])} if "namespace" in value else {})


def alias(value: Any) -> str:
    name = text(value).strip()
    if not ALIAS.fullmatch(name):
        raise ValueError("is 1 to 100 letters, digits, spaces and _.-")
    return name


def path(value: Any) -> str:
    found = text(value).strip()
    if not PATH.fullmatch(found):
        raise ValueError("is a path such as /pods, of at most 200 characters")
    return found


# In the order of the answer: the default, which for `mode` depends on the process, and the check.
SETTINGS: dict[str, tuple[Any, Check]] = {
    "mode": ("", one_of(*MODES)),
    "selectedContext": (None, context),
    "selectedNamespace": ("", namespace),
    "clusterConnected": (False, boolean),
    "connectionError": (None, text_or_null),
    "realtimeEnabled": (False, boolean),
    "autoRefreshEnabled": (False, boolean),
    "autoRefreshInterval": (30, whole(5, 300)),  # seconds
    "hasCompletedWelcome": (False, boolean),
    "themeMode": ("system", one_of("light", "dark", "system")),
    "visualPreset": ("liquidGlass", one_of("liquidGlass", "glass", "classic")),
    "compactMode": (False, boolean),
}
