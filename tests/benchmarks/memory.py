"""How much memory the whole process holds."""

from pathlib import Path

from tests.benchmarks import product, stream
from tests.benchmarks.figures import Figure

LIMIT_MB = 250


def measured(folder: Path, kubeconfig: Path, *, pods: int, seconds: float, limited: bool) -> list[Figure]:
    """Start the product for itself and return what it holds after its lists, and after a time of changes."""
    with product.serving(folder, kubeconfig, pods=pods) as running:
        synced = running.rss()
        stream.churn(kubeconfig, pods=pods, seconds=seconds)
        churned = running.rss()
        connection = running.connect()
        connection.get("/api/pods")
        connection.close()
        listed = running.rss()
    number = f"{pods:,} pods"
    goal = f"at most {LIMIT_MB} MB" if limited else ""
    met = [each <= LIMIT_MB if limited else None for each in (synced, churned, listed)]
    minutes = f"{seconds:.0f} s of {stream.RATE} changes per second"
    return [
        Figure(f"{number}, after the first lists", f"{synced} MB", goal, met[0]),
        Figure(f"{number}, after {minutes}", f"{churned} MB", goal, met[1]),
        Figure(f"{number}, after all of them were asked for at once", f"{listed} MB", goal, met[2]),
    ]
