"""Re-attribution: an order booked to the wrong union is offered to the right one, which takes it over with its money.

Only what is final moves, whole: accepted, paid, past the days for returns. Then nothing of it can change behind the two years' backs.
Locks: the supplier orders, the years of both unions by id, ledger accounts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace.evidence.actions import record
from marketplace.fulfilment.losses import last_return_day
from marketplace.fulfilment.models import SupplierOrder
from marketplace.fulfilment.queries import state_of
from marketplace.ledger.actions import account, check_funds, post, yuan
from marketplace.ledger.models import AccountKind, Purse, PurseKind
from marketplace.organisations.errors import HouseError, Refusals, Sentence
from marketplace.organisations.models import Organisation, OrganisationKind, Role, User
from marketplace.organisations.queries import holds, require
from marketplace.organisations.scopes import seen_by
from marketplace.shop.order.models import Order
from procurement.priority.errors import YearClosed
from procurement.priority.models import Decision, Outcome, UnionYear
from procurement.priority.reserves import reserve
from procurement.priority.words import bought_elsewhere
from procurement.priority.years import excess, kept_last_year, open_year, policy_in_force, to_make_good
from procurement.programmes.errors import PurseOfAnother
from procurement.programmes.heads import had_by
from procurement.programmes.models import Programme, Recipient
from procurement.programmes.people import person_of_recipient
from procurement.programmes.reattribution.errors import (
    GoodsUncovered,
    HandedAlready,
    HandingBreaksCap,
    HandingBreaksFloor,
    HandingBreaksLastYear,
    HandingBreaksShare,
    HandingUnexplained,
    NotAround,
    NothingLive,
    OfferAnswered,
    OrderUnfinished,
    OwnOffer,
)
from procurement.programmes.reattribution.models import ReattributedMember, Reattribution, ReattributionState

_FINAL = ("accepted", "closed")

# What of an order still counts, by the purse that pays for it now: that of the last hand-over, else the lines' own.
_LIVE = """
    SELECT coalesce(%(purse)s, l.purse_id), coalesce(sum(l.fen) FILTER (WHERE l.outcome = 'assistance'), 0)::bigint,
        coalesce(sum(l.fen) FILTER (WHERE l.outcome NOT IN ('assistance', 'uncovered') AND NOT l.waived), 0)::bigint,
        coalesce(sum(l.fen) FILTER (WHERE l.waived), 0)::bigint
    FROM order_live(%(order)s) l GROUP BY 1
