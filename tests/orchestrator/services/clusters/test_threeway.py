"""orchestrator.services.clusters.threeway"""

from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.services.clusters.threeway import ABSENT, changes, merge, same

POD = {
    "metadata": {"labels": {"app": "web"}, "annotations": {"example.com/a": "1"}},
    "spec": {
        "replicas": 2,
        "containers": [
            {"name": "app", "image": "web:1", "ports": [{"containerPort": 80}], "args": ["a", "b"]},
            {"name": "log", "image": "log:1"},
        ],
    },
}


def changed(**steps) -> dict:
    """Return the pod with values put at paths: `spec__replicas=3`, `spec__containers__0__image="web:2"`."""
    found = deepcopy(POD)
    for path, value in steps.items():
        *before, last = [int(part) if part.isdigit() else part for part in path.split("__")]
        at = found
        for part in before:
            at = at[part]
        at[last] = value
    return found


def fields(before, after) -> list[tuple]:
    return [(each.field, each.before, each.after) for each in changes(before, after)]


def test_equal_objects_have_no_changes():
    assert changes(POD, deepcopy(POD)) == []


def test_a_change_is_named_as_deep_as_it_goes():
    after = changed(spec__replicas=3, spec__containers__0__image="web:2")
    assert fields(POD, after) == [
        ("spec.replicas", 2, 3),
        ("spec.containers[name=app].image", "web:1", "web:2"),
    ]


def test_what_is_new_or_gone_is_absent_on_one_side():
    after = changed(metadata__labels={"tier": "1"})
    assert fields(POD, after) == [
        ("metadata.labels.app", "web", ABSENT),
        ("metadata.labels.tier", ABSENT, "1"),
    ]


def test_keys_with_dots_are_quoted():
    after = changed(metadata__annotations={"example.com/a": "2"})
    assert fields(POD, after) == [('metadata.annotations["example.com/a"]', "1", "2")]


def test_lists_without_names_change_as_a_whole():
    after = changed(spec__containers__0__args=["b"])
    assert fields(POD, after) == [("spec.containers[name=app].args", ["a", "b"], ["b"])]


def test_ports_are_known_by_their_numbers():
    after = changed(spec__containers__0__ports=[{"containerPort": 80, "name": "http"}])
    assert fields(POD, after) == [("spec.containers[name=app].ports[containerPort=80].name", ABSENT, "http")]


def test_another_order_is_a_change_of_the_list():
    two = POD["spec"]["containers"]
    assert [each[0] for each in fields(POD, changed(spec__containers=two[::-1]))] == ["spec.containers"]


@pytest.mark.parametrize(("one", "other"), [(True, 1), (0, False), ("1", 1), ([], {}), (None, ABSENT)])
def test_values_of_other_types_are_not_the_same(one, other):
    assert not same(one, other)


def test_two_changes_that_do_not_touch_are_both_kept():
    theirs = changed(spec__replicas=5, spec__containers__1__image="log:2")
    mine = changed(spec__containers__0__image="web:2", metadata__labels={"app": "web", "mine": "1"})
    merged = merge(POD, theirs, mine)
    assert merged.clashes == ()
    assert merged.content == changed(
        spec__replicas=5,
        spec__containers__1__image="log:2",
        spec__containers__0__image="web:2",
        metadata__labels={"app": "web", "mine": "1"},
    )


def test_the_same_change_by_both_is_no_clash():
    both = changed(spec__replicas=5)
    assert merge(POD, both, deepcopy(both)).clashes == ()


def test_two_changes_of_one_field_clash_and_mine_is_kept():
    merged = merge(POD, changed(spec__replicas=5), changed(spec__replicas=3))
    assert [(each.field, each.base, each.theirs, each.mine) for each in merged.clashes] == [
        ("spec.replicas", 2, 5, 3)
    ]
    assert merged.content["spec"]["replicas"] == 3


def test_what_one_removes_and_another_changes_clashes():
    one, log = POD["spec"]["containers"]
    merged = merge(POD, changed(spec__containers=[one]), changed(spec__containers__1__image="log:2"))
    assert [(each.field, each.theirs) for each in merged.clashes] == [("spec.containers[name=log]", ABSENT)]
    assert merged.content["spec"]["containers"] == [one, log | {"image": "log:2"}]


def test_items_that_both_add_are_both_there():
    three, four = {"name": "three", "image": "a"}, {"name": "four", "image": "b"}
    two = POD["spec"]["containers"]
    merged = merge(POD, changed(spec__containers=[*two, three]), changed(spec__containers=[*two, four]))
    assert [each["name"] for each in merged.content["spec"]["containers"]] == ["app", "log", "three", "four"]
    assert merged.clashes == ()


def test_a_new_order_of_mine_is_kept():
    two = POD["spec"]["containers"]
    merged = merge(POD, changed(spec__replicas=5), changed(spec__containers=two[::-1]))
    assert [each["name"] for each in merged.content["spec"]["containers"]] == ["log", "app"]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["a", "b"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "port", "x", "y"]), inner, max_size=3)
    ),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.sampled_from(["a", "b", "c"]), VALUES, max_size=3)


@given(OBJECTS, OBJECTS)
def test_who_alone_changed_something_gets_it(base, other):
    assert same(merge(base, other, base).content, other)
    assert same(merge(base, base, other).content, other)
    assert same(merge(base, other, other).content, other)


@given(OBJECTS, OBJECTS)
def test_objects_differ_where_there_are_changes(one, other):
    assert bool(changes(one, other)) is not same(one, other)


@given(OBJECTS, OBJECTS, OBJECTS)
def test_any_three_can_be_merged(base, theirs, mine):
    merged = merge(base, theirs, mine)
    assert all(not same(each.theirs, each.mine) for each in merged.clashes)
