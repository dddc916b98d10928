"""What stock refuses."""

from django.utils.translation import gettext_lazy as _

from marketplace.organisations.errors import HouseError


class NotEnoughStock(HouseError):
    """Somebody else was quicker, or the order is larger than what there is."""

    code = "not_enough_stock"
    sentence = _(
        "Of %(sku)s only %(available)s are left and %(needed)s are needed. "
        "Take fewer, or let a second producer supply the rest."
    )


class LotsTooSmall(HouseError):
    """The lots in hand do not cover what the supplier order needs."""

    code = "lots_too_small"
    sentence = _(
        "The lots of %(sku)s cover %(covered)s of the %(needed)s units to ship. Record the missing lots, then assign again."
    )


class LotsNotAssigned(HouseError):
    """Goods are there, in lots that may not go to parcels."""

    code = "lots_not_assigned"
    sentence = _(
        "Lots of %(sku)s are not assigned: %(lots)s. Have holds lifted, enter missing pass certificates, record other lots, or "
        "give the parcels up."
    )


class LotStopped(HouseError):
    """A lot was held or recalled, so what is in parcels stays where it is."""

    code = "lot_stopped"
    sentence = _(
        "Lot %(lot)s is held back or recalled; what is of it is neither packed nor shipped. Have the hold lifted, or give its "
        "parcels up with the reason “Held back by quality control”."
    )
