"""The demo world's own objects pass the checks that it puts to those of others."""

from datetime import UTC, datetime

import pytest

from orchestrator.backends.cluster.demo import DemoCluster, checks, schema

START = datetime(2026, 3, 4, tzinfo=UTC)


@pytest.fixture(scope="module")
def cluster():
    cluster = DemoCluster(seed=42, evolve=False, clock=lambda: START)
    yield cluster
    cluster.close()


def test_every_object_of_the_world_is_what_its_kind_may_be(cluster):
    wrong = []
    for resource in cluster.resources():
        for each in cluster.world().get(resource.id, cluster.world().get(resource.plural, [])):
            _, reading = schema.read(resource, each)
            found = [*reading.unknown, *reading.missing, *map(schema.sentence, reading.wrong)]
            found += checks.causes(each, each)
            wrong += [(each["kind"], each["metadata"]["name"], *found)] if found else []
    assert wrong == []
