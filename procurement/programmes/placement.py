"""Placing an approved programme: one transaction, whatever the number of recipients.

Locks, in this order: the command's key, the programme, the union's year, ledger accounts by id, stock by id.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from django.db import connection
from django.utils.translation import gettext_lazy as _

from marketplace.evidence.actions import record
from marketplace.fulfilment.actions import ParcelDraft, open_supplier_orders
from marketplace.organisations.errors import Refusals
from marketplace.organisations.models import Role, User
from marketplace.organisations.queries import require
from marketplace.shop.order.models import Order
from marketplace.shop.placement import Placed, Refused, take_stock
from marketplace.shop.placement import place as place_order
from marketplace.shop.policy import purchase_policy
from marketplace.steps.commands import once
from procurement.policy.queries import policy_of
from procurement.priority.models import Decision, Outcome
from procurement.programmes.assignment import deal_out
from procurement.programmes.choices import chosen_by_recipient, defaults_of
from procurement.programmes.models import Delivery, Programme, ProgrammeState
from procurement.programmes.plans import Piece, Plan, by_part, plan_of, shares
from procurement.programmes.states import expect_state, locked_programme, move
from procurement.programmes.terms import changed_since
from procurement.programmes.vouchers import TO_SHIP_THE_REST, issue
from suppliers.settlement.queries import terms


def place(actor: User, programme: Programme, key: str) -> Order:
    """Place an approved programme. The same key again returns the same order.

    Raises NotAllowed, WrongState, Refusals with every sentence at once (the attempt is stored with what the rule saw),
    SameKeyOtherBody.
    """
    require(actor, Role.BUYER, programme.union)
    try:
        with once(programme.union, key, "programme.place", {"programme": programme.pk}) as command:
            if command.is_repeat:
                placed: Order = Order.objects.get(number=command.answer["order"])
                return placed
            locked = locked_programme(programme)
            expect_state(locked, ProgrammeState.APPROVED, _("place"))
            # Before the plan is read: it says what members had this year, which an order placed meanwhile would change.
            purchase_policy().lock(locked.union, locked.gift_year)
            order = _place(actor, plan_of(locked))
            command.answer = {"order": order.number}
            return order
    except Refused as refusal:
        purchase_policy().record_refusal(refusal.verdict)
        raise


def _place(actor: User, plan: Plan) -> Order:
    changed = changed_since(plan, plan.programme.terms)
    if plan.faults or plan.request is None:
        raise Refusals([*plan.faults, *changed])
    if changed:
        # What the rule says of the gift as it is now is told together with it, and a refusal of the rule is kept as an attempt.
        verdict = purchase_policy().judge(plan.request)
        raise (
            Refusals(changed) if verdict.allowed else Refused(replace(verdict, refusals=[*verdict.refusals, *changed]))
        )
    programme, request = plan.programme, plan.request
    placed = place_order(request, actor)
    policy = policy_of(request.union, request.decided_on)
    drafts = _parcels(plan, placed)
    by_voucher = programme.delivery == Delivery.VOUCHER
    last_day = issue(programme) if by_voucher else None
    producers = {line.partner.organisation for line in placed.lines.values()}
    open_supplier_orders(
        placed.order,
        terms(producers, request.decided_on),
        drafts.parcels,
        last_day + TO_SHIP_THE_REST if last_day else programme.need_date,
        policy.acceptance_days,
        policy.return_days,
        by_voucher=by_voucher,
    )
    _note_what_each_received(drafts)
    move(programme, ProgrammeState.PLACED, order=placed.order)
    record(
        "programme.placed", {"programme": programme.pk, "order": placed.order.number},
        subject=f"order:{placed.order.number}", union_id=programme.union_id,
    )  # fmt: skip
    take_stock(placed)
    return placed.order


@dataclass
class _Drafts:
    """Parcels to write, and what each recipient gets: id → (fen, of it assistance, of it from assistance-only purses)."""

    parcels: list[ParcelDraft] = field(default_factory=list)
    received: dict[int, tuple[int, int, int]] = field(default_factory=dict)


def _parcels(plan: Plan, placed: Placed) -> _Drafts:
    """Deal every recipient their line of each slot, and put what comes from one producer into one parcel."""
    pieces = {(piece.gift_line.pk, piece.region): piece for piece in plan.pieces}
    rows = _recipient_rows(plan.programme)
    dealt = _deal_lines(plan, [(recipient, region) for recipient, region, *_rest in rows])
    goods = _goods(placed, pieces)
    drafts = _Drafts()
    for recipient, region, department, name, phone, address in rows:
        items: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        fen = assistance = fenced = 0
        for gift_line in dealt[recipient]:
            producer, line, units, amount, helped, drawn = goods[gift_line, region]
            items[producer].append((line, units))
            fen, assistance, fenced = fen + amount, assistance + helped, fenced + drawn
        drafts.received[recipient] = (fen, assistance, fenced)
        drafts.parcels += [
            ParcelDraft(producer, recipient, region, department, name, phone, address, _merged(given))
            for producer, given in sorted(items.items())
        ]
    return drafts


def _deal_lines(plan: Plan, people: list[tuple[int, str]]) -> dict[int, list[int]]:
    """The gift lines that each (recipient, region) gets: one of each slot, of the option chosen where there is a choice."""
    parts = by_part({piece.gift_line.pk: piece.gift_line for piece in plan.pieces}.values())
    short_lists = {slot for slot, option in parts if option}
    chosen = chosen_by_recipient(plan.programme) if short_lists else {}
    defaults = defaults_of(plan.programme) if short_lists else {}
    plain = [part for part in parts if not part[1]]
    wanted = {
        recipient: plain + [(slot, chosen.get((recipient, slot), defaults[slot])) for slot in sorted(short_lists)]
        for recipient, _region in people
    }
    return deal_out({part: shares(lines) for part, lines in parts.items()}, people, wanted)


def _merged(items: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Two slots may hold the same order line: its units go into the parcel once."""
    units: defaultdict[int, int] = defaultdict(int)
    for line, number in items:
        units[line] += number
    return tuple(units.items())


