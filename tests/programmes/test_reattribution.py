"""Orders booked to the wrong union: offered, taken over with their money, final, and conserved over both years."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import Sum
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marketplace.evidence.models import Entry
from marketplace.fulfilment.losses import Report, give_back
from marketplace.fulfilment.models import SupplierOrder
from marketplace.ledger.actions import fund, release
from marketplace.ledger.models import Account, Purse
from marketplace.organisations.errors import HouseError, NotAllowed, Refusals
from marketplace.organisations.models import Organisation
from marketplace.organisations.scopes import seen_by
from procurement.compliance.distribution import by_class, by_county, by_month, by_seller, by_union
from procurement.compliance.queries import statement
from procurement.priority.models import UnionYear
from procurement.programmes.errors import PurseOfAnother
from procurement.programmes.heads import had_by
from procurement.programmes.outside.actions import Bought, persons_of, register, reverse
from procurement.programmes.people import person_of_recipient
from procurement.programmes.reattribution import actions
from procurement.programmes.reattribution.actions import counted_by, decline, offer, take_over, withdraw
from procurement.programmes.reattribution.errors import HandingBreaksFloor, OfferAnswered, OwnOffer
from procurement.programmes.reattribution.models import Reattribution
from tests.policies import rules
from tests.programmes.giving_up import drop, same_as_last_year
from tests.programmes.neighbours import BAQIAO, finished, neighbour
from tests.world import DATES, DATES_FEN, MOONCAKES, YANTA, YUYANG, Side, bring, let_constraints_speak, placed, side

pytestmark = pytest.mark.usefixtures("world")

YEAR = timezone.localdate().year


def amounts(giver: Side) -> tuple[int, int]:
    row = UnionYear.objects.filter(union=giver.union, gift_year=YEAR).first()
    return (row.assistance, row.ordinary) if row else (0, 0)


def balance(purse: Purse) -> int:
    return int(Account.objects.get(purse=purse).balance)


def codes(refused: Refusals) -> list[str]:
    return [one.code for one in refused.refusals]


@pytest.fixture
def two() -> tuple[Side, Side]:
    """Two districts of one city, with this year's purses, and no minimum share."""
    rules(minimum_share_bp=0)
    return side(YANTA), neighbour(BAQIAO)


