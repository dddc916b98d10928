"""Figures as the rule's sentences say them."""

from __future__ import annotations

from django.utils.translation import get_language


def per_cent(basis_points: int) -> str:
    """A share in the reader's language: 5000 → "50%" in Chinese, "50 %" in English; 3333 → "33.33%"."""
    number = f"{basis_points / 100:.2f}".rstrip("0").rstrip(".")
    return f"{number}%" if (get_language() or "zh").startswith("zh") else f"{number} %"
