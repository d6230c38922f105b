"""orchestrator.services.clusters.documents"""

import pytest
import yaml as pyyaml

from orchestrator.errors import InvalidInput
from orchestrator.services.clusters import documents, yaml

HEAD = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"


def data(text: str) -> object:
    return documents.one(f"{HEAD}data: {{a: {text}}}").manifest["data"]["a"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12:30", "12:30"),
        ("1:20.5", "1:20.5"),
        ("2020-01-01", "2020-01-01"),
        ("2020-01-01T10:00:00Z", "2020-01-01T10:00:00Z"),
        ("on", True),
        ("0644", 420),
        ("1e3", 1000.0),
        ("0x10", 16),
        ("=", "="),
        ("~", None),
        ("1.10", 1.1),
    ],
)
def test_values_mean_what_they_mean_to_kubernetes(text, value):
    assert (data(text), type(data(text))) == (value, type(value))


def test_keys_are_text():
    assert documents.one(HEAD + "data: {8080: a, on: b}").manifest["data"] == {"8080": "a", "true": "b"}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "the text is empty"),
        ("# nothing\n---\n", "the text holds no object"),
        ("- 1", "line 1: an object with apiVersion, kind and metadata is expected here"),
        ("kind: Pod", "line 1: the object has no apiVersion"),
        ("apiVersion: v1\nkind: 3", "line 1: the object has no kind"),
        ("apiVersion: v1\nkind: Pod\nmetadata: {}", "line 1: the Pod has no metadata.name"),
        (
            "apiVersion: v1\nkind: Pod\nmetadata: {name: no}",
            "line 1: metadata.name of the Pod is not text: put it in quotes",
        ),
        (HEAD + "a: 1\na: 2", "line 5: the key a stands twice"),
        (HEAD + "a: &x 1\nb: *x", "line 5: the alias *x is not accepted: write the value itself"),
        (HEAD + "<<: {a: 1}", "line 4: the key << is not accepted: write the members themselves"),
        (HEAD + "a: !!binary aGk=", "line 4: Kubernetes knows no values of the type !!binary"),
        (HEAD + "a: !!python/object:os.system x", "line 4: Kubernetes knows no values of the type !!python"),
        (HEAD + "a: !mine x", "line 4: Kubernetes knows no values of the type !mine"),
        (HEAD + "a: .inf", "line 4: the number has no end"),
        (HEAD + "? [a]\n: b", "line 4: a key must be text"),
        (HEAD + "a: !!int x", "a value is not of the type that its tag names"),
        (HEAD + "a: !!timestamp [1]", "line 4: expected a scalar node, but found sequence"),
        (HEAD + "a:\n\tb: 1", "line 5: found character that cannot start any token"),
        (HEAD + "a: [1", "line 5: did not find expected ',' or ']'"),
        (HEAD + "a: \x00", "control characters are not allowed"),
        (HEAD + "a: '\ud800'", "it holds characters that no text can hold"),
        ("[" * 100_000, "line 1: it is nested too deeply"),
        ("a" * (documents.LONGEST + 1), "the text has more than 1,048,576 characters"),
        (HEAD + "---\n" + HEAD, "line 5: a second object begins here"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_line(text, sentence):
    with pytest.raises(InvalidInput) as caught:
        documents.one(text)
    assert caught.value.problems[0].path == "yaml"
    assert caught.value.problems[0].message.startswith(sentence)
    assert caught.value.message == f"The YAML cannot be read: {caught.value.problems[0].message}."


def test_several_objects_are_found_with_their_lines():
    text = f"{HEAD}---\n# only a comment\n---\n{HEAD.replace('{name: a}', '{name: b, namespace: c}')}"
    found = documents.several(text)
    assert [(each.name, each.namespace, each.line) for each in found] == [("a", "", 1), ("b", "c", 7)]


def test_the_items_of_a_list_are_objects_of_their_own():
    text = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: a}}\n"
    assert [(each.kind, each.name) for each in documents.several(text)] == [("Pod", "a")]


@pytest.mark.parametrize(
    "text", ["12e4567", "1e3", "y", "N", "on", "1.10", "2020-01-01", "12:30", "0644", ""]
)
def test_texts_that_look_like_something_else_are_written_in_quotes(text):
    manifest = {"apiVersion": "v1", "kind": "A", "metadata": {"name": "a"}, "data": {"a": text}}
    written = yaml.text(manifest)
    assert documents.one(written).manifest == manifest
    assert pyyaml.safe_load(written) == manifest
    assert f"a: '{text}'" in written