def _recipient_rows(programme: Programme) -> list[tuple[int, str, str, bytes, bytes, bytes]]:
    """Recipients with their label fields still encrypted, so that placement never sees them in plain."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, region, department, name, phone, address FROM programmes_recipient"
            " WHERE programme_id = %s ORDER BY region, department, id",
            [programme.pk],
        )
        return list(cursor.fetchall())


def _goods(
    placed: Placed, pieces: Mapping[tuple[int, str], Piece]
) -> dict[tuple[int, str], tuple[int, int, int, int, int, int]]:
    """For each gift line and region: producer, order line, units a head, fen a head, of them assistance fen, and fenced fen."""
    helped: defaultdict[int, int] = defaultdict(int)
    for decision in Decision.objects.filter(order=placed.order, outcome=Outcome.ASSISTANCE):
        helped[decision.line_id] += decision.amount
    goods = {}
    for (gift_line, region), piece in pieces.items():
        key = (piece.offer.stockrecord_id, piece.gift_line.purse_id, piece.offer.unit_price)
        line = placed.lines[key]
        part = piece.per_head * helped[line.pk] // line.amount_fen
        goods[gift_line, region] = (
            line.partner.organisation_id,
            line.pk,
            piece.gift_line.per_head,
            piece.per_head,
            part,
            piece.fenced,
        )
    return goods


def _note_what_each_received(drafts: _Drafts) -> None:
    """Keep on each recipient what this gift gives them, for the year's cap and floor. One statement."""
    ids = sorted(drafts.received)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE programmes_recipient r SET received = g.fen, received_assistance = g.assistance, received_fenced = g.fenced"
            " FROM unnest(%s::bigint[], %s::int[], %s::int[], %s::int[]) AS g(id, fen, assistance, fenced) WHERE r.id = g.id",
            [ids, *([drafts.received[i][place] for i in ids] for place in range(3))],
        )
