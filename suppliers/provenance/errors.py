"""What provenance refuses."""

from django.utils.translation import gettext_lazy as _

from marketplace.organisations.errors import HouseError


class IdentityWrong(HouseError):
    """A household's identity number cannot be right; the number itself is never repeated."""

    code = "identity_wrong"
    sentence = "%(problem)s"


class RecordedBefore(HouseError):
    """The producer has recorded this household before."""

    code = "recorded_before"
    sentence = _(
        "A household with this identity number is already recorded as %(code)s. Use that record; do not "
        "add a second one."
    )


class AgreementExists(HouseError):
    """A household has one agreement with a producer."""

    code = "agreement_exists"
    sentence = _(
        "Household %(household)s already has an agreement with %(producer)s. Open that one; it stands as it was signed."
    )


class ShareWrong(HouseError):
    """A share is a part of the whole."""

    code = "share_wrong"
    sentence = _(
        "The households' share of %(share_bp)s hundredths of a per cent is more than the whole. Give at most 10000."
    )


class OthersHousehold(HouseError):
    """A producer deals only with households that it recorded."""

    code = "others_household"
    sentence = _("Household %(household)s was recorded by another producer. Record the household yourself first.")


class AlreadyConfirmed(HouseError):
    """The household's side has confirmed before."""

    code = "already_confirmed"
    sentence = _("The agreement of household %(household)s has been confirmed already. There is nothing left to do.")


class OwnSideConfirms(HouseError):
    """The producer's own people cannot speak for the household."""

    code = "own_side_confirms"
    sentence = _(
        "You belong to %(producer)s, and an agreement counts only when the household's side confirms it. "
        "Let the town officer confirm it after speaking with household %(household)s."
    )


class OwnSidePhone(HouseError):
    """The producer's own people cannot answer for the household by phone either."""

    code = "own_side_phone"
    sentence = _(
        "By the phone number given for household %(household)s somebody of %(producer)s signs in. Enter the household's own number, "
        "or let it confirm at the town office."
    )


class PhoneMissing(HouseError):
    """There is no number to which a code could go."""

    code = "phone_missing"
    sentence = _("No phone number of household %(household)s is known. Enter it, or let it confirm at the town office.")


class AskedTooOften(HouseError):
    """A household is not asked again and again."""

    code = "asked_too_often"
    sentence = _(
        "Household %(household)s was asked %(times)s times in 24 hours. Ask again tomorrow, or let it confirm at the town office."
    )


class Disowned(HouseError):
    """The household said that it knows nothing of the agreement."""

    code = "disowned"
    sentence = _(
        "Household %(household)s said that it knows nothing of this agreement. Only the town office can confirm it now, after "
        "speaking with the household."
    )


class QuestionOver(HouseError):
    """A link that is unknown, answered, too old, tried too often or followed by a newer one; which of these is nobody's business."""

    code = "question_over"
    sentence = _(
        "This question cannot be answered any more: it is good for 3 days, 5 tries and once, and the latest one counts. Ask the "
        "producer to send a new one, or go to the town office."
    )


class WrongHouseholdCode(HouseError):
    """A code that is not the one in the message."""

    code = "wrong_household_code"
    sentence = _("This is not the code in the message. Compare the six digits; %(left)s tries are left.")


class PaperUnfit(HouseError):
    """A paper that proves nothing of this mechanism."""

    code = "paper_unfit"
    sentence = _("“%(kind)s” is no evidence for “%(mechanism)s”. Choose one that the list names.")


class NotOnThatDay(HouseError):
    """A date that cannot be."""

    code = "not_on_that_day"
    sentence = _("%(what)s cannot be on %(day)s: it must lie between %(earliest)s and %(latest)s. Correct the date.")


class NotAfter(HouseError):
    """A date that must come after another."""

    code = "not_after"
    sentence = _("%(what)s cannot be on %(day)s: it must be after %(before)s. Correct the date.")


class LotCodeUsed(HouseError):
    """A lot code names one lot."""

    code = "lot_code_used"
    sentence = _("The lot code %(lot)s is already in use. Give this lot a code of its own.")


class OthersCollection(HouseError):
    """A lot is made only of what its own producer collected."""

    code = "others_collection"
    sentence = _("Purchase note %(note)s belongs to another producer. A lot is made only of your own collections.")


class Unconfirmed(HouseError):
    """The household has not confirmed its agreement."""

    code = "unconfirmed"
    sentence = _(
        "Purchase note %(note)s comes from household %(household)s, which has not confirmed its "
        "agreement, so it counts for no lot. Have the agreement confirmed first, or leave the note out."
    )


