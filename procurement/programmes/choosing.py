"""Verbs of choosing: the buyer offers a short list and opens the choosing, members choose, it closes by hand or by itself.

While it is open nothing else in the plan changes. Locks: the programme's row, exclusively to open and close, shared to choose.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from datetime import time as clock
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace.evidence.actions import commit_to
from marketplace.evidence.canonical import canonical
from marketplace.organisations.errors import HouseError, Refusals
from marketplace.organisations.models import Role, User
from marketplace.organisations.queries import require
from marketplace.organisations.scopes import seen_by
from marketplace.shop.catalogue.models import Product
from marketplace.shop.policy import purchase_policy
from marketplace.spreadsheets.cells import clean_text
from marketplace.steps.actions import write
from procurement.priority import rule
from procurement.priority.policy import Judged
from procurement.programmes.choices import chosen_by_recipient, counted_options, slots_to_choose
from procurement.programmes.errors import (
    AddressTooShort,
    ChoosingClosed,
    ChoosingDue,
    ClosesTooLate,
    ClosesTooSoon,
    NoRecipients,
    NothingToChoose,
    OfferedAlready,
    OptionBlocked,
    OptionOfAnother,
    PartDivided,
    TooManyOptions,
)
from procurement.programmes.models import (
    Choice,
    Choosing,
    Delivery,
    GiftLine,
    Option,
    Programme,
    ProgrammeState,
    Recipient,
)
from procurement.programmes.people import workplace_region
from procurement.programmes.plans import Plan, bound_request, plan_of
from procurement.programmes.regions import region_of
from procurement.programmes.roster_cells import LIMITS
from procurement.programmes.states import expect_state, locked_draft, locked_programme, move, record_step

MOST_OPTIONS = 6
_SHORTEST_ADDRESS = 6
CLOSE = "choosing.close"


def offer(actor: User, programme: Programme, slot: int, product: Product, *, per_head: int = 1) -> Option:
    """Offer one more product in a part of the gift, so that each member chooses; the first one stays the default.

    Members choose anew for a list that has changed: the choosing has to be opened again. Raises NotAllowed, WrongState,
    PartDivided, OfferedAlready, TooManyOptions.
    """
    require(actor, Role.BUYER, programme.union)
    with transaction.atomic():
        locked = locked_draft(programme, _("change the goods of"))
        lines = list(GiftLine.objects.filter(programme=locked, slot=slot).select_related("product"))
        options = list(Option.objects.filter(programme=locked, slot=slot))
        if not options:
            options = [_made_an_option(locked, slot, lines)]
        if any(option.product_id == product.pk for option in options):
            raise OfferedAlready(title=product.get_title())
        if len(options) >= MOST_OPTIONS:
            raise TooManyOptions(most=MOST_OPTIONS)
        added = Option.objects.create(programme=locked, union=locked.union, slot=slot, product=product)
        GiftLine.objects.create(
            programme=locked, union=locked.union, slot=slot, option=added, product=product, per_head=per_head,
            purse_id=lines[0].purse_id,
        )  # fmt: skip
        _list_changed(locked)
    return added


def _made_an_option(programme: Programme, slot: int, lines: list[GiftLine]) -> Option:
    """The one product of a part becomes the default of its short list."""
    if len(lines) != 1 or lines[0].heads is not None or lines[0].region:
        raise PartDivided(slot=slot)
    first = Option.objects.create(
        programme=programme, union=programme.union, slot=slot, product=lines[0].product, is_default=True
    )
    GiftLine.objects.filter(pk=lines[0].pk).update(option=first)
    return first


def take_back(actor: User, programme: Programme, option: Option) -> None:
    """Take a product off its short list. What is left alone is for all again; the next one becomes the default.

    Raises NotAllowed, WrongState.
    """
    require(actor, Role.BUYER, programme.union)
    with transaction.atomic():
        locked = locked_draft(programme, _("change the goods of"))
        if not Option.objects.filter(programme=locked, pk=option.pk).delete()[0]:
            return
        left = list(Option.objects.filter(programme=locked, slot=option.slot))
        if len(left) == 1:
            GiftLine.objects.filter(option=left[0]).update(option=None)
            left[0].delete()
        elif not any(other.is_default for other in left):
            Option.objects.filter(pk=left[0].pk).update(is_default=True)
        _list_changed(locked)


def make_default(actor: User, programme: Programme, option: Option) -> None:
    """Let those who don't choose get this product. Raises NotAllowed, WrongState."""
    require(actor, Role.BUYER, programme.union)
    with transaction.atomic():
        locked = locked_draft(programme, _("change the goods of"))
        Option.objects.filter(programme=locked, slot=option.slot, is_default=True).update(is_default=False)
        Option.objects.filter(pk=option.pk).update(is_default=True)
        _list_changed(locked)


