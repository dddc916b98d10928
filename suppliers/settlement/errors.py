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
