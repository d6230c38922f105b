"""Stacks: made beside the same objects made by hand, and read when there are a thousand of them."""

import http.client
import json
import os
import secrets
import ssl
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from tests.benchmarks import bare
from tests.benchmarks.connection import Failed
from tests.benchmarks.figures import ROUNDS, Figure, Section, kilobytes, milliseconds, percentile, series
from tests.benchmarks.product import Product

KEY = "a-key-for-measurements"
PAIRS = 40
STACKS = 1000
PER_MINUTE = 200
KEPT = 20  # stacks that live at a time while many are made
WORKERS = 4
SPEC = """apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - name: web
    image: lab/busybox:1
    imagePullPolicy: IfNotPresent
    command: [sleep, "3600"]
    ports: [{containerPort: 8080}]
    resources: {limits: {cpu: 1m, memory: 8Mi}}
"""
ASKED = {"pod_spec": SPEC, "target_port": [{"container_port": 8080, "protocol": "TCP"}]}
ROWS = """
import json, sys
from datetime import timedelta
from django.utils.timezone import now
from orchestrator.models import Stack, StackPort
at = now()
pods = json.load(sys.stdin)
rows = [Stack(id=name, context=context, namespace=namespace, pod_spec={spec!r}, pod={{}}, settled=True,
  requested_cpu_milli=10, requested_memory_bytes=16777216, status="running", node_id=node, actor="bench",
  created_at=at, updated_at=at, expires_at=at + timedelta(hours=2))
  for context, namespace, name, node in pods]
Stack.objects.bulk_create(rows)
StackPort.objects.bulk_create([StackPort(context=row.context, node_port=30000 + number, stack=row,
  container_port=8080, protocol="TCP", position=0) for number, row in enumerate(rows)])
"""


class Api:
    """JSON over one keep-alive connection."""

    def __init__(self, connection: http.client.HTTPConnection, headers: dict[str, str]) -> None:
        self._connection, self._headers = connection, headers | {"Content-Type": "application/json"}

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        content = json.dumps(body) if body is not None else None
        self._connection.request(method, path, content, headers=self._headers)
        response = self._connection.getresponse()
        return response.status, json.loads(response.read() or b"null")

    def must(self, method: str, path: str, body: object = None, *, expect: int) -> Any:
        status, answer = self.ask(method, path, body)
        if status != expect:
            raise Failed(f"{method} {path} answered {status} and not {expect}: {str(answer)[:300]}")
        return answer

    def close(self) -> None:
        self._connection.close()


def to_product(product: Product) -> Api:
    place = urlsplit(product.url)
    connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=60)
    return Api(connection, {"X-API-Key": KEY})


def to_cluster(kubeconfig: Path) -> Api:
    config = yaml.safe_load(kubeconfig.read_text())
    cluster = config["clusters"][0]["cluster"]
    place = urlsplit(cluster["server"])
    tls = ssl.create_default_context(cafile=cluster["certificate-authority"])
    connection = http.client.HTTPSConnection(str(place.hostname), place.port, context=tls, timeout=60)
    return Api(connection, {"Authorization": f"Bearer {config['users'][0]['user']['token']}"})


# --- on a cluster with a scheduler and a kubelet


def created(folder: Path) -> Section:
    """Measure creates on the lab's cluster, which TEST_KUBECONFIG names; raise `Failed` without it."""
    named = os.environ.get("TEST_KUBECONFIG")
    if not named:
        raise Failed("TEST_KUBECONFIG names no cluster with a scheduler.")
    kubeconfig, namespace = Path(named), f"bench-{secrets.token_hex(4)}"
    folder.mkdir(parents=True, exist_ok=True)
    product = Product(
        folder, kubeconfig, API_KEY=KEY, STACK_NAMESPACE=namespace, STACK_SCHEDULING_TIMEOUT="30s"
    )
    try:
        with closing(to_cluster(kubeconfig)) as cluster:
            wait_until_up(product)
            try:
                return Section(
                    "Stacks: made", [_pairs(product, cluster, namespace), *_sustained(product)], NOTE
                )
            finally:
                cluster.ask("DELETE", f"/api/v1/namespaces/{namespace}")
    finally:
        product.close()


NOTE = (
    "On the cluster of `tests/lab`, with scheduler, kubelet and containerd on the same two cores. By hand is "
    "a POST of the same pod and one of the same service, one after the other, over one connection; nobody "
    "waits for a node there, while a create of ours has one when it answers."
)


def wait_until_up(product: Product) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with suppress(OSError), closing(to_product(product)) as api:
            if api.ask("GET", "/healthz")[0] == 200:
                return
        time.sleep(0.1)
    raise Failed("The product does not answer.")


def _pairs(product: Product, cluster: Api, namespace: str) -> Figure:
    ours, by_hand = [], []
    with closing(to_product(product)) as api:
        api.must("DELETE", f"/stacks/{_made(api)}", expect=200)  # The namespace is there from here on.
        for number in range(PAIRS):
            by_hand.append(_by_hand(cluster, namespace, f"hand-{number}"))
            begun = time.perf_counter()
            stack = _made(api)
            ours.append((time.perf_counter() - begun) * 1000)
            api.must("DELETE", f"/stacks/{stack}", expect=200)
    ratio = percentile(ours, 50) / percentile(by_hand, 50)
    return Figure(
        what="`POST /stacks`, until it has a node",
        found=f"{_both(ours)}, {ratio:.2f} times that",
        goal="at most 1.3 times that by hand",
        met=ratio <= 1.3,
        beside=_both(by_hand),
    )


