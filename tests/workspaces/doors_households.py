"""Own objects of the pages of households: one of Jiaxian's producer, asked about an agreement with a paper beside it."""

from types import SimpleNamespace
from typing import Any

from django.utils import timezone

from marketplace.organisations.models import Organisation
from suppliers.accreditation.models import Mechanism
from suppliers.provenance.actions import record_household, sign_agreement
from suppliers.provenance.confirming import ask_household
from suppliers.provenance.purchase_imports import import_purchases
from suppliers.provenance.purchases import collect


def own(made: SimpleNamespace) -> dict[str, dict[str, Any]]:
    """Parameters by address."""
    producer = Organisation.objects.select_related("county").get(code="P-JX")
    assert producer.county
    grower = producer.memberships.get(role="producer").user
    household = record_household(
        grower, producer, county=producer.county, village="枣湾村", head_name="测试户", phone="10100009999"
    )
    signed = sign_agreement(
        grower, producer, household, Mechanism.LAND_LEASE, 1_000, timezone.localdate(), ("a.pdf", b"%PDF-1.7")
    )
    tokens: list[str] = []
    ask_household(grower, signed, lambda token: tokens.append(token) or token)  # type: ignore[func-returns-value]
    bought = {"pk": collect(grower, signed, "鲜枣", 1_000, 600, timezone.localdate(), "DOORS-1").pk}
    sheet = import_purchases(
        grower, producer, "a.csv", "收购单,农户编号,农产品,重量,价格,日期\n1,x,鲜枣,1,1,2026-01-01".encode()
    )
    one = {"pk": household.pk}
    paper = one | {"paper": signed.papers.get().pk}
    pages = ("household", "household_sign", "household_evidence", "household_ask", "household_phone")
    found: dict[str, dict[str, Any]] = {f"producer:{name}": one for name in pages}
    found |= {f"producer:{name}": bought for name in ("purchase", "purchase_paid", "purchase_reverse")}
    found["producer:purchase_sheet_marked"] = {"pk": sheet.pk}
    found |= {f"api-purchase-{name}": bought for name in ("note", "paid", "reverse")}
    found |= {f"oversight:{name}": one for name in ("household", "household_reveal", "household_confirm")}
    found |= {f"{workspace}:household_paper": paper for workspace in ("producer", "oversight")}
    return found | {"household_answer": {"token": tokens[0]}}
