"""Form fields of the house."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms


class YuanField(forms.DecimalField):
    """Money typed in yuan with at most two places; its value is integer fen."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=12, decimal_places=2, **kwargs)

    def clean(self, value: Any) -> Any:
        """Integer fen, or None when left empty."""
        yuan = super().clean(value)
        return None if yuan is None else int(yuan * 100)

    def prepare_value(self, value: Any) -> Any:
        """Show stored fen as yuan; what a person typed stays as it is."""
        return Decimal(value) / 100 if isinstance(value, int) else value


class PercentField(forms.DecimalField):
    """A share typed in per cent with at most two places; its value is integer hundredths of a per cent."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=5, decimal_places=2, min_value=0, max_value=100, **kwargs)

    def clean(self, value: Any) -> Any:
        """Integer basis points, or None when left empty."""
        percent = super().clean(value)
        return None if percent is None else int(percent * 100)

    def prepare_value(self, value: Any) -> Any:
        """Show stored basis points as per cent; what a person typed stays as it is."""
        return Decimal(value) / 100 if isinstance(value, int) else value


class DayInput(forms.DateInput):
    """The browser's own calendar."""

    input_type = "date"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%Y-%m-%d", **kwargs)
