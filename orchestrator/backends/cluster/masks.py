"""Where the values of a secret stand in its manifest, and what is shown in their place. Pure functions."""

from base64 import b64decode
from collections.abc import Iterable
from typing import Any

MASK = "********"
SHORTEST = 4  # characters; shorter values are found in any text


def is_copy(annotation: str) -> bool:
    """Return True for an annotation that holds the object as somebody applied it, values and all.

    kubectl writes kubectl.kubernetes.io/last-applied-configuration; kapp, kubecfg and Rancher have their own.
    """
    name = annotation.rpartition("/")[2].lower()
    return "applied" in name or name.startswith("original")


def is_telling(annotation: str, text: str, values: Iterable[str]) -> bool:
    """Return True if an annotation may say a value of a secret; `values` are those of its `data`."""
    return is_copy(annotation) or any(value in text for value in plain(values))


def plain(values: Iterable[str]) -> set[str]:
    """Return values as they are written in base64, and as they read where they are text."""
    found = set()
    for value in values:
        try:
            decoded = b64decode(value).decode()
        except ValueError:
            decoded = ""
        found |= {text for text in (value, decoded.strip()) if len(text) >= SHORTEST}
    return found


def masked(manifest: dict[str, Any]) -> dict[str, Any]:
    """Return the manifest of a secret with every value masked, also in annotations; it is not changed."""
    data: dict[str, str] = manifest.get("data") or {}
    metadata: dict[str, Any] = manifest["metadata"]
    found = {**manifest, "data": dict.fromkeys(data, MASK)} if data else {**manifest}
    if notes := metadata.get("annotations"):
        shown = {key: MASK if is_telling(key, text, data.values()) else text for key, text in notes.items()}
        found["metadata"] = {**metadata, "annotations": shown}
    return found
