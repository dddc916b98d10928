"""What the rule says against a gift, in sentences that name the thing, the rule and the way out."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from marketplace.organisations.errors import HouseError


class RuleViolation(HouseError):
    """One violation of the rule; `code` is the engine's."""

    def __init__(self, code: str, **data: Any) -> None:
        super().__init__(**data)
        self.code = code
        self.sentence = SENTENCES[code]


SENTENCES: dict[str, Any] = {
    "assistance_first": _(
        "“%(title)s”: assistance products come first. Equivalents are on offer for %(blocked)s of the units%(substitutes)s. "
        "Take the substitutes with one click; the rest may then stay.%(held)s"
    ),
    "box_blocked": _(
        "The box “%(title)s” holds a product for which equivalent assistance products are on offer. "
        "Choose a box with assistance products, or the goods singly."
    ),
    "unclassified": _(
        "“%(title)s” has no commodity class, so it cannot be compared, and a covered purse may not buy it. "
        "Ask the operator to classify it, or choose another product."
    ),
    "accreditation_missing": _(
        "“%(title)s” is sold as an assistance product without an accreditation. Choose an accredited one."
    ),
    "ring_fenced_purse": _(
        "“%(title)s” is to be paid from an assistance-only purse, which pays for assistance products alone. "
        "Choose another purse for it."
    ),
    "reserve_short": _(
        "The assistance-only purse holds %(reserve)s and this gift would draw %(drawn)s. "
        "Set more money aside, or pay part from another purse."
    ),
    "make_good_due": _(
        "“%(title)s”: the union has assistance purchases to make good after a producer's failure, "
        "so ordinary goods wait until they are made good."
    ),
    "over_stock": _(
        "Of “%(title)s” %(available)s are left and the recipients need %(quantity)s. "
        "Take a second product for the rest, or fewer recipients."
    ),
    "share": _(
        "This year's ordinary gifts would come to %(ordinary)s%(left)s, and at most %(limit)s are allowed: at least %(share)s "
        "of the year's gift money goes to assistance products (%(assistance)s bought, %(reserve)s set aside). "
        "Choose more assistance products, or set more money aside for them."
    ),
    "floor": _(
        "Each member must get assistance goods for at least %(floor)s; the one who gets least has %(given)s. Add assistance products."
    ),
    "last_year": _(
        "The union had assistance goods for %(last_assistance)s the year before, and this year must not be below: %(assistance)s are "
        "bought and %(reserve)s set aside. Choose more assistance products, or set more money aside for them."
    ),
    "cap": _(
        "A member would have gifts for %(per_head)s this calendar year%(elsewhere)s; the cap is %(cap)s. "
        "Choose cheaper goods or leave some out."
    ),
    "occasion": _("“%(occasion)s” is no occasion on which the policy allows gifts. Choose an allowed occasion."),
    "form": _(
        "The form “%(form)s” is forbidden: gifts are goods, or vouchers that name the shop and the item. Choose another form."
    ),
    "quotations": _(
        "A purchase of %(total)s needs %(needed)s quotations on file; %(given)s are there. Add the missing ones to the plan."
    ),
    "approvers": _(
        "A purchase of %(total)s is decided by %(needed)s people; the plan names %(given)s. Have the others join the decision."
    ),
}


class SimulationPeriod(HouseError):
    """A simulation of the future."""

    code = "simulation_period"
    sentence = _(
        "A simulation reads what was decided until yesterday; it cannot begin on %(since)s. Choose an earlier day."
    )


class ExceptionNotOpen(HouseError):
    """A request for an exception was decided meanwhile."""

    code = "exception_not_open"
    sentence = _("The request %(number)s is no longer open: somebody has decided it. Open the list again to see how.")


class ExceptionNotGranted(HouseError):
    """What was not granted, or is revoked, cannot be revoked."""

    code = "exception_not_granted"
    sentence = _("The exception %(number)s is not in force, so there is nothing to revoke.")


class ReserveBound(HouseError):
    """The year's ordinary gifts were allowed because this money is set aside."""

    code = "reserve_bound"
    sentence = _(
        "%(amount)s cannot leave the purse “%(purse)s”: this year's ordinary gifts were allowed because it is set aside for "
        "assistance products. Release less, or wait until assistance products were bought for it."
    )


class ExceptionOver(HouseError):
    """An exception that no longer lets anything pass: used up by another order, revoked, or its period is over."""

    code = "exception_over"
    sentence = _(
        "The exception %(number)s for “%(title)s” does not hold any more: %(why)s. Take the substitutes, or ask the union above again."
    )


WHY_OVER: dict[str, Any] = {
    "used": _("other orders have used what it allowed"),
    "revoked": _("it was revoked"),
    "expired": _("its period is over"),
    "short": _("another order used a part of it meanwhile"),
}


