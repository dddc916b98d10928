"""What pages themselves refuse, before any verb is asked."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from marketplace.organisations.errors import HouseError


class PaymentReferenceMissing(HouseError):
    """A payment without the bank's reference."""

    code = "payment_reference_missing"
    sentence = _(
        "A payment for %(number)s needs the bank's reference, so that the statement of account can be matched. "
        "Copy it from the payment slip."
    )


class NoAssistancePurse(HouseError):
    """The union has no assistance-only purse in that year."""

    code = "no_assistance_purse"
    sentence = _("%(union)s has no assistance-only purse for %(year)s. Ask the operator to open one.")


class MembersUnknown(HouseError):
    """Member numbers that are not on the list."""

    code = "members_unknown"
    sentence = _("%(count)s of the member numbers are not on this gift's list: %(numbers)s. Mend or remove them.")