"""


@dataclass(frozen=True)
class _Live:
    """What of an order counts now, in fen, and what each purse (id) pays of it."""

    assistance: int
    ordinary: int
    waived: int
    by_purse: dict[int, int]

    @property
    def total(self) -> int:
        return self.assistance + self.ordinary + self.waived


def counted_by(order: Order) -> Organisation:
    """The union in whose year an order counts: the last that took it over, else the one that placed it."""
    last = _last(order)
    return last.to_union if last else order.union


def around(union: Organisation) -> list[Organisation]:
    """The unions to which one may hand an order on: those below it, the one above it, and those beside it with what is below them."""
    top = union.parent.path if union.parent and union.parent.kind == OrganisationKind.UNION else union.path
    found = Organisation.objects.filter(kind=OrganisationKind.UNION, path__startswith=top).exclude(pk=union.pk)
    return list(found.order_by("path"))


def offer(actor: User, order: Order, to_union: Organisation, because: str) -> Reattribution:
    """Offer an order to the union to which it should have been booked. Offered twice to one, it is one offer.

    Raises NotAllowed, and all at once (Refusals) why not: HandingUnexplained, NotAround, HandedAlready, OrderUnfinished,
    GoodsUncovered, NothingLive, YearClosed of either, HandingBreaksShare and HandingBreaksLastYear of the union that hands on.
    """
    with transaction.atomic(), seen_by(None):
        _hold(order)
        last = _last(order)
        union = last.to_union if last else order.union
        require(actor, Role.BUYER, union)
        open_one = Reattribution.objects.filter(order=order, state=ReattributionState.OFFERED).first()
        if open_one is not None and open_one.to_union_id == to_union.pk:
            return open_one
        live = _live(order, last)
        faults: list[HouseError] = [] if because.strip() else [HandingUnexplained()]
        if to_union not in around(union):
            faults.append(NotAround(union=to_union.display_name))
        if open_one is not None:
            faults.append(HandedAlready(order=order.number, union=open_one.to_union.display_name))
        faults += _not_final(order, live)
        faults += _closed((union, to_union), order.gift_year)
        if not faults:
            faults += _breaks(order, union, _fenced_back(live), -live.assistance, -live.ordinary)
        if faults:
            raise Refusals(faults)
        offered: Reattribution = Reattribution.objects.create(
            order=order, turn=last.turn + 1 if last else 1, union=union, to_union=to_union, gift_year=order.gift_year,
            because=because.strip()[:400], goods=_goods(order), recipients=order.recipients, assistance=live.assistance,
            ordinary=live.ordinary, waived=live.waived, offered_by=actor,
        )  # fmt: skip
        _record("order.offered", offered, union)
    return offered


def take_over(actor: User, offered: Reattribution, purse: Purse) -> Reattribution:
    """Take an order over, paid from a general purse of one's own of that year. Repeating it does nothing.

    Raises NotAllowed, OwnOffer, OfferAnswered, PurseOfAnother, and all at once (Refusals) NotEnoughMoney, YearClosed,
    HandingBreaksShare and HandingBreaksLastYear of either union; HandingBreaksCap, HandingBreaksFloor.
    """
    _require_either(actor, offered.to_union)
    with transaction.atomic(), seen_by(None):
        order = offered.order
        _hold(order)
        locked = _locked(offered)
        if (locked.state, locked.answered_by_id) == (ReattributionState.TAKEN, actor.pk):
            return locked
        _check_open(locked)
        if locked.offered_by_id == actor.pk:
            raise OwnOffer(order=order.number, union=locked.to_union.display_name)
        last = _last(order)
        live = _live(order, last)
        _check_purse(purse, locked, live)
        if faults := [*_not_final(order, live), *_closed((locked.union, locked.to_union), locked.gift_year)]:
            raise Refusals(faults)
        _check_shares(locked, live)
        check_funds({purse: live.total})
        _pay(locked, live, purse)
        locked.assistance, locked.ordinary, locked.waived = live.assistance, live.ordinary, live.waived
        _answer(locked, ReattributionState.TAKEN, actor, "", purse=purse)
        _count_members(locked)
        _keep_the_floor(locked)
        _record("order.handed_on", locked, locked.union)
        _record("order.taken_over", locked, locked.to_union)
    return locked


def decline(actor: User, offered: Reattribution, answer: str = "") -> None:
    """Say that the order is not one's own either. Raises NotAllowed, OfferAnswered."""
    _require_either(actor, offered.to_union)
    with transaction.atomic(), seen_by(None):
        if locked := _shut(actor, offered, ReattributionState.DECLINED, answer):
            _record("order.offer_declined", locked, locked.to_union)


def withdraw(actor: User, offered: Reattribution) -> None:
    """Take the offer back. Raises NotAllowed, OfferAnswered."""
    require(actor, Role.BUYER, offered.union)
    with transaction.atomic(), seen_by(None):
        if locked := _shut(actor, offered, ReattributionState.WITHDRAWN):
            _record("order.offer_withdrawn", locked, locked.union)


def _shut(actor: User, offered: Reattribution, state: ReattributionState, answer: str = "") -> Reattribution | None:
    """End an offer without moving anything; None when this person has ended it so before. Within a transaction."""
    locked = _locked(offered)
    if (locked.state, locked.answered_by_id) == (state, actor.pk):
        return None
    _check_open(locked)
    _answer(locked, state, actor, answer)
    return locked


def _answer(
    locked: Reattribution, state: ReattributionState, actor: User, answer: str, purse: Purse | None = None
) -> None:
    locked.state, locked.answered_by, locked.answered_at = state, actor, timezone.now()
    locked.answer, locked.purse = answer.strip()[:400], purse
    locked.save(
        update_fields=["state", "answered_by", "answered_at", "answer", "purse", "assistance", "ordinary", "waived"]
    )


def _require_either(actor: User, union: Organisation) -> None:
    if not holds(actor, Role.BUYER, union):
        require(actor, Role.APPROVER, union)


