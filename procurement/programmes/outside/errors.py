"""What keeps a purchase from outside from being registered or reversed."""

from django.utils.translation import gettext_lazy as _

from marketplace.organisations.errors import HouseError


class NothingPaid(HouseError):
    """A purchase without an amount."""

    code = "nothing_paid"
    sentence = _("A purchase costs something: enter the amount of the invoice, more than ¥0.00.")


class NobodyReached(HouseError):
    """A purchase for nobody."""

    code = "nobody_reached"
    sentence = _("A gift reaches somebody: enter how many members had it, or upload their list.")


class TooMuch(HouseError):
    """A slip of the pen."""

    code = "too_much"
    sentence = _("One invoice is for at most ¥10,000,000.00 and 10,000,000 members. Check the figures.")


class NotYetBought(HouseError):
    """A purchase of a day to come."""

    code = "not_yet_bought"
    sentence = _("%(day)s lies ahead: what was bought is registered once it was bought. Check the date on the invoice.")


class LongAgo(HouseError):
    """A purchase of a year that nobody keeps here."""

    code = "long_ago"
    sentence = _(
        "%(day)s lies too far back: what was bought before 2000 is not kept here. Check the date on the invoice."
    )


class OtherYear(HouseError):
    """A gift year that does not go with the day."""

    code = "other_year"
    sentence = _(
        "What was bought on %(day)s belongs to the gift year %(first)s, or to %(last)s when the occasion is in that year. "
        "Choose one of them."
    )


class SupplierUnnamed(HouseError):
    """Nobody sold it."""

    code = "supplier_unnamed"
    sentence = _("Name the supplier as the invoice does.")


class InvoiceUnreadable(HouseError):
    """Something else than an invoice's number."""

    code = "invoice_unreadable"
    sentence = _(
        "“%(invoice)s” is no invoice number: 6 to 30 letters and digits, of an old invoice its code and number one after the other."
    )


class InvoiceRegistered(HouseError):
    """The same invoice twice."""

    code = "invoice_registered"
    sentence = _(
        "The invoice %(invoice)s was registered on %(day)s as %(number)s. "
        "If that one is wrong, reverse it first; then register the right one."
    )


class ListFaulty(HouseError):
    """A list of members with faulty rows: whoever is left out would seem to have had nothing."""

    code = "list_faulty"
    sentence = _(
        "The list has %(rows)s rows at fault, the first in row %(row)s of “%(sheet)s”: %(why)s Mend them and upload it again."
    )


class ReversedBefore(HouseError):
    """What was taken back stays so."""

    code = "reversed_before"
    sentence = _("%(number)s was reversed on %(day)s. Register the right purchase instead of it.")


class ReversalUnexplained(HouseError):
    """A reversal without a reason."""

    code = "reversal_unexplained"
    sentence = _("Say why the entry is wrong; the auditors read it.")
