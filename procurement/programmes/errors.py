"""What a programme's verbs refuse."""

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from marketplace.organisations.errors import HouseError
from procurement.programmes.roster_faults import FAULT_SENTENCES


class PastDate(HouseError):
    """The need date lies behind."""

    code = "past_date"
    sentence = _("The goods would be needed on %(day)s, which is past. Choose a day after today.")


class PurseOfAnother(HouseError):
    """A purse of another union or year, or one that may not pay for the whole gift."""

    code = "purse_of_another"
    sentence = _(
        "The purse “%(purse)s” is not this union's purse for %(year)s. Choose one of the union's own purses of that year."
    )


class YearUnfit(HouseError):
    """A gift year that is not that of the day on which the gift is needed."""

    code = "year_unfit"
    sentence = _(
        "A gift that is needed on %(day)s counts in the gift year %(years)s, not in %(year)s. "
        "Choose a purse of that year, or another day."
    )


class WrongState(HouseError):
    """The verb does not fit where the programme stands."""

    code = "wrong_state"
    sentence = _("“%(programme)s” is “%(state)s”; to %(verb)s it, it has to be “%(needed)s”.")


class OwnPlan(HouseError):
    """Whoever made or submitted a plan may not approve it."""

    code = "own_plan"
    sentence = _("You drew up “%(programme)s” yourself: another person has to approve it. Ask the union's approver.")


class BadFile(HouseError):
    """The roster file cannot be read; the sentence comes from the reader."""

    code = "bad_file"
    sentence = _("%(reason)s")


class EmptyGift(HouseError):
    """No goods were chosen."""

    code = "empty_gift"
    sentence = _("No goods are chosen yet. Add at least one product to the gift.")


class NoRecipients(HouseError):
    """No roster was imported."""

    code = "no_recipients"
    sentence = _("Nobody is on the list yet. Upload the roster first.")


class NotDelivered(HouseError):
    """A product is not delivered where recipients live."""

    code = "not_delivered"
    sentence = _(
        "“%(title)s” is not delivered to %(regions)s, where %(heads)s recipients live. Choose another product for them."
    )


class SlotShort(HouseError):
    """A slot serves fewer people than are on the list."""

    code = "slot_short"
    sentence = _(
        "Part %(slot)s of the gift serves only %(served)s of the %(recipients)s recipients. "
        "Let one of its products go to all the rest, or raise the numbers."
    )


class BoxPriceApart(HouseError):
    """A mixed box whose price changed, and not those of its contents within it."""

    code = "box_price_apart"
    sentence = _(
        "The box “%(title)s” costs %(price)s delivered, and its contents are priced at %(parts)s: what of it counts as assistance "
        "goods is not known. Choose the goods singly, or have the operator price its contents anew."
    )


class OverStandard(HouseError):
    """The gift costs more a head than the plan's own standard."""

    code = "over_standard"
    sentence = _(
        "The gift costs up to %(amount)s a head; the plan's standard is %(standard)s. Choose cheaper goods or raise the standard."
    )


class NothingBlocked(HouseError):
    """One-click substitution in the whole gift, of which nothing is blocked."""

    code = "nothing_to_substitute"
    sentence = _("Nothing in the gift is blocked, so there is nothing to substitute.")


class NothingToSubstitute(HouseError):
    """One-click substitution in a part where nothing is blocked."""

    code = "nothing_to_substitute"
    sentence = _("Nothing in part %(slot)s of the gift is blocked, so there is nothing to substitute.")


class NotAPerson(HouseError):
    """Something is wrong with one person typed in; the sentence is the one that a roster's row would get."""

    def __init__(self, reason: str, **data: str | int) -> None:
        super().__init__(reason=reason, **data)
        self.code = reason

    def __str__(self) -> str:
        english, chinese = FAULT_SENTENCES[self.code]
        return (english if get_language() == "en" else chinese) % self.data


class AlreadyListed(HouseError):
    """The member is on the list already."""

    code = "already_listed"
    sentence = _(
        "“%(person)s” is on the list already: every member gets one gift of a plan. "
        "Correct the member number, or leave the list as it is."
    )


class NoAddresses(HouseError):
    """Home delivery for people without an address."""

    code = "no_addresses"
    sentence = _(
        "%(count)s people on the list have no address, so nothing can be sent to their homes. Upload the list with addresses "
        "first, or keep the delivery to the workplace."
    )