def _both(values: list[float]) -> str:
    return f"{milliseconds(percentile(values, 50))} (p95 {milliseconds(percentile(values, 95))})"


def _made(api: Api) -> str:
    return str(api.must("POST", "/stacks", ASKED, expect=201)["stack_id"])


def _by_hand(cluster: Api, namespace: str, name: str) -> float:
    """Return how many milliseconds a pod and its service take."""
    labels = {"app": name}
    spec = yaml.safe_load(SPEC)["spec"] | {"nodeSelector": {"role": "stack"}}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels}, "spec": spec}
    ports = [{"name": "p-8080-tcp", "port": 8080, "targetPort": 8080, "protocol": "TCP"}]
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "labels": labels},
        "spec": {"type": "NodePort", "selector": labels, "ports": ports},
    }
    root = f"/api/v1/namespaces/{namespace}"
    begun = time.perf_counter()
    cluster.must("POST", f"{root}/pods", pod, expect=201)
    cluster.must("POST", f"{root}/services", service, expect=201)
    took = (time.perf_counter() - begun) * 1000
    cluster.must("DELETE", f"{root}/services/{name}", expect=200)
    cluster.must("DELETE", f"{root}/pods/{name}", {"gracePeriodSeconds": 0}, expect=200)
    return took


def _sustained(product: Product) -> list[Figure]:
    """Make stacks for a minute at the rate that is the goal, and delete the older ones."""
    begun = time.monotonic()

    def one(number: int) -> float | None:
        time.sleep(max(0.0, begun + number * 60 / PER_MINUTE - time.monotonic()))
        started = time.perf_counter()
        with closing(to_product(product)) as api:
            status, body = api.ask("POST", "/stacks", ASKED)
            took = (time.perf_counter() - started) * 1000
            if status != 201:
                return None
            alive.append(body["stack_id"])
            if len(alive) > KEPT:
                api.ask("DELETE", f"/stacks/{alive.pop(0)}")
        return took

    alive: list[str] = []
    with ThreadPoolExecutor(WORKERS) as pool:
        found = list(pool.map(one, range(PER_MINUTE)))
    seconds = time.monotonic() - begun
    with closing(to_product(product)) as api:
        for stack in alive:
            api.ask("DELETE", f"/stacks/{stack}")
    times = [each for each in found if each is not None]
    rate = len(times) / seconds * 60
    return [
        Figure(
            what=f"creates by {WORKERS} callers for a minute, {KEPT} alive at a time",
            found=f"{rate:.0f} a minute, {_both(times)}",
            goal=f"{PER_MINUTE} a minute",
            met=rate >= PER_MINUTE * 0.98 and len(times) == PER_MINUTE,
        ),
        Figure(
            what="of them refused", found=str(PER_MINUTE - len(times)), goal="none", met=None not in found
        ),
    ]


# --- with a thousand rows


def read(folder: Path, kubeconfig: Path) -> Section:
    """Measure reads of a thousand stacks whose pods the caches hold."""
    folder.mkdir(parents=True, exist_ok=True)
    product = Product(
        folder, kubeconfig, "--no-controllers", prepare=lambda env: _fill(env, kubeconfig), API_KEY=KEY
    )
    try:
        wait_until_up(product)
        product.wait(pods=bare.count(kubeconfig))
        with closing(to_product(product)) as api:
            one = api.must("GET", "/stacks?limit=1&offset=500", expect=200)["stacks"][0]["stack_id"]
        figures = [
            _read(product, f"/stacks/{one}", "one stack", limit=10),
            _read(product, f"/stacks/{one}/status", "its status", limit=10),
            _read(product, "/stats", "`GET /stats`", limit=10),
            _read(product, "/stacks?limit=50", "50 of 1,000", limit=10),
            _read(product, "/stacks?status=running&limit=50", "50 of those that run", limit=10),
            _read(product, "/stacks", "all 1,000", limit=None),
        ]
    finally:
        product.close()
    return Section("Stacks: read", figures, f"{STACKS:,} stacks; each is a row and a pod in a watch cache.")


def _fill(env: dict[str, str], kubeconfig: Path) -> None:
    config = yaml.safe_load(kubeconfig.read_text())
    with closing(to_cluster(kubeconfig)) as cluster:
        items = cluster.must("GET", f"/api/v1/pods?limit={STACKS}", expect=200)["items"]
    pods = [
        (
            config["current-context"],
            each["metadata"]["namespace"],
            each["metadata"]["name"],
            each["spec"].get("nodeName", ""),
        )
        for each in items
    ]
    if len({name for _, _, name, _ in pods}) != STACKS:
        raise Failed(f"There are no {STACKS} pods with names of their own.")
    subprocess.run(
        [sys.executable, "manage.py", "shell", "-v", "0", "-c", ROWS.format(spec=SPEC)],
        cwd=bare.ROOT,
        env=env,
        input=json.dumps(pods).encode(),
        check=True,
        timeout=120,
    )


def _read(product: Product, path: str, what: str, *, limit: int | None) -> Figure:
    rounds = []
    for _ in range(ROUNDS):
        connection = product.connect(**{"X-API-Key": KEY})
        rounds.append(series(connection, path, times=30))
        connection.close()
    best = min(rounds)
    return Figure(
        what=f"{what}, {kilobytes(best.size)}",
        found=str(best),
        goal=f"p50 of at most {limit} ms" if limit else "",
        met=best.p50 <= limit if limit else None,
    )
