"""The shop window's rows follow their sources in the same transaction, whatever changes."""

from datetime import date, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marketplace.demo import cast
from marketplace.organisations.models import County, Organisation, User
from marketplace.shop.catalogue.models import CommodityClass, Component
from marketplace.shop.determinations import Marks, classify, remove
from marketplace.shop.partner.models import StockRecord
from suppliers.accreditation import actions as accreditation
from suppliers.accreditation.models import Accreditation, AccreditationState
from suppliers.listings.models import Listing
from suppliers.listings.queries import differences, listed
from tests import world as builders


def row(sku: str = builders.DATES) -> Any:
    return listed(timezone.localdate()).get(sku=sku)


def officer() -> User:
    return User.objects.get(username="county.610828")


def valid() -> Accreditation:
    return Accreditation.objects.get(product__upc=builders.DATES, state=AccreditationState.VALID)


def test_a_row_tells_all_that_a_card_shows(world: None) -> None:
    offer = row()
    assert (offer.title, offer.title_en) == ("佳县滩枣 1 kg", "Jiaxian red dates 1 kg")
    assert (offer.county_id, offer.city, offer.producer.code) == ("610828", "榆林市", "P-JX")
    assert (offer.class_code, offer.group.code, offer.producer_kind) == ("date.red", "dried", "cooperative")
    assert (offer.price, offer.unit_price, offer.base_unit) == (2_900, 2_900, "g")
    assert offer.assistance
    assert not offer.is_box
    assert row(cast.BOX).is_box
    assert row(cast.NO_EQUIVALENT).producer_kind == "trader"


def test_the_world_needs_no_mending(world: None) -> None:
    assert differences() == []
    assert Listing.objects.count() == StockRecord.objects.filter(listed=True, product__is_public=True).count()


def test_a_price_is_followed(world: None) -> None:
    StockRecord.objects.filter(product__upc=builders.DATES).update(price=Decimal("31.50"))
    assert (row().price, row().unit_price) == (3_150, 3_150)


def test_a_suspended_accreditation_is_followed_and_a_reinstated_one(world: None) -> None:
    accreditation.suspend(officer(), valid(), "Under inspection.")
    assert not row().assistance
    suspended = Accreditation.objects.get(product__upc=builders.DATES, state=AccreditationState.SUSPENDED)
    accreditation.reinstate(officer(), suspended, "Inspected.")
    assert row().assistance


def test_an_accreditation_holds_from_its_first_day_to_the_day_before_its_last(world: None) -> None:
    held = valid()

    def assistance(day: date) -> bool:
        return bool(listed(day).get(sku=builders.DATES).assistance)

    assert not assistance(held.valid_from - timedelta(days=1))
    assert assistance(held.valid_from)
    assert assistance(held.valid_to - timedelta(days=1))
    assert not assistance(held.valid_to)


def test_a_producer_out_of_standing_sells_ordinary_goods(world: None) -> None:
    Organisation.objects.filter(code="P-JX").update(good_standing=False)
    assert not row().assistance
    Organisation.objects.filter(code="P-JX").update(good_standing=True, name="佳县枣业")
    assert row().assistance
    assert row().producer_name == "佳县枣业"


def test_a_county_off_the_list_and_a_renamed_class_are_followed(world: None) -> None:
    County.objects.filter(code="610828").update(listed=False)
    CommodityClass.objects.filter(code="date.red").update(name_en="Jujubes")
    assert not row().assistance
    assert "jujubes" in row().words


def test_what_is_taken_off_leaves_and_comes_back(world: None) -> None:
    offers = StockRecord.objects.filter(product__upc=builders.DATES)
    offers.update(listed=False)
    assert not Listing.objects.filter(sku=builders.DATES).exists()
    offers.update(listed=True)
    assert row().price == 2_900


def test_an_order_does_not_write_the_row(world: None) -> None:
    """How much is left is joined from the stock: the row of a hot product is written by no order."""
    before = row()
    builders.placed(builders.side(), [builders.DATES])
    after = row()
    assert after.stock.available < before.stock.available
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM listings_listing WHERE xmin = pg_current_xact_id()::xid")
        assert cursor.fetchone() == (0,)


