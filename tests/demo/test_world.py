"""The demonstration world is as the main job needs it, is loaded once, and keeps every invariant."""

import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import Count, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from marketplace.demo import cast
from marketplace.demo.world import is_loaded, load
from marketplace.evidence.models import Entry
from marketplace.ledger.models import Purse
from marketplace.organisations.models import County, Membership, Organisation, Role, User
from marketplace.organisations.scopes import seen_by
from marketplace.shop.catalogue.models import CommodityClass, Component, Product
from marketplace.shop.partner.models import StockRecord
from marketplace.stock.models import Lot, Stock
from procurement.policy.models import Policy
from procurement.priority import rule
from suppliers.accreditation.models import Accreditation
from suppliers.accreditation.queries import expiring, valid_for, valid_on
from suppliers.licences import check_credit_code, check_sc
from suppliers.provenance.models import BenefitAgreement, Collection, Household, Output
from suppliers.provenance.queries import trace_back
from suppliers.settlement.models import Contract


@pytest.fixture(scope="module")
def _world(django_db_setup, django_db_blocker):
    """Loaded once for all tests here, and rolled back after them."""
    with django_db_blocker.unblock(), transaction.atomic(), seen_by(None):
        assert load() is True
        with connection.cursor() as cursor:
            # The deferred constraints speak now, as at a commit.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        yield
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def _unchanged(_world):
    """What a test writes goes again."""
    with transaction.atomic(), seen_by(None):
        yield
        transaction.set_rollback(True)


def test_what_there_is() -> None:
    kinds = dict(Organisation.objects.values_list("kind").annotate(Count("id")))
    assert kinds == {
        "union": 15,
        "operator": 1,
        "province_enterprise": 1,
        "producer": 35,
        "county_office": 35,
        "trader": 12,
    }
    assert County.objects.filter(listed=True).count() == 56
    accredited = valid_on()
    assert (accredited.count(), accredited.values("county").distinct().count()) == (81, 34)
    assert (Product.objects.count(), CommodityClass.objects.count()) == (150, 65)
    ordinary = Product.objects.filter(stockrecords__partner__organisation__kind="trader")
    assert (ordinary.count(), Component.objects.values("box").distinct().count()) == (52, 9)
    assert set(Contract.objects.values_list("mode", flat=True)) == {"resale", "agency"}
    assert Contract.objects.count() == 35


def test_every_state_that_a_visitor_may_meet_is_there() -> None:
    states = dict(Accreditation.objects.values_list("state").annotate(Count("id")))
    assert states == {
        "valid": 84, "suspended": 1, "refused": 1, "public_notice": 1, "applied": 1, "town_review": 1, "sector_review": 1,
    }  # fmt: skip
    expired = Accreditation.objects.filter(state="valid", valid_to__lte=timezone.localdate())
    assert [a.product.upc for a in expired] == ["LG-KONJAC-400"]
    soon = expiring(timezone.localdate() + timedelta(days=60))
    assert [a.product.upc for a in soon] == ["YZ-PEPPER-100"]
    plain = Product.objects.filter(accreditations=None, stockrecords__partner__organisation__kind="producer")
    assert list(plain.filter(components=None).values_list("upc", flat=True)) == ["ZB-TREEVEG-150"]
    assert list(Organisation.objects.filter(good_standing=False).values_list("code", flat=True)) == ["P-YC"]
    assert list(StockRecord.objects.filter(listed=False).values_list("partner_sku", flat=True)) == ["CC-CHERRY-1500"]
    sold_out = Stock.objects.filter(in_stock=0, offer__listed=True)
    assert list(sold_out.values_list("sku", flat=True)) == ["TB-VEG-5000"]


def test_main_classes_have_ordinary_competitors_with_and_without_equivalents() -> None:
    ordinary = Product.objects.filter(stockrecords__partner__organisation__kind="trader", components=None)
    with_equivalents = ordinary.filter(commodity_class__in=valid_on().values("product__commodity_class"))
    without = ordinary.difference(with_equivalents)
    assert (with_equivalents.count(), without.count()) == (34, 16)


