"""Words for the regions to which goods go (GB/T 2260 prefixes)."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

REGIONS: dict[str, str | Promise] = {
    "61": _("All of Shaanxi"),
    "6101": _("Xi'an"),
    "6102": _("Tongchuan"),
    "6103": _("Baoji"),
    "6104": _("Xianyang"),
    "6105": _("Weinan"),
    "6106": _("Yan'an"),
    "6107": _("Hanzhong"),
    "6108": _("Yulin"),
    "6109": _("Ankang"),
    "6110": _("Shangluo"),
}


def region_name(code: str) -> str:
    """The name of a region by its longest known prefix; the code itself when none is known."""
    known = next((code[:length] for length in (6, 4, 2) if code[:length] in REGIONS), "")
    return str(REGIONS[known]) if known else code
