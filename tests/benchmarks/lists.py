"""GET /api/pods beside the API server's own lists of the same data."""

from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import bare
from tests.benchmarks.figures import ROUNDS, Figure, Section, Series, kilobytes, milliseconds, series
from tests.benchmarks.product import Product

FASTER = 5  # times, for all pods


@dataclass(frozen=True, slots=True)
class Case:
    """A list, and what the API server is asked for the same; "" where it has no such thing."""

    what: str
    path: str
    beside: str = ""
    times: int = 60
    goal: str = ""


FIRST = Case(
    "`?limit=50`", "/api/pods?limit=50", "/api/v1/pods?limit=50", goal="no slower than the API server"
)
ALL = Case(
    "all pods", "/api/pods", "/api/v1/pods", times=4, goal=f"{FASTER} times faster than the API server"
)
OTHERS = [
    Case("`?namespace=load-03&limit=50`", "/api/pods?namespace=load-03&limit=50",
         "/api/v1/namespaces/load-03/pods?limit=50", 40),
    Case("`?labelSelector=tier=front&limit=50`", "/api/pods?labelSelector=tier%3Dfront&limit=50",
         "/api/v1/pods?labelSelector=tier%3Dfront&limit=50", 40),
    Case("`?search=payment&limit=50`", "/api/pods?search=payment&limit=50", "", 40),
    Case("`?sort=-restartCount&limit=50`", "/api/pods?sort=-restartCount&limit=50", "", 40),
]  # fmt: skip


def quiet(product: Product, kubeconfig: Path) -> Section:
    """Measure every list while nothing changes."""
    figures = [_figure(case, product, kubeconfig) for case in (FIRST, ALL, *OTHERS)]
    note = (
        "The API server answers with whole objects, the product with the fields that lists show. It offers "
        "neither search nor order: a client would fetch all pods first."
    )
    return Section("Lists", figures, note)


def changing(product: Product, kubeconfig: Path) -> Section:
    """Measure the two lists with a goal again; the caller keeps pods changing meanwhile."""
    figures = [_figure(case, product, kubeconfig) for case in (FIRST, ALL)]
    return Section("Lists under 50 changes per second", figures)


def _figure(case: Case, product: Product, kubeconfig: Path) -> Figure:
    """Ask both in turn, and take the best round of each: other programs disturb, none ever helps."""
    ours, theirs = [], []
    for _ in range(ROUNDS):
        connection = product.connect()
        ours.append(series(connection, case.path, times=case.times))
        connection.close()
        if case.beside:
            other = bare.connect(kubeconfig)
            theirs.append(series(other, case.beside, times=case.times))
            other.close()
    found = min(ours)
    beside = min(theirs) if theirs else None
    return Figure(
        what=f"{case.what}, {kilobytes(found.size)}",
        found=_with_ratio(found, beside, case),
        goal=case.goal,
        met=_met(case, found, beside),
        beside=f"{beside}, {kilobytes(beside.size)}" if beside else "no such thing",
    )


def _with_ratio(found: Series, beside: Series | None, case: Case) -> str:
    if beside is None or case is not ALL:
        return str(found)
    return f"{milliseconds(found.p50)}, {beside.p50 / found.p50:.0f} times faster"


def _met(case: Case, found: Series, beside: Series | None) -> bool | None:
    if beside is None or not case.goal:
        return None
    return found.p50 * FASTER <= beside.p50 if case is ALL else found.p50 <= beside.p50