def test_a_second_run_changes_nothing() -> None:
    before = (Entry.objects.count(), User.objects.count(), Lot.objects.count(), Collection.objects.count())
    assert (is_loaded(), load()) == (True, False)
    output = io.StringIO()
    call_command("load_world", stdout=output)
    assert output.getvalue() == "The demonstration world was there already.\n"
    after = (Entry.objects.count(), User.objects.count(), Lot.objects.count(), Collection.objects.count())
    assert after == before


def test_not_outside_the_embedded_servers(settings) -> None:
    settings.EMBEDDED = False
    with pytest.raises(CommandError, match="MALL_EMBEDDED"):
        call_command("load_world")


def test_the_unions_are_a_tree_of_four_levels() -> None:
    levels = dict(Organisation.objects.filter(kind="union").values_list("level").annotate(Count("id")))
    assert levels == {1: 1, 2: 3, 3: 4, 4: 7}
    union = Organisation.objects.get(code="U-XA-YT-01")
    assert union.path == "U-SN/U-XA/U-XA-YT/U-XA-YT-01/"
    assert not Organisation.objects.filter(kind="union", level__gt=1, parent=None).exists()


def test_every_role_has_a_login_with_the_printed_password() -> None:
    held = set(Membership.objects.filter(user__username__in=[p.username for p in cast.LOGINS]).values_list("role"))
    assert {role for (role,) in held} == {role.value for role in Role}
    user = User.objects.get(username=cast.BUYER)
    assert user.check_password(cast.PASSWORD)
    output = io.StringIO()
    call_command("demo_logins", stdout=output)
    assert all(line in output.getvalue() for line in (cast.PASSWORD, "buyer", "auditor", "town.610828"))


def test_every_seller_can_be_acted_for() -> None:
    for organisation in Organisation.objects.filter(kind__in=["producer", "trader"]):
        membership = Membership.objects.get(organisation=organisation)
        assert (membership.role, membership.user.username) == (
            Role.PRODUCER,
            cast.seller_login(organisation.code),
        )


def test_numbers_have_right_check_digits() -> None:
    licences = set(Product.objects.exclude(licence="").values_list("licence", flat=True))
    assert len(licences) == 37
    for licence in licences:
        check_sc(licence)
    for code in Organisation.objects.exclude(credit_code="").values_list("credit_code", flat=True):
        check_credit_code(code)
    hengshan = Product.objects.get(upc="HS-MILLET-2000")
    assert check_sc(hengshan.licence, producer_county="610803").flags == ("retired_code",)


def test_policies_follow_one_another_and_two_people_made_them() -> None:
    policies = list(Policy.objects.order_by("period").values_list("version", "minimum_share_bp"))
    assert policies == [("SN-2019-01", 3_000), ("SN-2020-05", 5_000)]
    for policy in Policy.objects.all():
        assert policy.approved_by_id not in (None, policy.drafted_by_id)
    assert Policy.objects.get(period__contains=timezone.localdate()).version == "SN-2020-05"


def test_lots_make_up_every_stock() -> None:
    for stock in Stock.objects.annotate(made=Coalesce(Sum("lots__made"), 0)):
        assert stock.in_stock == stock.made, stock.sku
    assistance = Accreditation.objects.filter(state="valid").values("product")
    lots = Lot.objects.filter(stock__offer__product__in=assistance)
    assert lots.count() == Output.objects.filter(lot__in=lots).count() == 88
    for lot in lots:
        origin = trace_back(lot)
        assert origin.households >= 5
        assert origin.made * origin.unit_grams * 10_000 <= origin.grams * origin.yield_bp


def test_households_are_many_confirmed_and_nobodys() -> None:
    counts = Household.objects.values_list("producer").annotate(Count("id"))
    assert (len(counts), min(n for _producer, n in counts), Household.objects.count()) == (35, 5, 207)
    assert not BenefitAgreement.objects.filter(confirmed_at=None).exists()
    for household in Household.objects.all()[:20]:
        assert household.id_number.startswith("619901")
        assert household.phone.startswith("100")


def test_a_box_costs_what_its_parts_cost_and_travels_free() -> None:
    box = StockRecord.objects.get(product__upc=cast.BOX)
    parts = Component.objects.filter(box=box.product)
    assert sum(part.quantity * part.price for part in parts) == box.price_fen == 8_000
    assert list(box.deliveries.values_list("region", "freight")) == [("61", 0)]


