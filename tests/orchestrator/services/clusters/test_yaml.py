"""orchestrator.services.clusters.yaml"""

import pytest
import yaml as reader

from orchestrator.services.clusters import yaml

METADATA = {"name": "web", "managedFields": [{"manager": "kubectl"}], "annotations": {"b": "1", "a": "on"}}


def test_keys_are_sorted_and_managers_left_out():
    text = yaml.text({"metadata": METADATA, "kind": "ConfigMap", "apiVersion": "v1"})
    assert text == (
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  annotations:\n    a: 'on'\n    b: '1'\n  name: web\n"
    )
    assert "managedFields" in METADATA


def test_texts_of_several_lines_are_blocks():
    text = yaml.text({"metadata": {}, "data": {"conf": "a: 1\nb: 2\n"}})
    assert "conf: |\n    a: 1\n    b: 2\n" in text


@pytest.mark.parametrize(
    "value", ["1.10", "12:30", "no", "null", "", " x", "x ", "a: b", "tab\t\nend ", "ünï", "x" * 5000, "\x00"]
)
def test_what_is_written_reads_the_same(value):
    assert reader.safe_load(yaml.text({"metadata": {}, "data": {"k": value}}))["data"] == {"k": value}


def test_nothing_refers_to_another_place():
    labels = {"app": "web"}
    text = yaml.text({"metadata": {"labels": labels}, "spec": {"selector": labels}})
    assert "&" not in text
    assert "*" not in text
