"""The bare API server that everything is measured on: no controllers, thousands of pods."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.connection import Connection, Failed, to_api_server

ROOT = Path(__file__).resolve().parents[2]
RUN = Path(os.environ.get("BENCH_RUN", Path(tempfile.gettempdir()) / "orchestrator-bench"))
PORT, ETCD_PORT = 26443, 22379
UP_SECONDS = 1800  # The first time, everything is built.
FILL_SECONDS = 900
PART = "kubernetes:bare"


@contextmanager
def api_server(*, most_pods: int, keep: bool) -> Iterator[Path]:
    """Give the kubeconfig of a running API server; stop it in the end unless it is to be kept.

    One that was kept by an earlier run is used again if it holds no more than `most_pods`.
    """
    kubeconfig = RUN / "kubernetes" / "admin.kubeconfig"
    _lab("up", timeout_seconds=UP_SECONDS)
    if count(kubeconfig) > most_pods:
        _lab("down", timeout_seconds=60)
        _lab("up", timeout_seconds=UP_SECONDS)
    try:
        yield kubeconfig
    finally:
        if not keep:
            _lab("down", timeout_seconds=60)


def fill(kubeconfig: Path, *, pods: int) -> None:
    """See to it that there are so many pods; those of an earlier call stay."""
    command = [sys.executable, "tests/lab/kubernetes/populate.py", "--pods", str(pods)]
    env = os.environ | {"KUBECONFIG": str(kubeconfig)}
    subprocess.run(command, cwd=ROOT, env=env, check=True, stdout=subprocess.DEVNULL, timeout=FILL_SECONDS)


def count(kubeconfig: Path) -> int:
    """Return how many pods there are."""
    connection = to_api_server(kubeconfig)
    answer = json.loads(connection.get("/api/v1/pods?limit=1").body)
    connection.close()
    return len(answer["items"]) + int(answer["metadata"].get("remainingItemCount", 0))


def version(kubeconfig: Path) -> str:
    connection = to_api_server(kubeconfig)
    found = json.loads(connection.get("/version").body)["gitVersion"]
    connection.close()
    return str(found)


def connect(kubeconfig: Path) -> Connection:
    return to_api_server(kubeconfig)


def _lab(verb: str, *, timeout_seconds: float) -> None:
    own = {"LAB_RUN": str(RUN), "LAB_KUBERNETES_PORT": str(PORT), "LAB_ETCD_PORT": str(ETCD_PORT)}
    done = subprocess.run(
        [f"tests/lab/{verb}", PART],
        cwd=ROOT,
        env=os.environ | own,
        stdout=subprocess.DEVNULL,
        timeout=timeout_seconds,
    )
    if done.returncode:
        raise Failed(f"tests/lab/{verb} {PART} failed.")
