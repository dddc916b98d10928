"""What the policy's verbs refuse."""

from django.utils.translation import gettext_lazy as _

from marketplace.organisations.errors import HouseError


class NoPolicyInForce(HouseError):
    """No approved policy covers the region and day."""

    code = "no_policy_in_force"
    sentence = _(
        "No approved policy is in force for the region %(region)s on %(day)s, so nothing can be decided. "
        "The operator has to draft one and have it approved."
    )


class PolicyInThePast(HouseError):
    """A policy may not change what was already decided."""

    code = "policy_in_the_past"
    sentence = _(
        "The policy %(version)s would begin on %(begin)s, before today: a rule never reaches back. Choose a later first day."
    )


class ApproverDrafted(HouseError):
    """The drafter may not approve."""

    code = "approver_drafted"
    sentence = _("You drafted the policy %(version)s: a second person approves it.")


class AlreadyApproved(HouseError):
    """An approved policy is never edited or thrown away."""

    code = "already_approved"
    sentence = _("The policy %(version)s was approved already: it is never changed. Draft another one that follows it.")


class PolicyOverlaps(HouseError):
    """Two policies would begin on one day in one region for one level."""

    code = "policy_overlaps"
    sentence = _(
        "In the region %(region)s the policy %(other)s begins on the same day, %(begin)s: one rule holds at a time. "
        "Draft it anew with a later first day."
    )


class VersionTaken(HouseError):
    """A policy without a name of its own."""

    code = "version_taken"
    sentence = _(
        "“%(version)s” is empty or belongs to another policy. Give this one a name of its own, such as SN-2027-01."
    )


class RegionUnfit(HouseError):
    """A region that is no code."""

    code = "region_unfit"
    sentence = _(
        "The region “%(region)s” is no GB/T 2260 code: 2 digits for the province, 4 for a city, 6 for a county."
    )


class SourceMissing(HouseError):
    """A rule that nobody set."""

    code = "source_missing"
    sentence = _("Name the document that sets the rule: title, number and date.")


class LevelUnfit(HouseError):
    """A level that the tree does not have."""

    code = "level_unfit"
    sentence = _(
        "The level %(level)s is none of the union tree: choose province, city, county, grassroots, or every level."
    )


class PurposeUnfit(HouseError):
    """A rule for gifts that does not bind gifts."""

    code = "purpose_unfit"
    sentence = _(
        "A purse for gifts to members is always bound by the policy; it can leave only other purposes uncovered."
    )


class GrantsUnordered(HouseError):
    """Exceptions of some value that nobody, or somebody of the buyer's own level, could grant."""

    code = "grants_unordered"
    sentence = _(
        "Exceptions are granted by a county, city or province union: name each level once, from the lowest upwards, with higher "
        "values, and let the last one grant whatever the goods are worth."
    )


class DaysUnfit(HouseError):
    """A deadline that is none."""

    code = "days_unfit"
    sentence = _("Requests for exceptions and challenges have at least one day.")


class RatioUnfit(HouseError):
    """A ratio above the whole."""

    code = "ratio_unfit"
    sentence = _("Minimum share, price band and rotation band are at most 100 per cent.")


class FloorAboveCap(HouseError):
    """Nobody could keep both."""

    code = "floor_above_cap"
    sentence = _(
        "The floor per member is above the cap, so that no gift could keep both. Lower the floor or raise the cap."
    )


class NoOccasion(HouseError):
    """A policy that allows nothing."""

    code = "no_occasion"
    sentence = _("Choose at least one occasion on which gifts may be given.")


class StepsUnordered(HouseError):
    """Steps of procurement that leave an amount without a rule."""

    code = "steps_unordered"
    sentence = _(
        "The steps of procurement begin at ¥0, each from a higher amount than the one before, with one person at least."
    )
