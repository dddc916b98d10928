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
