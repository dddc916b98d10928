"""Dividing money: pure arithmetic in integer fen."""

from __future__ import annotations

from collections.abc import Mapping


def divide(total: int, weights: Mapping[int, int]) -> dict[int, int]:
    """Divide `total` fen in proportion to positive weights, to the fen.

    What rounding leaves goes to the largest remainders, lower keys first.
    """
    whole = sum(weights.values())
    if whole <= 0:
        return {}
    parts = {key: total * weight // whole for key, weight in weights.items()}
    left = total - sum(parts.values())
    for key in sorted(weights, key=lambda k: (-(total * weights[k] % whole), k))[:left]:
        parts[key] += 1
    return parts
