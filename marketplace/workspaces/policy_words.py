"""A policy as a person says it: every rule one sentence, by topic; and in what two policies differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from marketplace.ledger.models import PursePurpose
from marketplace.organisations.models import UnionLevel
from marketplace.workspaces.templatetags._figures import bp, fen
from procurement.policy.models import EVERY_LEVEL, GiftForm, Occasion, Policy

# What a rule is about, and what it says; what it is about stays the same from one policy to the next.
Said = tuple[str, str]


@dataclass(frozen=True)
class Topic:
    """The sentences on one topic."""

    title: str
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """A rule before and after; empty where there was, or is, none."""

    before: str
    after: str


def topics(policy: Policy) -> list[Topic]:
    """Every rule of the policy, one sentence each, in the reader's language."""
    return [Topic(title, tuple(sentence for _about, sentence in said)) for title, said in _by_topic(policy)]


def differences(before: Policy, after: Policy) -> list[Change]:
    """The rules in which two policies differ, in the order in which they are said."""
    old, new = (dict(said for _title, found in _by_topic(policy) for said in found) for policy in (before, after))
    keys = [*new, *(key for key in old if key not in new)]
    return [Change(old.get(key, ""), new.get(key, "")) for key in keys if old.get(key) != new.get(key)]


def level_label(level: int) -> str:
    """For which unions a policy holds."""
    return (
        _("All unions")
        if level == EVERY_LEVEL
        else _("Unions of this level: %(level)s") % {"level": UnionLevel(level).label}
    )


def _by_topic(policy: Policy) -> list[tuple[str, list[Said]]]:
    found = [
        (_("Assistance products first"), _goods(policy)),
        (_("The year and each member"), _money(policy)),
        (_("Occasions and forms"), _occasions(policy)),
        (_("Dates"), _time(policy)),
        (_("How a purchase is decided"), _steps(policy)),
        (_("Exceptions and challenges"), _exceptions(policy)),
    ]
    return [(title, said) for title, sentences in found if (said := list(sentences))]


def _goods(policy: Policy) -> Iterator[Said]:
    if policy.first_choice:
        yield (
            "first_choice",
            ngettext(
                "An ordinary product may be bought only where %(producers)s producer of assistance products cannot supply an "
                "equivalent in time for at most %(band)s more.",
                "An ordinary product may be bought only where %(producers)s producers of assistance products together cannot "
                "supply an equivalent in time for at most %(band)s more.",
                policy.max_producers,
            )
            % {"producers": policy.max_producers, "band": bp(policy.price_band_bp)},
        )
        yield (
            "rotation",
            _("Substitutes within %(band)s of the cheapest take turns among the counties.")
            % {"band": bp(policy.rotation_band_bp)},
        )
        yield (
            "hold",
            _("Goods that a union held or gave back in the last %(days)s days count as still on offer.")
            % {"days": policy.hold_days},
        )
    else:
        yield (
            "first_choice",
            _("Ordinary products may be bought without asking for assistance products first; the year's rules hold."),
        )


def _money(policy: Policy) -> Iterator[Said]:
    if policy.minimum_share_bp:
        yield (
            "share",
            _("At least %(share)s of a union's gifts of a year are assistance products.")
            % {"share": bp(policy.minimum_share_bp)},
        )
    if policy.floor:
        yield (
            "floor",
            _("Each member gets assistance products for at least %(floor)s a year before ordinary ones are bought.")
            % {"floor": fen(policy.floor)},
        )
    if policy.keep_last_year:
        yield (
            "last_year",
            _("A union buys no less of assistance products than the year before, and that before ordinary ones."),
        )
    if policy.cap:
        yield "cap", _("A member gets gifts worth at most %(cap)s a year.") % {"cap": fen(policy.cap)}
    if policy.ring_fence:
        yield (
            "ring_fence",
            _("On top of that, assistance-only purses may give each member assistance products for %(amount)s a year.")
            % {"amount": fen(policy.ring_fence)},
        )
    if policy.uncovered_purposes:
        yield (
            "uncovered",
            _("Not bound by this policy are purses for: %(list)s.")
            % {"list": _listed(PursePurpose, policy.uncovered_purposes)},
        )
    else:
        yield "uncovered", _("All of a union's purses are bound by this policy, whatever they are for.")


def _occasions(policy: Policy) -> Iterator[Said]:
    yield "occasions", _("Gifts may be given at: %(list)s.") % {"list": _listed(Occasion, policy.occasions)}
    if policy.urgent_occasions:
        yield (
            "urgent",
            _("May be bought at once and is looked at afterwards: %(list)s.")
            % {"list": _listed(Occasion, policy.urgent_occasions)},
        )
    if policy.forbidden_forms:
        yield "forms", _("Never given: %(list)s.") % {"list": _listed(GiftForm, policy.forbidden_forms)}


def _time(policy: Policy) -> Iterator[Said]:
    yield (
        "planning",
        _("A gift is planned %(days)s days ahead; needing it sooner is no ground for ordinary goods.")
        % {"days": policy.planning_days},
    )
    yield (
        "acceptance",
        _("A union that stays silent for %(days)s days after shipping has accepted the goods.")
        % {"days": policy.acceptance_days},
    )
    yield (
        "returns",
        _("Goods may be returned for %(days)s days after they were accepted.") % {"days": policy.return_days},
    )


def _steps(policy: Policy) -> Iterator[Said]:
    for step in policy.approval_steps:
        people, quotations = step["people"], step["quotations"]
        decided = ngettext("%(n)s person decides", "%(n)s people decide together", people) % {"n": people}
        papers = ngettext("with %(n)s quotation", "with %(n)s quotations", quotations) % {"n": quotations}
        said = (
            _("From %(amount)s on: %(decided)s, %(papers)s.")
            if step["from"]
            else _("Whatever the amount: %(decided)s, %(papers)s.")
        )
        yield (
            f"step {step['from']}",
            said
            % {
                "amount": fen(step["from"]),
                "decided": decided,
                "papers": papers if quotations else _("without quotations"),
            },
        )


def _exceptions(policy: Policy) -> Iterator[Said]:
    below = 0
    for grant in policy.exception_grants:
        level, up_to = UnionLevel(grant["level"]).label, grant["up_to"]
        if up_to:
            goods = _("worth up to %(up_to)s") % {"up_to": fen(up_to)}
        else:
            goods = _("worth more than %(below)s") % {"below": fen(below)} if below else _("of any worth")
        yield (
            f"grant {grant['level']}",
            _(
                "Exceptions for goods %(goods)s are granted by a union above the buyer's, from this level upwards: %(level)s."
            )
            % {"goods": goods, "level": level},
        )
        below = up_to
    if policy.exception_second_from:
        yield (
            "second",
            _("From %(amount)s on a second person has to agree to an exception.")
            % {"amount": fen(policy.exception_second_from)},
        )
    yield (
        "days",
        _(
            "A request for an exception is answered within %(days)s days; then it goes to a delegate, then to the union above."
        )
        % {"days": policy.exception_days},
    )
    yield (
        "challenge",
        _("Sellers may challenge a determination or a certificate for %(days)s days.")
        % {"days": policy.challenge_days},
    )


def _listed(choices: type[TextChoices], codes: Iterable[str]) -> str:
    return _(", ").join(str(choices(code).label) for code in codes if code in choices.values)
