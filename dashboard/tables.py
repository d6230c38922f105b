"""Lists on pages: columns, chips, pager. All of their state is in the URL."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils.safestring import SafeString, mark_safe

PAGE_SIZE = 50
LAST_PAGE = 100_000  # beyond any list; a larger number is a mistake, not a page


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `cell` makes its HTML from a row. `label` is the small word beside the value on a card."""

    key: str
    title: str
    cell: Callable[[Any], SafeString | str]
    sort: str = ""  # of a click; "" cannot be sorted
    label: str = ""
    css: str = ""
    shown: bool = True  # unless `cols` says otherwise
    fixed: bool = False  # always shown


@dataclass(frozen=True, slots=True)
class Heading:
    """A column as the head of the table shows it. `href` is "" where it cannot be sorted."""

    title: str
    css: str
    href: str
    aria_sort: str  # ascending, descending or ""


@dataclass(frozen=True, slots=True)
class Chip:
    """A state with the number of its rows, as a link that filters by it."""

    label: str
    count: int
    href: str
    on: bool


@dataclass(frozen=True, slots=True)
class Pager:
    """Where in the list this page is. `first` and `last` count from 1; the links are "" at the ends."""

    first: int
    last: int
    total: int
    previous: str
    next: str


class Address:
    """The address of a list: its path, and the query that makes other pages of it."""

    def __init__(self, request: HttpRequest, *, known: Sequence[str]) -> None:
        self.path = request.path
        # A form of checkboxes repeats its name; links write the same as one comma list.
        values = {key: ",".join(request.GET.getlist(key)).strip() for key in known}
        self.query = {key: value for key, value in values.items() if value}

    def get(self, key: str, default: str = "") -> str:
        return self.query.get(key, default)

    def to(self, **changes: str | int | None) -> str:
        """Return this address with some values changed; None or "" takes one out."""
        merged = self.query | {key: str(value or "") for key, value in changes.items()}
        query = urlencode({key: value for key, value in merged.items() if value})
        return f"{self.path}?{query}" if query else self.path

    @property
    def hidden_for_filter(self) -> list[tuple[str, str]]:
        """Return what the form of the filter carries on."""
        return self._hidden("q", "timeRange", "page")

    @property
    def hidden_for_columns(self) -> list[tuple[str, str]]:
        """Return what the form of the columns carries on."""
        return self._hidden("cols")

    def _hidden(self, *without: str) -> list[tuple[str, str]]:
        return [(key, value) for key, value in self.query.items() if key not in without]

    @property
    def offset(self) -> int:
        """Return how many rows come before the page."""
        return (self.page - 1) * PAGE_SIZE

    @property
    def page(self) -> int:
        """Return the number of the page; what is no number is the first."""
        text = self.get("page", "1")
        return (
            min(LAST_PAGE, max(1, int(text))) if text.isascii() and text.isdigit() and len(text) < 10 else 1
        )


def chosen(columns: Sequence[Column], cols: str) -> list[Column]:
    """Return the columns that `cols` names, in their own order; the usual ones if it names none."""
    wanted = set(cols.split(",")) & {column.key for column in columns}
    return [each for each in columns if each.fixed or (each.key in wanted if wanted else each.shown)]


def headings(columns: Sequence[Column], address: Address, *, default_sort: str) -> list[Heading]:
    """Return the heads of columns; each link sorts by its column, or turns the order round."""
    now = address.get("sort", default_sort)
    return [_heading(column, address, now=now) for column in columns]


def _heading(column: Column, address: Address, *, now: str) -> Heading:
    if not column.sort:
        return Heading(column.title, column.css, "", "")
    field = column.sort.removeprefix("-")
    sorted_here = now.removeprefix("-") == field
    turned = field if now.startswith("-") else f"-{field}"
    href = address.to(sort=turned if sorted_here else column.sort, page=None)
    direction = ("descending" if now.startswith("-") else "ascending") if sorted_here else ""
    return Heading(column.title, column.css, href, direction)


def chips(
    labels: Mapping[str, str], address: Address, *, counts: Mapping[str, int], key: str = "state"
) -> list[Chip]:
    """Return a chip for all rows and one for each state that has rows, or is chosen."""
    now = address.get(key)
    found = [Chip("All", sum(counts.values()), address.to(**{key: None, "page": None}), not now)]
    for state, label in labels.items():
        if counts.get(state) or state == now:
            href = address.to(**{key: state, "page": None})
            found.append(Chip(label, counts.get(state, 0), href, state == now))
    return found


def pager(address: Address, *, total: int, shown: int) -> Pager:
    """Return where the page is in a list of `total` rows."""
    offset = address.offset
    return Pager(
        first=offset + 1 if shown else 0,
        last=offset + shown,
        total=total,
        previous=address.to(page=address.page - 1 if address.page > 2 else None) if address.page > 1 else "",
        next=address.to(page=address.page + 1) if offset + shown < total else "",
    )


def cells(columns: Sequence[Column], rows: Iterable[Any]) -> list[SafeString]:
    """Return the cells of each row as HTML: a template tag for each of 50 x 9 cells would take longer."""
    parts = [(_opening(column), column.cell) for column in columns]
    return [
        mark_safe("".join(f"{opening}{_safe(cell(row))}</td>" for opening, cell in parts)) for row in rows
    ]


def _safe(cell: SafeString | str) -> str:
    # What `conditional_escape` does, without its care for lazy translations.
    return cell if isinstance(cell, SafeString) else escape(cell)


def _opening(column: Column) -> str:
    css = f' class="{escape(column.css)}"' if column.css else ""
    label = f' data-l="{escape(column.label)}"' if column.label else ""
    return f"<td{css}{label}>"
