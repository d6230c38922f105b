"""Amounts as Kubernetes writes them: 500m, 2, 64Mi, 1e3."""

import re

# https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
UNITS = {
    "": 1.0,
    "n": 1e-9,
    "u": 1e-6,
    "m": 1e-3,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
    "P": 1e15,
    "E": 1e18,
    "Ki": 2.0**10,
    "Mi": 2.0**20,
    "Gi": 2.0**30,
    "Ti": 2.0**40,
    "Pi": 2.0**50,
    "Ei": 2.0**60,
}
QUANTITY = re.compile(r"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?)([numkMGTPE]|[KMGTPE]i)?")


def number(quantity: str) -> float | None:
    """Return the number that a quantity stands for; None for what is no quantity."""
    found = QUANTITY.fullmatch(quantity.strip())
    return float(found[1]) * UNITS[found[2] or ""] if found else None


def share(quantity: str, *, of: str) -> float:
    """Return which part of another quantity this is; 0 if either is none, or if nothing is of nothing."""
    part, whole = number(quantity), number(of)
    if part is None or whole is None or part <= 0:
        return 0.0
    return part / whole if whole > 0 else 1.0