def _hold(order: Order) -> None:
    """Lock the supplier orders, which every loss of the order locks as well."""
    list(SupplierOrder.objects.select_for_update(of=("self",)).filter(order=order).order_by("id").values_list("id"))


def _locked(offered: Reattribution) -> Reattribution:
    rows = Reattribution.objects.select_for_update(of=("self",)).select_related("order", "union", "to_union")
    found: Reattribution = rows.get(pk=offered.pk)
    return found


def _last(order: Order) -> Reattribution | None:
    taken = Reattribution.objects.filter(order=order, state=ReattributionState.TAKEN)
    return taken.select_related("to_union", "purse").order_by("-turn").first()


def _check_open(locked: Reattribution) -> None:
    if locked.state != ReattributionState.OFFERED:
        raise OfferAnswered(order=locked.order.number)


def _check_purse(purse: Purse, locked: Reattribution, live: _Live) -> None:
    purposes = set(Purse.objects.filter(pk__in=live.by_purse).values_list("purpose", flat=True))
    fits = (purse.union_id, purse.gift_year, purse.kind) == (locked.to_union_id, locked.gift_year, PurseKind.GENERAL)
    if not fits or purposes != {purse.purpose}:
        raise PurseOfAnother(purse=purse.name, year=locked.gift_year)


def _live(order: Order, last: Reattribution | None) -> _Live:
    with connection.cursor() as cursor:
        cursor.execute(_LIVE, {"order": order.pk, "purse": last.purse_id if last else None})
        rows = cursor.fetchall()
    by_purse = {purse: helped + plain + waived for purse, helped, plain, waived in rows}
    return _Live(
        sum(row[1] for row in rows), sum(row[2] for row in rows), sum(row[3] for row in rows),
        {purse: fen for purse, fen in by_purse.items() if fen},
    )  # fmt: skip


def _not_final(order: Order, live: _Live) -> Iterable[HouseError]:
    """Why the order cannot move: what of it may still change, or counts in no share."""
    today = timezone.localdate()
    for part in SupplierOrder.objects.filter(order=order).order_by("id"):
        state, last_day = state_of(part), last_return_day(part)
        why: Sentence | None = None
        if state not in _FINAL:
            why = Sentence(_("not all of it is accepted"), {})
        elif state == "accepted" and part.paid_at is None:
            why = Sentence(_("not paid yet"), {})
        elif state == "accepted" and last_day is not None and last_day >= today:
            why = Sentence(_("it can be returned until %(day)s"), {"day": last_day})
        if why is not None:
            yield OrderUnfinished(order=order.number, number=part.number, why=why)
    if Decision.objects.filter(order=order, outcome=Outcome.UNCOVERED).exists():
        yield GoodsUncovered(order=order.number)
    elif not live.total:
        yield NothingLive(order=order.number)


def _closed(unions: Iterable[Organisation], year: int) -> list[HouseError]:
    """Lock the years of both, by the unions' ids; each has to be open."""
    faults: list[HouseError] = []
    for union in sorted(unions, key=lambda one: one.pk):
        try:
            open_year(union, year)
        except YearClosed as error:
            faults.append(error)
    return faults


def _fenced_back(live: _Live) -> int:
    """Fen that go back into assistance-only purses, where they are R again."""
    fenced = Purse.objects.filter(pk__in=live.by_purse, kind=PurseKind.RING_FENCED).values_list("pk", flat=True)
    return sum(live.by_purse[purse] for purse in fenced)


def _check_shares(locked: Reattribution, live: _Live) -> None:
    order = locked.order
    faults = [
        *_breaks(order, locked.union, _fenced_back(live), -live.assistance, -live.ordinary),
        *_breaks(order, locked.to_union, 0, live.assistance, live.ordinary),
    ]
    if faults:
        raise Refusals(faults)


