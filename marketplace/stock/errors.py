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
