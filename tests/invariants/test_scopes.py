"""Whoever asks sees only their own organisation's rows, and who does not say for whom gets an error (I9)."""

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import transaction
from django_scopes.exceptions import ScopeError

from marketplace.evidence.models import Entry
from marketplace.fulfilment.actions import accept, confirm, labels, ship
from marketplace.fulfilment.models import Parcel, SupplierOrder
from marketplace.ledger.models import Purse
from marketplace.organisations.errors import NotAllowed
from marketplace.organisations.models import Organisation, Reveal, Role, User
from marketplace.organisations.queries import require, require_above, subtree
from marketplace.organisations.scopes import seen_by
from marketplace.shop.order.models import Line, Order
from marketplace.stock.models import Lot
from procurement.priority.models import Decision, Judgement, UnionYear
from procurement.programmes.actions import approve, import_roster, put_gift_line, submit
from procurement.programmes.models import GiftLine, Programme, Recipient
from procurement.programmes.placement import place
from suppliers.provenance.models import Collection, Household
from suppliers.settlement.actions import confirm_payout, pay_out, record_payment
from suppliers.settlement.models import Accrual, Contract, HouseholdAccrual
from tests.world import (
    DATES,
    FUNGUS,
    TEA,
    YANTA,
    YUYANG,
    bring,
    placed,
    planned,
    product,
    side,
    supplier_orders,
    visiting,
)

SCOPED = [
    model
    for model in apps.get_models()
    if type(model._default_manager).__name__ == "ScopedManager"  # what organisations.scopes.scoped makes
]
OWNED_BY_UNIONS = [Purse, Programme, Recipient, GiftLine, Order, Line, Decision, Judgement, UnionYear]
OWNED_BY_PRODUCERS = [Lot, Household, Collection, Contract, Accrual, HouseholdAccrual]


class Two:
    """Two unions with an order each; three producers, one of whom serves both."""

    def __init__(self) -> None:
        self.yanta, self.yuyang = side(YANTA), side(YUYANG)
        self.first = bring(placed(self.yanta, [DATES, FUNGUS], heads=3), self.yanta.buyer, "accepted")
        self.second = bring(placed(self.yuyang, [DATES, TEA], heads=2), self.yuyang.buyer, "accepted")


@pytest.fixture(scope="module")
def _two(world_database, django_db_blocker) -> Iterator[Two]:
    with django_db_blocker.unblock(), visiting(world_database):
        yield Two()


@pytest.fixture
def two(_two: Two) -> Iterator[Two]:
    with transaction.atomic():
        yield _two
        transaction.set_rollback(True)


def organisation(code: str) -> Organisation:
    return Organisation.objects.get(code=code)


def person(code: str) -> User:
    return User.objects.get(username=code.lower())


# Public registers and offers, or reached only by a key or through the house's own verbs.
UNSCOPED = {
    "Accreditation", "Certificate", "CertificateNotice", "ChallengeMessage", "ChallengePaper", "Listing", "Partner", "Stock",  # public
    # Never listed for an organisation but by its own id.
    "Account", "Transaction", "Entry", "Command", "Membership", "Invitation", "Delegate", "Reveal",
}  # fmt: skip


def test_an_organisation_owned_model_that_forgets_its_scope_is_noticed() -> None:
    owners = {"union", "producer", "holder", "enterprise", "owner", "organisation"}
    unscoped = {
        model.__name__
        for model in apps.get_models()
        if model not in SCOPED
        and any(f.name in owners and f.related_model is Organisation for f in model._meta.concrete_fields)
    }
    assert unscoped == UNSCOPED
    assert {*OWNED_BY_UNIONS, *OWNED_BY_PRODUCERS, SupplierOrder, Parcel} <= set(SCOPED)


@pytest.mark.parametrize("model", SCOPED, ids=lambda m: m.__name__)
def test_without_a_scope_a_query_raises(model) -> None:
    for ask in (
        lambda: model.objects.count(),
        lambda: list(model.objects.all()),
        lambda: model.objects.filter(pk=1).first(),
        lambda: model.objects.filter(pk=1).exists(),
    ):
        with pytest.raises(ScopeError):
            ask()


@pytest.mark.parametrize("model", OWNED_BY_UNIONS, ids=lambda m: m.__name__)
def test_a_union_sees_its_own_and_nothing_of_another(two, model) -> None:
    counts = []
    for giver in (two.yanta, two.yuyang):
        with seen_by([giver.union.pk]):
            seen = list(model.objects.all())
        assert seen
        assert {_union_of(row) for row in seen} == {giver.union.pk}
        counts.append(len(seen))
    others = organisation("U-XA-YT-01").pk
    with seen_by(None):
        whole = model.objects.count()
        elsewhere = sum(1 for row in model.objects.all() if _union_of(row) == others)
    assert sum(counts) + elsewhere == whole
    with seen_by([organisation("U-HZ-HT").pk]):
        assert not model.objects.exists()