def test_the_unions_purses_are_this_years() -> None:
    purses = Purse.objects.filter(union__code=cast.UNION).order_by("id")
    assert [(p.name, p.kind, p.account.balance) for p in purses] == [
        (cast.GENERAL_PURSE, "general", cast.FUNDS_AT_FIRST),
        (cast.ASSISTANCE_PURSE, "ring_fenced", cast.RESERVE_AT_FIRST),
    ]
    assert {p.gift_year for p in purses} == {timezone.localdate().year}


# What the rule makes of the main job's goods.

TODAY = timezone.localdate()
NEED = TODAY + timedelta(days=cast.NEED_IN_DAYS)


def delivered(product: Product) -> int:
    offer = StockRecord.objects.get(product=product)
    return offer.price_fen + offer.deliveries.get(region="61").freight


def rule_offer(product: Product, accreditation: Accreditation) -> rule.Offer:
    offer = StockRecord.objects.get(product=product)
    days = offer.deliveries.get(region="61").days
    return rule.Offer(
        product=product.upc,
        producer=offer.partner.organisation.code,
        county=product.county_id,
        assistance=True,
        price_fen=delivered(product),
        content=product.net_content,
        available=offer.stock.available,
        ready_on=(TODAY + timedelta(days=days)).isoformat(),
        accreditation=accreditation.number,
    )


def rule_line(ref: str, sku: str, quantity: int, price: int | None = None, box: str = "") -> rule.Line:
    product = Product.objects.get(upc=sku)
    same = Product.objects.filter(commodity_class=product.commodity_class)
    valid = valid_for(same.values_list("id", flat=True))
    price = price or delivered(product)
    reference = product.commodity_class.reference_price * product.net_content // 1_000
    return rule.Line(
        ref=ref,
        product=sku,
        producer=StockRecord.objects.get(product=product).partner.organisation.code,
        county=product.county_id or "",
        commodity_class=product.commodity_class.code,
        assistance=product.pk in valid,
        accreditation=valid[product.pk].number if product.pk in valid else "",
        price_fen=price,
        content=product.net_content,
        reference_price_fen=max(price, reference),
        quantity=quantity,
        region="61",
        need_date=NEED.isoformat(),
        purse="general",
        purse_covered=True,
        purse_ring_fenced=False,
        available=StockRecord.objects.get(product=product).stock.available,
        component_of=box,
        candidates=tuple(rule_offer(p, valid[p.pk]) for p in same if p.pk in valid),
    )


def judged(lines: list[rule.Line], recipients: int, reserve: int) -> rule.Judgement:
    policy = Policy.objects.get(version="SN-2020-05")
    return rule.judge(
        rule.Gift(
            policy=rule.Policy(
                version=policy.version,
                first_choice=True,
                minimum_share_bp=policy.minimum_share_bp,
                price_band_bp=policy.price_band_bp,
                max_producers=policy.max_producers,
                hold_days=policy.hold_days,
                rotation_band_bp=policy.rotation_band_bp,
                cap_fen=policy.cap,
                floor_fen=policy.floor,
                planning_days=policy.planning_days,
                occasions=tuple(policy.occasions),
                urgent_occasions=tuple(policy.urgent_occasions),
                forbidden_forms=tuple(policy.forbidden_forms),
                approval_steps=(),
            ),
            decided_on=TODAY.isoformat(),
            occasion=cast.OCCASION,
            form="goods",
            gift_year=TODAY.year,
            recipients=recipients,
            per_head_fen=cast.PER_HEAD,
            per_head_year_fen=0,
            per_head_assistance_fen=0,
            lines=tuple(lines),
            year=rule.Year(0, 0, reserve, False, 0),
            documents=rule.Documents(0, 1),
            rotation=(),
            offer_book_root="",
        )
    )


def wanted(gift: tuple[str, ...], recipients: int) -> list[rule.Line]:
    """The gift as the buyer first fills it, the box by its components."""
    lines = [rule_line(f"{n:02d}", sku, recipients) for n, sku in enumerate(gift, 1) if sku != cast.BOX]
    for part in Component.objects.filter(box__upc=cast.BOX).select_related("product"):
        sku = part.product.upc
        lines.append(rule_line(f"05/{sku}", sku, recipients * part.quantity, part.price, "05"))
    return lines


