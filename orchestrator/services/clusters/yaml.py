"""Objects as YAML, as people read and keep them."""

import re
from typing import Any

import yaml

from orchestrator.backends.cluster.port import Kind
from orchestrator.errors import Missing
from orchestrator.services.clusters import contexts, documents, objects
from orchestrator.services.clusters.contexts import Scope

KINDS = {kind.value: kind for kind in (Kind.DEPLOYMENTS, Kind.CONFIGMAPS, Kind.SECRETS)}
WIDTH = 4096  # columns; a text that is folded at 80 is hard to compare


class Dumper(yaml.CSafeDumper):
    """Writes texts of several lines as blocks, and everything in its own place."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _text(dumper: Dumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


Dumper.add_representer(str, _text)
# Texts that Kubernetes would read as a number or a truth value unless they are quoted.
Dumper.add_implicit_resolver("tag:yaml.org,2002:float", documents.EXPONENT, list("-+0123456789"))
Dumper.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("[yYnN]$"), list("yYnN"))


def of(type_: str, scope: Scope, name: str) -> str:
    """Return one object as YAML; `type_` is deployments, configmaps or secrets, whose values are masked.

    Raises `InvalidInput` for another type, and what `objects.read` raises.
    """
    kind = KINDS.get(type_.strip())
    if kind is None:
        raise contexts.invalid("type", f"type is one of {', '.join(KINDS)}")
    try:
        return text(objects.read(kind, scope, name).manifest)
    except Missing as exc:
        identifier = f"{exc.details['namespace']}/{exc.details['name']}"
        details = exc.details | {"resource": kind.value, "identifier": identifier}
        raise Missing(f"{kind.value} not found: {identifier}", details=details) from exc


def text(manifest: dict[str, Any]) -> str:
    """Return a manifest with sorted keys, without the bookkeeping of who manages which field."""
    metadata = {name: value for name, value in manifest["metadata"].items() if name != "managedFields"}
    return dumped(manifest | {"metadata": metadata})


def dumped(value: object) -> str:
    """Return any part of a manifest with sorted keys."""
    found: str = yaml.dump(
        value,
        Dumper=Dumper,
        sort_keys=True,
        default_flow_style=False,
        allow_unicode=True,
        width=WIDTH,
    )
    return found
