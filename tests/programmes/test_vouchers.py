"""Pick-up vouchers: decided and reserved like any gift, shipped when the member calls, delivered by default, never lost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from marketplace.evidence.models import Entry
from marketplace.fulfilment.actions import accept, labels, ship
from marketplace.fulfilment.losses import Report, cancel
from marketplace.fulfilment.models import Consignment, Parcel
from marketplace.fulfilment.queries import in_state, pick_list, progress, state_of, with_states
from marketplace.organisations.errors import HouseError
from marketplace.organisations.personal import decrypt
from marketplace.shop.order.models import Order
from marketplace.steps.actions import run_all_due
from marketplace.steps.models import Step
from procurement.programmes.actions import revise_programme
from procurement.programmes.links import renew_link
from procurement.programmes.models import Programme, Recipient, Voucher
from procurement.programmes.vouchers import code_of, deliver_the_rest, recipient_of_code, redeem
from tests.world import (
    DATES,
    FUNGUS,
    Side,
    bring,
    confirm_all,
    draft,
    let_constraints_speak,
    placed,
    seller_of,
    ship_all,
    side,
    stock,
    supplier_orders,
)

pytestmark = pytest.mark.usefixtures("world")
HOME = "陕西省西安市雁塔区测试路8号"


def by_voucher(giver: Side, heads: int = 3, goods: tuple[str, ...] = (DATES,)) -> Order:
    return placed(giver, list(goods), heads, delivery="voucher")


def members(order: Order) -> list[Recipient]:
    return list(Recipient.objects.filter(programme__order=order).select_related("programme").order_by("id"))


def refusal(call) -> str:
    with pytest.raises(HouseError) as caught:
        call()
    return caught.value.code


def on_the_last_day() -> None:
    Step.objects.filter(kind="voucher.last_day").update(next_run_at=timezone.now())
    run_all_due()


class TestPlacing:
    def test_it_is_decided_and_reserved_like_any_gift_and_its_parcels_wait(self) -> None:
        giver, before = side(), stock(DATES).allocated
        order = by_voucher(giver)
        let_constraints_speak()
        assert progress(order) == {"uncalled": 3}
        assert stock(DATES).allocated == before + 3
        plan = Programme.objects.get(order=order)
        assert (plan.form, plan.delivery) == ("voucher_named", "voucher")
        vouchers = Voucher.objects.filter(recipient__programme=plan)
        assert set(vouchers.values_list("last_day", "called_to")) == {(plan.need_date + timedelta(days=30), "")}
        (one,) = supplier_orders(order)
        assert one.need_date == plan.need_date + timedelta(days=37)

    def test_a_gift_that_is_no_voucher_has_none(self) -> None:
        order = placed(side(), [DATES])
        assert (progress(order), Voucher.objects.filter(recipient__programme__order=order).count()) == (
            {"placed": 3},
            0,
        )

    def test_the_form_follows_the_delivery(self) -> None:
        giver = side()
        plan = draft(giver, delivery="voucher")
        frame = {
            name: getattr(plan, name)
            for name in ("title", "occasion", "gift_year", "per_head", "need_date", "purse", "quotations", "approvers")
        }
        assert plan.form == "voucher_named"
        assert revise_programme(giver.buyer, plan, delivery="workplace", **frame).form == "goods"


class TestCalling:
    def test_the_producer_ships_only_what_was_called_for(self) -> None:
        giver = side()
        order = bring(by_voucher(giver), giver.buyer, "sent")
        confirm_all(order)
        run_all_due()
        (part,) = supplier_orders(order)
        assert (progress(order), state_of(part), pick_list(part)) == ({"uncalled": 3}, "uncalled", [])
        assert labels(seller_of(part), part) == []
        first, second, third = members(order)
        redeem(first, HOME)
        run_all_due()
        assert (progress(order), state_of(part)) == ({"uncalled": 2, "assigned": 1}, "assigned")
        assert [(label["name"], label["address"]) for label in labels(seller_of(part), part)] == [(first.name, HOME)]
        ship_all(order)
        assert (progress(order), state_of(part)) == ({"uncalled": 2, "shipped": 1}, "uncalled")
        assert refusal(lambda: accept(giver.buyer, part)) == "not_yet"
        redeem(second)
        run_all_due()
        assert [label["address"] for label in labels(seller_of(part), part)] == [""]
        assert [row["units"] for row in pick_list(part)] == [1]
        let_constraints_speak()
        assert third.voucher.called_to == ""

    @pytest.mark.parametrize(
        ("called", "confirmed", "state"),
        [
            (0, False, "sent"), (1, False, "sent"), (3, False, "sent"),
            (0, True, "uncalled"), (1, True, "assigned"), (3, True, "assigned"),
        ],
    )  # fmt: skip
    def test_the_derived_state_is_the_same_read_one_by_one_and_in_lists(self, called, confirmed, state) -> None:
        giver = side()
        order = bring(by_voucher(giver), giver.buyer, "sent")
        for member in members(order)[:called]:
            redeem(member)
        if confirmed:
            confirm_all(order)
            run_all_due()
        (part,) = supplier_orders(order)
        rows = with_states(type(part).objects.filter(pk=part.pk))
        states = ("new", "sent", "confirmed", "assigned", "uncalled", "shipped", "accepted", "closed")
        assert [name for name in states if in_state(rows, name).exists()] == [state] == [state_of(part)]

    def test_what_was_said_first_stands(self) -> None:
        order = by_voucher(side())
        member = members(order)[0]
        first = redeem(member, HOME)
        again = redeem(member)
        assert (first.called_at, again.called_to) == (again.called_at, "home")
        assert Entry.objects.filter(kind="voucher.called").count() == 1
        assert Parcel.objects.get(recipient=member.pk).address == HOME

    def test_the_address_lies_encrypted_and_in_no_entry(self) -> None:
        order = by_voucher(side())
        member = members(order)[0]
        redeem(member, HOME)
        with connection.cursor() as cursor:
            cursor.execute("SELECT address FROM fulfilment_parcel WHERE recipient = %s", [member.pk])
            stored = bytes(cursor.fetchone()[0])
        assert (decrypt(stored), "测试路".encode() in stored) == (HOME, False)
        entry = Entry.objects.get(kind="voucher.called")
        assert (entry.body["to"], "测试路" in str(entry.body)) == ("home", False)

    @pytest.mark.parametrize(
        ("address", "code"),
        [
            ("西安", "address_too_short"), ("西安市" + "长" * 200, "address_too_short"),
            ("陕西省榆林市榆阳区测试路8号", "outside_the_region"), ("测试路8号东户", "outside_the_region"),
        ],
    )  # fmt: skip
    def test_an_address_that_the_order_was_not_decided_for_is_refused(self, address, code) -> None:
        member = members(by_voucher(side()))[0]
        assert refusal(lambda: redeem(member, address)) == code
        assert Voucher.objects.get(recipient=member).called_at is None

    def test_what_the_union_cancelled_cannot_be_called_for(self) -> None:
        giver = side()
        order = by_voucher(giver)
        member = members(order)[0]
        (part,) = supplier_orders(order)
        parcel = Parcel.objects.get(recipient=member.pk)
        before = stock(DATES).allocated
        cancel(giver.buyer, part, Report((parcel.pk,), "member_left"))
        let_constraints_speak()
        assert stock(DATES).allocated == before - 1
        assert refusal(lambda: redeem(member)) == "nothing_to_call_for"

    def test_two_producers_ship_one_voucher(self) -> None:
        order = by_voucher(side(), goods=(DATES, FUNGUS))
        redeem(members(order)[0], HOME)
        assert progress(order) == {"placed": 2, "uncalled": 4}


class TestLastDay:
    def test_what_nobody_called_for_goes_to_the_workplace(self) -> None:
        giver = side()
        order = bring(by_voucher(giver), giver.buyer, "sent")
        confirm_all(order)
        run_all_due()
        redeem(members(order)[0], HOME)
        on_the_last_day()
        vouchers = Voucher.objects.filter(recipient__programme__order=order).order_by("recipient")
        assert list(vouchers.values_list("called_to", flat=True)) == ["home", "default", "default"]
        assert progress(order) == {"assigned": 3}
        assert sorted(Parcel.objects.get(recipient=m.pk).address for m in members(order)) == ["", "", HOME]
        assert deliver_the_rest(Programme.objects.get(order=order).pk) == 0
        let_constraints_speak()

    def test_it_waits_for_the_day_after_the_last(self) -> None:
        order = by_voucher(side())
        plan = Programme.objects.get(order=order)
        step = Step.objects.get(kind="voucher.last_day", cause=f"programme:{plan.pk}")
        moment = timezone.localtime(step.next_run_at)
        assert (moment.date(), moment.hour) == (plan.need_date + timedelta(days=31), 0)

    def test_silence_is_counted_from_the_last_consignment(self) -> None:
        giver = side()
        order = bring(by_voucher(giver), giver.buyer, "sent")
        confirm_all(order)
        redeem(members(order)[0])
        run_all_due()
        ship_all(order)
        on_the_last_day()
        (part,) = supplier_orders(order)
        ship(seller_of(part), part, "秦岭速运", "QL-REST-1")
        first, last = Consignment.objects.filter(supplier_order=part).order_by("pk")
        silent = Step.objects.filter(kind="supplier_order.accept_silently")
        silent.filter(part=str(first.pk)).update(next_run_at=timezone.now())
        run_all_due()
        assert progress(order) == {"shipped": 3}
        silent.filter(part=str(last.pk)).update(next_run_at=timezone.now())
        run_all_due()
        assert progress(order) == {"accepted": 3}


class TestCode:
    def test_it_is_read_however_it_is_typed(self) -> None:
        member = members(by_voucher(side()))[0]
        code = code_of(member)
        assert {recipient_of_code(t) for t in (code, code.lower(), f"  {code.replace('-', ' ')} ")} == {member}

    @pytest.mark.parametrize("typed", ["", "V1", "V0-0000-0000-0000", "V99999999999999999999-0000-0000-0000", "🧧"])
    def test_what_is_no_code_finds_nobody(self, typed) -> None:
        assert recipient_of_code(typed) is None

    def test_another_members_proof_and_a_renewed_link_do_not_fit(self) -> None:
        giver = side()
        first, second, _third = members(by_voucher(giver))
        code = code_of(first)
        assert recipient_of_code(code.replace(f"V{first.pk}-", f"V{second.pk}-")) is None
        renew_link(giver.buyer, first)
        assert recipient_of_code(code) is None

    def test_a_gift_without_vouchers_has_no_code(self) -> None:
        member = members(placed(side(), [DATES]))[0]
        assert recipient_of_code(code_of(member)) is None


class TestRefusedByTheDatabase:
    """Whoever goes round the verbs is refused."""

    def _refused(self, sql: str, *values: object) -> str:
        with pytest.raises(IntegrityError) as caught, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, values)
        return str(caught.value)

    def test_a_parcel_leaves_only_by_its_voucher_and_to_where_that_says(self) -> None:
        member, other, _third = members(by_voucher(side()))
        move = "UPDATE fulfilment_parcel SET state = 'placed', address = %s WHERE recipient = %s"
        assert "was not called for" in self._refused(move, b"", member.pk)
        Voucher.objects.filter(recipient=other).update(called_to="workplace", called_at=timezone.now())
        assert "to another place" in self._refused(move, b"somewhere", other.pk)

    def test_a_voucher_is_called_for_once_and_keeps_its_day(self) -> None:
        member, other, _third = members(by_voucher(side()))
        redeem(member, HOME)
        again = "UPDATE programmes_voucher SET called_to = 'workplace' WHERE recipient_id = %s"
        assert "called for once" in self._refused(again, member.pk)
        sooner = "UPDATE programmes_voucher SET last_day = last_day - 1 WHERE recipient_id = %s"
        assert "last day stay" in self._refused(sooner, other.pk)
        assert "called for once" in self._refused("DELETE FROM programmes_voucher WHERE recipient_id = %s", other.pk)

    def test_no_voucher_for_another_kind_of_gift(self) -> None:
        member = members(placed(side(), [DATES]))[0]
        assert "no such voucher" in self._refused(
            "INSERT INTO programmes_voucher (recipient_id, union_id, last_day, called_to) VALUES (%s, %s, '2099-01-01', '')",
            member.pk,
            member.union_id,
        )
        with pytest.raises(IntegrityError, match="a_voucher_names_shop_and_item"), transaction.atomic():
            Programme.objects.filter(pk=draft(side()).pk).update(delivery="voucher")

    def test_no_parcel_waits_for_nobody(self) -> None:
        order = placed(side(), [DATES])
        (part,) = supplier_orders(order)
        with pytest.raises(IntegrityError, match="waits for nobody"), transaction.atomic():
            Parcel.objects.create(
                supplier_order=part,
                union=part.union,
                producer=part.producer,
                recipient=0,
                region="6101",
                state="uncalled",
            )

    @pytest.mark.parametrize("state", ["assigned", "shipped", "accepted"])
    def test_a_parcel_that_waits_is_placed_first(self, state) -> None:
        member = members(by_voucher(side()))[0]
        assert "no declared transition" in self._refused(
            "UPDATE fulfilment_parcel SET state = %s WHERE recipient = %s", state, member.pk
        )