class GroundsMissing(HouseError):
    """A request without a word why."""

    code = "grounds_missing"
    sentence = _("Say in your own words why none of the products on offer can serve: the union above decides on it.")


class NothingAsked(HouseError):
    """A request for no units."""

    code = "nothing_asked"
    sentence = _("Ask for one unit at least.")


class PeriodUnfit(HouseError):
    """A period that is over, or ends before it begins."""

    code = "period_unfit"
    sentence = _("From %(begin)s until %(end)s nothing can be bought. Choose a period that ends today or later.")


class NobodyAbove(HouseError):
    """No union above may decide."""

    code = "nobody_above"
    sentence = _(
        "No union above %(union)s may grant an exception for goods worth %(value)s. Take the substitutes, or ask for fewer units."
    )


class DecidedHigherUp(HouseError):
    """An officer below the union that a request waits for."""

    code = "decided_higher_up"
    sentence = _("The request %(number)s is for %(union)s, or a union above it, to answer. It will see it in its list.")


class OwnUnion(HouseError):
    """Somebody of the buyer's union who is an officer above as well."""

    code = "own_union"
    sentence = _(
        "You belong to %(union)s, which asks. An exception is never granted by anyone of the buyer's own union: "
        "leave it to a colleague."
    )


class SecondPersonDue(HouseError):
    """The first person again."""

    code = "second_person_due"
    sentence = _("You have agreed to %(number)s already. For goods worth %(value)s a second person has to agree.")


class ReasonMissing(HouseError):
    """A revocation without a reason."""

    code = "reason_missing"
    sentence = _("Say why: the union that asked reads it, and so does the auditor.")


class RefusalUnfounded(HouseError):
    """A refusal without a word why."""

    code = "refusal_unfounded"
    sentence = _(
        "Say why you refuse %(number)s: the union that asked reads it, and knows what to choose or what to show instead."
    )


class PolicyChanged(HouseError):
    """Another policy came into force between judging and storing."""

    code = "policy_changed"
    sentence = _(
        "While the gift was judged another policy came into force, so this verdict counts no more and nothing was ordered. "
        "Open the plan again: it is judged by what holds now, and can then be placed."
    )


class BoxAskew(HouseError):
    """A mixed box whose split would count ordinary goods as assistance goods."""

    code = "box_askew"
    sentence = _(
        "In the mixed box of this gift assistance products count for more of its price than they cost singly. "
        "Choose the goods singly, or have the operator price the contents of the box anew."
    )


class NoOfficer(HouseError):
    """A delegate who is no officer anywhere."""

    code = "no_officer"
    sentence = _("%(name)s is no officer of an upper union, and so cannot answer requests. Name somebody who is.")


class YearClosed(HouseError):
    """Something new in a year that is closed."""

    code = "year_closed"
    sentence = _(
        "The gift year %(year)s of %(union)s is closed: nothing is bought, registered or moved in it any more. "
        "Take the present gift year."
    )


class ShareWouldBreak(HouseError):
    """A union gives up assistance goods on which the year's ordinary ones rest."""

    code = "share_would_break"
    sentence = _(
        "These assistance goods (%(amount)s) cannot be given up alone: at least %(share)s of the year's gift money goes to assistance "
        "products, and this year's ordinary gifts rest on them. Cancel ordinary goods for at least %(needed)s first%(titles)s, or set "
        "%(aside)s aside for assistance products."
    )


class PartWouldBreak(HouseError):
    """A union gives up assistance goods that let the rest of the same order be ordinary."""

    code = "part_would_break"
    sentence = _(
        "“%(titles)s” may be ordinary only because this order buys all that assistance producers can supply. Cancel those ordinary "
        "goods before the assistance goods of the same class."
    )


class LeaversPart(HouseError):
    """Members left whose assistance goods let other goods of the same order be ordinary: those are on offer again."""

    code = "leavers_part"
    sentence = _(
        "“%(titles)s” may be ordinary only beyond what assistance producers can supply, and what the members who left were to get is "
        "on offer again. Cancel %(units)s of the ordinary units first, as no longer needed, and order the assistance goods set free "
        "for the members who stay; or let the parcels of those who left come to the workplace."
    )


class LastYearWouldBreak(HouseError):
    """A union gives up assistance goods without which its year is below the one before."""

    code = "last_year_would_break"
    sentence = _(
        "These assistance goods (%(amount)s) cannot be given up alone: ordinary gifts were allowed because this year's assistance "
        "goods are not below the %(last)s of the year before. Cancel the ordinary goods first, or set %(aside)s aside for "
        "assistance products."
    )


class FloorWouldBreak(HouseError):
    """A union gives up the assistance goods that members must have had before ordinary ones."""

    code = "floor_would_break"
    sentence = _(
        "%(count)s of these members would keep ordinary goods with assistance goods for less than %(floor)s this year. Cancel what "
        "they have of ordinary goods first."
    )
