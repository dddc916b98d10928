"""Placing a gift: one order whatever the number of recipients, all or nothing, everything frozen as it stood."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from marketplace.demo import cast
from marketplace.evidence.models import Entry
from marketplace.fulfilment.models import Parcel, ParcelLine
from marketplace.ledger.models import Account, Leg
from marketplace.organisations.errors import Refusals, SameKeyOtherBody
from marketplace.organisations.models import User
from marketplace.shop.order.models import Line, Order
from marketplace.shop.partner.models import StockRecord
from marketplace.steps.models import Command, Step
from marketplace.stock.models import Movement
from procurement.priority.actions import ask_exception, grant_exception
from procurement.priority.models import Certificate, Decision, Judgement, UnionYear
from procurement.priority.replay import differs
from procurement.programmes.actions import approve, submit, substitute
from procurement.programmes.errors import WrongState
from procurement.programmes.models import Recipient
from procurement.programmes.placement import place
from procurement.programmes.queries import preview
from tests.world import (
    DATES,
    FUNGUS,
    MOONCAKES,
    add_recipients,
    approved,
    choose,
    draft,
    let_constraints_speak,
    placed,
    planned,
    product,
    side,
    stock,
    supplier_orders,
)

pytestmark = pytest.mark.usefixtures("world")

GIFT = [DATES, (FUNGUS, {"per_head": 2}), MOONCAKES]
# Delivered: dates 30.00, fungus 29.00 twice, mooncakes 108.00.
PER_HEAD, ASSISTANCE_PER_HEAD = 19_600, 8_800


class TestOneOrder:
    def test_what_is_written(self) -> None:
        giver = side()
        order = placed(giver, GIFT, heads=3)
        let_constraints_speak()
        assert (order.recipients, int(order.total_incl_tax * 100)) == (3, 3 * PER_HEAD)
        lines = sorted((line.partner_sku, line.quantity, line.unit_price_fen) for line in order.lines.all())
        assert lines == [(MOONCAKES, 3, 10_800), (DATES, 3, 3_000), (FUNGUS, 6, 2_900)]
        assert sorted(
            (so.producer.code, so.seller.code, so.mode, so.fee_bp, so.acceptance_days) for so in supplier_orders(order)
        ) == [("P-JX", "P-JX", "agency", 500, 7), ("P-ZS", "E-QL", "resale", 800, 7), ("T-CA", "T-CA", "direct", 0, 7)]
        assert Parcel.objects.filter(supplier_order__order=order).count() == 9
        assert set(Parcel.objects.values_list("state", flat=True)) == {"placed"}
        steps = Step.objects.order_by("kind").values_list("kind", "state")
        assert list(steps) == [("certificate.show", "due"), *[("supplier_order.send", "due")] * 3]

    def test_money_is_reserved_from_the_purse_to_the_fen(self) -> None:
        giver = side()
        order = placed(giver, GIFT, heads=3)
        legs = Leg.objects.filter(transaction__key=f"order:{order.number}:placed")
        assert dict(legs.values_list("account__kind", "amount")) == {"purse": -58_800, "reserved": 58_800}
        assert Account.objects.get(pk=giver.general.account_id).balance == cast.FUNDS_AT_FIRST - 58_800

    def test_stock_is_reserved_to_the_unit(self) -> None:
        before = {sku: stock(sku).available for sku in (DATES, FUNGUS, MOONCAKES)}
        order = placed(side(), GIFT, heads=3)
        assert {sku: before[sku] - stock(sku).available for sku in before} == {DATES: 3, FUNGUS: 6, MOONCAKES: 3}
        moved = Movement.objects.filter(cause=f"order:{order.number}", kind="reserve")
        assert sorted(moved.values_list("stock__sku", "quantity")) == [(MOONCAKES, 3), (DATES, 3), (FUNGUS, 6)]

    def test_decisions_certificate_and_year(self) -> None:
        giver = side()
        order = placed(giver, GIFT, heads=3)
        decided = Decision.objects.filter(order=order).order_by("product__upc")
        assert [(d.product.upc, d.outcome, d.quantity, d.amount) for d in decided] == [
            (MOONCAKES, "no_equivalent", 3, 32_400),
            (DATES, "assistance", 3, 9_000),
            (FUNGUS, "assistance", 6, 17_400),
        ]
        assert [c.number for c in Certificate.objects.all()] == [f"NE-{order.number}-01"]
        year = UnionYear.objects.get(union=giver.union)
        assert (year.assistance, year.ordinary) == (26_400, 32_400)
        assert [(j.allowed, differs(j)) for j in Judgement.objects.all()] == [(True, "")]

    def test_every_recipient_gets_each_part_once_and_parcels_sum_to_the_lines(self) -> None:
        order = placed(side(), GIFT, heads=7)
        in_parcels = ParcelLine.objects.filter(line__order=order).values_list("line").annotate(Sum("quantity"))
        assert dict(in_parcels) == dict(order.lines.values_list("pk", "quantity"))
        got: Counter[tuple[int, str]] = Counter()
        for line in ParcelLine.objects.filter(line__order=order).select_related("parcel", "line"):
            got[line.parcel.recipient, line.line.partner_sku] += line.quantity
        people = Recipient.objects.filter(programme=order.programme).values_list("pk", flat=True)
        assert got == {(p, sku): n for p in people for sku, n in ((DATES, 1), (FUNGUS, 2), (MOONCAKES, 1))}

    def test_what_each_member_received_is_noted_for_the_years_cap(self) -> None:
        order = placed(side(), GIFT, heads=3)
        received = Recipient.objects.filter(programme=order.programme).values_list("received", "received_assistance")
        assert list(received) == [(PER_HEAD, ASSISTANCE_PER_HEAD)] * 3

    def test_evidence_of_it(self) -> None:
        giver = side()
        order = placed(giver, [DATES], heads=2)
        subjects = Entry.objects.filter(subject=f"order:{order.number}").order_by("pk")
        assert [e.kind for e in subjects] == [
            "ledger.posted", "order.placed", "supplier_order.opened", "programme.placed",
        ]  # fmt: skip
        body = subjects.get(kind="order.placed").body
        assert (body["total"], body["recipients"], body["lines"]) == (6_000, 2, [[DATES, 2, 3_000]])
        judgement = Judgement.objects.get()
        assert bytes(judgement.leaf_hash) == bytes(judgement.entry.leaf_hash)

    def test_two_regions_with_different_freight_are_two_lines_and_one_parcel_each(self) -> None:
        giver = side()
        programme = draft(giver)
        add_recipients(programme, 2, region="6101", prefix="X")
        add_recipients(programme, 3, region="6110", prefix="S")
        choose(giver, programme, ["LN-WALNUT-500"])
        order = submit_and_place(giver, programme)
        # 28.60, delivered free in the producer's own prefecture, for 1.00 in the rest of the province.
        assert sorted((line.unit_price_fen, line.quantity) for line in order.lines.all()) == [(2_860, 3), (2_960, 2)]
        assert Parcel.objects.filter(supplier_order__order=order).count() == 5

    def test_a_box_is_one_line_with_its_components_decided_singly(self) -> None:
        order = placed(side(), [cast.BOX], heads=2)
        let_constraints_speak()
        (line,) = order.lines.all()
        assert (line.quantity, line.unit_price_fen, len(line.components)) == (2, 8_000, 3)
        decided = Decision.objects.filter(line=line).order_by("product__upc")
        assert [(d.product.upc, d.outcome, d.quantity, d.unit_price) for d in decided] == [
            ("CA-CRYSTAL-400", "no_equivalent", 2, 2_800),
            ("ZS-FUNGUS-150", "assistance", 2, 2_800),
            ("ZS-WALNUT-500", "assistance", 2, 2_400),
        ]
        received = Recipient.objects.filter(programme=order.programme).values_list("received", "received_assistance")
        assert list(received) == [(8_000, 5_200)] * 2


def submit_and_place(giver, programme) -> Order:
    submit(giver.buyer, programme)
    approve(giver.approver, programme)
    return place(giver.buyer, programme, f"place-{programme.pk}")


class TestConstantWork:
    def test_the_number_of_statements_does_not_grow_with_the_recipients(self) -> None:
        giver, counts = side(), []
        placed(giver, [DATES, FUNGUS], title="opens the accounts")
        for heads in (5, 50, 200):
            programme = approved(giver, [DATES, FUNGUS], heads, title=str(heads))
            with CaptureQueriesContext(connection) as queries:
                place(giver.buyer, programme, f"place-{programme.pk}")
            counts.append(len(queries))
        assert counts[0] == counts[1] == counts[2] <= 70

    def test_nor_does_the_preview(self) -> None:
        giver, counts = side(), []
        for heads in (5, 200):
            programme = planned(giver, GIFT, heads, title=str(heads))
            with CaptureQueriesContext(connection) as queries:
                preview(programme)
            counts.append(len(queries))
        assert counts[0] == counts[1] <= 20


class TestTwice:
    def test_the_same_form_again_is_the_same_order_and_nothing_is_written(self) -> None:
        giver = side()
        programme = approved(giver, [DATES])
        order = place(giver.buyer, programme, "the-form")
        entries = Entry.objects.count()
        assert [place(giver.buyer, programme, "the-form").number for _ in range(2)] == [order.number] * 2
        assert (Order.objects.count(), Entry.objects.count(), Command.objects.count()) == (1, entries, 1)

    def test_the_key_of_another_programme(self) -> None:
        giver = side()
        place(giver.buyer, approved(giver, [DATES]), "the-form")
        other = approved(giver, [DATES], title="另一份", prefix="Z")
        with pytest.raises(SameKeyOtherBody):
            place(giver.buyer, other, "the-form")
        assert Order.objects.count() == 1

    def test_a_placed_programme_under_a_new_key(self) -> None:
        giver = side()
        programme = approved(giver, [DATES])
        place(giver.buyer, programme, "the-form")
        with pytest.raises(WrongState):
            place(giver.buyer, programme, "another-form")
        assert Command.objects.count() == 1

    def test_a_refused_attempt_may_be_repeated_under_its_key_once_it_is_mended(self) -> None:
        """A refusal leaves no key behind: 19 heads of mooncakes pass the 2,000.00 set aside, 18 do not."""
        giver = side()
        programme = approved(giver, [MOONCAKES], heads=19)
        with pytest.raises(Refusals):
            place(giver.buyer, programme, "the-form")
        assert not Command.objects.exists()
        Recipient.objects.filter(programme=programme).order_by("pk").first().delete()
        order = place(giver.buyer, programme, "the-form")
        assert (order.recipients, UnionYear.objects.get().ordinary) == (18, 194_400)
        assert sorted(Judgement.objects.values_list("allowed", flat=True)) == [False, True]


class TestFrozen:
    """I12: what was ordered stays as it was, whatever becomes of its sources."""

    def test_the_lines_snapshot(self) -> None:
        order = placed(side(), [DATES])
        (line,) = order.lines.all()
        assert line.snapshot == {
            "list_price": 2_900, "county": "610828", "producer": "P-JX", "commodity_class": "date.red",
            "net_content": 1_000, "licence": product(DATES).licence,
        }  # fmt: skip

    def test_a_change_of_price_title_freight_or_policy_changes_no_order(self) -> None:
        order = placed(side(), [DATES])
        before = list(Line.objects.filter(order=order).values())
        offer = StockRecord.objects.get(partner_sku=DATES)
        offer.price = Decimal("99.00")
        offer.save()
        offer.deliveries.update(freight=5_000)
        changed = product(DATES)
        changed.title, changed.net_content, changed.licence = "改名", 1, ""
        changed.save()
        assert list(Line.objects.filter(order=order).values()) == before
        (judgement,) = Judgement.objects.all()
        assert differs(judgement) == ""
        assert [(so.fee_bp, so.mode) for so in supplier_orders(order)] == [(500, "agency")]

    def test_parcels_keep_the_address_that_was_ordered_to(self) -> None:
        order = placed(side(), [DATES], heads=1)
        recipient = Recipient.objects.get(programme=order.programme)
        recipient.address = "别处"
        recipient.save()
        assert Parcel.objects.get().address == "测试路1号"


class TestTheRule:
    def test_substitution_puts_the_assistance_part_first(self) -> None:
        """Honey: forty jars each of three producers; an ordinary jar for each of the others."""
        giver = side()
        programme = planned(giver, [cast.PARTIAL_FIRST], heads=150)
        assert [line.outcome for slot in preview(programme).slots for line in slot.lines] == ["partial"]
        substitute(giver.buyer, programme, 1)
        lines = {line.product.upc: line.heads for line in programme.gift_lines.select_related("product")}
        assert lines == {"LG-HONEY-500": 40, "LB-HONEY-500": 40, "LY-HONEY-500": 40, cast.PARTIAL_FIRST: 30}
        order = submit_and_place(giver, programme)
        let_constraints_speak()
        outcomes = Counter()
        for decision in Decision.objects.filter(order=order):
            outcomes[decision.outcome] += decision.quantity
        assert outcomes == {"assistance": 120, "partial": 30}

    def test_an_exception_from_above_lets_a_blocked_product_through_for_its_quantity(self) -> None:
        giver = side()
        today = timezone.localdate()
        programme = approved(giver, [DATES, cast.BLOCKED], heads=4)
        with pytest.raises(Refusals) as refused:
            place(giver.buyer, programme, "without")
        assert [r.code for r in refused.value.refusals] == ["assistance_first"]
        exception = ask_exception(
            giver.buyer, giver.union, product(cast.BLOCKED), grounds="糖尿病职工", quantity=5,
            valid_from=today, valid_to=today + timedelta(days=30),
        )  # fmt: skip
        with pytest.raises(Refusals):
            place(giver.buyer, programme, "asked")
        grant_exception(User.objects.get(username=cast.UNION_OFFICER), exception)
        place(giver.buyer, programme, "granted")
        let_constraints_speak()
        exception.refresh_from_db()
        assert exception.used == 4
        again = approved(giver, [cast.BLOCKED], heads=2, title="又", prefix="Q")
        with pytest.raises(Refusals) as refused:
            place(giver.buyer, again, "beyond")
        assert [r.code for r in refused.value.refusals] == ["assistance_first"]
