"""What a stranger sees: the same page for all, fresh within a second; the catalogue, the counties, the season."""

import time
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import caches
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from marketplace import settings as house
from marketplace.demo import cast
from marketplace.organisations.models import County, User
from marketplace.shop.catalogue.models import Product
from marketplace.shop.partner.models import StockRecord
from marketplace.stock.models import Stock
from marketplace.workspaces.storefront.queries import AssistanceFirst, per_base
from marketplace.workspaces.storefront.season import in_season, season_of
from procurement.policy.festivals import of_year
from procurement.policy.models import Occasion
from suppliers.accreditation.models import Accreditation
from suppliers.listings.queries import listed
from tests import world as builders
from tests.workspaces.persons import Person, statements_of, text

OPEN = [
    "home",
    "catalogue",
    "counties",
    "register",
    "register_certificates",
    "register_exceptions",
    "verification",
    "checkpoints",
    "trace_find",
]


# What “茶” finds: goods that are tea, assistance offers first; then what only comes from a tea company.
TEA = [
    "Shangnan spring green tea 250 g", "Pingli gynostemma tea 150 g", "Pingli Nuwa green tea 200 g",
    "Nanzheng black tea 200 g", "Nanzheng Hanzhong Xianhao tea 250 g", "Xixiang Wuzi green tea 250 g",
    "Ziyang black tea 200 g", "Ziyang Maojian tea 100 g", "Ziyang selenium green tea 250 g",
    "Chayunxuan buckwheat tea 150 g", "Chayunxuan black tea 200 g", "Chayunxuan green tea 250 g",
    "Ziyang two-tea box", "Xixiang black tea 200 g",
]  # fmt: skip
BY_TEA_SELLERS = ["Shangnan peanuts 1 kg", "Xixiang rapeseed oil 1.8 L"]


@pytest.fixture
def kept(settings: Any) -> None:
    """Pages are kept ready, for longer than a test takes."""
    settings.STRANGERS_PAGES_SECONDS = 600
    caches["pages"].clear()


def asked(client: Client, address: str, **headers: str) -> tuple[int, str]:
    """How many statements an answer took, and what it says."""
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(address, headers=headers)
    assert answer.status_code == 200
    return len(captured), answer.content.decode()


def test_the_second_stranger_costs_no_statement(world: None, kept: None) -> None:
    address = reverse("catalogue") + "?kind=assistance"
    first, page = asked(Client(), address)
    assert first == 2
    assert asked(Client(), address) == (0, page)
    assert asked(Client(), address + "&page=2")[0] == 2


def test_each_language_has_its_own_page(world: None, kept: None) -> None:
    assert '<html lang="zh-Hans"' in asked(Client(), "/products/")[1]
    assert '<html lang="en"' in asked(Client(), "/products/", **{"accept-language": "en"})[1]
    english = Client()
    english.post(reverse("set_language"), {"language": "en", "next": "/products/"})
    assert '<html lang="en"' in asked(english, "/products/")[1]
    assert '<html lang="zh-Hans"' in asked(Client(), "/products/")[1]


def test_who_is_signed_in_never_gets_a_strangers_page(world: None, kept: None, client: Client) -> None:
    asked(Client(), "/products/")
    buyer = User.objects.get(username=cast.BUYER)
    client.force_login(buyer)
    assert f'data-user="{buyer.pk}"' in asked(client, "/products/")[1]
    assert 'data-user=""' in asked(Client(), "/products/")[1]


def test_a_change_of_price_and_of_accreditation_shows_within_a_second(world: None, kept: None, settings: Any) -> None:
    settings.STRANGERS_PAGES_SECONDS = house.STRANGERS_PAGES_SECONDS  # as long as in use
    address = reverse("product", args=[builders.product(builders.DATES).pk])
    _cost, before = asked(Client(), address, **{"accept-language": "en"})
    assert "Assistance product" in before
    StockRecord.objects.filter(product__upc=builders.DATES).update(price=Decimal("77.31"))
    Accreditation.objects.filter(product__upc=builders.DATES, state="valid").update(state="suspended")
    time.sleep(1)
    _cost, after = asked(Client(), address, **{"accept-language": "en"})
    assert '77<span class="money-cents">.31' in after
    assert "Ordinary product" in after


