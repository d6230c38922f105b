"""What people ask of a cluster as a whole: its state, its score, one object among all of them."""

import json
from dataclasses import dataclass

from tests.benchmarks.connection import Failed
from tests.benchmarks.figures import ROUNDS, Figure, Section, kilobytes, series
from tests.benchmarks.product import Product

LIMIT_MS = 50
TIMES = 30


@dataclass(frozen=True, slots=True)
class Case:
    what: str
    path: str
    holds: bytes  # what a right answer holds
    page: bool = False


CASES = [
    Case("`GET /api/dashboard/summary`", "/api/dashboard/summary", b'"deployments"'),
    Case("`GET /api/cluster-health`", "/api/cluster-health", b'"score"'),
    Case("`GET /api/deployments?limit=50`", "/api/deployments?limit=50", b'"replicas"'),
    Case("`GET /api/events?limit=50`", "/api/events?limit=50", b'"reason"'),
    Case("the palette, for a word of many names", "/dashboard/search?q=payment", b"payment", page=True),
    Case("the palette, for what nothing is called", "/dashboard/search?q=zzzzzz", b"", page=True),
    Case("the overview", "/dashboard/", b"<h1", page=True),
    Case("the deployments page", "/dashboard/deployments", b'<tr id="r-', page=True),
    Case("the events page", "/dashboard/events", b'<tr id="r-', page=True),
]


def measured(product: Product) -> Section:
    """Measure each; raise `Failed` if one does not answer what it should."""
    cookie = product.sign_in()
    summary = json.loads(product.connect().get("/api/dashboard/summary").body)
    pods, deployments = (summary[kind]["total"] for kind in ("pods", "deployments"))
    note = f"All of it from watch caches: {pods:,} pods, {deployments:,} deployments, 5,000 events."
    return Section("The cluster as a whole", [_figure(case, product, cookie) for case in CASES], note)


def _figure(case: Case, product: Product, cookie: str) -> Figure:
    headers = {"Cookie": cookie, "Accept": "text/html"} if case.page else {"Accept": "application/json"}
    if "search" in case.path:
        headers |= {"HX-Request": "true"}
    rounds = []
    for _ in range(ROUNDS):
        connection = product.connect(**headers)
        answer = connection.get(case.path)
        rounds.append(series(connection, case.path, times=TIMES))
        connection.close()
    if case.holds not in answer.body:
        raise Failed(f"{case.path} does not hold {case.holds.decode()}.")
    best = min(rounds)
    return Figure(
        what=f"{case.what}, {kilobytes(len(answer.body))}",
        found=str(best),
        goal=f"p50 of at most {LIMIT_MS} ms",
        met=best.p50 <= LIMIT_MS,
    )
