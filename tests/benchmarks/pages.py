"""The pods page as HTML, for a browser that signed in through the one-time link."""

from dataclasses import dataclass

from tests.benchmarks.connection import Failed
from tests.benchmarks.figures import ROUNDS, Figure, Section, kilobytes, series
from tests.benchmarks.product import Product

ROWS = b'<tr id="r-'
PAGE = "/dashboard/pods"
TIMES = 40


@dataclass(frozen=True, slots=True)
class Case:
    what: str
    path: str
    limit_ms: float
    fragment: bool = True  # as htmx asks for it
    rows: int = 50


CASES = [
    Case("the whole page, 50 of 10,000 rows", PAGE, 30, fragment=False),
    Case("the list alone, as a live refresh fetches it", PAGE, 30),
    Case("next page", PAGE + "?page=2", 60),
    Case("the last page", PAGE + "?page=200", 60),
    Case("a filter by text", PAGE + "?q=payment", 60),
    Case("a filter by state", PAGE + "?state=failing", 60),
    Case("sorted by restarts", PAGE + "?sort=-restartCount", 60),
    Case("one namespace", PAGE + "?namespace=load-03", 60),
]


def measured(product: Product) -> Section:
    """Measure each page; raise `Failed` if one does not hold the rows it should."""
    cookie = product.sign_in()
    return Section("The pods page", [_figure(case, product, cookie) for case in CASES])


def _figure(case: Case, product: Product, cookie: str) -> Figure:
    headers = {"Cookie": cookie, "Accept": "text/html", "Accept-Encoding": "gzip"}
    if case.fragment:
        headers |= {"HX-Request": "true", "HX-Target": "pods"}
    rounds = []
    for _ in range(ROUNDS):
        connection = product.connect(**headers)
        answer = connection.get(case.path)
        rounds.append(series(connection, case.path, times=TIMES))
        connection.close()
    if answer.body.count(ROWS) != case.rows:
        raise Failed(f"{case.path} shows {answer.body.count(ROWS)} rows and not {case.rows}.")
    best = min(rounds)
    compressed = answer.headers.get("content-encoding") == "gzip"
    packed = f", {kilobytes(best.size)} compressed" if compressed else ", not compressed"
    return Figure(
        what=f"{case.what}: {kilobytes(len(answer.body))}{packed}",
        found=str(best),
        goal=f"p50 of at most {case.limit_ms:.0f} ms",
        met=best.p50 <= case.limit_ms,
    )
