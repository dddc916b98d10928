"""A policy as a person says it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.db.models import TextChoices
from django.utils.translation import gettext as _

from marketplace.workspaces.templatetags._figures import bp, fen
from procurement.policy.models import GiftForm, Occasion, Policy


def sentences(policy: Policy) -> list[str]:
    """Every rule of the policy, one sentence each, in the reader's language."""
    return [*_goods(policy), *_money(policy), *_time(policy), *_occasions(policy), *_steps(policy)]


def _goods(policy: Policy) -> Iterator[str]:
    if policy.first_choice:
        yield _(
            "Assistance products come first: an ordinary product may be bought only where %(producers)s producers together "
            "cannot supply an equivalent in time for at most %(band)s more."
        ) % {"producers": policy.max_producers, "band": bp(policy.price_band_bp)}
    yield _("At least %(share)s of a union's gifts of a year are assistance products.") % {
        "share": bp(policy.minimum_share_bp)
    }
    yield _("Substitutes within %(band)s of the cheapest take turns among the counties.") % {
        "band": bp(policy.rotation_band_bp)
    }
    yield _("Goods that a union held or gave back in the last %(days)s days count as still on offer.") % {
        "days": policy.hold_days
    }


def _money(policy: Policy) -> Iterator[str]:
    if policy.cap:
        yield _("A member gets gifts worth at most %(cap)s a year.") % {"cap": fen(policy.cap)}
    if policy.floor:
        yield _("A member gets gifts worth at least %(floor)s a year.") % {"floor": fen(policy.floor)}


def _time(policy: Policy) -> Iterator[str]:
    yield _("A gift is planned %(days)s days ahead; needing it sooner is no ground for ordinary goods.") % {
        "days": policy.planning_days
    }
    yield _("A union that stays silent for %(days)s days after shipping has accepted the goods.") % {
        "days": policy.acceptance_days
    }


def _occasions(policy: Policy) -> Iterator[str]:
    yield _("Gifts may be given at: %(list)s.") % {"list": _listed(Occasion, policy.occasions)}
    if policy.urgent_occasions:
        yield _("May be bought at once and is looked at afterwards: %(list)s.") % {
            "list": _listed(Occasion, policy.urgent_occasions)
        }
    if policy.forbidden_forms:
        yield _("Never given: %(list)s.") % {"list": _listed(GiftForm, policy.forbidden_forms)}


def _steps(policy: Policy) -> Iterator[str]:
    for step in policy.approval_steps:
        said = _("From %(amount)s on: a decision by %(people)s people and %(quotations)s quotations.")
        yield said % {"amount": fen(step["from"]), "people": step["people"], "quotations": step["quotations"]}


def _listed(choices: type[TextChoices], codes: Iterable[str]) -> str:
    return _(", ").join(str(choices(code).label) for code in codes if code in choices.values)
