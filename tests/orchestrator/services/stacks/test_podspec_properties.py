"""Whatever comes in: only the documented errors come out, and nothing forbidden comes through."""

import json
import re
from typing import Any

import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from orchestrator.services.stacks import podspec
from orchestrator.services.stacks.errors import InvalidPodSpec, InvalidTargets
from orchestrator.services.stacks.podspec import quantities, reading, writing
from orchestrator.services.stacks.podspec.schema import STRUCTS, Type
from orchestrator.services.stacks.targets import Target
from tests.orchestrator.services.stacks.specs import TARGETS, spec

BASE = spec(
    head="metadata: {name: p, labels: {a: b}}",
    pod="volumes: [{name: v, configMap: {name: c}}]",
    container="env: [{name: A, value: '1'}]",
)
PIECES = [
    *["\t", " ", "\n", "- ", ": ", "{", "}", "[", "]", ",", "&a ", "*a", "<<: *a", "!!int ", "!x ", '"', "'"],
    *[
        "|",
        ">",
        "#",
        "---\n",
        "...\n",
        "\0",
        "\ufeff",
        "\u2028",
        "null",
        "~",
        "? ",
        "99Ei",
        "0x1F",
        "\U0001f600",
    ],
    *["hostNetwork: true", "hostPID: yes", "hostPath: {path: /}", "securityContext: {privileged: true}"],
    *[
        "serviceAccountName: root",
        "nodeName: n",
        "hostPort: 80",
        "serviceAccountToken: {path: t}",
        "HOSTIPC: on",
    ],
    *["ephemeralContainers: [{name: e}]", "runtimeClassName: r", "restartPolicy: Always", "\n  ", "\n    "],
]
FORBIDDEN = {
    *["hostNetwork", "hostPID", "hostIPC", "hostPath", "hostPort", "hostIP", "serviceAccountToken"],
    *["serviceAccountName", "serviceAccount", "nodeName", "runtimeClassName", "ephemeralContainers"],
}
words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)
trees = st.recursive(
    words | st.booleans() | st.none() | st.integers(-(2**63), 2**64 - 1),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)


@st.composite
def mutations(draw: st.DrawFn) -> str:
    """Return a good spec with pieces of YAML put in, taken out or moved."""
    text = BASE
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = start + draw(st.integers(0, 3))
        text = text[:start] + draw(st.sampled_from(PIECES)) + text[end:]
    return text


ATOMS: dict[str, st.SearchStrategy[Any]] = {
    "string": words,
    "bool": st.booleans(),
    "int32": st.integers(-(2**31), 2**31 - 1),
    "int64": st.integers(-(2**63), 2**63 - 1),
    "quantity": st.sampled_from(["1", "100m", "1.5Gi", "0", 0.5, 2, "1e3"]),
    "intOrString": st.integers(0, 65535) | words,
    "time": st.just("2020-01-01T00:00:00Z"),
    "any": st.just({"f:x": {"b": [1, 1.5]}}),
}


@st.composite
def of_type(draw: st.DrawFn, type_: Type, depth: int = 0) -> Any:
    """Return a value of a type of the schema; seldom null."""
    if draw(st.integers(0, 19)) == 0:
        return None
    if type_.form == "struct":
        fields = STRUCTS[type_.name].fields
        chosen = draw(st.lists(st.sampled_from(sorted(fields)), max_size=max(1, 4 - depth), unique=True))
        return {name: draw(of_type(fields[name], depth + 1)) for name in chosen}
    if type_.form == "list":
        return [draw(of_type(type_.item, depth + 1)) for _ in range(draw(st.integers(0, 2)))]
    if type_.form == "map":
        return {draw(words): draw(of_type(type_.item, depth + 1))}
    return draw(ATOMS[type_.form])