class TestHandingOn:
    def test_goods_and_money_move_and_nothing_else(self, two: tuple[Side, Side]) -> None:
        here, there = two
        order = finished(here, [(DATES, {"purse": here.reserve}), MOONCAKES])
        purses = (here.general, here.reserve, there.general, there.reserve)
        before = [balance(purse) for purse in purses]
        offered = offer(here.buyer, order, there.union, " 应由灞桥区工会采购 ")
        assert offer(here.buyer, order, there.union, "again") == offered
        assert (amounts(here), amounts(there)) == ((6_000, 21_600), (0, 0))
        assert [goods[1:] for goods in offered.goods] == [[2, 6_000, 1], [2, 21_600, 0]]
        taken = take_over(there.buyer, offered, there.general)
        assert take_over(there.buyer, offered, there.general) == taken
        let_constraints_speak()
        assert (amounts(here), amounts(there)) == ((0, 0), (6_000, 21_600))
        after = [balance(purse) for purse in purses]
        assert [now - then for then, now in zip(before, after, strict=True)] == [21_600, 6_000, -27_600, 0]
        assert counted_by(order) == there.union
        kinds = Entry.objects.filter(subject=f"order:{order.number}", kind__startswith="order.").order_by("pk")
        assert [entry.kind for entry in kinds] == [
            "order.placed",
            "order.offered",
            "order.handed_on",
            "order.taken_over",
        ]

    def test_both_statements_say_it_and_still_agree_with_ledger_and_year(self, two: tuple[Side, Side]) -> None:
        here, there = two
        stays = finished(here, [DATES], 3)
        order = finished(here, [DATES, MOONCAKES])
        take_over(there.approver, offer(here.buyer, order, there.union, "x"), there.general)
        one, other = statement(here.union, YEAR), statement(there.union, YEAR)
        assert [(m.order, m.other, m.assistance, m.ordinary) for m in one.hand_overs] == [
            (order.number, BAQIAO, -6_000, -21_600)
        ]
        assert [(m.order, m.other, m.assistance, m.ordinary) for m in other.hand_overs] == [
            (order.number, YANTA, 6_000, 21_600)
        ]
        assert (one.assistance, one.ordinary, one.spent, one.counted_assistance) == (9_000, 0, 9_000, 9_000)
        assert (other.assistance, other.ordinary, other.spent, other.counted_ordinary) == (
            6_000,
            21_600,
            27_600,
            21_600,
        )
        assert {row.name: row.amount for row in by_union(YEAR)} == {here.union.name: 9_000, there.union.name: 27_600}
        assert stays.number in [row.number for row in one.orders]

    def test_who_sees_one_of_the_two_unions_sees_the_goods_where_they_count(self, two: tuple[Side, Side]) -> None:
        here, there = two
        finished(here, [DATES], 3)
        order = finished(here, [DATES, MOONCAKES])
        take_over(there.buyer, offer(here.buyer, order, there.union, "x"), there.general)

        def sums(*unions: Organisation) -> list[int]:
            with seen_by([union.pk for union in unions]):
                parts = [by_union(YEAR), by_class(YEAR), by_seller(YEAR), by_county(YEAR)]
                return [sum(row.amount for row in rows) for rows in parts] + [sum(sum(m[1:]) for m in by_month(YEAR))]

        assert sums(here.union) == [9_000, 9_000, 9_000, 9_000, 9_000]
        assert sums(there.union) == [27_600, 27_600, 27_600, 6_000, 27_600]
        assert sums(here.union, there.union) == [36_600, 36_600, 36_600, 15_000, 36_600]

    def test_it_goes_on_and_comes_back(self, two: tuple[Side, Side]) -> None:
        here, there = two
        order = finished(here, [DATES])
        before = balance(here.general), balance(there.general)
        take_over(there.buyer, offer(here.buyer, order, there.union, "x"), there.general)
        with pytest.raises(NotAllowed):
            offer(here.buyer, order, there.union, "x")
        back = offer(there.buyer, order, here.union, "a mistake")
        assert (back.turn, back.union) == (2, there.union)
        take_over(here.approver, back, here.general)
        let_constraints_speak()
        assert (amounts(here), amounts(there)) == ((6_000, 0), (0, 0))
        assert (balance(here.general), balance(there.general)) == before
        persons = persons_of(order.programme)
        assert had_by(here.union, YEAR, persons).most == DATES_FEN

    def test_an_offer_is_declined_or_withdrawn_and_then_closed(self, two: tuple[Side, Side]) -> None:
        here, there = two
        order = finished(here, [DATES])
        offered = offer(here.buyer, order, there.union, "x")
        decline(there.approver, offered, "not ours")
        with pytest.raises(OfferAnswered):
            take_over(there.buyer, offered, there.general)
        again = offer(here.buyer, order, there.union, "x")
        with pytest.raises(NotAllowed):
            withdraw(there.buyer, again)
        withdraw(here.buyer, again)
        withdraw(here.buyer, again)
        with pytest.raises(OfferAnswered):
            decline(there.buyer, again)
        assert list(Reattribution.objects.order_by("id").values_list("state", flat=True)) == ["declined", "withdrawn"]
        assert amounts(here) == (6_000, 0)

    def test_another_person_of_the_other_union_takes_over(self, two: tuple[Side, Side]) -> None:
        here, there = two
        order = finished(here, [DATES])
        with pytest.raises(NotAllowed):
            offer(there.buyer, order, there.union, "x")
        offered = offer(here.buyer, order, there.union, "x")
        with pytest.raises(NotAllowed):
            take_over(here.approver, offered, there.general)
        there.union.memberships.create(user=here.buyer, role="buyer")
        with pytest.raises(OwnOffer):
            take_over(here.buyer, offered, there.general)
        for purse in (there.reserve, here.general):
            with pytest.raises(PurseOfAnother):
                take_over(there.buyer, offered, purse)


