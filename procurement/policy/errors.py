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
