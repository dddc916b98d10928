"""What keeps an order from being handed on to another union."""

from django.utils.translation import gettext_lazy as _

from marketplace.organisations.errors import HouseError


class NotAround(HouseError):
    """A union that has nothing to do with the one that booked."""

    code = "not_around"
    sentence = _(
        "%(union)s lies elsewhere in the tree: an order is handed on to the union above, to one below it, or to one beside it. "
        "Choose one of these."
    )


class OrderUnfinished(HouseError):
    """Goods that may still change."""

    code = "order_unfinished"
    sentence = _(
        "The order %(order)s is not final: every parcel has to be accepted and paid, and the days for returns be over "
        "(%(number)s: %(why)s)."
    )


class GoodsUncovered(HouseError):
    """Goods that no share counts."""

    code = "goods_uncovered"
    sentence = _(
        "Part of the order %(order)s was paid from a purse that the rule does not cover. It counts in nobody's share, and stays."
    )


class NothingLive(HouseError):
    """All of it was cancelled or returned."""

    code = "nothing_live"
    sentence = _("Nothing of the order %(order)s counts any more, so there is nothing to hand on.")


class HandedAlready(HouseError):
    """One offer at a time."""

    code = "handed_already"
    sentence = _(
        "The order %(order)s is offered to %(union)s already. Withdraw that offer first, or wait for the answer."
    )


class HandingUnexplained(HouseError):
    """No reason."""

    code = "handing_unexplained"
    sentence = _("Say why the order was booked to the wrong union; the auditors read it.")


class OfferAnswered(HouseError):
    """It is no longer open."""

    code = "offer_answered"
    sentence = _("The offer of the order %(order)s is no longer open: somebody has answered it. Open the list again.")


class OwnOffer(HouseError):
    """Whoever offers does not take over."""

    code = "own_offer"
    sentence = _("You offered the order %(order)s yourself: another person of %(union)s has to take it over.")


class HandingBreaksShare(HouseError):
    """One of the two years would no longer hold."""

    code = "handing_breaks_share"
    sentence = _(
        "With the order %(order)s handed on, ordinary goods of %(union)s would be above what its share allows: assistance goods for "
        "%(missing)s are missing there. Buy them, or set money aside for them, first."
    )


class HandingBreaksLastYear(HouseError):
    """One of the two years would have ordinary goods and be below the one before."""

    code = "handing_breaks_last_year"
    sentence = _(
        "With the order %(order)s handed on, %(union)s would have ordinary goods and fewer assistance goods than the %(last)s of the "
        "year before: %(missing)s are missing there. Buy them, or set money aside for them, first."
    )


class HandingBreaksCap(HouseError):
    """Members of the union that takes over would have had too much."""

    code = "handing_breaks_cap"
    sentence = _(
        "With the order %(order)s handed on a member of %(union)s would have had gifts for %(per_head)s this year%(elsewhere)s; "
        "the cap is %(cap)s. It stays where it is booked."
    )


class HandingBreaksFloor(HouseError):
    """Members would lack the assistance goods after which their ordinary ones came."""

    code = "handing_breaks_floor"
    sentence = _(
        "Members of %(union)s had ordinary goods after assistance goods for at least %(floor)s each; with the order %(order)s "
        "handed on, one would have them for %(given)s. It stays where it is booked."
    )
