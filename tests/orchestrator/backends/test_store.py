"""orchestrator.backends.cluster.store"""

from threading import Thread

import pytest

from orchestrator.backends.cluster.objects import Deployment, DeploymentReplicas, Namespace
from orchestrator.backends.cluster.port import ChangeType
from orchestrator.backends.cluster.store import Store


def row(namespace: str, name: str, *, ready: int = 0) -> Deployment:
    return Deployment(namespace=namespace, name=name, created_at="", replicas=DeploymentReplicas(ready=ready))


def names(store: Store, namespace: str | None = None) -> list[str]:
    return ["/".join(each.key) for each in store.rows(namespace)]


@pytest.fixture
def store() -> Store:
    store = Store()
    store.replace([row("b", "2"), row("a-b", "x"), row("a", "z"), row("b", "1"), row("a", "y")])
    return store


def test_rows_come_by_namespace_and_name(store):
    assert names(store) == ["a/y", "a/z", "a-b/x", "b/1", "b/2"]


@pytest.mark.parametrize(
    ("namespace", "expected"),
    [("a", ["a/y", "a/z"]), ("a-b", ["a-b/x"]), ("b", ["b/1", "b/2"]), ("c", []), ("", [])],
)
def test_rows_of_one_namespace(store, namespace, expected):
    assert names(store, namespace) == expected


def test_rows_without_a_namespace():
    store = Store()
    store.replace([Namespace(name=name, created_at="") for name in ("b", "a")])
    assert [each.name for each in store.rows("")] == ["a", "b"]
    assert store.get("", "a").name == "a"


def test_a_new_row_is_added_where_it_belongs(store):
    assert store.put(row("a", "yy")) is ChangeType.ADDED
    assert names(store, "a") == ["a/y", "a/yy", "a/z"]


def test_a_known_row_is_modified(store):
    assert store.put(row("a", "y", ready=3)) is ChangeType.MODIFIED
    assert store.get("a", "y").replicas.ready == 3
    assert len(store) == 5


def test_a_removed_row_is_gone(store):
    assert store.remove(("b", "1")).name == "1"
    assert names(store, "b") == ["b/2"]
    assert store.get("b", "1") is None


def test_removing_what_is_not_there_changes_nothing(store):
    before = store.version
    assert store.remove(("b", "nobody")) is None
    assert store.version == before


def test_replacing_one_namespace_leaves_the_others(store):
    store.replace([row("b", "3"), row("b", "2")], namespace="b")
    assert names(store) == ["a/y", "a/z", "a-b/x", "b/2", "b/3"]
    store.replace([], namespace="a")
    assert names(store) == ["a-b/x", "b/2", "b/3"]


def test_the_version_changes_with_the_rows(store):
    versions = [store.version]
    store.put(row("a", "n"))
    versions.append(store.version)
    store.remove(("a", "n"))
    versions.append(store.version)
    store.replace([])
    versions.append(store.version)
    assert len(set(versions)) == 4
    store.rows()
    assert store.version == versions[-1]


def test_a_list_that_was_given_away_does_not_change(store):
    before = store.rows()
    store.put(row("a", "n"))
    store.remove(("b", "1"))
    assert len(before) == 5


def test_unchanged_rows_are_not_collected_again(store):
    assert store.rows() is store.rows()


def test_many_writers_and_readers_do_not_disturb_each_other():
    store, seen = Store(), []

    def write(place: str) -> None:
        for number in range(300):
            store.put(row(place, f"{number:03}"))
            if number % 3 == 0:
                store.remove((place, f"{number:03}"))
            if number == 150:
                store.replace([row(place, f"{each:03}") for each in range(151)], namespace=place)

    def read() -> None:
        for _ in range(100):
            keys = [each.key for each in store.rows()]
            seen.append(keys == sorted(set(keys)))

    threads = [Thread(target=write, args=(place,)) for place in "abcd"] + [
        Thread(target=read) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    kept = [number for number in range(300) if number < 151 or number % 3]
    assert all(seen)
    assert names(store) == [f"{place}/{number:03}" for place in "abcd" for number in kept]
