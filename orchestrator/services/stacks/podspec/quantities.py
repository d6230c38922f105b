"""Amounts as Kubernetes writes them, exact to a billionth: https://pkg.go.dev/k8s.io/apimachinery/pkg/api/resource."""

import re
from dataclasses import dataclass
from decimal import Decimal

GRAMMAR = re.compile(
    r"(?P<sign>[+-]?)(?=\.?[0-9])(?P<whole>[0-9]*)\.?(?P<fraction>[0-9]*)"
    r"(?:[eE](?P<power>[+-]?[0-9]{1,3})|(?P<suffix>[numkMGTPE]|[KMGTPE]i)?)"
)
LONGEST = 200  # characters
MOST = 2**63 - 1
NANO, MILLI, ONE = 1, 10**6, 10**9  # in billionths
DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
POWERS = {power: suffix for suffix, power in DECIMAL.items()}
BINARY_POWERS = ["", *BINARY]


@dataclass(frozen=True, slots=True)
class Quantity:
    """`billionths` are rounded up; `form` is how it was written: decimal, binary or exponent."""

    billionths: int
    form: str = "decimal"


def parsed(value: str | int | float) -> Quantity:
    """Return the quantity of a text or a number; raise ValueError if it is none."""
    text = value.strip(" ") if isinstance(value, str) else _plain(value)
    found = GRAMMAR.fullmatch(text) if len(text) <= LONGEST else None
    if not found:
        raise ValueError("no quantity")
    suffix = found["suffix"] or ""
    power = int(found["power"]) if found["power"] else DECIMAL.get(suffix, 0)
    digits = int(found["whole"] + found["fraction"])
    billionths = _scaled(digits << BINARY.get(suffix, 0), power - len(found["fraction"]) + 9)
    form = "exponent" if found["power"] else "binary" if suffix in BINARY else "decimal"
    if form == "binary":
        billionths = min(billionths, MOST * ONE)
    return Quantity(-billionths if found["sign"] == "-" else billionths, form)


def canonical(quantity: Quantity) -> str:
    """Return the shortest text without a fraction, in the units that the quantity was written in."""
    amount = quantity.billionths
    if not amount:
        return "0"
    if quantity.form == "binary" and abs(amount) >= 1024 * ONE and amount % ONE == 0:
        mantissa, times = _reduced(amount // ONE, 1024, most=6)
        return f"{mantissa}{BINARY_POWERS[times]}"
    if quantity.form == "exponent":
        mantissa, times = _reduced(amount, 1000, most=1000)
        return f"{mantissa}e{times * 3 - 9}" if times != 3 else str(mantissa)
    mantissa, times = _reduced(amount, 1000, most=9)
    return f"{mantissa}{POWERS[times * 3 - 9]}"


def milli(quantity: Quantity) -> int:
    """Return thousandths, rounded up; 0 for more than fit into 64 bits."""
    return _fitting(-(-quantity.billionths // MILLI))


def whole(quantity: Quantity) -> int:
    """Return ones, rounded up; 0 for more than fit into 64 bits."""
    return _fitting(-(-quantity.billionths // ONE))


def cpu(millis: int) -> str:
    """Return an amount of cpu as text: 100m, 2."""
    return canonical(Quantity(millis * MILLI))


def memory(count: int) -> str:
    """Return a number of bytes as text: 64Mi, 1k."""
    return canonical(Quantity(count * ONE, "binary"))


def _fitting(amount: int) -> int:
    return amount if abs(amount) <= MOST else 0


def _plain(number: int | float) -> str:
    """As JSON writes numbers: without an exponent between a millionth and 10 ** 21."""
    if isinstance(number, float) and 1e-6 <= abs(number) < 1e21:
        return f"{Decimal(repr(number)):f}"
    return repr(number)


def _scaled(digits: int, power: int) -> int:
    factor: int = 10 ** abs(power)
    return digits * factor if power >= 0 else -(-digits // factor)


def _reduced(amount: int, base: int, *, most: int) -> tuple[int, int]:
    times = 0
    while times < most and amount % base == 0:
        amount //= base
        times += 1
    return amount, times
