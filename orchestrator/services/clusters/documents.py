"""What people type or upload as YAML, made into objects or into one sentence that says what is wrong.

It is read as Kubernetes itself reads it, so that nothing means one thing here and another there: YAML 1.1, in
which `on` is true, but without dates and without numbers to the base of 60. https://sigs.k8s.io/yaml
"""

import math
import re
from dataclasses import dataclass
from typing import Any

import yaml

from orchestrator.errors import InvalidInput, Problem

LONGEST = 1_048_576  # characters
DEEPEST = 100  # levels; a pod in a template in a list is at 15
MOST = 1000  # documents
BASE_60 = re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?")
EXPONENT = re.compile(r"[-+]?[0-9]+[eE][-+]?[0-9]+$")  # 1e3, which YAML 1.1 itself takes for text
BAD = "The YAML cannot be read"


@dataclass(frozen=True, slots=True)
class Document:
    """An object as it stands in a text; `line` is where it begins, from 1."""

    manifest: dict[str, Any]
    line: int

    @property
    def api_version(self) -> str:
        return str(self.manifest["apiVersion"])

    @property
    def kind(self) -> str:
        return str(self.manifest["kind"])

    @property
    def name(self) -> str:
        return str(self.manifest["metadata"]["name"])

    @property
    def namespace(self) -> str:
        return str(self.manifest["metadata"].get("namespace") or "")


class _Loader(yaml.CSafeLoader):
    """Makes what JSON has, and nothing else; a key that stands twice is an error."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = _key(self.construct_object(key_node, deep=True), key_node)
            if key in found:
                raise _wrong(f"the key {key} stands twice", key_node)
            found[key] = self.construct_object(value_node, deep=True)
        return found


def _wrong(said: str, at: Any) -> yaml.MarkedYAMLError:
    """Return the error for what stands at a node or an event."""
    return yaml.MarkedYAMLError(problem=said, problem_mark=at.start_mark)


def _text(loader: _Loader, node: yaml.ScalarNode) -> str:
    return loader.construct_yaml_str(node)


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[str, Any]:
    return loader.construct_mapping(node)


def _integer(loader: _Loader, node: yaml.ScalarNode) -> Any:
    return str(node.value) if BASE_60.fullmatch(node.value) else loader.construct_yaml_int(node)


def _decimal(loader: _Loader, node: yaml.ScalarNode) -> Any:
    if BASE_60.fullmatch(node.value):
        return str(node.value)
    number = loader.construct_yaml_float(node)
    if not math.isfinite(number):
        raise _wrong("the number has no end", node)
    return number


def _unknown(loader: _Loader, node: yaml.Node) -> None:
    tag = node.tag.replace("tag:yaml.org,2002:", "!!")[:40]
    said = f"Kubernetes knows no values of the type {tag}"
    if tag == "!!merge":
        said = "the key << is not accepted: write the members themselves"
    raise _wrong(said, node)


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
_Loader.add_constructor("tag:yaml.org,2002:int", _integer)
_Loader.add_constructor("tag:yaml.org,2002:float", _decimal)
for _tag in ("timestamp", "value"):
    _Loader.add_constructor(f"tag:yaml.org,2002:{_tag}", _text)
for _tag in ("binary", "omap", "pairs", "set"):
    _Loader.add_constructor(f"tag:yaml.org,2002:{_tag}", _unknown)
_Loader.add_constructor(None, _unknown)
_Loader.add_implicit_resolver("tag:yaml.org,2002:float", EXPONENT, list("-+0123456789"))


def one(text: str) -> Document:
    """Return the only object of a text; raise `InvalidInput`, whose sentence names the line."""
    found = several(text)
    if len(found) > 1:
        raise problem(
            f"line {found[1].line}: a second object begins here; several at once are for Apply YAML"
        )
    return found[0]


def several(text: str) -> list[Document]:
    """Return the objects of a text, those of a List one by one; raise `InvalidInput` as `one` does."""
    if not text.strip():
        raise problem("the text is empty")
    if len(text) > LONGEST:
        raise problem(f"the text has more than {LONGEST:,} characters")
    try:
        _check_shape(text)
        found = [document for node, line in _nodes(text) for document in _documents(node, line)]
    except yaml.YAMLError as exc:
        raise problem(sentence(exc)) from exc
    except UnicodeEncodeError as exc:
        raise problem("it holds characters that no text can hold") from exc
    except (KeyError, TypeError, ValueError) as exc:
        raise problem("a value is not of the type that its tag names") from exc
    if not found:
        raise problem("the text holds no object")
    if len(found) > MOST:
        raise problem(f"the text holds more than {MOST:,} objects")
    return found


def sentence(exc: yaml.YAMLError) -> str:
    """Return where a YAML text is wrong and how: `line 7: mapping values are not allowed here`."""
    mark = getattr(exc, "problem_mark", None) or getattr(exc, "context_mark", None)
    said = str(getattr(exc, "problem", "") or getattr(exc, "reason", "") or "it is not YAML")
    context = str(getattr(exc, "context", "") or "")
    said = f"{said}, {context}" if context.startswith("while") else said
    return f"line {mark.line + 1}: {said}" if mark is not None else said


def problem(message: str) -> InvalidInput:
    """Return the error for a text that cannot be used."""
    return InvalidInput(f"{BAD}: {message}.", problems=[Problem("yaml", message)])


def _check_shape(text: str) -> None:
    """Refuse what would grow while it is read: 200 bytes of aliases can stand for megabytes."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.AliasEvent):
            said = f"the alias *{event.anchor} is not accepted: write the value itself"
            raise _wrong(said, event)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            raise _wrong("it is nested too deeply", event)


def _nodes(text: str) -> list[tuple[Any, int]]:
    """Return what each document holds, and the line where it begins; empty ones are left out."""
    loader: Any = _Loader(text)
    found = []
    try:
        while loader.check_node():
            node = loader.get_node()
            content = loader.construct_document(node)
            if content is not None:
                found.append((content, node.start_mark.line + 1))
    finally:
        loader.dispose()
    return found


def _documents(content: Any, line: int) -> list[Document]:
    if not isinstance(content, dict):
        raise problem(f"line {line}: an object with apiVersion, kind and metadata is expected here")
    if str(content.get("kind", "")).endswith("List") and isinstance(content.get("items"), list):
        return [document for each in content["items"] for document in _documents(each, line)]
    for member in ("apiVersion", "kind"):
        if not isinstance(content.get(member), str) or not content[member]:
            raise problem(f"line {line}: the object has no {member}")
    metadata = content.get("metadata")
    if not isinstance(metadata, dict) or metadata.get("name") in (None, ""):
        raise problem(f"line {line}: the {content['kind']} has no metadata.name")
    if not isinstance(metadata["name"], str):
        raise problem(f"line {line}: metadata.name of the {content['kind']} is not text: put it in quotes")
    if not isinstance(metadata.get("namespace", ""), str | None):
        raise problem(f"line {line}: metadata.namespace of the {content['kind']} is not text")
    return [Document(content, line)]


def _key(key: Any, node: yaml.Node) -> str:
    """Return a key as JSON has it, which is text."""
    if isinstance(key, bool):
        return str(key).lower()
    if isinstance(key, str | int | float):
        return str(key)
    raise _wrong("a key must be text", node)
