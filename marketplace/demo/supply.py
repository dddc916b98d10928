"""The supply side of the world: contracts, households, accreditations, and lots that cover every stock."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db.backends.postgresql.psycopg_any import DateRange

from marketplace.demo import cast
from marketplace.demo.tables import rows
from marketplace.evidence.actions import record
from marketplace.organisations.models import Organisation, User
from marketplace.shop.partner.models import StockRecord
from marketplace.stock.actions import receive
from marketplace.stock.models import Lot
from suppliers.accreditation.models import Mechanism
from suppliers.licences import make_identity
from suppliers.provenance import actions as provenance
from suppliers.provenance.certificates import issue_certificate
from suppliers.provenance.making import make_lot
from suppliers.provenance.models import BenefitAgreement, Collection
from suppliers.provenance.purchases import collect
from suppliers.settlement.models import Contract

WHOLE_BP = 10_000
LARGE_STOCK = 1_000  # more than this is made as two lots

_SURNAMES = "王李张刘陈杨赵黄周吴徐孙马朱胡郭何高林罗"
_GIVEN = ("建国", "秀英", "改花", "满仓", "玉兰", "根生", "巧云", "拴柱", "桂芳", "来福", "水莲", "长青")


@dataclass
class Supply:
    """What the supply side's loaders share: who acts, what there is, the day, and the dice."""

    organisations: Mapping[str, Organisation]
    people: Mapping[str, User]
    offers: Mapping[str, StockRecord]
    today: date
    begun: date  # the day on which organisations, offers and accreditations were entered
    dice: random.Random
    agreements: dict[str, list[BenefitAgreement]] = field(default_factory=dict)
    notes: int = 0

    def seller(self, code: str) -> User:
        """The person who acts for a producer or ordinary supplier."""
        return self.people[cast.seller_login(code)]

    def officer(self, word: str, county: str) -> User:
        """The town, sector or county officer of a county."""
        return self.people[cast.officer_login(word, county)]


def make_contracts(supply: Supply) -> None:
    """Every producer's contract with the province enterprise, by resale or agency."""
    period = DateRange(date(supply.begun.year - 1, 1, 1), date(supply.today.year + 2, 1, 1))
    for row in rows("producers"):
        contract = Contract.objects.create(
            enterprise=supply.organisations[cast.ENTERPRISE],
            producer=supply.organisations[row["code"]],
            mode=row["mode"],
            fee_bp=int(row["fee_bp"]),
            period=period,
        )
        body = {
            "enterprise": cast.ENTERPRISE,
            "producer": row["code"],
            "mode": row["mode"],
            "fee_bp": int(row["fee_bp"]),
        }
        record("contract.signed", body, subject=f"contract:{contract.pk}")


def make_households(supply: Supply) -> None:
    """Every producer's households, with agreements that the town officer has confirmed for them."""
    serial = 0
    for row in rows("producers"):
        producer, villages = supply.organisations[row["code"]], row["villages"].split()
        actor, town = supply.seller(row["code"]), supply.officer("town", row["county"])
        if producer.county is None:
            raise ValueError(f"{row['code']} has no county")
        agreements = []
        for number in range(int(row["households"])):
            serial += 1
            household = provenance.record_household(
                actor,
                producer,
                county=producer.county,
                village=villages[number % len(villages)],
                head_name=supply.dice.choice(_SURNAMES) + supply.dice.choice(_GIVEN),
                # Numbers that no network and no bank gives out, and an identity number of no county.
                phone=f"1009{serial:07d}",
                id_number=make_identity(serial, date(1960 + serial % 30, 1 + serial % 12, 1 + serial % 28)),
                bank_account=f"000000{serial:013d}",
            )
            agreement = provenance.sign_agreement(
                actor,
                producer,
                household,
                Mechanism(row["mechanism"]),
                int(row["share_bp"]),
                supply.begun - timedelta(days=300),
            )
            provenance.confirm_agreement(town, agreement)
            agreements.append(agreement)
        supply.agreements[row["code"]] = agreements


def make_assistance_lots(supply: Supply) -> None:
    """Collections from every household, and the lots that make up each product's stock, boxes too."""
    for row in rows("goods"):
        for number, made in enumerate(_batches(int(row["stock"] or 0)), 1):
            make_assistance_lot(supply, row, made, _produced_on(supply, row, number), number)


