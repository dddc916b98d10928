"""Bounds of a class and determinations in words, as all workspaces show them."""

from __future__ import annotations

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace.shop.catalogue.models import ClassBounds, CommodityClass, Determination
from marketplace.workspaces.glossary import in_readers_language

_FACTS: tuple[tuple[str, str | Promise], ...] = (
    ("class", gettext_lazy("Commodity class")),
    ("net_content", gettext_lazy("Net content")),
    ("grade", gettext_lazy("Grade")),
    ("processing", gettext_lazy("Processing")),
    ("dietary", gettext_lazy("Dietary marks")),
)


def bounds_in_words(commodity_class: CommodityClass, bounds: ClassBounds | None) -> list[str]:
    """Within what two products of the class are equivalent, a sentence for each attribute; without bounds, what holds then."""
    if bounds is None:
        return [
            _(
                "No bounds are set for this class: every package size is compared with every other; grade and processing have to be "
                "the same where both products state one; every dietary mark of the wanted product counts."
            )
        ]
    return [
        _content(commodity_class, bounds),
        _listed(
            bounds.grades,
            _(
                "An equivalent is of the same grade or a better one: %(words)s, from the best down. Other grades are not compared."
            ),
            _("Grades are not compared."),
        ),
        _listed(
            bounds.processings,
            _("Each of these kinds of processing is compared with itself only: %(words)s. Others are not told apart."),
            _("Kinds of processing are not told apart."),
        ),
        _listed(
            bounds.dietary,
            _("Dietary marks that an equivalent has to bear where the wanted product does: %(words)s."),
            _("No dietary mark counts."),
        ),
    ]


def _content(commodity_class: CommodityClass, bounds: ClassBounds) -> str:
    facts = {
        "least": f"{bounds.content_least:,}",
        "most": f"{bounds.content_most:,}",
        "unit": commodity_class.get_base_unit_display(),
    }
    if bounds.content_least and bounds.content_most:
        return _("Sales units of %(least)s to %(most)s (%(unit)s) are compared with each other.") % facts
    if bounds.content_least:
        return _("Sales units of %(least)s (%(unit)s) or more are compared with each other.") % facts
    if bounds.content_most:
        return _("Sales units of up to %(most)s (%(unit)s) are compared with each other.") % facts
    return _("Every package size is compared with every other.")


def _listed(values: list[str], some: str, none: str) -> str:
    return some % {"words": _(", ").join(in_readers_language(value) for value in values)} if values else none


def facts_of(determination: Determination) -> list[dict[str, Any]]:
    """What the product was and is compared by, attribute by attribute; `changed` where they differ."""
    before, after = dict(determination.before), dict(determination.after)
    for told, commodity_class in ((before, determination.from_class), (after, determination.to_class)):
        if commodity_class is not None and isinstance(told["net_content"], int):
            told["net_content"] = f"{told['net_content']:,} {commodity_class.get_base_unit_display()}"
    before["class"] = str(determination.from_class or "–")
    after["class"] = str(determination.to_class or "–")
    return [
        {
            "name": words,
            "before": _told(before[name]),
            "after": _told(after[name]),
            "changed": before[name] != after[name],
        }
        for name, words in _FACTS
    ]


def _told(value: Any) -> str:
    if isinstance(value, list):
        return _(", ").join(in_readers_language(one) for one in value) or "–"
    return f"{value:,}" if isinstance(value, int) else in_readers_language(value) or "–"
