"""What keeps an evidence pack from being made, and a gift year from being closed."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from marketplace.organisations.errors import HouseError


class NoWitnessNamed(HouseError):
    """Nobody countersigns the log."""

    code = "no_witness_named"
    sentence = _(
        "No witness of the log is named, so an evidence pack would prove nothing to an outsider. "
        "The operator has to name one in EVIDENCE_WITNESSES."
    )


class PackTooLarge(HouseError):
    """More than a page can hand out."""

    code = "pack_too_large"
    sentence = _(
        "The evidence pack of %(order)s is too large to be downloaded here. The operator can write it with “manage.py evidence_pack”."
    )


class YearNotOver(HouseError):
    """A year that still runs."""

    code = "year_not_over"
    sentence = _("The gift year %(year)s still runs: it is closed once its last day is over.")


class EarlierYearOpen(HouseError):
    """Years are closed one after the other."""

    code = "earlier_year_open"
    sentence = _("The gift year %(earlier)s is still open, and what it leaves counts in the next. Close it first.")


class PlansWaiting(HouseError):
    """Plans of the year that somebody expects to be placed."""

    code = "plans_waiting"
    sentence = _(
        "%(count)s plans of the year are under way (%(titles)s), and nothing is ordered in a closed year. "
        "Place them, or send them back."
    )


class OffersUnanswered(HouseError):
    """Orders that are offered to another union, or by it: nothing moves in a closed year."""

    code = "offers_unanswered"
    sentence = _(
        "Orders of the year are offered from one union to another, and not answered (%(numbers)s). "
        "The one takes them over or declines, or the other withdraws."
    )


class GoodsUnderWay(HouseError):
    """Parcels of the year that have not arrived, or were not accepted."""

    code = "goods_under_way"
    sentence = _(
        "%(parcels)s parcels of %(orders)s orders are not accepted yet (%(numbers)s). Accept them, or report what did not come."
    )


class NotPaidYet(HouseError):
    """Goods accepted and not paid: they would never count."""

    code = "not_paid_yet"
    sentence = _(
        "%(count)s deliveries are accepted and not paid (%(numbers)s); only what is paid counts. Record the payments."
    )


class RefundsDue(HouseError):
    """Sellers owe money back."""

    code = "refunds_due"
    sentence = _(
        "Sellers owe %(amount)s back for goods returned (%(numbers)s). Record the refunds when the money is there."
    )


class ProblemsOpen(HouseError):
    """Members' claims that nobody answered."""

    code = "problems_open"
    sentence = _("%(count)s problems that members reported with the year's gifts are open. Answer them.")


class RequestsUndecided(HouseError):
    """Requests for exceptions from the year, nobody's answer yet."""

    code = "requests_undecided"
    sentence = _(
        "Requests for exceptions from this year are undecided (%(numbers)s). A union above has to answer them."
    )
