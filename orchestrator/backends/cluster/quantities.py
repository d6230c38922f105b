"""Amounts as Kubernetes writes them: 500m, 2, 64Mi, 1e3, 319356090n."""

import re
from decimal import Decimal
from functools import lru_cache

# https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
UNITS = {
    "": Decimal(1),
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "k": Decimal("1e3"),
    "M": Decimal("1e6"),
    "G": Decimal("1e9"),
    "T": Decimal("1e12"),
    "P": Decimal("1e15"),
    "E": Decimal("1e18"),
    "Ki": Decimal(2**10),
    "Mi": Decimal(2**20),
    "Gi": Decimal(2**30),
    "Ti": Decimal(2**40),
    "Pi": Decimal(2**50),
    "Ei": Decimal(2**60),
}
QUANTITY = re.compile(r"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?)([numkMGTPE]|[KMGTPE]i)?")


def parsed(quantity: str) -> float | None:
    """Return the number that a quantity stands for, as exact as a float is; None for what is no quantity."""
    found = QUANTITY.fullmatch(quantity.strip())
    return float(Decimal(found[1]) * UNITS[found[2] or ""]) if found else None


def exact(quantity: str) -> Decimal:
    """Return a quantity as an exact number; nought for what is no quantity."""
    found = QUANTITY.fullmatch(quantity.strip())
    return Decimal(found[1]) * UNITS[found[2] or ""] if found else Decimal(0)


def written(amount: Decimal, *, binary: bool = False) -> str:
    """Return an amount as an API server writes it: a whole number of the largest unit that allows it."""
    if amount == 0:
        return "0"
    units = ("Ei", "Pi", "Ti", "Gi", "Mi", "Ki", "") if binary else ("E", "P", "T", "G", "M", "k", "", "m")
    for unit in units:
        count = amount / UNITS[unit]
        if count == count.to_integral_value():
            return f"{int(count)}{unit}"
    return f"{int((amount / UNITS['n']).to_integral_value())}n"


@lru_cache(maxsize=4096)
def number(quantity: str) -> float | None:
    """Return what `parsed` returns, remembered: requests and limits repeat a thousand times."""
    return parsed(quantity)