class TestWhatStays:
    def test_all_that_speaks_against_an_offer_is_said_at_once(self, two: tuple[Side, Side]) -> None:
        here, _there = two
        order = placed(here, [DATES])
        with pytest.raises(Refusals) as caught:
            offer(here.buyer, order, side(YUYANG).union, " ")
        assert codes(caught.value) == ["handing_unexplained", "not_around", "order_unfinished"]

    def test_what_can_still_be_returned_stays(self, two: tuple[Side, Side]) -> None:
        here, there = two
        order = bring(placed(here, [DATES]), here.buyer, "paid")
        with pytest.raises(Refusals, match="can be returned until"):
            offer(here.buyer, order, there.union, "x")

    def test_what_is_not_paid_stays(self, two: tuple[Side, Side]) -> None:
        here, there = two
        order = bring(placed(here, [DATES]), here.buyer, "accepted")
        with pytest.raises(Refusals, match="not paid yet"):
            offer(here.buyer, order, there.union, "x")

    def test_a_union_does_not_give_away_what_its_ordinary_goods_rest_on(self) -> None:
        rules(minimum_share_bp=5_000)
        here, there = side(YANTA), neighbour(BAQIAO)
        release(here.reserve, here.general, balance(here.reserve), "freed")
        helping = finished(here, [DATES], 8)
        ordinary = finished(here, [MOONCAKES], 2)
        with pytest.raises(Refusals, match=r"assistance goods for ¥216\.00 are missing") as caught:
            offer(here.buyer, helping, there.union, "x")
        assert codes(caught.value) == ["handing_breaks_share"]
        # Nor does one take over what its own assistance goods do not bear.
        offered = offer(here.buyer, ordinary, there.union, "x")
        with pytest.raises(Refusals) as caught:
            take_over(there.buyer, offered, there.general)
        assert codes(caught.value) == ["handing_breaks_share"]
        fund(there.reserve, 21_600, "now it does")
        take_over(there.buyer, offered, there.general)
        assert (amounts(here), amounts(there)) == ((24_000, 0), (0, 21_600))

    def test_nor_what_keeps_its_year_from_falling_below_the_last_one(self) -> None:
        here, there = side(YANTA), neighbour(BAQIAO)
        same_as_last_year(here, 2)  # two bags, and as many as are set aside this year
        rules(minimum_share_bp=0, keep_last_year=True)
        order, ordinary = finished(here, [DATES], 3), placed(here, [MOONCAKES], 1)
        with pytest.raises(Refusals) as caught:
            offer(here.buyer, order, there.union, "x")
        assert codes(caught.value) == ["handing_breaks_last_year"]
        drop(here, ordinary, MOONCAKES)
        take_over(there.buyer, offer(here.buyer, order, there.union, "x"), there.general)

    def test_members_keep_to_the_cap_of_the_union_that_takes_over(self) -> None:
        rules(minimum_share_bp=0, cap=2 * DATES_FEN)
        here, there = side(YANTA), neighbour(BAQIAO)
        order = finished(here, [DATES])
        known = [person_of_recipient(there.union, one) for one in order.programme.recipients.all()]
        placed(there, [DATES], 2)  # the same member numbers: the same people, for that union
        elsewhere = register(
            there.buyer, there.union, Bought(timezone.localdate(), "mid_autumn", "x", "INV-0001", 1, 1), "k"
        )
        offered = offer(here.buyer, order, there.union, "x")
        with pytest.raises(HouseError, match=r"gifts for ¥60\.01 this year \(¥0\.01 of it bought elsewhere\)"):
            take_over(there.buyer, offered, there.general)
        reverse(there.buyer, elsewhere, "x")
        take_over(there.buyer, offered, there.general)
        had = had_by(there.union, YEAR, known)
        assert (had.most, had.least_assistance) == (6_000, 6_000)
        # Here they had it all the same, but no longer as assistance goods of this union.
        left = had_by(here.union, YEAR, persons_of(order.programme))
        assert (left.most, left.least_assistance) == (3_000, 0)

    def test_members_keep_no_ordinary_goods_without_the_floor(self) -> None:
        rules(minimum_share_bp=0, floor=DATES_FEN)
        here, there = side(YANTA), neighbour(BAQIAO)
        helping = finished(here, [DATES])
        ordinary = placed(here, [MOONCAKES], 2)
        offered = offer(here.buyer, helping, there.union, "x")
        with pytest.raises(HandingBreaksFloor, match=r"at least ¥30\.00 each; .* have them for ¥0\.00"):
            take_over(there.buyer, offered, there.general)
        assert (amounts(here), amounts(there)) == ((6_000, 21_600), (0, 0))
        drop(here, ordinary, MOONCAKES)
        take_over(there.buyer, offered, there.general)
        assert (amounts(here), amounts(there)) == ((0, 0), (6_000, 0))

    def test_nor_do_they_when_assistance_goods_are_given_up_after_others_were_handed_on(self) -> None:
        rules(minimum_share_bp=0, floor=DATES_FEN)
        here, there = side(YANTA), neighbour(BAQIAO)
        handed, kept = finished(here, [DATES]), placed(here, [DATES, MOONCAKES], 2)
        take_over(there.buyer, offer(here.buyer, handed, there.union, "x"), there.general)
        with pytest.raises(HouseError, match=r"2 of these members would keep ordinary goods .* less than ¥30\.00"):
            drop(here, kept, DATES)

    def test_what_was_handed_on_is_final(self, two: tuple[Side, Side]) -> None:
        here, there = two
        order, _another = finished(here, [DATES]), finished(here, [DATES])
        take_over(there.buyer, offer(here.buyer, order, there.union, "x"), there.general)
        part = SupplierOrder.objects.get(order=order)
        SupplierOrder.objects.filter(pk=part.pk).update(accepted_at=timezone.now())
        parcel = part.parcels.values_list("pk", flat=True)[0]
        with pytest.raises(DatabaseError, match="is final"), transaction.atomic():
            give_back(here.buyer, part, [Report((parcel,), "damaged")])


