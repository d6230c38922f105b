"""The product while its API server is away, and after it was killed itself."""

from contextlib import closing
from threading import Event
from time import monotonic

import pytest

from tests.real.processes import started, wait_until
from tests.real.product import Product, Reply

pytestmark = pytest.mark.needs("TEST_KUBECONFIG")
AWAY_SECONDS = 60
RETURN_SECONDS = 5
LISTS = ("pods", "nodes", "namespaces", "events")
MEGABYTE = 2**20


@pytest.fixture
def product(proxy, tmp_path):
    kubeconfig = proxy.kubeconfig(tmp_path / "kubeconfig")
    with started(
        f"sqlite:///{tmp_path}/outage.sqlite3", CLUSTER_BACKEND="auto", KUBECONFIG=str(kubeconfig)
    ) as all_:
        yield Product(all_)


def data_state(reply: Reply) -> str:
    return reply.headers.get("x-data-state", "")


def live(product: Product) -> bool:
    return all(data_state(product.get(f"/api/{kind}")) == "live" for kind in LISTS)


def names(product: Product) -> set[str]:
    return {row["name"] for row in product.get("/api/pods").json}


def test_a_minute_without_the_api_server(product, proxy, place):
    wait_until(lambda: live(product))
    begun, before = monotonic(), product.memory_bytes()
    proxy.stop()
    wait_until(lambda: data_state(product.get("/api/pods")) == "reconnecting")
    name = place.add()
    ages = []
    while monotonic() - begun < AWAY_SECONDS:
        reply = product.get("/api/pods")
        assert (reply.status, data_state(reply)) == (200, "reconnecting")
        ages.append(float(reply.headers["x-data-age"]))
        Event().wait(0.5)
    assert ages == sorted(ages)
    assert ages[-1] >= AWAY_SECONDS - 10
    proxy.start()
    took = wait_until(lambda: live(product) and name in names(product), within_seconds=RETURN_SECONDS)
    print("return_seconds:", round(took, 1))
    assert product.memory_bytes() - before < 15 * MEGABYTE
    assert not product.process.says("Traceback")


def test_a_cluster_that_is_away_at_start_appears_when_it_comes(product, proxy, place):
    product.process.kill()
    proxy.stop()
    product.start()
    reply = product.get("/api/pods")
    assert (reply.status, reply.json["code"], reply.json["details"]) == (
        503,
        "connection_error",
        {"message": "ECONNREFUSED"},
    )
    assert product.get("/livez").status == 200
    name = place.add()
    proxy.start()
    wait_until(lambda: live(product) and name in names(product), within_seconds=RETURN_SECONDS)
    assert not product.process.says("Traceback")


def test_after_kill_9_there_is_nothing_to_repair(product, place):
    wait_until(lambda: live(product))
    for _ in range(3):
        with product.stream("snapshot=true") as stream:
            wait_until(lambda stream=stream: stream.of("connected"))
            product.process.kill()
        name = place.add()
        product.start()
        wait_until(lambda: live(product), process=product.process)
        wait_until(lambda: product.get("/readyz").status == 200, process=product.process)
        assert name in names(product)
    assert not product.process.says("Traceback")
    assert product.process.stop() < 5


def test_a_stream_is_told_of_failure_and_return(product, proxy, place):
    wait_until(lambda: live(product))
    with product.stream() as stream:
        wait_until(lambda: stream.of("connected"))
        proxy.stop()
        wait_until(lambda: "Pod watch failed" in said(stream))
        assert said(stream)["Pod watch failed"] is True
        assert "127.0.0.1" not in str(stream.frames)
        proxy.start()
        name = place.add()
        wait_until(lambda: stream.told(name), within_seconds=RETURN_SECONDS)


def said(stream) -> dict[str, bool]:
    """Return what failed, and whether it is tried again."""
    return {frame.data["message"]: frame.data["retrying"] for frame in stream.of("error")}


@pytest.mark.needs("TEST_KUBECONFIG_NOBODY")
def test_a_user_of_one_namespace_gets_that_one(proxy, place, tmp_path):
    place.allow("nobody")
    name = place.add()
    kubeconfig = str(proxy.kubeconfig(tmp_path / "kubeconfig", token="lab-nobody"))
    settings = {"CLUSTER_BACKEND": "auto", "KUBECONFIG": kubeconfig, "CLUSTER_NAMESPACES": place.name}
    with started(f"sqlite:///{tmp_path}/one.sqlite3", **settings) as processes:
        product = Product(processes)
        wait_until(lambda: product.get("/api/pods").status == 200 and name in names(product))
        pods, nodes = product.get("/api/pods"), product.get("/api/nodes")
        elsewhere = product.get("/api/pods?namespace=kube-system")
    assert {row["namespace"] for row in pods.json} == {place.name}
    assert pods.headers["x-partial"] == "true"
    assert (nodes.status, nodes.json["code"], nodes.json["details"]["resource"]) == (
        403,
        "forbidden",
        "nodes",
    )
    assert (elsewhere.status, elsewhere.json["details"]["namespace"]) == (403, "kube-system")


def test_a_wrong_token_is_a_sentence_and_a_renewed_one_is_taken(proxy, tmp_path):
    kubeconfig = proxy.kubeconfig(tmp_path / "kubeconfig", token="expired-long-ago")
    settings = {"CLUSTER_BACKEND": "auto", "KUBECONFIG": str(kubeconfig)}
    with started(f"sqlite:///{tmp_path}/token.sqlite3", **settings) as processes:
        product = Product(processes)
        reply = product.get("/api/pods")
        assert (reply.status, reply.json["code"]) == (401, "cluster_unauthorized")
        assert "refuses the credentials" in reply.json["error"]
        proxy.kubeconfig(kubeconfig)
        wait_until(lambda: product.get("/api/pods").status == 200, within_seconds=30)
        assert not product.process.says("Traceback")
        with closing(product.process):
            assert product.process.stop() < 5
