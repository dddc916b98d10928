"""Personal links: the address by which a member comes to their own gift, without signing in.

A link is derived with the index key from the recipient and their link round; nothing of it is stored. Raising the round makes the
links given out before invalid. It ends some time after the day of need.
"""

from __future__ import annotations

import hmac
from datetime import date, timedelta

from django.db import transaction
from django.db.models import F

from marketplace.organisations.models import Role, User
from marketplace.organisations.personal import blind_index
from marketplace.organisations.queries import require
from marketplace.organisations.scopes import seen_by
from procurement.programmes.models import Recipient
from procurement.programmes.states import record_step

# Long enough for the parcel, a complaint and its answer.
LINK_DAYS = 120


def token_of(recipient: Recipient) -> str:
    """The secret part of the recipient's link: their number and 128 bits that only this house can make."""
    return f"{recipient.pk}-{_proof(recipient)}"


def _proof(recipient: Recipient) -> str:
    return blind_index("gift link", f"{recipient.pk} {recipient.link_round}")


def link_ends(recipient: Recipient) -> date:
    """The last day on which the link opens without signing in."""
    return recipient.programme.need_date + timedelta(days=LINK_DAYS)


def recipient_of_token(token: str, *, today: date | None = None) -> Recipient | None:
    """Whose link it is; None for what was guessed, made invalid, or (where `today` is given) is over. One statement."""
    number, _sep, proof = token.partition("-")
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        return None
    with seen_by(None):
        rows = Recipient.objects.select_related("programme__union", "programme__order", "union")
        found: Recipient | None = rows.filter(pk=int(number)).first()
    if found is None or not hmac.compare_digest(proof.encode(), _proof(found).encode()):
        return None
    return None if today is not None and today > link_ends(found) else found


def renew_link(actor: User, recipient: Recipient) -> None:
    """Make the member's link invalid and give them another, e.g. when a sheet was lost. Raises NotAllowed."""
    require(actor, Role.BUYER, recipient.union)
    with transaction.atomic():
        Recipient.objects.filter(pk=recipient.pk).update(link_round=F("link_round") + 1)
        record_step("recipient.link_renewed", recipient.programme, recipient=recipient.pk)