def substituted(lines: list[rule.Line], verdict: rule.Judgement) -> list[rule.Line]:
    """The gift with the rule's advice followed."""
    decisions = {decision.ref: decision for decision in verdict.lines}
    result = []
    for line in lines:
        decision = decisions[line.ref]
        if decision.allowed:
            result.append(rule_line(line.ref, line.product, decision.allowed, line.price_fen, line.component_of))
        for substitute in decision.substitutes:
            if substitute.quantity:
                ref = f"{line.ref}-{substitute.product}"
                result.append(rule_line(ref, substitute.product, substitute.quantity))
    return result


@pytest.mark.parametrize(
    ("gift", "recipients", "in_part", "missing"),
    [(cast.GIFT_300, 300, 120, 530_800), (cast.GIFT_1000, 1_000, 400, 2_242_500)],
)
def test_the_gift_shows_every_face_of_the_rule(gift, recipients, in_part, missing) -> None:
    lines = wanted(gift, recipients)
    first = judged(lines, recipients, cast.RESERVE_AT_FIRST)
    outcomes = {decision.ref: (decision.outcome, decision.allowed) for decision in first.lines}
    assert outcomes == {
        "01": ("assistance", recipients),
        "02": ("blocked", 0),
        "03": ("partial", recipients - in_part),
        "04": ("no_equivalent", recipients),
        "05/ZS-FUNGUS-150": ("assistance", recipients),
        "05/ZS-WALNUT-500": ("assistance", recipients),
        "05/CA-CRYSTAL-400": ("no_equivalent", recipients),
    }
    pastry = next(d for d in first.lines if d.ref == "05/CA-CRYSTAL-400").certificate_candidates
    assert [(c.product, c.failed) for c in pastry] == [("FF-LUGAO-500", ("price",))]

    lines = substituted(lines, first)
    second = judged(lines, recipients, cast.RESERVE_AT_FIRST)
    assert [violation.code for violation in second.violations] == ["share"]
    share = second.share
    more = cast.to_set_aside(share.assistance_fen, share.ordinary_fen, share.reserve_fen, 5_000)
    assert more == missing

    assert judged(lines, recipients, cast.RESERVE_AT_FIRST + more).allowed
    assert not judged(lines, recipients, cast.RESERVE_AT_FIRST + more - 1).allowed


def test_no_head_of_the_gift_costs_more_than_its_standard() -> None:
    for gift in (cast.GIFT_300, cast.GIFT_1000):
        dearest = 0
        for sku in gift:
            product = Product.objects.get(upc=sku)
            same = Product.objects.filter(commodity_class=product.commodity_class, net_content=product.net_content)
            accredited = [delivered(p) for p in same if p.pk in valid_for([p.pk])]
            band = delivered(product) * 11 // 10
            dearest += max([delivered(product), *(p for p in accredited if p <= band)])
        assert dearest <= cast.PER_HEAD


def test_there_is_enough_for_both_gifts() -> None:
    for sku in {*cast.GIFT_300, *cast.GIFT_1000}:
        assert Stock.objects.get(sku=sku).available >= 1_300, sku
    millet = Stock.objects.filter(
        offer__product__commodity_class__code="grain.millet",
        offer__product__net_content=2_000,
        offer__product__accreditations__state="valid",
    )
    assert sorted(s.available for s in millet) == [900, 1_200, 1_200, 1_500]


@pytest.mark.parametrize(
    ("assistance", "ordinary", "reserve", "share", "expected"),
    [(100, 100, 0, 5_000, 0), (100, 101, 0, 5_000, 1), (0, 70, 20, 3_000, 10), (0, 71, 0, 3_000, 31)],
)
def test_what_has_to_be_set_aside(assistance, ordinary, reserve, share, expected) -> None:
    assert cast.to_set_aside(assistance, ordinary, reserve, share) == expected
    together = assistance + reserve + expected
    assert ordinary * 10_000 <= (10_000 - share) * (ordinary + together)