@pytest.mark.parametrize("name", OPEN)
def test_a_strangers_page_holds_nothing_of_theirs(world: None, name: str) -> None:
    answer = Client().get(reverse(name))
    assert answer.status_code == 200
    assert answer.cookies == {}
    assert "csrf" not in answer.content.decode().lower()
    assert {"Cookie", "Accept-Language"} <= set(answer["Vary"].split(", "))


@pytest.mark.django_db
@pytest.mark.parametrize("name", OPEN)
def test_every_page_opens_in_an_empty_house(name: str) -> None:
    assert Client().get(reverse(name)).status_code == 200


def test_a_buyer_sees_what_the_rule_puts_first(world: None, client: Client) -> None:
    client.force_login(User.objects.get(username=cast.BUYER))
    millet = builders.product(cast.BLOCKED)
    address = f"{reverse('catalogue')}?kind=ordinary&commodity_class={millet.commodity_class_id}"
    with CaptureQueriesContext(connection) as captured:
        page = client.get(address).context["page"]
    shown = {card.pk: card for card in page.object_list}
    assert shown[millet.pk].outcome == "after"
    assert len(captured) <= 8
    stranger = Client().get(address).context["page"]
    assert {card.outcome for card in stranger.object_list} == {"ordinary"}


def test_a_choice_says_how_many_it_leaves(world: None) -> None:
    client = Client(headers={"accept-language": "en"})
    facets = client.get(reverse("catalogue"), {"commodity_class": _class("grain")}).context["facets"]
    assert facets.class_name == "Grain and cereals"
    _every_choice_leaves_what_it_says(client, facets)
    assert [choice.words for choice in facets.chosen] == ["Grain and cereals"]


def test_several_wishes_are_counted_together(world: None) -> None:
    client = Client(headers={"accept-language": "en"})
    facets = client.get(reverse("catalogue"), {"kind": "assistance", "price": "60", "stock": "1"}).context["facets"]
    _every_choice_leaves_what_it_says(client, facets)
    assert [choice.words for choice in facets.chosen] == ["Assistance products", "¥30–60", "Available now"]


def _every_choice_leaves_what_it_says(client: Client, facets: Any) -> None:
    for title, choices in facets.groups:
        for choice in choices:
            if choice.chosen:
                continue
            left = client.get(reverse("catalogue") + choice.url).context["page"].paginator.count
            assert (title, choice.words, left) == (title, choice.words, choice.count)


def test_choices_are_drawn_once_and_anew_when_a_count_changes(world: None) -> None:
    def drawn(language: str, **wishes: str) -> str:
        page = Client(headers={"accept-language": language}).get(reverse("catalogue"), wishes).content.decode()
        return page.partition('<details class="facets"')[2].partition("</details>")[0]

    before = drawn("en")
    assert drawn("en") == before != drawn("zh-hans")
    assert "kind=assistance&amp;sort=price" in drawn("en", kind="assistance", sort="price", page="2")
    stock = StockRecord.objects.get(product=builders.product(builders.DATES)).stock
    assert stock.available > 0
    Stock.objects.filter(pk=stock.pk).update(allocated=F("in_stock"))
    assert drawn("en") != before


def test_page_after_page_shows_every_product_once(world: None) -> None:
    pages = [Person().open("catalogue").context["page"]]
    while pages[-1].has_next():
        pages.append(Person().open("catalogue", page=pages[-1].next_page_number()).context["page"])
    shown = [(card.outcome == "assistance", card.pk) for page in pages for card in page.object_list]
    assert len(shown) == len(set(shown)) == pages[0].paginator.count
    assert shown == sorted(shown, reverse=True)


