"""What the register of organisations refuses."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from marketplace.organisations.errors import HouseError


class CodeUnfit(HouseError):
    """A code of another shape."""

    code = "code_unfit"
    sentence = _("The code “%(given)s” does not fit: 2 to 32 capital letters, digits or hyphens, such as U-XA-01.")


class CodeTaken(HouseError):
    """Two organisations would have one code."""

    code = "code_taken"
    sentence = _("The code %(given)s belongs to %(holder)s already. Choose another one; a code is never used again.")


class NameMissing(HouseError):
    """An organisation without a name."""

    code = "name_missing"
    sentence = _("An organisation needs its full name, as its certificate shows it.")


class CreditCodeWrong(HouseError):
    """A credit code that breaks GB 32100."""

    code = "credit_code_wrong"
    sentence = _(
        "The unified social credit code %(given)s is wrong: 18 characters, the last of which checks the others (GB 32100). "
        "Compare it with the certificate."
    )


class CreditCodeTaken(HouseError):
    """Two organisations would have one credit code."""

    code = "credit_code_taken"
    sentence = _(
        "The unified social credit code %(given)s belongs to %(holder)s already: one organisation has one code."
    )


class PlaceInTreeWrong(HouseError):
    """A union that hangs nowhere, or under one of its own level or below."""

    code = "place_in_tree_wrong"
    sentence = _(
        "A union stands under a union of a higher level; only the province's stands alone. "
        "Choose the level, and the union above it."
    )


class CountyMissing(HouseError):
    """A producer or county office without its county."""

    code = "county_missing"
    sentence = _("A producer and a county office belong to a county of the list. Choose the county.")


class KindUnfit(HouseError):
    """Somebody wants to register a second operator."""

    code = "kind_unfit"
    sentence = _(
        "There is one platform operator. Register unions, enterprises, producers, ordinary suppliers and county offices."
    )


class ReasonMissing(HouseError):
    """A change of standing or class without a reason."""

    code = "reason_missing"
    sentence = _("Write why: the reason goes into the log, where the organisation and the auditors read it.")