def make_assistance_lot(
    supply: Supply, row: Mapping[str, str], made: int, produced_on: date, number: int, households: int = 0
) -> Lot:
    """One lot of `made` units, from collections of so many of the producer's households (0 = all)."""
    inputs: dict[Collection, int] = {}
    output = needed = 0
    for part, quantity in _own_parts(row):
        grams = made * quantity * int(part["unit_grams"])
        raw = -(-grams * WHOLE_BP // int(part["yield_bp"]))
        inputs |= _collect(supply, part, raw, produced_on, households)
        output, needed = output + grams, needed + raw
    made_lot = make_lot(
        supply.seller(row["producer"]),
        supply.offers[row["sku"]].stock,
        f"{row['sku']}-{produced_on:%y%m%d}-{number}",
        made,
        produced_on,
        produced_on + timedelta(days=int(row["shelf"])),
        inputs,
        # What the parts yield together, rounded up; for a plain product its own yield.
        int(row["yield_bp"]) or -(-output * WHOLE_BP // needed),
        output // made,
    )
    issue_certificate_if_due(supply.seller(row["producer"]), made_lot)
    return made_lot


def issue_certificate_if_due(seller: User, lot: Lot) -> None:
    """The pass certificate that fresh goods need."""
    lot.refresh_from_db(fields=["certificate_due"])
    if lot.certificate_due:
        issue_certificate(seller, lot)


def _own_parts(row: Mapping[str, str]) -> list[tuple[Mapping[str, str], int]]:
    """What is collected for an article, and how many of each it holds: itself, or a box's assistance products."""
    if row["produce"]:
        return [(row, 1)]
    goods = {other["sku"]: other for other in rows("goods")}
    return [
        (goods[part["product"]], int(part["quantity"]))
        for part in rows("boxes")
        if part["box"] == row["sku"] and part["product"] in goods
    ]


def _batches(stock: int) -> list[int]:
    """A large stock was made as two lots; what is sold out or out of season has none."""
    if not stock:
        return []
    return [stock] if stock <= LARGE_STOCK else [stock // 2, stock - stock // 2]


def _produced_on(supply: Supply, row: Mapping[str, str], number: int) -> date:
    """The older of two lots is a month old, the other about ten days, fresh goods a few days."""
    fresh = int(row["shelf"]) <= 60
    return supply.today - timedelta(days=(6 - number) if fresh else (50 - 20 * number))


def _collect(
    supply: Supply, part: Mapping[str, str], raw: int, produced_on: date, households: int
) -> dict[Collection, int]:
    """Buy `raw` grams of a product's produce from its producer's households, a little more than is used."""
    agreements = supply.agreements[part["producer"]]
    if households:
        agreements = supply.dice.sample(agreements, min(households, len(agreements)))
    weights = [supply.dice.randint(80, 120) for _ in agreements]
    used: dict[Collection, int] = {}
    left = raw
    for agreement, weight in zip(agreements, weights, strict=True):
        last = agreement is agreements[-1]
        grams = left if last else raw * weight // sum(weights)
        left -= grams
        supply.notes += 1
        bought = grams + grams // 50 + 1
        collection = collect(
            supply.seller(part["producer"]),
            agreement,
            part["produce"],
            bought,
            max(1, bought * int(part["buy"]) // 1_000),
            produced_on - timedelta(days=supply.dice.randint(2, 20)),
            f"SG-{part['producer'][2:]}-{supply.notes:05d}",
        )
        used[collection] = grams
    return used


def make_ordinary_lots(supply: Supply) -> None:
    """The ordinary suppliers' stock: lots without recipe, as they show no provenance."""
    for row in rows("ordinary"):
        make_ordinary_lot(supply, row, int(row["stock"]), _produced_on(supply, row, 2))


def make_ordinary_lot(
    supply: Supply, row: Mapping[str, str], made: int, produced_on: date, number: int | None = None
) -> Lot:
    """One lot of an ordinary supplier, put into stock."""
    tail = "" if number is None else f"-{number}"
    lot = Lot.objects.create(
        stock=supply.offers[row["sku"]].stock,
        holder=supply.organisations[row["trader"]],
        code=f"{row['sku']}-{produced_on:%y%m%d}{tail}",
        made=made,
        produced_on=produced_on,
        best_before=produced_on + timedelta(days=int(row["shelf"])),
    )
    receive(lot, f"lot:{lot.code}")
    issue_certificate_if_due(supply.seller(row["trader"]), lot)
    return lot
