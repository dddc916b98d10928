"""Reminders by message: to whom, when, once each; and what is done every day."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from marketplace.fulfilment.models import Parcel, SupplierOrder
from marketplace.messaging.models import Message
from marketplace.organisations.models import Membership, Role
from marketplace.signin.models import PhoneCode
from marketplace.signin.phone_codes import ask
from marketplace.steps.actions import run_all_due
from marketplace.steps.models import Step
from marketplace.steps.schedule import write_todays
from procurement.programmes.choosing import choose, offer, open_choosing
from procurement.programmes.complaints import confirm_receipt
from procurement.programmes.models import Choosing, Option, Programme, Recipient, Voucher
from procurement.programmes.reminders import remind
from procurement.programmes.vouchers import redeem
from suppliers.accreditation.models import Accreditation
from tests.world import DATES, FUNGUS, TEA, bring, placed, planned, product, side

pytestmark = pytest.mark.usefixtures("world")


@pytest.fixture(autouse=True)
def what_the_world_has_to_say_is_said(world) -> None:
    """An accreditation of the demonstration's ends soon."""
    remind()


def said(kind: str) -> list[tuple[str, str]]:
    return [(m.recipient, m.words) for m in Message.objects.filter(kind=kind).order_by("pk")]


def open_to_choose(closes_in: timedelta) -> Programme:
    giver = side()
    programme = planned(giver, [DATES, FUNGUS], 3)
    offer(giver.buyer, programme, 2, product(TEA))
    open_choosing(giver.buyer, programme, timezone.now() + timedelta(days=6))
    Choosing.objects.filter(programme=programme).update(closes_at=timezone.now() + closes_in)
    return programme


class TestMembers:
    def test_who_has_not_chosen_is_told_two_days_before_and_once(self) -> None:
        programme = open_to_choose(timedelta(days=1))
        first, second, third = programme.recipients.order_by("id")
        choose(first, {2: Option.objects.get(programme=programme, product__upc=TEA).pk})
        assert (remind(), remind()) == (2, 0)
        assert [phone for phone, _words in said("choice")] == [second.phone, third.phone]
        assert all(programme.title in words and second.name not in words for _phone, words in said("choice"))

    def test_nobody_is_told_earlier(self) -> None:
        open_to_choose(timedelta(days=3))
        assert (remind(), said("choice")) == (0, [])

    def test_a_voucher_is_recalled_in_its_last_week(self, settings) -> None:
        settings.SITE_URL = "https://mall.example"
        giver = side()
        order = placed(giver, [DATES], delivery="voucher", need_date=timezone.localdate() + timedelta(days=20))
        assert remind() == 0
        members = list(Recipient.objects.filter(programme__order=order).order_by("id"))
        redeem(members[0])
        ends = Voucher.objects.get(recipient=members[1]).last_day
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(timezone, "localdate", lambda *_args: ends - timedelta(days=7))
            assert (remind(), remind()) == (2, 0)
        (phone, words), _other = said("voucher")
        assert (phone, f"{ends}" in words, "https://mall.example/my/g/" in words) == (members[1].phone, True, True)

    def test_a_parcel_that_nobody_confirmed_is_asked_after(self) -> None:
        giver = side()
        order = bring(placed(giver, [DATES]), giver.buyer, "shipped")
        assert (remind(), said("parcel")) == (0, [])
        first, *_others = Recipient.objects.filter(programme__order=order).order_by("id")
        confirm_receipt(first, Parcel.objects.select_related("supplier_order__order").get(recipient=first.pk))
        with pytest.MonkeyPatch.context() as patched:
            later = timezone.now() + timedelta(days=5, minutes=1)
            patched.setattr(timezone, "now", lambda: later)
            remind(), remind()
        assert len(said("parcel")) == 2

    def test_statements_do_not_grow_with_the_members(self) -> None:
        counts = []
        for heads, prefix in ((2, "A"), (9, "B")):
            giver = side()
            placed(giver, [DATES], heads, prefix=prefix, delivery="voucher")
            with pytest.MonkeyPatch.context() as patched, CaptureQueriesContext(connection) as captured:
                last = timezone.localdate() + timedelta(days=45)
                patched.setattr(timezone, "localdate", lambda *_args, day=last: day)
                assert remind() == heads
            counts.append(len(captured))
        assert counts[0] == counts[1]


class TestUnionsAndProducers:
    def test_the_buyer_is_told_before_silence_accepts(self) -> None:
        giver = side()
        giver.buyer.phone = "10000000009"
        giver.buyer.save()
        order = bring(placed(giver, [DATES]), giver.buyer, "shipped")
        days = SupplierOrder.objects.get(order=order).acceptance_days
        assert (remind(), said("acceptance")) == (0, [])
        with pytest.MonkeyPatch.context() as patched:
            later = timezone.now() + timedelta(days=days - 1)
            patched.setattr(timezone, "now", lambda: later)
            remind(), remind()
        assert [phone for phone, _words in said("acceptance")] == ["10000000009"]

    def test_the_producer_is_told_that_an_accreditation_ends(self) -> None:
        one = Accreditation.objects.filter(product__upc=DATES, state="valid").select_related("producer").get()
        seller = Membership.objects.filter(organisation=one.producer, role=Role.PRODUCER).first().user
        before = len(said("accreditation"))
        with pytest.MonkeyPatch.context() as patched:
            day = one.valid_to - timedelta(days=30)
            patched.setattr(timezone, "localdate", lambda *_args: day)
            remind()
            assert remind() == 0
        told = [words for phone, words in said("accreditation")[before:] if phone == seller.phone]
        assert sum(product(DATES).title in words for words in told) == 1


class TestDaily:
    def test_a_day_is_written_once_however_many_sweepers_turn(self, settings) -> None:
        for _turn in range(3):
            write_todays()
        steps = Step.objects.filter(cause=f"day:{timezone.localdate()}").order_by("kind")
        assert [(s.kind, timezone.localtime(s.next_run_at).hour) for s in steps] == [
            ("challenge.overdue", 9), ("figures.publish", 2), ("lots.date", 0), ("reminders.daily", 9), ("signin.forget_codes", 3),
            ("watch.sweep", 2),
        ]  # fmt: skip

    def test_old_codes_are_removed_and_younger_ones_stay(self, settings) -> None:
        PhoneCode.objects.all().delete()
        old, young = ask("10000000001", "127.0.0.1"), ask("10000000002", "127.0.0.1")
        days = timedelta(days=settings.PHONE_CODES_KEPT_DAYS)
        PhoneCode.objects.filter(pk=old.pk).update(asked_at=timezone.now() - days - timedelta(minutes=1))
        PhoneCode.objects.filter(pk=young.pk).update(asked_at=timezone.now() - days + timedelta(minutes=1))
        write_todays()
        Step.objects.filter(kind="signin.forget_codes").update(next_run_at=timezone.now())
        run_all_due()
        assert list(PhoneCode.objects.values_list("pk", flat=True)) == [young.pk]