def test_nobody_writes_a_row_by_hand(world: None) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        Listing.objects.filter(sku=builders.DATES).update(price=1)


def test_a_row_that_differs_is_found_and_mended(fresh_world: Any) -> None:
    from django.db import connections

    with connections["owner"].cursor() as cursor:
        cursor.execute("UPDATE listings_listing SET price = 1 WHERE sku = %s", [builders.DATES])
    wrong = [StockRecord.objects.get(partner_sku=builders.DATES).pk]
    assert differences() == wrong
    with pytest.raises(CommandError, match="1 listings differ"):
        call_command("check_listings")
    told = StringIO()
    call_command("check_listings", "--mend", stdout=told)
    assert "1 differences, mended" in told.getvalue()
    assert differences() == []


# Whatever is done, in whatever order.


def _set_price(number: int) -> None:
    StockRecord.objects.filter(pk=_offers()[number % 20]).update(price=Decimal(number + 100) / 10)


def _toggle_listing(number: int) -> None:
    offer = StockRecord.objects.get(pk=_offers()[number % 20])
    StockRecord.objects.filter(pk=offer.pk).update(listed=not offer.listed)


def _toggle_standing(number: int) -> None:
    sellers = list(Organisation.objects.filter(partner__isnull=False).order_by("pk"))
    seller = sellers[number % len(sellers)]
    Organisation.objects.filter(pk=seller.pk).update(good_standing=not seller.good_standing, name_en=f"Seller {number}")


def _move_accreditation(number: int) -> None:
    rows = list(Accreditation.objects.filter(state__in=["valid", "suspended"]).order_by("pk")[:20])
    one = rows[number % len(rows)]
    if one.state == "valid":
        one.state = ["suspended", "revoked"][number % 2]
    else:
        taken = Accreditation.objects.filter(product=one.product_id, state="valid").exists()
        one.state = "revoked" if taken else "valid"
    one.save()


def _reclassify(number: int) -> None:
    classes = list(CommodityClass.objects.filter(parent__isnull=False).order_by("pk"))
    product = StockRecord.objects.get(pk=_offers()[number % 20]).product
    operator = User.objects.get(username="operator")
    if number % 5:
        classify(operator, product, classes[number % len(classes)], Marks(number), "…")
    else:
        remove(operator, product, "…")


def _change_class(number: int) -> None:
    classes = list(CommodityClass.objects.order_by("pk"))
    CommodityClass.objects.filter(pk=classes[number % len(classes)].pk).update(
        name=f"类{number}", base_unit=["g", "ml", "pc"][number % 3]
    )


def _toggle_county(number: int) -> None:
    county = list(County.objects.order_by("pk"))[number % 56]
    County.objects.filter(pk=county.pk).update(listed=not county.listed)


def _open_box(number: int) -> None:
    parts = list(Component.objects.order_by("pk"))
    if parts:
        parts[number % len(parts)].delete()


def _remove_offer(number: int) -> None:
    offer = StockRecord.objects.filter(pk=_offers()[number % 20], prices__isnull=True).first()
    if offer is not None:
        offer.delete()


def _offers() -> list[int]:
    return list(StockRecord.objects.order_by("pk").values_list("pk", flat=True)[:20])


_CHANGES = [
    _set_price,
    _toggle_listing,
    _toggle_standing,
    _move_accreditation,
    _reclassify,
    _change_class,
    _toggle_county,
    _open_box,
    _remove_offer,
]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(_CHANGES), st.integers(0, 500)), min_size=1, max_size=10))
def test_after_any_sequence_of_changes_the_rows_equal_their_rebuild(world: None, changes: list[Any]) -> None:
    with transaction.atomic():
        for change, number in changes:
            try:
                with transaction.atomic():
                    change(number)
            except IntegrityError:
                continue  # the database refused the change itself
        assert differences() == []
        transaction.set_rollback(True)