class TestTheDatabase:
    TAKEN = (
        "UPDATE programmes_reattribution SET state = 'taken', purse_id = %s, answered_by_id = %s, answered_at = now()"
    )

    @pytest.fixture
    def offered(self, two: tuple[Side, Side]) -> Reattribution:
        here, there = two
        return offer(here.buyer, finished(here, [DATES]), there.union, "x")

    def refused(self, statement: str, *parameters: Any) -> str:
        with pytest.raises(DatabaseError) as caught, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, parameters)
        return str(caught.value)

    def test_nothing_is_taken_over_without_its_money(self, offered: Reattribution) -> None:
        there = side(BAQIAO)
        assert "with its money" in self.refused(self.TAKEN, there.general.pk, there.buyer.pk)
        assert "another_person_takes_over" in self.refused(self.TAKEN, there.general.pk, offered.offered_by_id)

    def test_nor_with_other_amounts_or_before_it_is_final(self, offered: Reattribution) -> None:
        there = side(BAQIAO)
        assert "All that is live" in self.refused(f"{self.TAKEN}, assistance = 1", there.general.pk, there.buyer.pk)
        SupplierOrder.objects.filter(order=offered.order).update(accepted_at=timezone.now())
        assert "can no longer be returned" in self.refused(self.TAKEN, there.general.pk, there.buyer.pk)

    def test_nor_is_what_keeps_the_year_from_falling_below_the_last_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        here, there = side(YANTA), neighbour(BAQIAO)
        same_as_last_year(here, 2)
        rules(minimum_share_bp=0, keep_last_year=True)
        order, _ordinary = finished(here, [DATES], 3), placed(here, [MOONCAKES], 1)
        monkeypatch.setattr(actions, "kept_last_year", lambda *_year: 0)
        offered = offer(here.buyer, order, there.union, "x")
        with pytest.raises(DatabaseError, match="fewer assistance goods than the year before"), transaction.atomic():
            take_over(there.buyer, offered, there.general)

    def test_an_offer_stays_as_it_was_made(self, offered: Reattribution) -> None:
        assert "append-only" in self.refused("UPDATE programmes_reattribution SET to_union_id = union_id")
        self.refused("DELETE FROM programmes_reattribution")
        withdraw(side(YANTA).buyer, offered)
        assert "append-only" in self.refused("UPDATE programmes_reattribution SET answer = 'x'")


class TestConserved:
    """Whatever is handed to whom: money, A and O over all unions stay; each year agrees with its statement and keeps clause 3."""

    def test_over_any_sequence(self) -> None:
        rules(minimum_share_bp=3_000)
        sides = [side(YANTA), neighbour(BAQIAO), neighbour("U-XA-YT-01")]
        orders = [
            finished(sides[0], [DATES], 6),
            finished(sides[0], [DATES, MOONCAKES], 1),
            finished(sides[1], [DATES], 2),
        ]
        unions = [one.union for one in sides]

        def whole() -> tuple[int, int, int, int]:
            sums = UnionYear.objects.filter(union__in=unions, gift_year=YEAR).aggregate(
                a=Sum("assistance"), o=Sum("ordinary")
            )
            purses = Purse.objects.filter(union__in=unions).aggregate(fen=Sum("account__balance"))
            return sums["a"], sums["o"], purses["fen"], Account.objects.aggregate(fen=Sum("balance"))["fen"]

        begun = whole()
        moves = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=4)

        @settings(max_examples=8, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(moves)
        def check(steps: list[tuple[int, int]]) -> None:
            with transaction.atomic():
                for which, to in steps:
                    holder = next(one for one in sides if one.union == counted_by(orders[which]))
                    if holder is sides[to]:
                        continue
                    try:
                        with transaction.atomic():
                            offered = offer(holder.buyer, orders[which], unions[to], "x")
                            take_over(sides[to].approver, offered, sides[to].general)
                    except Refusals as refused:
                        assert set(codes(refused)) <= {"handing_breaks_share", "not_enough_money", "not_around"}
                    assert whole() == begun
                for one in sides:
                    said = statement(one.union, YEAR)
                    assert (said.assistance, said.ordinary) == amounts(one)
                    assert said.spent == said.assistance + said.ordinary + said.waived
                    assert said.compliant
                let_constraints_speak()
                transaction.set_rollback(True)

        check()
