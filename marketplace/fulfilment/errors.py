"""What fulfilment refuses."""

from django.utils.translation import gettext_lazy as _

from marketplace.organisations.errors import HouseError


class NotYet(HouseError):
    """A verb came before what it follows."""

    code = "not_yet"
    sentence = _("The supplier order %(number)s is “%(state)s”; to %(verb)s it, it has to be “%(needed)s” first.")


class WaybillUsed(HouseError):
    """A waybill number was entered twice."""

    code = "waybill_used"
    sentence = _(
        "The waybill %(waybill)s of %(carrier)s is already entered for another consignment. Check the number on the slip."
    )


class WaybillMissing(HouseError):
    """Carrier or waybill is empty."""

    code = "waybill_missing"
    sentence = _(
        "A consignment needs the carrier's name and the waybill number, so that the union can follow it. Enter both."
    )


class WaybillUnfit(HouseError):
    """What was entered as a waybill number is none."""

    code = "waybill_unfit"
    sentence = _(
        "A waybill number has 4 to 60 letters, digits or hyphens; “%(waybill)s” is none. Copy it from the slip."
    )


class NothingNamed(HouseError):
    """No parcel was named."""

    code = "nothing_named"
    sentence = _("No parcel of %(number)s was named. Tick the parcels concerned, or enter their member numbers.")


class NamedTwice(HouseError):
    """One parcel was given two reasons."""

    code = "named_twice"
    sentence = _("A parcel of %(number)s was named twice. Give each parcel one reason.")


class ParcelsElsewhere(HouseError):
    """Parcels that the supplier order does not have."""

    code = "parcels_elsewhere"
    sentence = _("%(count)s of the parcels named do not belong to %(number)s. Open the list again and choose from it.")


class ParcelsMovedOn(HouseError):
    """Parcels whose state does not let this happen any more."""

    code = "parcels_moved_on"
    sentence = _(
        "%(count)s of the parcels of %(number)s are “%(state)s”, so they cannot become “%(kind)s”: before shipping parcels "
        "are cancelled, on arrival refused, after acceptance returned. Leave them out."
    )


class ReasonUnfit(HouseError):
    """No reason, or one that does not go with what is to happen."""

    code = "reason_unfit"
    sentence = _("“%(reason)s” is no reason for “%(kind)s”. Choose one from the list.")


class ReturnTooLate(HouseError):
    """The days for returning have run out."""

    code = "return_too_late"
    sentence = _(
        "Goods of %(number)s could be returned until %(day)s (%(days)s days after acceptance). Settle it with the seller directly, "
        "or let the auditors open a case."
    )
