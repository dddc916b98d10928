"""A union's order that has come all the way, with everything that pages show of it; and colleagues of elsewhere."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

from django.utils import timezone

from marketplace.demo import cast
from marketplace.fulfilment.models import SupplierOrder
from marketplace.organisations.models import Membership, Organisation, OrganisationKind, Role, User
from procurement.audit.actions import open_case
from procurement.priority.actions import ask_exception
from procurement.priority.models import Judgement
from procurement.programmes.actions import import_roster
from suppliers.accreditation.models import Accreditation, AccreditationState
from suppliers.settlement.models import Accrual
from tests import world as builders
from tests.procurement.workbook_samples import person, rows_of, workbook

# Who acts for Yanta's union, Jiaxian's producer and county, and those in whose care they are.
PEOPLE = {
    Role.BUYER: cast.BUYER,
    Role.APPROVER: cast.APPROVER,
    Role.UNION_OFFICER: cast.UNION_OFFICER,
    Role.AUDITOR: cast.AUDITOR,
    Role.PRODUCER: "p-jx",
    Role.PROVINCE: "enterprise",
    Role.TOWN_OFFICER: "town.610828",
    Role.SECTOR_OFFICER: "sector.610828",
    Role.COUNTY_OFFICER: "county.610828",
    Role.OPERATOR: "operator",
    Role.MEMBER: "member",
}

# Colleagues with the same role elsewhere, who must not find any of it. An operator sees the whole house.
ELSEWHERE = {
    Role.BUYER: builders.YUYANG,
    Role.APPROVER: builders.YUYANG,
    Role.UNION_OFFICER: "U-YL",
    Role.AUDITOR: "U-YL",
    Role.PRODUCER: "P-MZ",
    Role.PROVINCE: "E-ELSEWHERE",
    Role.TOWN_OFFICER: cast.office_code("610827"),
    Role.SECTOR_OFFICER: cast.office_code("610827"),
    Role.COUNTY_OFFICER: cast.office_code("610827"),
    Role.MEMBER: builders.YUYANG,
}


def make() -> SimpleNamespace:
    """Bring an order to acceptance, and put a plan, a request, a case and an upload with a fault beside it; their numbers."""
    giver = builders.side()
    order = builders.placed(giver, [builders.DATES, builders.MOONCAKES])
    builders.bring(order, giver.buyer, "accepted")
    programme = builders.planned(giver, [builders.DATES])
    part = SupplierOrder.objects.get(order=order, producer__code="P-JX")
    day = timezone.localdate()
    exception = ask_exception(
        giver.buyer,
        giver.union,
        builders.product(builders.MOONCAKES),
        grounds="…",
        quantity=5,
        valid_from=day,
        valid_to=day + timedelta(days=9),
    )
    faulty = workbook({"名单": rows_of(person(1), person(2, phone="none"))})
    upload = import_roster(giver.buyer, builders.draft(giver, "名单"), "名单.xlsx", faulty)
    auditor = User.objects.get(username=cast.AUDITOR)
    case = open_case(auditor, giver.union, f"order:{order.number}", "Why?")
    accreditation = Accreditation.objects.filter(county="610828", state=AccreditationState.VALID)[0]
    return SimpleNamespace(
        order=order.number,
        programme=programme.pk,
        part=part.pk,
        judgement=Judgement.objects.filter(decisions__order=order)[0].pk,
        exception=exception.number,
        case=case.pk,
        accreditation=accreditation.number,
        accrual=Accrual.objects.get(supplier_order=part).pk,
        upload=upload.pk,
        uploaded_to=upload.programme_id,
    )


def colleagues_elsewhere() -> dict[Role, User]:
    """New people who hold one role each in another organisation."""
    Organisation.objects.create(
        kind=OrganisationKind.PROVINCE_ENTERPRISE, code="E-ELSEWHERE", name="别处", name_en="Elsewhere"
    )
    return {role: holder(role, code, "elsewhere") for role, code in ELSEWHERE.items()}


def holder(role: Role, code: str, name: str) -> User:
    """A new person with that one role in that organisation."""
    user = User.objects.create(username=f"{name}-{role}")
    Membership.objects.create(user=user, organisation=Organisation.objects.get(code=code), role=role)
    return user
