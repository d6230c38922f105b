"""Text with terminal colours as HTML: colours become classes, everything else is escaped."""

import re
from html import escape

# ECMA-48: "CSI ... m" sets colours; other control sequences move a cursor that a page does not have.
SEQUENCE = re.compile(
    r"\x1b\[([0-9;]*)m|\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_]"
)
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
STYLES = {1: "bold", 2: "dim", 3: "italic", 4: "underline"}


def to_html(text: str, *, mark: str = "") -> str:
    """Return text as HTML; `mark` is marked wherever it stands, in any case."""
    parts, styles, at = [], frozenset[str](), 0
    for found in SEQUENCE.finditer(text):
        parts.append(_span(text[at : found.start()], styles, mark))
        if found[1] is not None:
            styles = changed(styles, found[1])
        at = found.end()
    parts.append(_span(text[at:], styles, mark))
    return "".join(parts)


def changed(styles: frozenset[str], codes: str) -> frozenset[str]:
    """Return the classes after a sequence such as `1;31`; colours beyond the sixteen are left out."""
    numbers = [int(code or 0) for code in codes.split(";")]
    while numbers:
        code = numbers.pop(0)
        if code == 0:
            styles = frozenset()
        elif code in STYLES:
            styles |= {f"a-{STYLES[code]}"}
        elif code == 22:
            styles -= {"a-bold", "a-dim"}
        elif code in (38, 48):
            del numbers[: 2 if numbers[:1] == [5] else 4]
        elif 30 <= code <= 37 or code == 39 or 90 <= code <= 97:
            styles = frozenset(each for each in styles if not re.fullmatch(r"a-\d", each))
            styles |= set() if code == 39 else {f"a-{code % 10}"}
    return styles


def _span(text: str, styles: frozenset[str], mark: str) -> str:
    if not text:
        return ""
    html = _marked(CONTROLS.sub("", text), mark)
    return f'<span class="{" ".join(sorted(styles))}">{html}</span>' if styles else html


def _marked(text: str, mark: str) -> str:
    if not mark:
        return escape(text)
    pieces = re.split(f"({re.escape(mark)})", text, flags=re.IGNORECASE)
    return "".join(
        f"<mark>{escape(piece)}</mark>" if number % 2 else escape(piece)
        for number, piece in enumerate(pieces)
    )
