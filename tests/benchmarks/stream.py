"""How long a change takes from the API server to the clients of the event stream."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.benchmarks.bare import ROOT
from tests.benchmarks.connection import Failed
from tests.benchmarks.figures import Figure, Section, milliseconds
from tests.benchmarks.product import Product

RATE = 50  # changes per second
LIMIT_MS = 250
ROUNDS = 3
MANY = 500
AFTER_SECONDS = 2  # the last changes are on their way


def measured(product: Product, kubeconfig: Path, *, pods: int, seconds: float) -> Section:
    """Measure the delay with one client and with many; raise `Failed` if anything went missing."""
    figures = []
    for clients in (1, MANY):
        rounds = [_round(product, kubeconfig, clients, pods=pods, seconds=seconds) for _ in range(ROUNDS)]
        figures += _figures(clients, min(rounds, key=lambda each: float(each["delays"]["99"])))
    note = (
        f"{RATE} pods change each second; a delay begins when the API server has answered the change and "
        "ends when a client has received the frame that names the pod. Every change must reach every client."
    )
    return Section("From a change to the event stream", figures, note)


@contextmanager
def churning(kubeconfig: Path, *, pods: int, seconds: float) -> Iterator["subprocess.Popen[str]"]:
    """Change pods in a process of its own for so long, or until the end of the block."""
    command = [sys.executable, "-m", "tests.benchmarks.churn"]
    command += ["--pods", str(pods), "--rate", str(RATE), "--seconds", str(seconds)]
    env = os.environ | {"KUBECONFIG": str(kubeconfig)}
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
    try:
        yield process
        if process.poll() not in (None, 0):
            raise Failed("The churn failed.")
    finally:
        process.kill()
        process.communicate()


def churn(kubeconfig: Path, *, pods: int, seconds: float) -> str:
    """Change pods for so long; return the line that says what was changed and when."""
    with churning(kubeconfig, pods=pods, seconds=seconds) as process:
        line, _ = process.communicate(timeout=seconds + 60)
        if process.returncode:
            raise Failed("The churn failed.")
    return str(line)


def _round(product: Product, kubeconfig: Path, clients: int, *, pods: int, seconds: float) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.benchmarks.listeners"]
    command += [product.url + "/api/stream?kinds=pod", str(clients)]
    listeners = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert listeners.stdout is not None
        if listeners.stdout.readline().strip() != "ready":
            raise Failed(f"{clients} clients could not connect to the stream.")
        began, spent = time.monotonic(), product.cpu_seconds()
        line = churn(kubeconfig, pods=pods, seconds=seconds)
        time.sleep(AFTER_SECONDS)
        cpu = (product.cpu_seconds() - spent) / (time.monotonic() - began)
        found, _ = listeners.communicate(line, timeout=120)
    finally:
        listeners.kill()
        listeners.communicate()
    seen: dict[str, Any] = json.loads(found)
    return seen | {"cpu": cpu, "changes": len(json.loads(line)["changes"]), "rss": product.rss()}


def _figures(clients: int, best: dict[str, Any]) -> list[Figure]:
    if best["lost"] or best["missing"] or best["resyncs"]:
        raise Failed(f"With {clients} clients something went missing: {best}")
    delays = best["delays"]
    name = "1 client" if clients == 1 else f"{clients} clients"
    many = clients == MANY
    return [
        Figure(
            what=f"{name}, {best['measured']:,} frames",
            found=f"p50 {milliseconds(delays['50'])}, p95 {milliseconds(delays['95'])}, "
            f"p99 {milliseconds(delays['99'])}",
            goal=f"p99 of at most {LIMIT_MS} ms" if many else "",
            met=delays["99"] <= LIMIT_MS if many else None,
        ),
        Figure(f"{name}: lost, or a change not received", "none", "none", True),
        Figure(
            f"{name}: processor of the product", f"{best['cpu'] * 100:.0f} % of one core, {best['rss']} MB"
        ),
    ]
