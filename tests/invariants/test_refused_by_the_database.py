"""What raw SQL by the app's own role cannot do (R8): every invariant that the database keeps, on any path, without our verbs."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest
from django.utils import timezone

from marketplace.demo import cast
from marketplace.evidence.actions import record
from marketplace.fulfilment.models import Parcel
from marketplace.organisations.models import User
from marketplace.stock.models import Lot
from procurement.policy.models import Policy
from procurement.priority.models import PriorityException
from suppliers.accreditation.actions import suspend
from suppliers.accreditation.models import Accreditation
from tests import house
from tests.invariants.raw_sql import bought_by_hand, copy_refused, purchase_refused, refused, run
from tests.world import (
    DATES,
    FUNGUS,
    MOONCAKES,
    YUYANG,
    let_constraints_speak,
    planned,
    product,
    side,
    stock,
)

UNDECIDED = "has no allowing decision for its product, quantity, price and purse"
UNJUDGED = "is not what was judged of"
UNLOGGED = "is not what its log entry and its policy say"


class TestDecisions:
    """I1: no covered order line without a decision that matches it."""

    def test_the_control_an_order_written_by_hand_with_all_that_belongs_to_it(self, traded) -> None:
        for order in (traded.waiting, traded.order):
            bought_by_hand(order)
        let_constraints_speak()

    def test_a_line_without_a_decision(self, traded) -> None:
        copy_refused(UNDECIDED, ("order_line", traded.line(DATES).pk, {}))

    @pytest.mark.parametrize(
        "changes",
        [
            {"quantity": 2, "line_price_incl_tax": "60.00"},
            {"quantity": 4, "line_price_incl_tax": "120.00"},
            {"unit_price_incl_tax": "29.99", "line_price_incl_tax": "89.97"},
        ],
        ids=["fewer", "more", "price"],
    )
    def test_a_line_of_another_quantity_or_price_than_was_decided(self, traded, changes) -> None:
        purchase_refused(UNDECIDED, traded.waiting, lines=changes)

    def test_a_line_of_another_product_or_purse_than_was_decided(self, traded) -> None:
        for changes in ({"product_id": product(FUNGUS).pk}, {"purse_id": traded.giver.reserve.pk}):
            purchase_refused(UNDECIDED, traded.waiting, lines=changes)

    @pytest.mark.parametrize(
        "changes",
        [
            {"quantity": 2, "amount": 6_000},
            {"quantity": 4, "amount": 12_000},
            {"unit_price": 2_999, "amount": 8_997},
            {"region": "6108"},
            {"need_date": "2026-01-01"},
            {"outcome": "ordinary"},
            {"waived": True},
            {"ref": "again"},
        ],
        ids=lambda changes: next(iter(changes)),
    )
    def test_a_decision_that_is_not_what_was_judged(self, traded, changes) -> None:
        purchase_refused(UNJUDGED, traded.waiting, decisions=changes)

    def test_a_decision_of_another_amount_than_units_times_price(self, traded) -> None:
        purchase_refused(UNDECIDED, traded.waiting, decisions={"amount": 9_001})

    def test_a_decision_for_another_product_purse_union_or_year(self, traded) -> None:
        for changes in (
            {"product_id": product(FUNGUS).pk},
            {"purse_id": traded.giver.reserve.pk},
            {"union_id": side(YUYANG).union.pk},
            {"gift_year": 2020},
        ):
            purchase_refused(UNJUDGED, traded.waiting, decisions=changes)

    def test_an_order_of_another_union_or_year_than_was_judged(self, traded) -> None:
        for changes in ({"union_id": side(YUYANG).union.pk}, {"gift_year": 2020}):
            purchase_refused(UNJUDGED, traded.waiting, order=changes)

    def test_a_judgement_that_allowed_another_order_already(self, traded) -> None:
        used = traded.waiting.decisions.get().judgement_id
        purchase_refused("decided_once", traded.waiting, judgement={"id": used})

    def test_a_part_of_what_was_judged(self, traded) -> None:
        """The ordinary line of a gift without the assistance line that it rests on."""
        purchase_refused(UNJUDGED, traded.order, skip=DATES)

    def test_a_decision_of_a_refused_judgement(self, traded) -> None:
        judgement = traded.waiting.decisions.get().judgement
        output = judgement.output.replace('"allowed":1,"assistance_fen"', '"allowed":0,"assistance_fen"')
        assert output != judgement.output
        purchase_refused(UNJUDGED, traded.waiting, judgement={"output": output, "allowed": False})

    @pytest.mark.parametrize(
        ("column", "old", "new"),
        [
            ("input", '"minimum_share_bp":5000', '"minimum_share_bp":0'),
            ("input", '"first_choice":1', '"first_choice":0'),
            ("input", '"price_band_bp":1000', '"price_band_bp":0'),
            ("output", '"policy":"SN-2020-05"', '"policy":"SN-2019-01"'),
            ("output", '"allowed":1,"assistance_fen"', '"allowed":0,"assistance_fen"'),
        ],
    )
    def test_a_judgement_under_other_rules_than_its_policys(self, traded, column, old, new) -> None:
        text = getattr(traded.waiting.decisions.get().judgement, column)
        assert old in text
        purchase_refused(UNLOGGED, traded.waiting, judgement={column: text.replace(old, new)})

    @pytest.mark.parametrize(
        "changes",
        [
            {"subject": "programme:0"},
            {"gift_year": 2020},
            {"allowed": False},
            {"engine": "0"},
            {"engine_hash": "0" * 64},
        ],
        ids=lambda changes: next(iter(changes)),
    )
    def test_a_judgement_that_the_log_does_not_have(self, traded, changes) -> None:
        other = record("priority.judged", {"by": "hand"}, subject=traded.waiting.decisions.get().judgement.subject)
        purchase_refused(UNLOGGED, traded.waiting, judgement=changes | {"entry_id": other.pk})
        if "subject" not in changes:
            purchase_refused(UNLOGGED, traded.waiting, judgement=changes)

    def test_an_assistance_product_whose_accreditation_is_gone(self, traded) -> None:
        held = Accreditation.objects.get(product=product(DATES), state="valid")
        suspend(User.objects.get(username=cast.officer_login("county", held.county_id)), held, "整改")
        purchase_refused(UNJUDGED, traded.waiting)

    def test_a_certificate_of_another_judgement_or_class(self, traded) -> None:
        certificate = traded.decision(MOONCAKES).certificate_id
        purchase_refused(UNJUDGED, traded.order, decisions={"certificate_id": certificate})

    def test_one_decision_too_many_for_a_line_that_is_decided(self, traded) -> None:
        decision = traded.decision(DATES)
        copy_refused(UNJUDGED, ("priority_decision", decision.pk, {"ref": "again"}))
        copy_refused("decided_once", ("priority_decision", decision.pk, {}))

    def test_a_purse_of_another_union(self, traded) -> None:
        other = side(YUYANG).general
        purchase_refused("is paid from a purse of another union", traded.waiting, lines={"purse_id": other.pk})

    def test_a_blocked_line_and_one_without_certificate_or_exception(self, traded) -> None:
        decision = traded.decision(MOONCAKES).pk
        for constraint, changes in (
            ("an_order_has_no_blocked_decision", {"outcome": "blocked"}),
            ("certified", {"certificate_id": None}),
            ("excepted", {"outcome": "exception"}),
        ):
            copy_refused(constraint, ("priority_decision", decision, changes))

    def test_a_line_that_its_purse_did_not_pay(self, traded) -> None:
        for paid in (0, 8_999, 9_001):
            purchase_refused(f"fen are to be paid from purse .*, which paid {paid}", traded.waiting, paid)

    def test_a_price_that_is_not_units_times_price(self, traded) -> None:
        copy_refused("a_line_costs_units_times_price", ("order_line", traded.line(DATES).pk, {"quantity": 2}))


APPEND_ONLY = {
    "priority_decision": "quantity = quantity",
    "priority_judgement": "allowed = true",
    "priority_certificate": "number = 'NE-0'",
    "order_line": "quantity = 1",
    "ledger_transaction": "kind = 'gift'",
    "ledger_leg": "amount = 1",
    "evidence_entry": "leaf = ''",
    "evidence_position": "index = 0",
    "stock_movement": "quantity = 0",
    "fulfilment_parcelline": "quantity = 1",
    "fulfilment_allocation": "quantity = 1",
    "fulfilment_consignment": "waybill = ''",
    "partner_pricerecord": "price = 1",
    "provenance_collection": "grams = 1",
    "provenance_collectionreversal": "because = 'x'",
    "provenance_collectionpayment": "slip = 'x'",
    "provenance_transformation": "yield_bp = 1",
    "provenance_input": "grams = 1",
    "provenance_output": "unit_grams = 1",
}


class TestWhatIsWrittenStays:
    """I5, I8, I12: rows that are evidence of something are neither changed nor removed."""

    @pytest.mark.parametrize("table", APPEND_ONLY)
    def test_the_apps_role_has_no_right_to(self, traded, table) -> None:
        refused("permission denied", f"UPDATE {table} SET {APPEND_ONLY[table]}")
        refused("permission denied", f"DELETE FROM {table}")
        refused("permission denied|must be owner", f"TRUNCATE {table} CASCADE")

    @pytest.mark.parametrize("table", APPEND_ONLY)
    def test_a_trigger_stops_the_owner_too(self, world_database: house.Database, table) -> None:
        with psycopg.connect(world_database.owner_url, autocommit=True) as owner:
            for statement in (f"UPDATE {table} SET {APPEND_ONLY[table]}", f"DELETE FROM {table}"):
                with pytest.raises(psycopg.DatabaseError, match="append-only"):
                    owner.execute(statement)

    @pytest.mark.parametrize(
        "change", ["total_incl_tax = 1", "gift_year = 2020", "recipients = 1", "number = 'X'", "status = 'paid'"]
    )
    def test_what_was_ordered(self, traded, change) -> None:
        refused("order_order is append-only", f"UPDATE order_order SET {change} WHERE id = %s", traded.order.pk)

    def test_the_apps_role_may_not_switch_a_trigger_off(self, traded) -> None:
        refused("must be owner", "ALTER TABLE order_line DISABLE TRIGGER line_decided")
        refused("permission denied", "SET session_replication_role = replica")


class TestMoves:
    """I7: states move along declared transitions only."""

    @pytest.mark.parametrize("state", ["placed", "assigned", "shipped", "refused", "cancelled"])
    def test_an_accepted_parcel_stays_accepted(self, traded, state) -> None:
        parcel = Parcel.objects.filter(supplier_order__order=traded.order).first()
        refused(
            f"fulfilment_parcel may not move from accepted to {state}",
            "UPDATE fulfilment_parcel SET state = %s WHERE id = %s", state, parcel.pk,
        )  # fmt: skip

    def test_a_placed_parcel_is_neither_shipped_nor_accepted_at_once(self, traded) -> None:
        parcel = Parcel.objects.filter(supplier_order__order=traded.waiting).first()
        for state in ("shipped", "accepted"):
            refused(
                f"may not move from placed to {state}",
                "UPDATE fulfilment_parcel SET state = %s WHERE id = %s", state, parcel.pk,
            )  # fmt: skip
        run("UPDATE fulfilment_parcel SET state = 'assigned' WHERE id = %s", parcel.pk)
        refused("shipped_in_a_consignment", "UPDATE fulfilment_parcel SET state = 'shipped' WHERE id = %s", parcel.pk)

    def test_a_buyer_does_not_approve_the_own_plan(self, traded) -> None:
        plan = planned(traded.giver, [DATES], title="第三份", prefix="T")
        update = "UPDATE programmes_programme SET state = %s, approved_by_id = %s, submitted_by_id = %s WHERE id = %s"
        buyer, approver = traded.giver.buyer.pk, traded.giver.approver.pk
        run(update, "submitted", None, buyer, plan.pk)
        refused("another_person_approves", update, "approved", buyer, buyer, plan.pk)
        refused("another_person_approves", update, "approved", buyer, approver, plan.pk)
        refused("approved_by_somebody", update, "approved", None, buyer, plan.pk)
        run(update, "approved", approver, buyer, plan.pk)
        refused("placed_has_an_order", update, "placed", approver, buyer, plan.pk)

    def test_a_programme_skips_no_stage_and_does_not_return(self, traded) -> None:
        plan = planned(traded.giver, [DATES], title="第三份", prefix="T")
        update = "UPDATE programmes_programme SET state = %s WHERE id = %s"
        for state in ("approved", "placed"):
            refused(f"programmes_programme may not move from draft to {state}", update, state, plan.pk)
        refused("may not move from placed to draft", update, "draft", traded.order.programme.pk)

    def test_an_exception_comes_from_above_and_is_not_overdrawn(self, traded) -> None:
        day, giver = timezone.localdate(), traded.giver
        exception = PriorityException.objects.create(
            number="EX-1", union=giver.union, product=product(MOONCAKES), grounds="x", quantity=5,
            valid_from=day, valid_to=day, asked_by=giver.buyer,
        )  # fmt: skip
        update = "UPDATE priority_priorityexception SET {} WHERE id = %s"
        refused("an_exception_is_not_overdrawn", update.format("used = 6"), exception.pk)
        refused("granted_from_above", update.format("decided_for_id = union_id"), exception.pk)
        refused("may not move from asked to revoked", update.format("state = 'revoked'"), exception.pk)
        refused("append-only: UPDATE", update.format("state = 'refused'"), exception.pk)  # without a reason
        run(update.format("state = 'refused', answer = 'x'"), exception.pk)
        refused("may not move from refused to asked", update.format("state = 'asked'"), exception.pk)


class TestPolicies:
    """A rule is never edited, never overlaps another, and two people made it."""

    @pytest.mark.parametrize(
        "change",
        ["minimum_share_bp = 0", "cap = 0", "region = '6101'", "approved_by_id = NULL", "first_choice = false",
         "period = daterange(lower(period) - 1, upper(period))"],
    )  # fmt: skip
    def test_an_approved_one_is_not_edited(self, traded, change) -> None:
        refused("policy_policy is append-only", f"UPDATE policy_policy SET {change} WHERE version = 'SN-2020-05'")

    def test_nor_removed(self, traded) -> None:
        refused("policy_policy is append-only", "DELETE FROM policy_policy WHERE version = 'SN-2019-01'")

    def test_two_are_not_in_force_at_once(self, traded) -> None:
        policy = Policy.objects.get(version="SN-2020-05")
        later = f"[{timezone.localdate() + timedelta(days=9)},)"
        copy_refused("one_policy_at_a_time", ("policy_policy", policy.pk, {"version": "again", "period": later}))

    def test_the_drafter_does_not_approve(self, traded) -> None:
        policy = Policy.objects.get(version="SN-2020-05")
        changes = {"version": "own", "region": "6101", "approved_by_id": policy.drafted_by_id}
        copy_refused("a_second_person_approves_policy", ("policy_policy", policy.pk, changes))


class TestGoods:
    """I3, I4: nothing sold twice, nothing made of nothing."""

    def test_a_stock_record_is_not_oversold(self, traded) -> None:
        hot = stock(DATES).pk
        refused("never_oversold", "UPDATE stock_stock SET allocated = in_stock + 1 WHERE id = %s", hot)
        refused(
            "never_oversold", "UPDATE stock_stock SET in_stock = allocated - 1 WHERE id = %s AND allocated > 0", hot
        )

    def test_nor_a_lot(self, traded) -> None:
        lot = Lot.objects.filter(stock__sku=DATES).first().pk
        refused("lot_never_oversold", "UPDATE stock_lot SET allocated = made + 1 WHERE id = %s", lot)
        refused("shipped_only_what_was_allocated", "UPDATE stock_lot SET shipped = allocated + 1 WHERE id = %s", lot)

    def test_parcels_hold_no_more_than_was_ordered(self, traded) -> None:
        parcel = Parcel.objects.filter(supplier_order__order=traded.waiting).first()
        refused(
            "hold more than was ordered",
            "INSERT INTO fulfilment_parcelline (parcel_id, line_id, quantity) VALUES (%s, %s, 1)",
            parcel.pk, traded.line(DATES).pk,
        )  # fmt: skip

    def test_a_parcel_line_gets_no_more_units_of_lots_than_it_holds(self, traded) -> None:
        first, second = Lot.objects.filter(stock__sku=DATES).order_by("best_before")
        line = traded.line(DATES).parcel_lines.first()
        run("UPDATE stock_lot SET allocated = allocated + 5 WHERE id = %s", second.pk)
        insert = "INSERT INTO fulfilment_allocation (parcel_line_id, lot_id, quantity) VALUES (%s, %s, 1)"
        refused("is given more units of lots than it holds", insert, line.pk, second.pk)
        waiting = traded.waiting.lines.get().parcel_lines.first()
        refused("is given to more parcels than it was allocated", insert, waiting.pk, first.pk)

    def test_a_lot_does_not_grow_afterwards(self, traded) -> None:
        refused(
            "weighs more than its inputs yield",
            "UPDATE stock_lot SET made = made + 1000 WHERE code LIKE %s",
            f"{DATES}-%",
        )
