"""What settlement refuses."""

from django.utils.translation import gettext_lazy as _

from marketplace.organisations.errors import HouseError


class NothingDue(HouseError):
    """A payment for goods that were not accepted, or were paid already."""

    code = "nothing_due"
    sentence = _("The supplier order %(number)s has nothing due: goods are paid once, after they were accepted.")


class NoProvenance(HouseError):
    """An assistance product was shipped from a lot without confirmed inputs."""

    code = "no_provenance"
    sentence = _(
        "The lot %(lot)s was shipped as an assistance product and shows no collections from households, so nobody can be credited. "
        "Record its inputs, then settle again."
    )


class NothingChosen(HouseError):
    """A payment of no deliveries."""

    code = "nothing_chosen"
    sentence = _("No delivery was chosen. Tick those that the bank has paid, then note them as paid.")


class TooManyChosen(HouseError):
    """More deliveries than one payment may hold."""

    code = "too_many_chosen"
    sentence = _("%(count)s deliveries were chosen; at most %(most)s are noted as paid at once. Choose fewer.")


class NotYours(HouseError):
    """A delivery of another enterprise's producer."""

    code = "not_yours"
    sentence = _(
        "One of the deliveries chosen does not belong to a contract of %(enterprise)s. Nothing was noted as paid; open the list again."
    )


class NothingOwedBack(HouseError):
    """A repayment of what is not owed, or was noted already."""

    code = "nothing_owed_back"
    sentence = _(
        "Nothing is owed back for this return of %(number)s: it was unpaid, or its repayment is noted already."
    )


class ReferenceMissing(HouseError):
    """A refund without the bank's reference."""

    code = "reference_missing"
    sentence = _("A refund for %(number)s needs the bank's reference, so that the auditors can find it. Enter it.")