class CollectionUsedUp(HouseError):
    """More would be used of a collection than was collected."""

    code = "collection_used_up"
    sentence = _(
        "Of purchase note %(note)s (%(grams)s g) only %(left)s g are left, and this lot asks for "
        "%(wanted)s g. Use less of it."
    )


class EmptyLot(HouseError):
    """A lot has units of some weight, inputs of some weight."""

    code = "empty_lot"
    sentence = _("Lot %(lot)s needs at least one unit of at least 1 g, and inputs of at least 1 g each. Fill these in.")


class YieldWrong(HouseError):
    """Nothing becomes more by being worked."""

    code = "yield_wrong"
    sentence = _(
        "A yield of %(yield_bp)s hundredths of a per cent is declared for lot %(lot)s; it lies between 1 "
        "and 10000, as nothing weighs more than what went into it. Correct the yield."
    )


class OutOfBalance(HouseError):
    """What comes out weighs more than the inputs yield (mass balance)."""

    code = "out_of_balance"
    sentence = _(
        "Lot %(lot)s would weigh %(output)s g, waste included, but its inputs of %(input)s g yield only "
        "%(possible)s g. Add the missing purchase notes, or make fewer units."
    )


class OthersLot(HouseError):
    """A lot is made only of what its own producer has."""

    code = "others_lot"
    sentence = _("Lot %(lot)s belongs to another producer. Lots are made only of your own lots.")


class NoWeight(HouseError):
    """Nobody recorded how a lot was made, so that nobody knows what it weighs and whose it is."""

    code = "no_weight"
    sentence = _(
        "How lot %(lot)s was made is not recorded, so nothing can be made of it. Record it with its purchase notes first."
    )


class LotUsedUp(HouseError):
    """More would be used of a lot than is left of it."""

    code = "lot_used_up"
    sentence = _(
        "Of lot %(lot)s (%(made)s units) only %(left)s are neither in parcels nor used, and this asks for %(wanted)s. Use fewer."
    )


class LotPromised(HouseError):
    """What is left of a lot is promised to unions."""

    code = "lot_promised"
    sentence = _(
        "Of %(sku)s only %(available)s units are not promised to unions, and this takes %(wanted)s. Use fewer, or make "
        "more of it first."
    )


class LotNamedTwice(HouseError):
    """A lot cannot come out twice, nor out of itself."""

    code = "lot_named_twice"
    sentence = _("Lot %(lot)s is named twice. Give every lot that comes out a code of its own.")


class NothingToMix(HouseError):
    """What is mixed or repacked is there before."""

    code = "nothing_to_mix"
    sentence = _(
        "To mix takes at least two lots or purchase notes, to repack takes lots only. Choose them, or record it as making a lot."
    )


class LotUnfit(HouseError):
    """Nothing is made of what is held, recalled or past its date."""

    code = "lot_unfit"
    sentence = _("Lot %(lot)s: %(why)s. Nothing is made of it. Have the hold lifted, or take another lot.")


class CertificateUnfit(HouseError):
    """A collected certificate says all that it has to."""

    code = "certificate_unfit"
    sentence = _(
        "The pass certificate of lot %(lot)s names product, quantity, origin, promising party and its number. Enter all of them."
    )


class CertificateEntered(HouseError):
    """A lot has one certificate."""

    code = "certificate_entered"
    sentence = _(
        "Lot %(lot)s already has the pass certificate %(number)s. It stays as it is; there is nothing left to do."
    )


class CertificateNumberUsed(HouseError):
    """A certificate goes with one lot."""

    code = "certificate_number_used"
    sentence = _(
        "Pass certificate %(number)s already goes with another lot. Check the number; every lot needs its own."
    )


class AlreadyRecalled(HouseError):
    """A recall is more than a hold."""

    code = "already_recalled"
    sentence = _("Lot %(lot)s is recalled, which no hold adds to and nothing undoes. There is nothing left to do.")


class RecallStays(HouseError):
    """A recall is for good."""

    code = "recall_stays"
    sentence = _("Lot %(lot)s is recalled; a recall is never undone. Make a new lot of goods that are sound.")


class NotYourHold(HouseError):
    """Whoever held a lot lifts it."""

    code = "not_your_hold"
    sentence = _("The hold of lot %(lot)s was placed by %(by)s, and only they lift it. Ask them.")
