"""What the door refuses."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from marketplace.organisations.errors import HouseError


class WrongCode(HouseError):
    """A code of the second factor that is not, or no longer, good."""

    code = "wrong_code"
    sentence = _(
        "This code is not right, or was used already. Wait for the next code of your app and check that the phone's clock sets "
        "itself; without the phone, enter one of your recovery codes."
    )


class SecondFactorMissing(HouseError):
    """A session of a role that needs a second factor, without one."""

    code = "second_factor_missing"
    sentence = _(
        "Your role asks for a code besides the password. Sign in on the pages and enter the code there; this session may then go on."
    )


class WrongPhoneCode(HouseError):
    """A code from a message that is wrong, used, too old or tried too often, or a number that is nobody's."""

    code = "wrong_phone_code"
    sentence = _(
        "With this number and code nobody comes in. A code is good for 5 minutes, 5 tries and once; the latest one counts. Check "
        "the digits, or ask for a new code."
    )


class TooManyCodes(HouseError):
    """Codes were asked for too often."""

    code = "too_many_codes"
    sentence = _(
        "A code was asked for a moment ago, or too often. Use the latest message, or ask again in %(minutes)s min. With a password "
        "you can sign in at any time."
    )


class RoleNotYours(HouseError):
    """Somebody gives or takes a role that is not theirs to give."""

    code = "role_not_yours_to_give"
    sentence = _(
        "The role “%(role)s” in %(organisation)s is not yours to give or to take. An approver does it for buyers, approvers and "
        "members of the own union, a producer for its own people, the operator for everybody."
    )


class RoleDoesNotFit(HouseError):
    """A role that nobody has in an organisation of that kind."""

    code = "role_does_not_fit"
    sentence = _(
        "Nobody can be “%(role)s” in %(organisation)s: it is an organisation of another kind. Choose a role of the list."
    )


class InvitationNotGood(HouseError):
    """A link of an invitation that is unknown, used, revoked or too old; which of these is nobody's business."""

    code = "invitation_not_good"
    sentence = _(
        "This invitation is not good any more: it works once, for seven days, unless it was taken back. Ask whoever invited you "
        "for a new one; if you have taken it already, sign in."
    )


class NameTaken(HouseError):
    """A user name that somebody has."""

    code = "name_taken"
    sentence = _("The user name “%(name)s” belongs to somebody else. Choose another one.")


class PhoneTaken(HouseError):
    """A phone number by which somebody else signs in."""

    code = "phone_taken"
    sentence = _(
        "By this phone number somebody signs in already. If that is you, sign in first and then open the invitation again."
    )


class LastOfRole(HouseError):
    """The last person without whom the organisation could neither act nor invite anybody."""

    code = "last_of_role"
    sentence = _(
        "%(person)s is the last with the role “%(role)s” in %(organisation)s: without them nobody there could decide or invite. "
        "Invite a successor first; once they have taken the role, end this one."
    )


class DeviceStays(HouseError):
    """Somebody lets a device be replaced who may not."""

    code = "device_stays"
    sentence = _(
        "Only an operator lets somebody set up a new phone, and nobody does it for themselves. Ask another operator."
    )


class WrongPassword(HouseError):
    """Somebody who wants another password does not know the one they have."""

    code = "wrong_password"
    sentence = _("That is not your present password. Type the one with which you signed in.")
