"""Which YAML is taken, and what its values are taken for."""

import pytest

from orchestrator.errors import InvalidInput
from tests.orchestrator.services.stacks.specs import annotated, checked, container, pod, read, refusal, spec

FAILED = "invalid pod spec: yaml parse failed"
BOMB = "a0: &a0 [x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 8)}]\n" for n in range(1, 12)
)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("- a", "pod_spec"),
        ("word", "pod_spec"),
        ("{", "pod_spec"),
        ("\tkind: Pod", "pod_spec"),
        ("kind: Pod\0", "pod_spec"),
        ('kind: "Pod\\0"', "pod_spec"),
        ("kind: \ud800", "pod_spec"),
        (BOMB + "kind: Pod", "pod_spec"),
        ("a: &a [*a]", "pod_spec"),
        ("a: *b", "pod_spec"),
        ("[" * 100_000, "pod_spec"),
        ("a: " * 2, "pod_spec"),
        ("kind: Pod\nx: [" + "a, " * 30_000 + "]", "pod_spec"),
        ("kind: Pod\n#" + "x" * 2**20, "pod_spec"),
        ("~: x", "pod_spec"),
        ("{[a]: b}", "pod_spec"),
        ("<<: 1", "pod_spec"),
        ("<<: [1]", "pod_spec"),
        ("x: !!int a", "pod_spec"),
        ("x: !!timestamp a", "pod_spec"),
        ("x: !!binary '?'", "pod_spec"),
        ("spec: []", "spec"),
        ("spec: {containers: {}}", "spec.containers"),
        ("spec: {containers: [a]}", "spec.containers[0]"),
        ("metadata: {labels: []}", "metadata.labels"),
        ("metadata: {labels: {a: []}}", "metadata.labels.a"),
        ('metadata: {labels: {"a\\n": {}}}', 'metadata.labels."a\\n"'),
        ("metadata: {creationTimestamp: 2020-01-01}", "metadata.creationTimestamp"),
        ("metadata: {creationTimestamp: 0000-01-01T00:00:00Z}", "metadata.creationTimestamp"),
        ("metadata: {creationTimestamp: '0001-01-01T00:00:00+01:00'}", "metadata.creationTimestamp"),
        ("metadata: {generation: 1.5}", "metadata.generation"),
        ("metadata: {generation: 9223372036854775808}", "metadata.generation"),
        ("spec: {hostPID: 'true'}", "spec.hostPID"),
        ("spec: {hostPID: 1}", "spec.hostPID"),
        ("spec: {priority: 2147483648}", "spec.priority"),
        ("spec: {priority: true}", "spec.priority"),
        ("spec: {priority: .nan}", "spec.priority"),
        ("spec: {overhead: {cpu: abc}}", "spec.overhead.cpu"),
        ("spec: {overhead: {cpu: ''}}", "spec.overhead.cpu"),
        ("spec: {overhead: {cpu: 64mi}}", "spec.overhead.cpu"),
        ("spec: {overhead: {cpu: .inf}}", "spec.overhead.cpu"),
        ("spec: {overhead: {cpu: yes}}", "spec.overhead.cpu"),
        ("metadata: {managedFields: [{fieldsV1: {a: .nan}}]}", "metadata.managedFields[0].fieldsV1"),
    ],
)
def test_what_is_no_pod_is_refused_with_its_field(text, path):
    assert refusal(text) == (FAILED, path)


def test_a_form_is_told_what_is_wrong_and_where():
    with pytest.raises(InvalidInput) as caught:
        checked("kind: Pod\nspec: }")
    assert caught.value.problems[0].message.startswith("Line 2: ")


@pytest.mark.parametrize("text", ["---\n---\nkind: Pod", "# only words", "null", "--- ~", "{}"])
def test_an_empty_first_document_is_a_pod_without_a_kind(text):
    assert refusal(text)[0] == "invalid pod spec: kind must be Pod"


def test_only_the_first_document_is_used():
    assert read(checked(spec() + "\n---\nkind: Secret\n---\n}}}"))["kind"] == "Pod"


def test_a_byte_order_mark_before_the_text_is_no_part_of_it():
    assert read(checked("\ufeff" + spec()))["kind"] == "Pod"


def test_an_alias_is_what_it_names():
    assert pod(spec(head="x: &a [one]", container="args: *a"))["containers"][0]["args"] == ["one"]


def test_a_mapping_wins_over_what_is_merged_into_it_and_earlier_sources_over_later():
    head = "x: &a {args: [one], workingDir: /one}\ny: &b {args: [two], tty: true}"
    found = container(spec(head=head, container="<<: [*a, *b]\n    workingDir: /own"))
    assert (found["args"], found["workingDir"], found["tty"]) == (["one"], "/own", True)


