"""What an accreditation refuses."""

from django.utils.translation import gettext_lazy as _

from marketplace.organisations.errors import HouseError


class NotAProducer(HouseError):
    """Only producers are accredited; a trading company sells as an accredited producer's agent."""

    code = "not_a_producer"
    sentence = _(
        "%(organisation)s is not a producer, and only a producer's product can be accredited. A trading "
        "company may sell it as the producer's commissioned agent: let the producer apply."
    )


class CountyNotListed(HouseError):
    """The producer is not registered in a listed county."""

    code = "county_not_listed"
    sentence = _(
        "%(organisation)s is registered in %(county)s, which is not one of the listed counties. Only "
        "producers registered in a listed county can apply; correct the registration if it is wrong."
    )


class NotInGoodStanding(HouseError):
    """The producer has lost its good standing."""

    code = "not_in_good_standing"
    sentence = _(
        "%(organisation)s is not in good standing, so its products cannot be accredited. Have the matter "
        "with the platform operator settled first."
    )


class OtherOrigin(HouseError):
    """The product does not come from the producer's county."""

    code = "other_origin"
    sentence = _(
        "“%(product)s” comes from %(origin)s, but the producer's county is %(county)s. The product or its"
        " raw material must come from the county: correct the product's origin, or apply for another "
        "product."
    )


class NotItsProduct(HouseError):
    """Somebody else offers the product, and the applicant doesn't."""

    code = "not_its_product"
    sentence = _(
        "“%(product)s” is not among the products of %(organisation)s. Only who makes a product applies for its accreditation: "
        "choose one of your own."
    )


class NoHouseholds(HouseError):
    """An application must say how many households benefit."""

    code = "no_households"
    sentence = _(
        "The application for “%(product)s” names no household that benefits. Give the number of "
        "households with an agreement, at least 1."
    )


class LicenceWrong(HouseError):
    """The product's food production licence number cannot be right."""

    code = "licence_wrong"
    sentence = _("The licence number of “%(product)s” cannot be right. %(problem)s")


class AlreadyUnderWay(HouseError):
    """The product has an application under way, or is accredited."""

    code = "already_under_way"
    sentence = _(
        "“%(product)s” already has the accreditation %(number)s (%(state)s). Wait until that one is "
        "decided or has ended before applying again."
    )


class WrongState(HouseError):
    """The accreditation stands elsewhere than this verb needs."""

    code = "wrong_state"
    sentence = _(
        "Accreditation %(number)s stands at “%(state)s”; this can only be done at “%(needed)s”. Reload "
        "the page to see what was done meanwhile."
    )


class NoReason(HouseError):
    """A refusal, suspension or revocation needs its reason."""

    code = "no_reason"
    sentence = _("Write why %(number)s is refused, suspended or revoked: the producer and the auditors will read it.")


class PeriodWrong(HouseError):
    """The validity ends before it begins."""

    code = "period_wrong"
    sentence = _(
        "Accreditation %(number)s would hold from %(valid_from)s to %(valid_to)s: the end must lie after the beginning."
    )


class NoticeRunning(HouseError):
    """The public notice has not ended."""

    code = "notice_running"
    sentence = _(
        "Accreditation %(number)s is on public notice until %(until)s and can become valid only from then"
        " on. Make it valid after that day."
    )


class StillValid(HouseError):
    """A renewal would leave the product without accreditation until its first day."""

    code = "still_valid"
    sentence = _(
        "Accreditation %(number)s begins on %(valid_from)s, and until then %(older)s holds. Only one can "
        "be valid at a time: make the new one valid on its first day."
    )


class NotOnNotice(HouseError):
    """There is no notice during which one could object."""

    code = "not_on_notice"
    sentence = _(
        "%(number)s is not on public notice, and only then can be objected to. Tell the county's office if you know of something "
        "wrong: it can suspend what is in force."
    )


class NameMissing(HouseError):
    """Nobody objects without a name and a way to be asked."""

    code = "name_missing"
    sentence = _(
        "Give your name and a phone number or e-mail address, so that the office can ask you. Only the family name is published."
    )


class ObjectedAlready(HouseError):
    """One person objects once."""

    code = "objected_already"
    sentence = _(
        "An objection to %(number)s with this contact is there already. It stands on this page, with its answer."
    )


class ObjectedTooOften(HouseError):
    """Too many objections from one place in a day."""

    code = "objected_too_often"
    sentence = _(
        "From where you are, %(most)s objections came within a day. Try again tomorrow, or go to the county's office."
    )


class ObjectionsOpen(HouseError):
    """Objections wait for their answer."""

    code = "objections_open"
    sentence = _(
        "%(count)s objections to %(number)s are not answered. Answer each of them on this page; then it can be put into force."
    )


class ObjectionAnswered(HouseError):
    """Somebody else was faster."""

    code = "objection_answered"
    sentence = _("This objection to %(number)s is answered by now (%(state)s). Reload the page to read the answer.")


class OwnObjection(HouseError):
    """Nobody answers what they said themselves."""

    code = "own_objection"
    sentence = _("You raised this objection to %(number)s yourself: another county officer answers it.")
