"""What the ledger refuses."""

from django.utils.translation import gettext_lazy as _

from marketplace.organisations.errors import HouseError


class NotEnoughMoney(HouseError):
    """A purse would go below zero."""

    code = "not_enough_money"
    sentence = _(
        "The purse “%(purse)s” holds %(balance)s and %(needed)s is needed: a purse never goes below zero. "
        "Add funds to it, or choose fewer or cheaper goods."
    )


class Unbalanced(HouseError):
    """The legs of a transaction do not sum to zero."""

    code = "unbalanced"
    sentence = _("The legs of %(key)s sum to %(sum)s fen; a transaction sums to zero.")
