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


class NothingToMove(HouseError):
    """An amount of nothing, or less."""

    code = "nothing_to_move"
    sentence = _("An amount of money has to be more than nothing. Enter an amount in yuan, such as 1,000.")


class PurseElsewhere(HouseError):
    """Money would move between unions, years, or out of a purse that only the upper union can open."""

    code = "purse_elsewhere"
    sentence = _(
        "Money is set aside from the union's own funds into its own assistance-only purse of the same year; "
        "“%(source)s” and “%(target)s” are not such a pair."
    )


class PurseClosed(HouseError):
    """Money for a purse of a closed year, or out of it."""

    code = "purse_closed"
    sentence = _(
        "The gift year %(year)s is closed, and what the purse “%(purse)s” held was carried over. "
        "Take the purse of the present gift year."
    )


class Unbalanced(HouseError):
    """The legs of a transaction do not sum to zero."""

    code = "unbalanced"
    sentence = _("The legs of %(key)s sum to %(sum)s fen; a transaction sums to zero.")


class NotAUnion(HouseError):
    """A purse for somebody who gives no gifts."""

    code = "not_a_union"
    sentence = _("Purses belong to unions; %(organisation)s is none.")


class PurseUnnamed(HouseError):
    """A purse without a name."""

    code = "purse_unnamed"
    sentence = _("A purse needs a name that says what the money is for, such as the line of the union's budget.")


class GiftYearUnfit(HouseError):
    """A gift year too far away."""

    code = "gift_year_unfit"
    sentence = _("A purse for %(year)s cannot be opened now; choose a gift year from %(first)s to %(last)s.")


class ReferenceMissing(HouseError):
    """Money without a paper."""

    code = "reference_missing"
    sentence = _("Enter the number of the bank slip or budget paper: an auditor has to find where the money came from.")
