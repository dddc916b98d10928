"""Reminders by message: what ends soon or waits for somebody. Each is sent once: its key names what it is about and to whom.

Words carry no name, and lie encrypted until they are sent. A constant number of statements, whatever the number of people.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Exists, F, Max, OuterRef
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from marketplace.fulfilment.models import Parcel, ParcelState, SupplierOrder
from marketplace.fulfilment.queries import in_state, with_states
from marketplace.messaging.actions import MessageDraft, send_many
from marketplace.organisations.models import Role
from marketplace.organisations.queries import people_of
from procurement.programmes.links import token_of
from procurement.programmes.models import Choice, ProgrammeState, Receipt, Recipient, Voucher
from suppliers.accreditation.queries import expiring

DAILY = "reminders.daily"
CHOICE_BEFORE = timedelta(days=2)
VOUCHER_BEFORE = timedelta(days=7)
PARCEL_AFTER, PARCEL_UNTIL = timedelta(days=5), timedelta(days=30)
ACCEPT_BEFORE = timedelta(days=2)
ACCREDITATION_BEFORE = timedelta(days=60)


def remind() -> int:
    """Write what is to be said today to whom it was not said before; how many messages. Carried out by a step each day."""
    with translation.override(settings.LANGUAGE_CODE):
        drafts = [*_choices(), *_vouchers(), *_parcels(), *_acceptances(), *_accreditations()]
    return send_many(draft for draft in drafts if draft.phone)


def _choices() -> Iterator[MessageDraft]:
    now = timezone.now()
    silent = Recipient.objects.filter(
        ~Exists(Choice.objects.filter(recipient=OuterRef("pk"))),
        programme__state=ProgrammeState.CHOOSING,
        programme__choosing__closes_at__gt=now,
        programme__choosing__closes_at__lte=now + CHOICE_BEFORE,
    )
    for one in silent.select_related("programme__choosing"):
        choosing = one.programme.choosing
        words = _(
            "“%(title)s”: choose your gift until %(day)s, or you get the default. Open the link that your union gave you%(link)s."
        )
        facts = {"title": one.programme.title, "day": _day(choosing.closes_at), "link": _link(one)}
        yield MessageDraft("choice", f"choice:{choosing.pk}:{one.pk}", one.phone, words % facts, choosing.closes_at)


def _vouchers() -> Iterator[MessageDraft]:
    today = timezone.localdate()
    waiting = Parcel.objects.filter(recipient=OuterRef("recipient"), state=ParcelState.UNCALLED)
    near = Voucher.objects.filter(
        Exists(waiting), called_at__isnull=True, last_day__gte=today, last_day__lte=today + VOUCHER_BEFORE
    )
    for one in near.select_related("recipient__programme").order_by("pk"):
        words = _(
            "“%(title)s”: call for your gift until %(day)s%(link)s. After that it is sent to your workplace; nothing is lost."
        )
        facts = {"title": one.recipient.programme.title, "day": one.last_day, "link": _link(one.recipient)}
        yield MessageDraft("voucher", f"voucher:{one.pk}", one.recipient.phone, words % facts, _end_of(one.last_day))


def _parcels() -> Iterator[MessageDraft]:
    now = timezone.now()
    quiet = Parcel.objects.filter(
        ~Exists(Receipt.objects.filter(parcel=OuterRef("pk"))),
        state__in=[ParcelState.SHIPPED, ParcelState.ACCEPTED],
        consignment__shipped_at__lte=now - PARCEL_AFTER,
        consignment__shipped_at__gt=now - PARCEL_UNTIL,
    ).select_related("consignment")
    parcels = list(quiet)
    owners = Recipient.objects.select_related("programme").in_bulk({one.recipient for one in parcels})
    for one in parcels:
        owner = owners.get(one.recipient)
        if owner is None or one.consignment is None:
            continue
        words = _(
            "“%(title)s”: has your parcel come (%(carrier)s %(waybill)s)? Confirm it, or say what is wrong%(link)s."
        )
        facts = {
            "title": owner.programme.title,
            "carrier": one.consignment.carrier,
            "waybill": one.consignment.waybill,
            "link": _link(owner),
        }
        yield MessageDraft("parcel", f"parcel:{one.pk}", owner.phone, words % facts, now + timedelta(days=3))


def _acceptances() -> Iterator[MessageDraft]:
    now = timezone.now()
    shipped = in_state(with_states(SupplierOrder.objects.filter(accepted_at__isnull=True)), ParcelState.SHIPPED)
    last = shipped.annotate(last_shipped=Max("consignments__shipped_at"))
    waiting = [one for one in last if _silence_ends(one) - ACCEPT_BEFORE <= now < _silence_ends(one)]
    buyers = people_of(Role.BUYER, (one.union_id for one in waiting))
    for one in waiting:
        words = _(
            "Supplier order %(number)s was shipped: accept it or refuse what is wrong until %(day)s. Silence accepts it."
        )
        facts = {"number": one.number, "day": _day(_silence_ends(one))}
        for user in buyers.get(one.union_id, []):
            key = f"accept:{one.pk}:{user.pk}"
            yield MessageDraft("acceptance", key, user.phone, words % facts, _silence_ends(one))


def _silence_ends(one: Any) -> datetime:
    moment: datetime = one.last_shipped + timedelta(days=one.acceptance_days)
    return moment


def _accreditations() -> Iterator[MessageDraft]:
    today = timezone.localdate()
    ending = list(expiring(today + ACCREDITATION_BEFORE).annotate(title=F("product__title")))
    sellers = people_of(Role.PRODUCER, (one.producer_id for one in ending))
    for one in ending:
        words = _("The accreditation of “%(product)s” ends on %(day)s. Apply for the next one in time.")
        for user in sellers.get(one.producer_id, []):
            key = f"accreditation:{one.pk}:{user.pk}"
            facts = {"product": one.title, "day": one.valid_to}
            yield MessageDraft("accreditation", key, user.phone, words % facts, _end_of(one.valid_to or today))


def _link(recipient: Recipient) -> str:
    """The personal link, where the installation says at which address it is reached."""
    return f" {settings.SITE_URL}{reverse('my:gift', args=[token_of(recipient)])} " if settings.SITE_URL else ""


def _day(moment: datetime) -> str:
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M")


def _end_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))
