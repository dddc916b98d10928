"""What the rule says, in words and figures as people read them."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from marketplace.ledger.actions import yuan
from procurement.policy.models import GiftForm, Occasion
from procurement.priority.rule import WHOLE_BP

_MONEY = {
    "reserve",
    "drawn",
    "ordinary",
    "limit",
    "assistance",
    "given",
    "floor",
    "per_head",
    "cap",
    "total",
    "last_assistance",
}

# The engine's rules by name, as a list of reasons says them.
_RULES: dict[str, str | Promise] = {
    "assistance_first": _("assistance products first"),
    "box_blocked": _("assistance products first, in a box"),
    "unclassified": _("no commodity class"),
    "accreditation_missing": _("accreditation missing"),
    "ring_fenced_purse": _("ordinary goods from an assistance-only purse"),
    "reserve_short": _("assistance-only purse exhausted"),
    "make_good_due": _("something to make good"),
    "over_stock": _("stock"),
    "share": _("minimum share of the year"),
    "floor": _("assistance products for each member"),
    "last_year": _("not below the year before"),
    "cap": _("cap for each member"),
    "occasion": _("occasion"),
    "form": _("form of the gift"),
    "quotations": _("quotations"),
    "approvers": _("people who decide"),
    "no_policy": _("no policy in force"),
}


def per_cent(basis_points: int) -> str:
    """A share in the reader's language: 5000 → "50%" in Chinese, "50 %" in English; 3333 → "33.33%"."""
    number = f"{basis_points / 100:.2f}".rstrip("0").rstrip(".")
    return f"{number}%" if (get_language() or "zh").startswith("zh") else f"{number} %"


def rule_label(code: str) -> str:
    """A rule of the engine by its code, in few words."""
    return str(_RULES.get(code, code))


def breach(code: str, figures: Mapping[str, int | str]) -> dict[str, str]:
    """What the engine found of a gift as a whole, and what the rule asks; empty where a rule measures nothing."""
    if not figures:
        return {}
    known = {name: int(value) for name, value in figures.items() if isinstance(value, int)}
    if code == "share":
        secured = known["assistance_fen"] + known["reserve_fen"]
        share = secured * WHOLE_BP // (secured + known["ordinary_fen"])
        return {"found": per_cent(share), "asked": per_cent(known["minimum_share_bp"])}
    if code == "last_year":
        return {
            "found": yuan(known["assistance_fen"] + known["reserve_fen"]),
            "asked": yuan(known["last_assistance_fen"]),
        }
    if code == "floor":
        return {"found": yuan(known["assistance_per_head_fen"]), "asked": yuan(known["floor_fen"])}
    if code == "cap":
        return {"found": yuan(known["per_head_fen"]), "asked": yuan(known["cap_fen"])}
    if code in {"quotations", "approvers"}:
        return {"found": str(known["given"]), "asked": str(known["needed"])}
    return {}


def bought_elsewhere(fen: int) -> str:
    """How much of what a member had was bought outside this marketplace, in brackets; nothing where nothing was."""
    return gettext(" (%(amount)s of it bought elsewhere)") % {"amount": yuan(fen)} if fen else ""


def left_by_closed_years(fen: int, as_ordinary: int) -> str:
    """What of a year's ordinary goods only stands for assistance goods still to be bought for closed years, in brackets."""
    if not fen:
        return ""
    told = gettext(" (%(weight)s of it stands for assistance goods for %(amount)s that closed years left to be bought)")
    return told % {"weight": yuan(as_ordinary), "amount": yuan(fen)}


def in_words(data: Mapping[str, object]) -> dict[str, object]:
    """The engine's figures as a person reads them: fen as yuan, shares as per cent, codes as labels."""
    words: dict[str, object] = {}
    for key, value in data.items():
        name = key.removesuffix("_fen")
        name = {"ordinary_limit": "limit", "assistance_per_head": "given"}.get(name, name)
        if key == "minimum_share_bp":
            words["share"] = per_cent(int(str(value)))
        elif key.endswith("_fen") and name in _MONEY:
            words[name] = yuan(int(str(value)))
        else:
            words[name] = value
    if "occasion" in words and words["occasion"] in Occasion.values:
        words["occasion"] = Occasion(str(words["occasion"])).label
    if "form" in words and words["form"] in GiftForm.values:
        words["form"] = GiftForm(str(words["form"])).label
    return words
