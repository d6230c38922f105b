"""Amounts as Kubernetes writes them, compared."""

from orchestrator.backends.cluster.quantities import number as number


def share(quantity: str, *, of: str) -> float:
    """Return which part of another quantity this is; 0 if either is none, or if nothing is of nothing."""
    part, whole = number(quantity), number(of)
    if part is None or whole is None or part <= 0:
        return 0.0
    return part / whole if whole > 0 else 1.0
