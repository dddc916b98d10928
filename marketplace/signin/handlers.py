"""What signing in leaves to steps."""

from __future__ import annotations

from django.utils.translation import gettext as _

from marketplace.messaging.actions import send
from marketplace.signin import phone_codes
from marketplace.signin.models import PhoneCode
from marketplace.steps.models import Step
from marketplace.steps.registry import handles


@handles(phone_codes.STEP)
def send_phone_code(step: Step) -> None:
    """Send the code to whose number it is; to nobody when the number is nobody's."""
    asked = PhoneCode.objects.get(pk=int(step.cause.removeprefix("phone_code:")))
    person = phone_codes.owner_of(asked.phone_index)
    if person is None:
        return
    words = _("%(code)s is your code for the Qinling Union Mall, good for 5 minutes. Give it to nobody.") % {
        "code": phone_codes.code_of(asked)
    }
    send("sign_in_code", f"phone-code:{asked.pk}", person.phone, words, asked.expires_at)


@handles(phone_codes.FORGET)
def forget_codes(_step: Step) -> None:
    """Remove old codes."""
    phone_codes.forget()