def _breaks(order: Order, union: Organisation, back: int, assistance: int, ordinary: int) -> Iterable[HouseError]:
    """What would fail for a year with so much more (or less): clause 3, unless it fails by as much already; and where the policy says
    that a year with ordinary goods is not below the one before, that."""
    year = UnionYear.objects.get(union=union, gift_year=order.gift_year)
    policy, held = policy_in_force(union), reserve(union, order.gift_year)
    share = policy.minimum_share_bp if policy else 0
    before = excess(year.counted, year.ordinary, held, share)
    year.assistance, year.ordinary, held = year.assistance + assistance, year.ordinary + ordinary, held + back
    after = (year.counted, year.ordinary, held, share)
    if excess(*after) > max(before, 0):
        yield HandingBreaksShare(order=order.number, union=union.display_name, missing=yuan(to_make_good(*after)))
    last = kept_last_year(year, policy)
    short = last - year.assistance - held
    if short > 0 and (ordinary > 0 or assistance + back < 0):
        yield HandingBreaksLastYear(order=order.number, union=union.display_name, last=yuan(last), missing=yuan(short))


def _pay(locked: Reattribution, live: _Live, purse: Purse) -> None:
    """Each purse that paid has its own back, and the new union's purse pays: from bank account to bank account, outside."""
    cause, kind = f"order:{locked.order.number}", "order.reattributed"
    name = f"reattribution:{locked.pk}"
    paid = Purse.objects.select_related("account").in_bulk(list(live.by_purse))
    back = {paid[pk].account: fen for pk, fen in sorted(live.by_purse.items())}
    outside = account(AccountKind.OUTSIDE, locked.union)
    post(f"{name}:given_back", kind, cause, {outside: -live.total, **back}, union=locked.union)
    there = account(AccountKind.OUTSIDE, locked.to_union)
    post(f"{name}:taken", kind, cause, {purse.account: -live.total, there: live.total}, union=locked.to_union)


def _count_members(locked: Reattribution) -> None:
    """Note what each recipient got as a member of the new union, for its cap and floor. Raises HandingBreaksCap.

    Nothing is noted when an order comes back to the union that placed it: its own list says it.
    """
    order, union = locked.order, locked.to_union
    if union.pk == order.union_id:
        return
    programme = Programme.objects.get(order=order)
    members = [
        ReattributedMember(
            reattribution=locked, union=union, person=person_of_recipient(union, one), received=one.received,
            assistance=one.received_assistance,
        )
        for one in Recipient.objects.filter(programme=programme, received__gt=0).order_by("id")
    ]  # fmt: skip
    ReattributedMember.objects.bulk_create(members, batch_size=5_000)
    policy = policy_in_force(union)
    if policy is None or not policy.cap:
        return
    had = had_by(union, locked.gift_year, {member.person for member in members})
    counted = [fen - min(fenced, policy.ring_fence) for fen, fenced in had.heads]
    most, elsewhere = max(zip(counted, had.elsewhere, strict=True), default=(0, 0))
    if most > policy.cap:
        raise HandingBreaksCap(
            order=order.number, union=union.display_name, per_head=yuan(most), elsewhere=bought_elsewhere(elsewhere),
            cap=yuan(policy.cap),
        )  # fmt: skip


def _keep_the_floor(locked: Reattribution) -> None:
    """Ordinary goods come after the floor: assistance goods are not handed on from under them. Raises HandingBreaksFloor."""
    union, policy = locked.union, policy_in_force(locked.union)
    if policy is None or not policy.floor or not locked.assistance:
        return
    if not UnionYear.objects.filter(union=union, gift_year=locked.gift_year, ordinary__gt=0).exists():
        return
    people = Recipient.objects.filter(programme__order=locked.order)
    left = had_by(union, locked.gift_year, {person_of_recipient(union, one) for one in people}).least_assistance
    if left < policy.floor:
        raise HandingBreaksFloor(
            order=locked.order.number, union=union.display_name, floor=yuan(policy.floor), given=yuan(left)
        )


def _goods(order: Order) -> list[list[object]]:
    """What is in an order, line by line, without recipients: what is handed on has to be seen by those who take it."""
    helped = set(Decision.objects.filter(order=order, outcome=Outcome.ASSISTANCE).values_list("line_id", flat=True))
    return [[line.title, line.quantity, line.amount_fen, int(line.pk in helped)] for line in order.lines.order_by("id")]


def _record(kind: str, row: Reattribution, union: Organisation) -> None:
    body = {
        "order": row.order.number,
        "turn": row.turn,
        "from": row.union.code,
        "to": row.to_union.code,
        "year": row.gift_year,
        "assistance": row.assistance,
        "ordinary": row.ordinary,
        "waived": row.waived,
    }
    record(kind, body, subject=f"order:{row.order.number}", union_id=union.pk)
