"""What people did to the demo world survives a restart, and other processes see it."""

import json
import logging
from datetime import UTC, datetime

import pytest

from orchestrator.backends.cluster.demo import DemoCluster
from orchestrator.backends.cluster.port import RESOURCES, Kind

START = datetime(2026, 3, 4, 10, tzinfo=UTC)
CONFIG_MAPS = RESOURCES[Kind.CONFIGMAPS]


@pytest.fixture
def file(tmp_path):
    return tmp_path / "below" / "world.json"


@pytest.fixture
def opened(file):
    """Return a function that opens the cluster of another process."""
    clusters = []

    def open_(*, seed: int = 42, listener=None) -> DemoCluster:
        clusters.append(
            DemoCluster(seed=seed, evolve=False, state=file, listener=listener, clock=lambda: START)
        )
        return clusters[-1]

    yield open_
    for cluster in clusters:
        cluster.close()


def make(cluster: DemoCluster, name: str = "mine") -> None:
    cluster.create(CONFIG_MAPS, {"metadata": {"name": name}, "data": {"a": "1"}}, namespace="default")


def names(cluster: DemoCluster) -> set[str]:
    return {row.name for row in cluster.cache(Kind.CONFIGMAPS).rows("default")}


def test_what_was_made_and_deleted_is_so_after_a_restart(opened):
    first = opened()
    make(first)
    first.delete(CONFIG_MAPS, namespace="default", name="app-config")
    second = opened()
    assert "mine" in names(second)
    assert "app-config" not in names(second)
    assert second.world() == first.world()


def test_a_rollout_goes_on_after_a_restart(opened):
    body = {"spec": {"replicas": 5}}
    opened().patch(
        RESOURCES[Kind.DEPLOYMENTS],
        body,
        namespace="default",
        name="nginx-deployment",
        how="application/merge-patch+json",
        subresource="scale",
    )
    second = opened()
    second.step(20)
    found = second.read(Kind.DEPLOYMENTS, namespace="default", name="nginx-deployment")
    assert found["status"]["availableReplicas"] == 5


def test_another_process_sees_it_at_its_next_look_and_tells_of_it(opened):
    heard = []
    first, second = opened(), opened(listener=heard.append)
    before = names(second)
    make(first)
    second.step(0)
    assert names(second) - before == {"mine"}
    assert [change.row.name for change in heard] == ["mine"]


def test_two_processes_do_not_undo_each_other(opened):
    first, second = opened(), opened()
    for number in range(3):
        make(first, f"first-{number}")
        make(second, f"second-{number}")
    assert names(opened()) >= {f"{word}-{n}" for word in ("first", "second") for n in range(3)}


def test_a_dry_run_writes_nothing(opened, file):
    opened().create(CONFIG_MAPS, {"metadata": {"name": "x"}}, namespace="default", dry_run=True)
    assert not file.exists()


def test_a_reset_is_for_all(opened):
    first, second = opened(), opened()
    make(first)
    second.reset()
    first.step(0)
    assert "mine" not in names(first) | names(opened())


def test_only_its_owner_reads_the_file(opened, file):
    make(opened())
    assert file.stat().st_mode & 0o077 == 0
    assert [each.name for each in file.parent.iterdir() if each.suffix == ".new"] == []


@pytest.mark.parametrize(
    "content", ["", "no JSON", "[]", "{}", '{"format": 1}', json.dumps({"format": 0, "seed": 42})]
)
def test_a_file_that_makes_no_sense_is_ignored_with_a_warning(opened, file, caplog, content):
    file.parent.mkdir()
    file.write_text(content)
    with caplog.at_level(logging.WARNING):
        cluster = opened()
        assert names(cluster)
    assert "makes no sense" in caplog.text
    make(cluster)
    assert "mine" in names(opened())


def test_the_file_of_another_seed_is_ignored(opened):
    make(opened())
    assert "mine" not in names(opened(seed=7))


def test_a_place_that_cannot_be_written_keeps_the_world_in_memory(opened, file, caplog):
    file.parent.write_text("not a folder")
    cluster = opened()
    make(cluster)
    assert "mine" in names(cluster)
    assert "cannot be kept in a file" in caplog.text