def _list_changed(programme: Programme) -> None:
    """What was chosen from another list counts no more as chosen: the choosing has to be opened again."""
    Choosing.objects.filter(programme=programme).delete()


def open_choosing(actor: User, programme: Programme, closes_at: datetime) -> Choosing:
    """Let members choose until `closes_at`. Choices made before stay until changed. Sent twice, it is opened once.

    Raises NotAllowed, WrongState, and all at once (Refusals) what stands against it: nobody on the list, nothing to choose, a
    deadline past or after the day of need, an option that the rule blocks at any quantity, the plan's own faults.
    """
    require(actor, Role.BUYER, programme.union)
    with transaction.atomic():
        locked = locked_programme(programme)
        if locked.state == ProgrammeState.CHOOSING:
            return Choosing.objects.get(programme=locked)
        expect_state(locked, ProgrammeState.DRAFT, _("open the choosing of"))
        Choosing.objects.filter(programme=locked).delete()
        plan = plan_of(locked)
        if faults := [*_against_opening(locked, plan, closes_at)]:
            raise Refusals(faults)
        choosing = Choosing.objects.create(
            programme=locked,
            union=locked.union,
            opened_at=timezone.now(),
            opened_by=actor,
            closes_at=closes_at,
            salt=os.urandom(16),
        )
        move(locked, ProgrammeState.CHOOSING)
        options = Option.objects.filter(programme=locked).order_by("slot", "id")
        record_step(
            "choosing.opened", locked, closes_at=closes_at.isoformat(timespec="minutes"), recipients=plan.recipients,
            options=[[option.slot, option.product_id] for option in options],
        )  # fmt: skip
        write(f"programme:{locked.pk}", CLOSE, [str(choosing.pk)], not_before=closes_at)
    return choosing


def _against_opening(programme: Programme, plan: Plan, closes_at: datetime) -> list[HouseError]:
    faults: list[HouseError] = [fault for fault in plan.faults if not isinstance(fault, ChoosingDue)]
    if not plan.open_pieces and not any(isinstance(fault, NoRecipients) for fault in faults):
        faults.append(NothingToChoose())
    if closes_at <= timezone.now():
        faults.append(ClosesTooSoon())
    need = timezone.make_aware(datetime.combine(programme.need_date, clock.min))
    if closes_at >= need:
        faults.append(ClosesTooLate(day=programme.need_date))
    return faults + blocked_options(plan)


def blocked_options(plan: Plan) -> list[HouseError]:
    """A refusal for each option of which the rule lets nothing pass, even if all members chose it."""
    request = bound_request(plan)
    if request is None:
        return []
    judged: Judged = purchase_policy().judge(request).detail
    blocked = {
        piece.gift_line.product.get_title()
        for piece in plan.open_pieces
        if not piece.parts and judged.decision(piece.ref).outcome == rule.BLOCKED
    }
    return [OptionBlocked(title=title) for title in sorted(blocked)]