def test_a_quoted_merge_key_is_a_name():
    assert "<<" in read(checked(spec(head="metadata: {labels: {'<<': a}}")))["metadata"]["labels"]


def test_of_a_key_given_twice_the_last_counts():
    assert container(spec(container="image: other"))["image"] == "other"


def test_names_of_fields_match_without_regard_to_case():
    assert container(spec(container="WORKINGdir: /x"))["workingDir"] == "/x"


def test_letters_that_only_fold_to_a_name_count_as_well():
    assert refusal(spec(pod="ho\u017ftNetwork: true"))[1] == "spec.hostNetwork"


def test_unknown_fields_are_dropped_and_named():
    found = checked(spec(pod="bogus: {a: 1}", container="more: 1"))
    assert "bogus" not in found.text
    assert found.warnings == ("unknown, dropped: spec.bogus", "unknown, dropped: spec.containers[0].more")


def test_warnings_are_few_and_short_and_plain():
    head = "\n".join(f'"k\\n\u00e9{n}{"x" * 500}": 1' for n in range(40))
    warnings = checked(spec(head=head)).warnings
    assert len(warnings) == 21
    assert warnings[-1] == "and 20 more"
    assert all(warning.isascii() and warning.isprintable() and len(warning) <= 160 for warning in warnings)


@pytest.mark.parametrize("word", ["yes", "on", "y", "true", "True", "ON"])
def test_a_word_of_yaml_1_1_is_true(word):
    assert container(spec(container=f"tty: {word}"))["tty"] is True


@pytest.mark.parametrize("number", ["8080", "8080.0", "0x1F90", "8_080", "8.08e3", "017620"])
def test_a_whole_number_is_an_integer_however_it_is_written(number):
    found = container(spec(ports=f"[{{containerPort: 80}}, {{containerPort: {number}}}]"))
    assert found["ports"][1]["containerPort"] == 8080


# What is written, and what Kubernetes' reader makes of it where text is wanted.
AS_TEXT = [
    ("1", '"1"'),
    ("012", '"10"'),
    ("09", '"9"'),
    ("0o17", '"15"'),
    ("0b11", '"3"'),
    ("-0x1F", '"-31"'),
    ("0x1F", '"31"'),
    ("1_000", '"1000"'),
    ("1e3", '"1000"'),
    ("1e6", '"1e+06"'),
    ("0.00001", '"1e-05"'),
    ("-1.25e-7", '"-1.25e-07"'),
    ("1.50", '"1.5"'),
    ("3.141592653589793", '"3.141592653589793"'),
    ("-0", '"0"'),
    ("-0.0", '"-0"'),
    ("18446744073709551615", '"18446744073709551615"'),
    ("123456789012345678901234567890", '"123456789012345678901234567890"'),
    ("yes", '"true"'),
    ("true", '"true"'),
    ("No", '"false"'),
    (".inf", "+Inf"),
    ("-.inf", "-Inf"),
    (".nan", "NaN"),
    ("2020-01-01", '"2020-01-01"'),
    ("1:30", '"1:30"'),
    ("'0x1F'", '"0x1F"'),
    ("!!str 0x1F", '"0x1F"'),
    ("!!str yes", '"yes"'),
    ("!!int '12'", '"12"'),
    ("!!float 3", '"3"'),
    ("!!bool yes", '"true"'),
    ("!!binary YQ==", "a"),
    ("!own word", "word"),
    ("0xFFFFFFFFFFFFFFFFFF", "0xFFFFFFFFFFFFFFFFFF"),
    ("1e400", "1e400"),
    ("<<", "<<"),
    ("~", '""'),
]


@pytest.mark.parametrize(("given", "written"), AS_TEXT)
def test_a_scalar_becomes_text_where_text_is_wanted(given, written):
    assert annotated(given) == written


def test_a_scalar_that_became_text_is_named():
    assert checked(spec(image="123")).warnings == ("read as text: spec.containers[0].image",)


def test_an_absent_text_is_dropped():
    assert "workingDir" not in container(spec(container="workingDir: ~"))


def test_keys_become_text_as_well():
    head = "metadata: {labels: {n: 1, 1.50: a, 012: b, 2020-01-01: c}}"
    labels = read(checked(spec(head=head)))["metadata"]["labels"]
    assert labels == {"false": "1", "1.5": "a", "10": "b", "2020-01-01": "c"}


def test_times_are_written_in_seconds_of_utc():
    head = "metadata: {creationTimestamp: '2020-01-01T01:00:00.75+09:00'}"
    assert 'creationTimestamp: "2019-12-31T16:00:00Z"\n' in checked(spec(head=head)).text