def test_a_word_finds_the_goods_first_and_what_only_its_seller_is_called_last(world: None) -> None:
    anyone = Person()
    context = anyone.open("catalogue", q="茶").context
    assert [card.name for card in context["found"]] == TEA
    assert [card.name for card in context["by_seller"]] == BY_TEA_SELLERS
    assert context["page"].paginator.count == len(TEA) + len(BY_TEA_SELLERS)
    assert "Found by the seller's name" in text(anyone.open("catalogue", q="茶"))
    cheapest = anyone.open("catalogue", q="茶", sort="price").context
    assert {card.name for card in cheapest["by_seller"]} == set(BY_TEA_SELLERS)
    assert [card.price for card in cheapest["found"]] == sorted(card.price for card in cheapest["found"])
    both = anyone.open("catalogue", q="tea Ziyang").context
    assert (len(both["found"]), both["by_seller"]) == (4, [])
    assert anyone.open("catalogue", q="没有这样的").context["found"] == []


def _class(code: str) -> int:
    from marketplace.shop.catalogue.models import CommodityClass

    return CommodityClass.objects.get(code=code).pk


def test_paging_keeps_the_wishes(world: None) -> None:
    page = Client().get(reverse("catalogue"), {"kind": "assistance", "sort": "price"})
    assert "kind=assistance&amp;sort=price&amp;page=2" in page.content.decode()
    prices = [card.price for card in page.context["page"].object_list]
    assert prices == sorted(prices)


def test_the_map_has_a_tile_for_every_listed_county(world: None) -> None:
    context = Client().get(reverse("counties")).context
    tiles = [tile for city in context["cities"] for tile in city.tiles]
    assert len(tiles) == County.objects.filter(listed=True).count() == 56
    assert len(context["cities"]) == 10
    assert context["cities"][0].code == "6108"


def test_a_county_shows_its_own_and_what_it_is_known_for(world: None) -> None:
    context = Client().get(reverse("county", args=["610828"])).context
    assert "佳县红枣" in [one.produce for one in context["known_for"]]
    assert "P-JX" in [one["row"].code for one in context["producers"]]
    assert {card.county for card in context["page"].object_list} == {"佳县"}
    assert Client().get(reverse("county", args=["999999"])).status_code == 404


def test_only_sellers_have_a_public_page(world: None) -> None:
    assert Client().get(reverse("maker", args=["P-JX"])).context["households"] == 8
    assert Client().get(reverse("maker", args=[cast.UNION])).status_code == 404


def test_a_product_arrives_by_a_day_in_the_chosen_region(world: None) -> None:
    product = builders.product(builders.DATES)
    offer = StockRecord.objects.get(product=product)
    offer.deliveries.create(region="6109", freight=321, days=9)
    context = Client().get(reverse("product", args=[product.pk]), {"region": "6109"}).context
    assert (context["freight"], context["arrives"].unit_price) == (321, offer.price_fen + 321)
    assert (context["arrival"] - date.today()).days in {9, 10}  # Shanghai's day may be tomorrow's


@pytest.mark.parametrize(
    "wrong", ["?page=x", "?price=x&stock=7&seller=1", "?county=61%00", "?q=%25_'", "?commodity_class=9" + "9" * 30]
)
def test_nonsense_in_the_address_is_left_out(world: None, wrong: str) -> None:
    assert Client().get(reverse("catalogue") + wrong).status_code == 200


# The sun's calendar.


@pytest.mark.parametrize(
    ("day", "name", "since"),
    [
        (date(2026, 2, 4), "Beginning of Spring", date(2026, 2, 4)),
        (date(2026, 6, 21), "Summer Solstice", date(2026, 6, 21)),
        (date(2025, 12, 21), "Winter Solstice", date(2025, 12, 21)),
        (date(2026, 11, 24), "Minor Snow", date(2026, 11, 22)),
    ],
)
def test_solar_terms(day: date, name: str, since: date) -> None:
    season = season_of(day)
    assert (season.name, season.since) == (name, since)


def test_qingming_is_the_same_day_by_the_sun_as_in_the_calendar_of_festivals() -> None:
    for year in range(2010, 2050):
        day = of_year(year)[Occasion.QINGMING]
        season = season_of(day)
        assert (season.term, season.since) == (4, day)


