"""Own objects of the pages of upper-union, town, sector and county officers."""

from types import SimpleNamespace
from typing import Any

from django.utils import timezone

from marketplace.demo import cast


def own(made: SimpleNamespace) -> dict[str, dict[str, Any]]:
    """Parameters by address, for what lies in the care of Xi'an's officer and of the officers of Jiaxian."""
    accreditation = {"number": made.accreditation}
    return {
        "oversight:decide": {"number": made.exception, "verb": "grant"},
        "oversight:close_year": {"code": cast.UNION, "year": timezone.localdate().year},
        "oversight:accreditation": accreditation,
        "oversight:carry_on": accreditation,
        "oversight:make_valid": accreditation,
        "oversight:end": accreditation | {"verb": "suspend"},
    }