def _union_of(row) -> int:
    return row.order.union_id if isinstance(row, Line) else row.union_id


def test_a_city_union_that_asks_for_its_subtree_sees_the_districts_below(two) -> None:
    city = organisation("U-XA")
    with seen_by([city.pk]):
        assert not Order.objects.exists()
    with seen_by(subtree(city)):
        assert list(Order.objects.all()) == [two.first]
    with seen_by(subtree(organisation("U-SN"))):
        assert set(Order.objects.all()) == {two.first, two.second}


def test_a_producer_sees_its_own_part_of_each_order_and_no_other_recipients(two) -> None:
    dates, fungus, tea = (organisation(code) for code in ("P-JX", "P-ZS", "P-ZY"))
    with seen_by([dates.pk]):
        assert sorted(SupplierOrder.objects.values_list("producer__code", "order__number")) == [
            ("P-JX", two.first.number),
            ("P-JX", two.second.number),
        ]
        assert (Parcel.objects.count(), Parcel.objects.exclude(producer=dates).count()) == (5, 0)
    with seen_by([fungus.pk]):
        assert list(SupplierOrder.objects.values_list("order__number", flat=True)) == [two.first.number]
        assert set(Parcel.objects.values_list("union", flat=True)) == {two.yanta.union.pk}
        parcels = set(Parcel.objects.values_list("pk", flat=True))
    with seen_by([tea.pk]):
        assert not Parcel.objects.filter(pk__in=parcels).exists()
        for model in (Recipient, Order, Line, Programme, Decision, Purse):
            assert not model.objects.exists()


@pytest.mark.parametrize("model", OWNED_BY_PRODUCERS, ids=lambda m: m.__name__)
def test_a_producer_sees_its_own_and_nothing_of_another(two, model) -> None:
    fungus = organisation("P-ZS")
    with seen_by([fungus.pk]):
        seen = list(model.objects.all())
    assert seen
    assert {row.holder_id if model is Lot else row.producer_id for row in seen} == {fungus.pk}
    with seen_by(None):
        assert model.objects.count() > len(seen)


def test_the_province_enterprise_sees_what_is_sold_under_its_contracts(two) -> None:
    with seen_by([organisation("E-QL").pk]):
        assert SupplierOrder.objects.count() == 4
        assert not Parcel.objects.exists()
        assert not Recipient.objects.exists()


def test_no_verb_of_another_organisations_person_is_carried_out(two) -> None:
    """The verbs ask for the role in the very organisation, whatever the scope."""
    order = placed(two.yanta, [DATES], title="又", prefix="X")
    bring(order, two.yanta.buyer, "sent")
    (mine,) = supplier_orders(order)
    done = supplier_orders(two.first)[0]
    accrual = Accrual.objects.select_related("supplier_order__enterprise", "producer").get(supplier_order=done)
    plan = planned(two.yanta, [DATES], title="再", prefix="Y")
    stranger, other = person("p-zs"), two.yuyang
    entries = Entry.objects.count()
    for verb in (
        lambda: confirm(stranger, mine),
        lambda: ship(stranger, mine, "速运", "QL-1"),
        lambda: labels(stranger, mine),
        lambda: accept(other.buyer, mine),
        lambda: record_payment(other.buyer, done, "BANK"),
        lambda: pay_out(stranger, accrual),
        lambda: confirm_payout(stranger, accrual),
        lambda: import_roster(other.buyer, plan, "a.xlsx", b""),
        lambda: put_gift_line(other.buyer, plan, 1, product(TEA)),
        lambda: submit(other.buyer, plan),
        lambda: approve(other.approver, plan),
        lambda: place(other.buyer, plan, "key"),
    ):
        with pytest.raises(NotAllowed):
            verb()
    assert Entry.objects.count() == entries
    assert not Reveal.objects.filter(user=stranger).exists()
    assert Recipient.objects.filter(programme=plan).count() == 3


def test_a_role_is_held_in_one_organisation(two) -> None:
    buyer, union = two.yanta.buyer, two.yanta.union
    require(buyer, Role.BUYER, union)
    for role, where in ((Role.APPROVER, union), (Role.BUYER, organisation("U-XA")), (Role.BUYER, two.yuyang.union)):
        with pytest.raises(NotAllowed):
            require(buyer, role, where)


def test_only_from_above(two) -> None:
    """The nearest officer above decides; one of the union itself, or of another branch, does not."""
    officer, province = User.objects.get(username="officer"), User.objects.get(username="officer.province")
    assert require_above(officer, Role.UNION_OFFICER, two.yanta.union).code == "U-XA"
    assert require_above(province, Role.UNION_OFFICER, two.yanta.union).code == "U-SN"
    for union in (organisation("U-XA"), two.yuyang.union):
        with pytest.raises(NotAllowed):
            require_above(officer, Role.UNION_OFFICER, union)