def close_choosing(actor: User, programme: Programme) -> None:
    """Close the choosing before its time. What is closed stays closed. Raises NotAllowed, WrongState."""
    require(actor, Role.BUYER, programme.union)
    with transaction.atomic():
        locked = locked_programme(programme)
        if locked.state == ProgrammeState.DRAFT and Choosing.objects.filter(programme=locked, closed_at__isnull=False):
            return
        expect_state(locked, ProgrammeState.CHOOSING, _("close the choosing of"))
        _close(locked, actor)


def close_in_time(choosing_id: int) -> None:
    """Close a choosing whose time has come, if it is still that one and open. Carried out by a step."""
    with transaction.atomic(), seen_by(None):
        choosing = Choosing.objects.filter(pk=choosing_id, closed_at__isnull=True).select_related("programme").first()
        if choosing is None:
            return
        locked = locked_programme(choosing.programme)
        if locked.state == ProgrammeState.CHOOSING:
            _close(locked, None)


def _close(programme: Programme, actor: User | None) -> None:
    """Under the programme's lock: the quantities are known from here on."""
    choosing = Choosing.objects.get(programme=programme)
    choosing.closed_at, choosing.closed_by = timezone.now(), actor
    choosing.save(update_fields=["closed_at", "closed_by"])
    chosen = chosen_by_recipient(programme)
    everything = sorted([recipient, slot, option] for (recipient, slot), option in chosen.items())
    recipients = programme.recipients.count()
    move(programme, ProgrammeState.DRAFT)
    record_step(
        "choosing.closed", programme, by="buyer" if actor else "deadline", recipients=recipients,
        chosen=len(chosen), by_default=recipients * slots_to_choose(programme) - len(chosen),
        options=[[one.option.slot, one.option.product_id, one.chosen] for one in counted_options(programme)],
        commitment=commit_to(canonical(everything).decode(), bytes(choosing.salt)),
    )  # fmt: skip


def choose(recipient: Recipient, picks: Mapping[int, int], *, address: str = "", actor: User | None = None) -> None:
    """Note what a member chose, option ids by slot, and a corrected home address. Sent again, it is noted once.

    `actor` is the buyer who records it for a member without a phone; the personal link proves the member. Raises NotAllowed,
    ChoosingClosed, and all at once (Refusals) OptionOfAnother, AddressTooShort.
    """
    if actor is not None:
        require(actor, Role.BUYER, recipient.union)
    address = clean_text(address)
    with transaction.atomic():
        programme = _open_for_choice(recipient.programme_id)
        known = dict(Option.objects.filter(programme=programme).values_list("id", "slot"))
        faults: list[HouseError] = [
            OptionOfAnother(slot=slot) for slot, option in picks.items() if known.get(option) != slot
        ]
        if address and not _SHORTEST_ADDRESS <= len(address) <= LIMITS["address"]:
            faults.append(AddressTooShort(most=LIMITS["address"]))
        if faults:
            raise Refusals(faults)
        now = timezone.now()
        Choice.objects.bulk_create(
            [
                Choice(
                    recipient=recipient, union=recipient.union, slot=slot, option_id=option, at=now, recorded_by=actor
                )
                for slot, option in picks.items()
            ],
            update_conflicts=True,
            unique_fields=["recipient", "slot"],
            update_fields=["option", "at", "recorded_by"],
        )
        if address and programme.delivery == Delivery.HOME:
            region = region_of(address) or workplace_region(recipient.union)
            Recipient.objects.filter(pk=recipient.pk).update(address=address, region=region)


def _open_for_choice(programme_id: int) -> Programme:
    """The programme, held open for this transaction: members choose side by side, closing waits for them. Raises ChoosingClosed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT state FROM programmes_programme WHERE id = %s FOR SHARE", [programme_id])
    programme: Programme = Programme.objects.get(pk=programme_id)
    open_now: Any = Choosing.objects.filter(
        programme=programme, closed_at__isnull=True, closes_at__gt=timezone.now()
    ).first()
    if programme.state != ProgrammeState.CHOOSING or open_now is None:
        raise ChoosingClosed(programme=programme.title)
    return programme
