"""What is refused of purchases: when they are entered, by spreadsheet too, reversed, paid."""

from django.utils.translation import gettext_lazy as _

from marketplace.organisations.errors import HouseError


class NothingCollected(HouseError):
    """A collection has a weight and a price."""

    code = "nothing_collected"
    sentence = _(
        "Purchase note %(note)s has a weight of %(grams)s g and a price of %(price)s fen; both must be above zero."
    )


class NoteUsed(HouseError):
    """A purchase note is entered once."""

    code = "note_used"
    sentence = _("Purchase note %(note)s is already entered. Check the number on the paper.")


class PurchaseReversalUnexplained(HouseError):
    """A purchase is taken back for a reason."""

    code = "purchase_reversal_unexplained"
    sentence = _("To reverse a purchase note takes a reason that the auditors understand. Enter it.")


class PurchaseReversedBefore(HouseError):
    """A purchase is taken back once."""

    code = "purchase_reversed_before"
    sentence = _(
        "Purchase note %(note)s was reversed on %(day)s already. Enter the right one; nothing else is left to do."
    )


class PurchaseUsed(HouseError):
    """What something was made of stays."""

    code = "purchase_used"
    sentence = _(
        "Of purchase note %(note)s %(grams)s g went into lots, so it cannot be reversed. Recall those lots if they are wrong."
    )


class PurchaseReversed(HouseError):
    """Nothing more happens to what was taken back."""

    code = "purchase_reversed"
    sentence = _(
        "Purchase note %(note)s was reversed and counts no longer. Take the one that was entered in its place."
    )


class SlipMissing(HouseError):
    """A payment can be found again."""

    code = "slip_missing"
    sentence = _(
        "That purchase note %(note)s is paid takes the number of the slip, so that the auditors can find it. Enter it."
    )


class PurchasePaidBefore(HouseError):
    """A purchase is paid once; a wrong slip is corrected, not paid a second time."""

    code = "purchase_paid_before"
    sentence = _(
        "Purchase note %(note)s is on record as paid on %(day)s by slip %(slip)s. If that is wrong, correct that payment."
    )


class BadSheet(HouseError):
    """The spreadsheet is not opened; the sentence comes from the reader."""

    code = "bad_sheet"
    sentence = _("%(reason)s")


class NoPurchases(HouseError):
    """There is no ledger in the workbook."""

    code = "no_purchases"
    sentence = _(
        "No sheet has a row of headings with purchase note, household, produce, weight, price and day, and purchases below it. Take "
        "the empty sheet from the page, or add the headings."
    )


class TooManyPurchases(HouseError):
    """A sheet is read while somebody waits."""

    code = "too_many_purchases"
    sentence = _("The workbook has more than %(most)s purchases. Send them in several workbooks.")


class CellEmpty(HouseError):
    """Something has to stand there."""

    code = "cell_empty"
    sentence = _("The cell is empty; fill it in.")


class CellTooLong(HouseError):
    """More than is kept."""

    code = "cell_too_long"
    sentence = _("The text is longer than %(most)s characters; shorten it.")


class CellNoAmount(HouseError):
    """A weight or a price is a number."""

    code = "cell_no_amount"
    sentence = _("This is no number above zero that is whole in grams or in fen; write digits and a point alone.")


class CellNoDay(HouseError):
    """A day of the calendar."""

    code = "cell_no_day"
    sentence = _("This is no day of the calendar; write it like 2026-09-30.")


class NoteTwice(HouseError):
    """A purchase note stands in a sheet once."""

    code = "note_twice"
    sentence = _("Purchase note %(note)s stands in row %(row)s already. Correct the number, or delete this row.")


class HouseholdUnknown(HouseError):
    """Nothing is bought from a household without an agreement; whether others recorded it is not said."""

    code = "household_unknown"
    sentence = _(
        "You have no household %(household)s with an agreement. Correct its code, or sign the agreement first."
    )
