"""Own objects of the pages of a union's plans, orders and statements."""

from types import SimpleNamespace
from typing import Any

from django.utils import timezone

from tests import world as builders


def own(made: SimpleNamespace) -> dict[str, dict[str, Any]]:
    """Parameters by address, for what Yanta's union has."""
    plan, order, part = {"pk": made.programme}, {"number": made.order}, {"number": made.order, "pk": made.part}
    of_plan = (
        "programme", "edit", "withdraw", "substitute_all", "roster", "person_add", "goods", "put", "set_aside", "papers", "approval",
        "submit", "approve", "send_back", "place",
    )  # fmt: skip
    return {f"union:{name}": plan for name in of_plan} | {
        "union:annotated": {"pk": made.uploaded_to, "upload": made.upload},
        "union:clear": plan | {"slot": 1},
        "union:substitute": plan | {"slot": 1},
        "union:exception": plan | {"product": builders.product(builders.MOONCAKES).pk},
        "union:order": order,
        "union:pack": order,
        "union:judgement": order | {"pk": made.judgement},
        "union:part": part,
        "union:accept": part,
        "union:pay": part,
        "union:case": {"pk": made.case},
        "union:statement_year": {"year": timezone.localdate().year},
        "union:statement_json": {"year": timezone.localdate().year},
        "union:close_year": {"year": timezone.localdate().year},
        "union:statement_xlsx": {"year": timezone.localdate().year},
    }


# A year is nobody's: the page shows the union's own.
SHARED = ("union:statement_year", "union:close_year", "union:statement_json", "union:statement_xlsx")