def test_every_month_has_something_in_season() -> None:
    for month in range(1, 13):
        assert in_season(date(2026, month, 15))


def test_the_catalogue_is_filtered(world: None) -> None:
    anyone = Person()
    product = builders.product(builders.DATES)

    def found(**wishes: Any) -> set[str]:
        shown = {card.pk for card in anyone.open("catalogue", **wishes).context["page"].object_list}
        return set(Product.objects.filter(pk__in=shown).values_list("upc", flat=True))

    assert builders.DATES in found(q="dates Jia", kind="assistance")
    assert builders.DATES in found(q=builders.DATES)
    assert builders.DATES in found(commodity_class=product.commodity_class_id, county=product.county_id)
    assert builders.DATES not in found(q="dates", kind="ordinary")
    assert found(q="no such thing") == set()
    assert len(found(commodity_class="nonsense", sort="nonsense")) == 24


def test_a_suspended_accreditation_shows_at_once(world: None) -> None:
    product = builders.product(builders.DATES)
    assert Person().open("product", product.pk).context["outcome"] == "assistance"
    Accreditation.objects.filter(product=product, state="valid").update(state="suspended")
    page = Person().open("product", product.pk)
    assert page.context["outcome"] == "ordinary"
    assert "Suspended" in text(page)


def test_an_anonymous_list_costs_two_statements(world: None, django_assert_num_queries: Any) -> None:
    anyone = Person()
    with django_assert_num_queries(2):
        anyone.open("catalogue", page=2)
    with django_assert_num_queries(2):
        anyone.open("catalogue", q="millet", kind="assistance", county="610827", price="60", sort="unit")


def test_assistance_offers_come_first_wherever_a_page_is_cut(world: None) -> None:
    day = timezone.localdate()
    rows = listed(day)
    whole = list(rows.order_by("-assistance", "-product_id", "stockrecord_id"))
    number = sum(row.assistance for row in whole)
    assert 0 < number < len(whole)
    cut = AssistanceFirst(rows, number)
    for start in (0, number - 2, number, number + 1, len(whole) - 1):
        for stop in (start + 1, start + 3):
            assert cut[start:stop] == whole[start:stop], (start, stop)


def test_a_product_page_costs_the_same_with_more_regions(world: None) -> None:
    product = builders.product(builders.DATES)
    before = statements_of(lambda: Person().open("product", product.pk))
    offer = StockRecord.objects.get(product=product)
    for region in ("6101", "6106", "6109"):
        offer.deliveries.create(region=region, freight=100, days=3)
    assert statements_of(lambda: Person().open("product", product.pk)) == before


def test_a_unions_people_see_what_it_costs_delivered_everybody_else_the_price_without_freight(world: None) -> None:
    fungus = builders.product(builders.FUNGUS)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE partner_delivery SET freight = 350 WHERE stockrecord_id IN"
            " (SELECT id FROM partner_stockrecord WHERE product_id = %s)", [fungus.pk]
        )  # fmt: skip
    bare = StockRecord.objects.get(product=fungus).price_fen
    buyer, visitor = Person(cast.BUYER), Person()
    plan = builders.draft(builders.side())

    def card_on(page: Any) -> Any:
        return next(one for one in page.context["page"].object_list if one.pk == fungus.pk)

    seen = card_on(buyer.open("catalogue", q=fungus.title_en))
    assert (seen.price, seen.terms) == (bare + 350, "delivered to Xi'an")
    assert card_on(buyer.open("union:goods", plan.pk, q=fungus.title_en)) == seen
    assert (card_on(visitor.open("catalogue", q=fungus.title_en)).price, seen.per) == (
        bare, per_base((bare + 350) * 1000 // fungus.net_content, "g"),
    )  # fmt: skip
    assert "a unit, delivered to Xi'an" in text(buyer.open("product", fungus.pk))
    assert "a unit, delivered to" not in text(visitor.open("product", fungus.pk))
