"""Changes the status of pods at a steady rate, and notes when the API server had taken each change.

A process of its own: `python -m tests.benchmarks.churn --pods 10000 --rate 50 --seconds 30` with KUBECONFIG
set. Prints one JSON line: for each changed pod, on the clock that all processes of a machine share, when its
change was sent and taken.
"""

import argparse
import json
import os
import random
import sys
import time
from typing import Any

from tests.lab.kubernetes import populate

THREADS = 24
NAMESPACES = 20  # as populate.py makes them
SEED = 1


class Churn:
    """One run: every pod is changed once at most, so that its name tells which change a reader saw."""

    def __init__(self, *, pods: int, rate: float, seconds: float) -> None:
        plan = populate.Plan(pods, NAMESPACES, SEED)
        self._cluster = populate.Cluster(os.environ["KUBECONFIG"])
        self._rate = rate
        self._pods = [pod for pod in plan.pods if pod["state"] in ("running", "crash-loop")]
        random.shuffle(self._pods)
        del self._pods[int(rate * seconds) :]
        self._more = int(time.time()) % 1_000_000  # Restarts that no earlier run has reported.
        self.changes: dict[str, tuple[float, float]] = {}
        self.most_late = 0.0

    def run(self) -> None:
        self._start = time.monotonic() + 0.2
        populate.in_parallel(self._change, list(enumerate(self._pods)), THREADS)

    def _change(self, item: tuple[int, dict[str, Any]]) -> None:
        number, pod = item
        due = self._start + number / self._rate
        time.sleep(max(0.0, due - time.monotonic()))
        status = populate.status_of(pod, pod["restarts"] + self._more, populate.now())
        path = f"/api/v1/namespaces/{pod['namespace']}/pods/{pod['name']}/status"
        kind = "application/merge-patch+json"
        sent = time.monotonic()
        code, answer = self._cluster.request("PATCH", path, {"status": status}, "kubelet", kind)
        self.changes[pod["name"]] = (sent, time.monotonic())
        self.most_late = max(self.most_late, sent - due)
        if code != 200:
            raise SystemExit(f"A change was refused with {code}: {answer}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pods", type=int, required=True)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    options = parser.parse_args()
    churn = Churn(pods=options.pods, rate=options.rate, seconds=options.seconds)
    churn.run()
    json.dump({"changes": churn.changes, "most_late": churn.most_late}, sys.stdout)
    print()


if __name__ == "__main__":
    main()
