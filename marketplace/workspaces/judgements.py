"""What the rule saw and said about a gift, as people read it: product by product, regions that were decided alike as one."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

from marketplace.organisations.regions import region_name
from marketplace.shop.catalogue.models import CommodityClass, Product
from marketplace.workspaces.shares import gauge
from procurement.priority.models import Judgement
from procurement.priority.rule import NO_EQUIVALENT

# The criteria that an assistance product failed, as certificates name them.
CRITERIA = {
    "content": _("a package of another size"),
    "grade": _("another grade"),
    "processing": _("another processing"),
    "dietary": _("dietary requirements not met"),
    "not_delivered_there": _("not delivered to this region"),
    "late": _("arrives too late"),
    "refused": _("the producer gave up this union's order lately"),
    "price": _("above the price band"),
    "no_stock": _("nothing in stock"),
    "bought_for_elsewhere": _("already taken for another part of this gift"),
    "not_accredited": _("not accredited"),
    "accreditation_expired": _("accreditation expired"),
    "accreditation_suspended": _("accreditation suspended"),
    "accreditation_revoked": _("accreditation revoked"),
    "county_not_listed": _("county not listed"),
    "producer_suspended": _("producer not in good standing"),
    "not_listed": _("no longer listed"),
}


@dataclass
class Span:
    """The lowest and the highest of some figures (fen, units) or days."""

    low: Any = None
    high: Any = None

    def take(self, value: Any) -> None:
        """Widen it, if need be, to include the value."""
        self.low = value if self.low is None else min(self.low, value)
        self.high = value if self.high is None else max(self.high, value)

    @property
    def is_one(self) -> bool:
        """Whether all were the same."""
        return bool(self.low == self.high)


@dataclass
class JudgedRow:
    """Regions for which a product was decided alike and for the same day. Price: fen a unit, delivered."""

    outcome: str
    need_date: str
    regions: list[str] = field(default_factory=list)
    quantity: int = 0
    price: Span = field(default_factory=Span)


@dataclass
class Candidate:
    """An assistance product of the class that was looked at."""

    title: str
    accreditation: str
    price: Span = field(default_factory=Span)
    available: Span = field(default_factory=Span)
    ready_on: Span = field(default_factory=Span)
    seen_in: list[str] = field(default_factory=list)
    failed_in: dict[str, list[str]] = field(default_factory=dict)

    @property
    def failed(self) -> list[tuple[str, list[str]]]:
        """Each criterion in words, with the regions in which it failed unless that is everywhere."""
        return [
            (str(CRITERIA.get(code, code)), [] if len(regions) == len(self.seen_in) else regions)
            for code, regions in self.failed_in.items()
        ]


@dataclass
class Group:
    """A product of the gift (a component apart from the product by itself) with its rows and what was looked at."""

    title: str
    line: dict[str, Any]
    commodity_class: str
    rows: list[JudgedRow]
    candidates: list[Candidate]


def judgement_context(judgement: Judgement) -> dict[str, Any]:
    """What the rule saw and said, in words: its input and output as the log has them."""
    seen, said = json.loads(judgement.input), json.loads(judgement.output)
    verdicts = {verdict["ref"]: verdict for verdict in said["lines"]}
    titles, classes = _titles(seen), _classes(seen)
    groups = [
        Group(
            titles.get(lines[0]["product"], lines[0]["product"]),
            lines[0],
            classes.get(lines[0]["commodity_class"], ""),
            _rows(lines, verdicts),
            _candidates(lines, verdicts, titles),
        )
        for lines in _by_product(seen["lines"])
    ]
    share = said["share"]
    return {
        "judgement": judgement,
        "seen": seen,
        "said": said,
        "groups": groups,
        "outcomes": _counted(
            row.outcome for group in groups for row in {row.outcome: row for row in group.rows}.values()
        ),
        "regions": len({line["region"] for line in seen["lines"]}),
        "year": gauge(
            share["assistance_fen"],
            share["ordinary_fen"],
            seen["year"]["reserve_fen"],
            seen["policy"]["minimum_share_bp"],
        ),
    }


def certificate_candidates(judgement: Judgement, code: str) -> list[Candidate]:
    """The assistance products of a class that a certificate lists, each with every criterion that it failed. Two statements."""
    seen, said = json.loads(judgement.input), json.loads(judgement.output)
    verdicts = {verdict["ref"]: verdict for verdict in said["lines"] if verdict["outcome"] == NO_EQUIVALENT}
    lines = [line for line in seen["lines"] if line["commodity_class"] == code and line["ref"] in verdicts]
    return _candidates(lines, verdicts, _titles(seen))


def _by_product(lines: Iterable[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Lines of one product together, as a component of a box or by itself."""
    groups: dict[tuple[str, bool], list[dict[str, Any]]] = {}
    for line in lines:
        groups.setdefault((line["product"], bool(line["component_of"])), []).append(line)
    return list(groups.values())


def _rows(lines: Iterable[dict[str, Any]], verdicts: dict[str, dict[str, Any]]) -> list[JudgedRow]:
    rows: dict[tuple[str, str], JudgedRow] = {}
    for line in lines:
        key = (verdicts[line["ref"]]["outcome"], line["need_date"])
        row = rows.setdefault(key, JudgedRow(*key))
        row.quantity += line["quantity"]
        row.price.take(line["price_fen"])
        _add(row.regions, region_name(line["region"]))
    return list(rows.values())


def _candidates(
    lines: Iterable[dict[str, Any]], verdicts: dict[str, dict[str, Any]], titles: dict[str, str]
) -> list[Candidate]:
    """Each product that was looked at once, whatever the number of regions."""
    found: dict[tuple[str, str], Candidate] = {}
    for line in lines:
        region = region_name(line["region"])
        failed = {
            (one["product"], one["producer"]): one["failed"] for one in verdicts[line["ref"]]["certificate_candidates"]
        }
        for offer in line["candidates"]:
            key = (offer["product"], offer["producer"])
            title = titles.get(offer["product"], offer["product"])
            one = found.setdefault(key, Candidate(title, offer["accreditation"]))
            one.price.take(offer["price_fen"])
            one.available.take(offer["available"])
            if offer["ready_on"]:
                one.ready_on.take(offer["ready_on"])
            _add(one.seen_in, region)
            for code in failed.get(key, []):
                _add(one.failed_in.setdefault(code, []), region)
    return list(found.values())


def _add(names: list[str], name: str) -> None:
    if name not in names:
        names.append(name)


def _counted(codes: Iterable[str]) -> list[tuple[str, int]]:
    counts: dict[str, int] = {}
    for code in codes:
        counts[code] = counts.get(code, 0) + 1
    return list(counts.items())


def _titles(seen: dict[str, Any]) -> dict[str, str]:
    ids = {line["product"] for line in seen["lines"]}
    ids |= {offer["product"] for line in seen["lines"] for offer in line["candidates"]}
    found = Product.objects.in_bulk([int(pk) for pk in ids if pk.isdigit()])
    return {str(pk): product.get_title() for pk, product in found.items()}


def _classes(seen: dict[str, Any]) -> dict[str, str]:
    """Names of the commodity classes that the rule was told by their codes."""
    codes = {line["commodity_class"] for line in seen["lines"]}
    return {found.code: str(found) for found in CommodityClass.objects.filter(code__in=codes)}
