"""Own objects of the auditors' pages."""

from types import SimpleNamespace
from typing import Any

from django.utils import timezone

from marketplace.demo import cast


def own(made: SimpleNamespace) -> dict[str, dict[str, Any]]:
    """Parameters by address, for what lies in the care of the province's auditor."""
    year = {"code": cast.UNION, "year": timezone.localdate().year}
    return {
        "audit:statement": year,
        "audit:statement_json": year,
        "audit:statement_xlsx": year,
        "audit:case_new": {"code": cast.UNION},
        "audit:case": {"pk": made.case},
        "audit:order": {"number": made.order},
        "audit:pack": {"number": made.order},
        "audit:judgement": {"number": made.order, "pk": made.judgement},
    }
