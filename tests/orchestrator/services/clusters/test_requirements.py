"""orchestrator.services.clusters.requirements: what pods ask for, as the scheduler counts it"""

import pytest

from orchestrator.backends.cluster import as_row
from orchestrator.backends.cluster.port import Kind
from orchestrator.services.clusters import requirements
from orchestrator.services.clusters.requirements import Asked

MIB = 2**20


def container(name: str, *, asks: tuple[str, str] = (), may: tuple[str, str] = (), **more) -> dict:
    words = ("cpu", "memory")
    resources = {
        member: dict(zip(words, amounts, strict=True))
        for member, amounts in (("requests", asks), ("limits", may))
        if amounts
    }
    return {"name": name, "resources": resources, **more}


def pod(*containers: dict, first: tuple[dict, ...] = (), phase: str = "Running", **spec):
    spec |= {"containers": list(containers), "initContainers": list(first)}
    manifest = {"metadata": {"name": "web", "namespace": "shop"}, "spec": spec, "status": {"phase": phase}}
    return as_row(Kind.PODS, manifest)


WEB = container("web", asks=("250m", "64Mi"), may=("1", "128Mi"))
PROXY = container("proxy", asks=("50m", "32Mi"), may=("100m", "64Mi"))
PLAIN = container("plain")


@pytest.mark.parametrize(
    ("row", "asked"),
    [
        (pod(WEB), Asked(0.25, 64 * MIB, 1, 128 * MIB)),
        (pod(WEB, PROXY), Asked(0.3, 96 * MIB, 1.1, 192 * MIB)),
        (pod(WEB, PLAIN), Asked(0.25, 64 * MIB, None, None)),
        (pod(PLAIN), Asked()),
        (pod(), Asked()),
        # What ends before the others begin counts only where it is more than all of them.
        (pod(WEB, first=(PROXY,)), Asked(0.25, 64 * MIB, 1, 128 * MIB)),
        (pod(PROXY, first=(WEB,)), Asked(0.25, 64 * MIB, 0.1, 64 * MIB)),
        # What begins before the others and stays counts with them.
        (pod(WEB, first=(PROXY | {"restartPolicy": "Always"},)), Asked(0.3, 96 * MIB, 1.1, 192 * MIB)),
        # What is said of the pod as a whole goes first.
        (pod(WEB, resources={"requests": {"cpu": "2"}}), Asked(2, 64 * MIB, 1, 128 * MIB)),
    ],
)
def test_a_pod_asks_for(row, asked):
    found = requirements.of_pod(row)
    assert (found.cpu, found.memory) == pytest.approx((asked.cpu, asked.memory))
    assert (found.cpu_limit, found.memory_limit) == pytest.approx((asked.cpu_limit, asked.memory_limit))


def test_a_container_asks_for_its_own():
    row = pod(WEB, PLAIN)
    assert requirements.of_container(row, "web") == Asked(0.25, 64 * MIB, 1, 128 * MIB)
    assert requirements.of_container(row, "plain") == Asked()
    assert requirements.of_container(row, "gone") == Asked()


def test_pods_that_have_ended_ask_for_nothing():
    running, ended = pod(WEB), pod(WEB, phase="Succeeded")
    assert requirements.of_pods([running, ended]) == requirements.of_pod(running)


def test_one_pod_without_a_limit_is_no_limit_for_all():
    assert requirements.of_pods([pod(WEB), pod(PLAIN)]).cpu_limit is None
    assert requirements.of_pods([pod(WEB), pod(WEB)]).cpu_limit == 2


def test_pods_of_one_template_share_what_they_ask_for():
    assert pod(WEB).requirements is pod(WEB).requirements