class PriceRisen(HouseError):
    """An offer became dearer after the plan was submitted."""

    code = "price_risen"
    sentence = _(
        "“%(title)s” now costs %(now)s a unit delivered; the plan was submitted at %(was)s. "
        "Send the plan back, look at the goods again, and have it approved anew."
    )


class AccreditationEnded(HouseError):
    """An assistance product lost its accreditation between submission and placement."""

    code = "accreditation_ended"
    sentence = _(
        "“%(title)s” was an assistance product when the plan was submitted; its accreditation does not hold any more. "
        "Send the plan back and choose another product."
    )


class ChoosingDue(HouseError):
    """A short list from which nobody has chosen yet."""

    code = "choosing_due"
    sentence = _(
        "The gift holds a choice that members have not made yet. Open the choosing, or take all but one product off the list."
    )


class NothingToChoose(HouseError):
    """Opening the choosing of a gift without a short list."""

    code = "nothing_to_choose"
    sentence = _("Nothing in the gift is to be chosen: offer a second product in one of its parts first.")


class PartDivided(HouseError):
    """A short list in a part that several products fill already."""

    code = "part_divided"
    sentence = _(
        "Part %(slot)s of the gift is divided among several producers. Take it out and add one product for all, "
        "then offer others beside it."
    )


class OfferedAlready(HouseError):
    """The product is on the short list."""

    code = "offered_already"
    sentence = _("“%(title)s” is on this list already. Choose another product.")


class TooManyOptions(HouseError):
    """A list that nobody reads on a phone."""

    code = "too_many_options"
    sentence = _("Members choose among at most %(most)s products. Take one off the list first.")


class OptionBlocked(HouseError):
    """An option that the rule would block whoever chose it."""

    code = "option_blocked"
    sentence = _(
        "“%(title)s” is an ordinary product for which assistance producers can supply everybody: members could not get it. "
        "Take it off the list, or offer one of the substitutes instead."
    )


class ClosesTooSoon(HouseError):
    """A deadline that is past."""

    code = "closes_too_soon"
    sentence = _("The deadline lies in the past: give members time to choose.")


class ClosesTooLate(HouseError):
    """A deadline after the day of need."""

    code = "closes_too_late"
    sentence = _("The goods are needed by %(day)s: let the choosing end before, with time to deliver.")


class ChoosingClosed(HouseError):
    """A choice after the deadline."""

    code = "choosing_closed"
    sentence = _(
        "The choosing for “%(programme)s” is closed. What you chose before it closed counts; else you get the default."
    )


class OptionOfAnother(HouseError):
    """An option that is not on the list of that part."""

    code = "option_of_another"
    sentence = _("Choose one of the products shown for part %(slot)s of the gift.")


class AddressTooShort(HouseError):
    """An address nobody could deliver to."""

    code = "address_too_short"
    sentence = _("Write the whole address, from city and district to the door: between 6 and %(most)s characters.")


class OutsideTheRegion(HouseError):
    """A voucher's goods are wanted where they were not bought for: price, time and the rule were judged for one region."""

    code = "outside_the_region"
    sentence = _(
        "The gift was bought to be delivered in %(place)s. Write an address that begins with this city, "
        "or have it brought to your workplace."
    )


class NothingToCallFor(HouseError):
    """A voucher whose goods were all cancelled."""

    code = "nothing_to_call_for"
    sentence = _("The goods of this voucher were cancelled. Ask your union what takes their place.")


class NotOnItsWay(HouseError):
    """A word about a parcel that has not left yet."""

    code = "not_on_its_way"
    sentence = _("This parcel is “%(state)s”: it has not been shipped, so it can neither have come nor be wrong yet.")


class WordsMissing(HouseError):
    """A complaint or answer without words."""

    code = "words_missing"
    sentence = _("Say in a few words what it is about, so that somebody can help.")


class ComplaintClosed(HouseError):
    """An answer to what is settled."""

    code = "complaint_closed"
    sentence = _("This complaint is closed. If the problem is still there, the member can report it again.")


class TiedAlready(HouseError):
    """An account of one person, a person with one account."""

    code = "tied_already"
    sentence = _(
        "This account, or this member, belongs together with another already. If that is wrong, ask your union to correct it."
    )


class ImportRunning(HouseError):
    """A list that is still being read."""

    code = "import_running"
    sentence = _("A list of members is still being read. Wait until it is done, then submit the plan.")
