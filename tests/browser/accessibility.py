"""What axe-core finds wrong on a page."""

from pathlib import Path

from playwright.sync_api import Page

AXE = (Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js").read_text()
GRAVE = ("serious", "critical")
# Colours fade from one theme to the other, and half-way there they are too faint.
SETTLE = """() => Promise.all(
    document.getAnimations()
        .filter(each => each.effect.getComputedTiming().endTime < 5000)
        .map(each => each.finished.catch(() => null))
).then(() => null)"""
RUN = """async () => (await axe.run({resultTypes: ["violations"]})).violations.flatMap(
    violation => violation.nodes.map(node => ({
        impact: violation.impact,
        text: [violation.id, node.target.join(" "), node.failureSummary.replaceAll("\\n", " ")].join(": "),
    })))"""


def grave_violations(page: Page) -> list[str]:
    """Return rule, place and reason of what is serious or critical.

    DevTools may evaluate what our content security policy forbids pages, so the page is tested under it.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    page.evaluate(SETTLE)
    return [found["text"] for found in page.evaluate(RUN) if found["impact"] in GRAVE]
