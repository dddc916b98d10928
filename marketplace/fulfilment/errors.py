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