@st.composite
def pods(draw: st.DrawFn) -> str:
    """Return a Pod that holds what a good one needs, and any fields of the right types besides."""
    given = {name: draw(of_type(Type("struct", name=name))) or {} for name in ("Pod", "PodSpec", "Container")}
    container = given["Container"] | yaml.safe_load(spec())["spec"]["containers"][0]
    whole = given["Pod"] | {"kind": "Pod", "spec": given["PodSpec"] | {"containers": [container]}}
    for name in draw(st.sampled_from([FORBIDDEN | {"securityContext"}, set[str]()])):
        container.pop(name, None)
        whole["spec"].pop(name, None)
    return json.dumps(whole) if draw(st.booleans()) else yaml.safe_dump(whole, allow_unicode=True)


def outcome(text: str, targets: list[Target], **policy: Any) -> podspec.Checked | None:
    """Return None for a refusal as it is documented; every other error fails the test."""
    try:
        return podspec.check(text, targets, podspec.Policy(**policy))
    except (InvalidPodSpec, InvalidTargets) as exc:
        refused = exc
    assert refused.message.startswith(("invalid pod spec: ", "invalid input: "))
    assert refused.problems[0].path
    assert refused.problems[0].message
    return None


def keys(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value) | {key for item in value.values() for key in keys(item)}
    return {key for item in value for key in keys(item)} if isinstance(value, list) else set()


def without_forced(text: str) -> str:
    """Take out what every checked text has and no given one may have, to give it again."""
    return re.sub(r"^( *)securityContext:\n(?:\1 +.*\n)+", "", text, flags=re.MULTILINE)


@given(st.text(max_size=300), st.lists(st.builds(Target, st.integers(), words), max_size=3))
def test_any_text_is_taken_or_refused(text, targets):
    outcome(text, targets)
    outcome(text, TARGETS)


@given(trees)
def test_any_tree_as_a_spec_is_taken_or_refused(tree):
    outcome(yaml.safe_dump({"kind": "Pod", "spec": tree}, allow_unicode=True), TARGETS)
    outcome(spec(pod="{x: &x " + yaml.safe_dump(tree, default_flow_style=True, width=10**6) + "}"), TARGETS)


@given(mutations() | pods(), st.booleans())
def test_what_is_taken_is_harmless(text, restricted):
    found = outcome(text, TARGETS, restricted=restricted)
    if found is None:
        return
    made = found.pod["spec"]
    assert not FORBIDDEN & keys(made)
    assert (made["restartPolicy"], made["automountServiceAccountToken"]) == ("Never", False)
    assert made["securityContext"] == {"seccompProfile": {"type": "RuntimeDefault"}}
    for container in [*made["containers"], *made.get("initContainers", [])]:
        assert container["securityContext"].get("privileged") is False
        assert container["resources"]["limits"] == container["resources"]["requests"]
        assert container["resources"]["limits"].keys() == {"cpu", "memory"}


@given(mutations() | pods())
def test_what_is_taken_reads_as_it_was_made_and_checks_as_the_same_again(text):
    found = outcome(text, TARGETS)
    if found is None:
        return
    assert reading.first_document(found.text) == found.pod
    again = podspec.check(without_forced(found.text), TARGETS, podspec.Policy())
    assert (again.text, again.pod) == (found.text, found.pod)
    assert (again.cpu_milli, again.memory_bytes) == (found.cpu_milli, found.memory_bytes)


@given(st.dictionaries(words, words | st.lists(words, max_size=3), min_size=1, max_size=4))
def test_every_text_reads_as_what_was_written(value):
    assert reading.first_document(writing.text(value)) == value


@given(st.from_regex(quantities.GRAMMAR, fullmatch=True))
def test_the_canonical_form_of_a_quantity_means_the_same(text):
    assume(len(text) < 100)
    found = quantities.parsed(text)
    again = quantities.parsed(quantities.canonical(found))
    assert again.billionths == found.billionths
    assert quantities.canonical(again) == quantities.canonical(found)
