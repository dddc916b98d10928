"""Members choose: a short list with a default, the choosing opened and closed, and everybody gets exactly what they chose."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.evidence.actions import commit_to
from marketplace.evidence.canonical import canonical
from marketplace.evidence.models import Entry
from marketplace.fulfilment.models import ParcelLine
from marketplace.organisations.errors import HouseError, NotAllowed
from marketplace.steps.actions import run_all_due
from marketplace.steps.models import Step
from procurement.programmes import actions
from procurement.programmes.assignment import Share, deal, deal_out
from procurement.programmes.choices import counted_options, progress_by_department
from procurement.programmes.choosing import choose, close_choosing, make_default, offer, open_choosing, take_back
from procurement.programmes.models import Choice, Choosing, Option, Programme, Recipient
from procurement.programmes.placement import place
from procurement.programmes.plans import plan_of
from procurement.programmes.queries import preview
from tests import world as builders
from tests.world import DATES, FUNGUS, HONEY, MOONCAKES, TEA, Side, planned, product, side

SMALL = settings(max_examples=150, deadline=None)


def a_week_on():
    return timezone.now() + timedelta(days=7)


def with_a_choice(giver: Side, heads: int = 4, **changes) -> Programme:
    """Dates for all, and fungus (the default), tea or honey to choose from."""
    programme = planned(giver, [DATES, FUNGUS], heads, **changes)
    offer(giver.buyer, programme, 2, product(TEA))
    offer(giver.buyer, programme, 2, product(HONEY))
    return programme


def option(programme: Programme, sku: str) -> Option:
    return Option.objects.get(programme=programme, product__upc=sku)


def picks(programme: Programme, *skus: str | None) -> None:
    """The first recipients choose these, one each; None has not chosen."""
    for recipient, sku in zip(programme.recipients.order_by("id"), skus, strict=False):
        if sku:
            choose(recipient, {2: option(programme, sku).pk})


def refused(call) -> list[str]:
    """The codes of a refusal, one or several."""
    with pytest.raises(HouseError) as caught:
        call()
    return caught.value.data.get("codes") or [caught.value.code]


class TestDealOut:
    @SMALL
    @given(st.data())
    def test_everybody_gets_exactly_one_line_of_each_slot_of_the_option_they_chose(self, data) -> None:
        """Whatever people choose and however an option is divided among producers."""
        regions = ["6101", "6107"]
        people = [(n, data.draw(st.sampled_from(regions))) for n in range(data.draw(st.integers(0, 25)))]
        slots = data.draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))  # options in each slot
        parts, numbers = {}, iter(range(1, 1000))
        for slot, options in enumerate(slots, 1):
            for choice in range(options):
                numbered = data.draw(
                    st.lists(st.tuples(st.sampled_from(["", *regions]), st.integers(0, 9)), max_size=2)
                )
                lines = [Share(next(numbers), region, heads) for region, heads in numbered]
                parts[slot, choice] = [*lines, Share(next(numbers), "", None)]
        wanted = {
            person: [(slot, data.draw(st.integers(0, options - 1))) for slot, options in enumerate(slots, 1)]
            for person, _region in people
        }
        dealt = deal_out(parts, people, wanted)
        part_of = {share.line: part for part, shares in parts.items() for share in shares}
        region_of_line = {share.line: share.region for shares in parts.values() for share in shares}
        given_out: Counter[tuple[int, str]] = Counter()
        for person, region in people:
            assert [part_of[line] for line in dealt[person]] == wanted[person]
            assert all(region_of_line[line] in ("", region) for line in dealt[person])
            given_out.update((line, region) for line in dealt[person])
        for part, shares in parts.items():
            heads = Counter(region for person, region in people if part in wanted[person])
            planned_lines = deal(shares, heads)
            assert {k: n for k, n in given_out.items() if part_of[k[0]] == part} == planned_lines


@pytest.mark.usefixtures("world")
class TestShortList:
    def test_a_second_product_makes_a_list_and_the_first_is_the_default(self) -> None:
        programme = with_a_choice(side())
        assert [(o.product.upc, o.is_default) for o in Option.objects.filter(programme=programme)] == [
            (FUNGUS, True), (TEA, False), (HONEY, False)
        ]  # fmt: skip
        assert refused(lambda: offer(side().buyer, programme, 2, product(TEA))) == ["offered_already"]

    def test_the_plan_waits_for_the_choices(self) -> None:
        giver = side()
        programme = with_a_choice(giver)
        assert refused(lambda: actions.submit(giver.buyer, programme)) == ["choosing_due"]
        assert not preview(programme).allowed
        for sku in (TEA, HONEY):
            take_back(giver.buyer, programme, option(programme, sku))
        assert not Option.objects.filter(programme=programme).exists()
        assert preview(programme).allowed
        assert {line.option for line in programme.gift_lines.all()} == {None}

    def test_the_cap_is_judged_at_the_dearest_option_until_members_have_chosen(self) -> None:
        giver = side()
        programme = with_a_choice(giver)
        dearest = max(piece.per_head for piece in plan_of(programme).open_pieces)
        dates = next(p.per_head for p in plan_of(programme).pieces if p.gift_line.slot == 1)
        assert preview(programme).per_head_amount == dates + dearest
        Programme.objects.filter(pk=programme.pk).update(per_head=dates + dearest - 1)
        programme.refresh_from_db()
        assert refused(lambda: open_choosing(giver.buyer, programme, a_week_on())) == ["over_standard"]
        Programme.objects.filter(pk=programme.pk).update(per_head=dates + dearest)
        programme.refresh_from_db()
        open_choosing(giver.buyer, programme, a_week_on())
        close_choosing(giver.buyer, programme)
        cheap = next(p.per_head for p in plan_of(programme).pieces if p.gift_line.slot == 2)
        assert cheap < dearest
        assert preview(programme).per_head_amount == dates + cheap

    def test_what_the_rule_would_block_whoever_chose_it_is_not_offered(self) -> None:
        giver = side()
        programme = planned(giver, [DATES, FUNGUS], 4)
        offer(giver.buyer, programme, 2, product("JS-MILLET-2000"))
        assert refused(lambda: open_choosing(giver.buyer, programme, a_week_on())) == ["option_blocked"]

    def test_all_that_stands_against_opening_is_told_at_once(self) -> None:
        giver = side()
        programme = planned(giver, [DATES], 2)
        late = timezone.now() + timedelta(days=400)
        assert refused(lambda: open_choosing(giver.buyer, programme, late)) == ["nothing_to_choose", "closes_too_late"]
        past = timezone.now() - timedelta(minutes=1)
        assert refused(lambda: open_choosing(giver.buyer, programme, past)) == ["nothing_to_choose", "closes_too_soon"]
        with pytest.raises(NotAllowed):
            open_choosing(giver.approver, programme, a_week_on())

    def test_a_divided_part_is_no_list(self) -> None:
        giver = side()
        programme = planned(giver, [DATES, (FUNGUS, {"slot": 2, "heads": 2}), (TEA, {"slot": 2})], 4)
        assert refused(lambda: offer(giver.buyer, programme, 2, product(HONEY))) == ["part_divided"]


@pytest.mark.usefixtures("world")
class TestChoosing:
    def test_nothing_else_changes_while_it_is_open(self) -> None:
        giver = side()
        programme = with_a_choice(giver)
        first = open_choosing(giver.buyer, programme, a_week_on())
        assert open_choosing(giver.buyer, programme, a_week_on()) == first
        programme.refresh_from_db()
        frozen = [
            lambda: actions.put_gift_line(giver.buyer, programme, 3, product(MOONCAKES)),
            lambda: actions.clear_slot(giver.buyer, programme, 2),
            lambda: offer(giver.buyer, programme, 1, product(MOONCAKES)),
            lambda: make_default(giver.buyer, programme, option(programme, TEA)),
            lambda: actions.submit(giver.buyer, programme),
            lambda: actions.withdraw(giver.buyer, programme),
        ]
        assert [refused(call) for call in frozen] == [["wrong_state"]] * 6

    def test_a_choice_can_be_changed_and_a_double_tap_counts_once(self) -> None:
        giver = side()
        programme = with_a_choice(giver)
        recipient = programme.recipients.first()
        tea = option(programme, TEA).pk
        assert refused(lambda: choose(recipient, {2: tea})) == ["choosing_closed"]
        open_choosing(giver.buyer, programme, a_week_on())
        for _twice in range(2):
            choose(recipient, {2: tea})
        choose(recipient, {2: option(programme, HONEY).pk}, actor=giver.buyer)
        found = Choice.objects.get(recipient=recipient)
        assert (found.option.product.upc, found.recorded_by) == (HONEY, giver.buyer)
        assert refused(lambda: choose(recipient, {1: tea})) == ["option_of_another"]
        close_choosing(giver.buyer, programme)
        close_choosing(giver.buyer, programme)
        assert refused(lambda: choose(recipient, {2: tea})) == ["choosing_closed"]

    def test_the_database_takes_no_choice_when_it_is_closed_nor_of_another_gift(self) -> None:
        giver = side()
        programme = with_a_choice(giver)
        recipient, tea = programme.recipients.first(), option(programme, TEA)

        def insert() -> None:
            Choice.objects.create(recipient=recipient, union=giver.union, slot=tea.slot, option=tea, at=timezone.now())

        with pytest.raises(IntegrityError, match="closed, or it is another gift"), transaction.atomic():
            insert()
        other = with_a_choice(giver, title="other")
        open_choosing(giver.buyer, other, a_week_on())
        with pytest.raises(IntegrityError, match="closed, or it is another gift"), transaction.atomic():
            insert()

    def test_it_closes_by_itself_at_its_deadline(self) -> None:
        giver = side()
        programme = with_a_choice(giver)
        choosing = open_choosing(giver.buyer, programme, a_week_on())
        picks(programme, TEA)
        run_all_due()
        programme.refresh_from_db()
        assert programme.state == "choosing"
        Choosing.objects.filter(pk=choosing.pk).update(closes_at=timezone.now())
        assert refused(lambda: choose(programme.recipients.first(), {2: option(programme, TEA).pk})) == [
            "choosing_closed"
        ]
        Step.objects.filter(kind="choosing.close").update(next_run_at=timezone.now())
        run_all_due()
        programme.refresh_from_db()
        assert programme.state == "draft"
        entry = Entry.objects.filter(kind="choosing.closed").latest("id")
        assert entry.body["by"] == "deadline"
        assert [count for _slot, _product, count in entry.body["options"]] == [0, 1, 0]

    def test_the_log_knows_counts_and_a_commitment_and_nobodys_choice(self) -> None:
        giver = side()
        programme = with_a_choice(giver)
        choosing = open_choosing(giver.buyer, programme, a_week_on())
        picks(programme, TEA, None, HONEY)
        close_choosing(giver.buyer, programme)
        body = Entry.objects.filter(kind="choosing.closed").latest("id").body
        assert (body["recipients"], body["chosen"], body["by_default"], body["by"]) == (4, 2, 2, "buyer")
        rows = sorted([c.recipient_id, c.slot, c.option_id] for c in Choice.objects.all())
        assert body["commitment"] == commit_to(canonical(rows).decode(), bytes(choosing.salt))
        people = list(programme.recipients.values_list("id", flat=True))
        assert not any(str(person) in str(body["options"]) for person in people)

    def test_progress_by_department(self) -> None:
        giver = side()
        programme = with_a_choice(giver)
        open_choosing(giver.buyer, programme, a_week_on())
        picks(programme, TEA, None, TEA)
        assert [(p.department, p.people, p.chosen) for p in progress_by_department(programme)] == [
            ("一车间", 2, 2),
            ("二车间", 2, 0),
        ]
        assert [(o.option.product.upc, o.chosen, o.by_default) for o in counted_options(programme)] == [
            (FUNGUS, 0, 2), (TEA, 2, 0), (HONEY, 0, 0)
        ]  # fmt: skip

    def test_a_changed_list_is_chosen_from_again(self) -> None:
        giver = side()
        programme = with_a_choice(giver)
        open_choosing(giver.buyer, programme, a_week_on())
        close_choosing(giver.buyer, programme)
        assert preview(programme).allowed
        take_back(giver.buyer, programme, option(programme, HONEY))
        assert refused(lambda: actions.submit(giver.buyer, programme)) == ["choosing_due"]

    def test_a_corrected_address_is_encrypted_and_moves_the_member_to_its_region(self) -> None:
        giver = side()
        programme = with_a_choice(giver, delivery="home")
        recipient = programme.recipients.first()
        open_choosing(giver.buyer, programme, a_week_on())
        tea = option(programme, TEA).pk
        assert refused(lambda: choose(recipient, {2: tea}, address="短")) == ["address_too_short"]
        choose(recipient, {2: tea}, address=" 陕西省汉中市汉台区测试路8号 ")
        recipient.refresh_from_db()
        assert (recipient.address, recipient.region) == ("陕西省汉中市汉台区测试路8号", "6107")
        with connection.cursor() as cursor:
            cursor.execute("SELECT address FROM programmes_recipient WHERE id = %s", [recipient.pk])
            assert "汉中".encode() not in bytes(cursor.fetchone()[0])


def what_each_got(programme: Programme) -> dict[int, list[str]]:
    """Article numbers by recipient."""
    got: dict[int, list[str]] = {r: [] for r in programme.recipients.values_list("id", flat=True)}
    for line in ParcelLine.objects.select_related("parcel", "line__product").order_by("line__product__upc"):
        got[line.parcel.recipient].append(line.line.product.upc)
    return got


def through(giver: Side, programme: Programme):
    actions.submit(giver.buyer, programme)
    actions.approve(giver.approver, programme)
    return place(giver.buyer, programme, f"place-{programme.pk}")


@pytest.mark.usefixtures("world")
class TestPlacement:
    def test_everybody_gets_what_they_chose_or_the_default(self) -> None:
        giver = side()
        programme = with_a_choice(giver, 5)
        moved = programme.recipients.all()[3]
        Recipient.objects.filter(pk=moved.pk).update(region="6107")
        open_choosing(giver.buyer, programme, a_week_on())
        picks(programme, HONEY, TEA, None, TEA)
        close_choosing(giver.buyer, programme)
        seen = preview(programme)
        order = through(giver, programme)
        assert list(what_each_got(programme).values()) == [
            sorted([DATES, sku]) for sku in (HONEY, TEA, FUNGUS, TEA, FUNGUS)
        ]
        assert int(order.total_incl_tax * 100) == seen.total
        received = list(programme.recipients.order_by("id").values_list("received", flat=True))
        assert sum(received) == seen.total
        assert max(received) == seen.per_head_amount
        builders.let_constraints_speak()

    def test_an_option_blocked_for_the_chosen_quantity_is_substituted_for_those_who_chose_it(self) -> None:
        """Ordinary honey is offered while assistance honey is short; then there is enough of it."""
        giver = side()
        programme = planned(giver, [DATES, FUNGUS], 4)
        actions.clear_slot(giver.buyer, programme, 2)
        actions.put_gift_line(giver.buyer, programme, 2, product(FUNGUS))
        offer(giver.buyer, programme, 2, product("BW-HONEY-500"))
        builders.add_recipients(programme, 200, prefix="X")
        open_choosing(giver.buyer, programme, a_week_on())
        picks(programme, "BW-HONEY-500", None, "BW-HONEY-500")
        close_choosing(giver.buyer, programme)
        slot = next(s for s in preview(programme).slots if s.slot == 2)
        assert slot.blocked
        lines = actions.substitute(giver.buyer, programme, 2)
        honey = option(programme, "BW-HONEY-500")
        instead = [line for line in lines if line.option_id == honey.pk]
        assert sum(line.heads for line in instead) == 2
        assert product("BW-HONEY-500").pk not in {line.product_id for line in instead}
        through(giver, programme)
        got = list(what_each_got(programme).values())
        assert FUNGUS not in got[0] + got[2]
        assert "BW-HONEY-500" not in got[0] + got[2]
        assert all(FUNGUS in goods for n, goods in enumerate(got) if n not in (0, 2))

    def test_statements_do_not_grow_with_members(self) -> None:
        giver = side()

        def statements(heads: int) -> list[int]:
            programme = with_a_choice(giver, heads, title=f"{heads}")
            counts = []
            for call in (
                lambda: open_choosing(giver.buyer, programme, a_week_on()),
                lambda: choose(programme.recipients.first(), {2: option(programme, TEA).pk}),
                lambda: close_choosing(giver.buyer, programme),
                lambda: through(giver, programme),
            ):
                with CaptureQueriesContext(connection) as captured:
                    call()
                counts.append(len(captured))
            return counts

        statements(2)  # the first order of a union's year writes the year's row
        assert statements(3) == statements(30)
