"""What keeps an evidence pack from being made."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from marketplace.organisations.errors import HouseError


class NoWitnessNamed(HouseError):
    """Nobody countersigns the log."""

    code = "no_witness_named"
    sentence = _(
        "No witness of the log is named, so an evidence pack would prove nothing to an outsider. "
        "The operator has to name one in EVIDENCE_WITNESSES."
    )


class PackTooLarge(HouseError):
    """More than a page can hand out."""

    code = "pack_too_large"
    sentence = _(
        "The evidence pack of %(order)s is too large to be downloaded here. The operator can write it with “manage.py evidence_pack”."
    )
