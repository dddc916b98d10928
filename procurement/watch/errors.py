"""What the verbs of challenges and of the sweep refuse."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from marketplace.organisations.errors import HouseError


class NoSellerOfTheClass(HouseError):
    """Somebody who sells nothing of the class."""

    code = "no_seller_of_the_class"
    sentence = _(
        "%(organisation)s sells nothing that is compared with %(subject)s. Sellers of the class concerned may challenge."
    )


class TooLate(HouseError):
    """The time to challenge is over."""

    code = "challenge_too_late"
    sentence = _(
        "%(subject)s could be challenged until %(until)s. If new facts have come up, tell the operator: it can determine anew."
    )


class ChallengedAlready(HouseError):
    """The seller has challenged it already."""

    code = "challenged_already"
    sentence = _("%(organisation)s has challenged %(subject)s already. Add what is new to that challenge.")


class NotAParty(HouseError):
    """Somebody whom the challenge does not concern."""

    code = "not_a_party"
    sentence = _(
        "%(number)s is between the seller that challenged, those whom it concerns and those who decide. "
        "%(organisation)s is none of them; everybody may read."
    )


class ChallengeClosed(HouseError):
    """The challenge is decided or withdrawn."""

    code = "challenge_closed"
    sentence = _("%(number)s is “%(state)s” by now. Open it again to read why; nothing can be added.")


class DecidesOwnWork(HouseError):
    """Whoever determined decides on the challenge of it."""

    code = "decides_own_work"
    sentence = _("You made %(subject)s yourself: another operator decides about the challenge.")


class ProposalDecided(HouseError):
    """Somebody else was faster."""

    code = "proposal_decided"
    sentence = _("The proposal for “%(product)s” was worked off meanwhile.")
