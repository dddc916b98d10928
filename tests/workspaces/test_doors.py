"""Who may come in where: every address × every role × own and foreign objects."""

import contextvars
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, path, reverse
from django.utils import timezone

from marketplace.demo import cast
from marketplace.fulfilment.models import SupplierOrder
from marketplace.organisations.models import Membership, Organisation, Role, User
from marketplace.workspaces import doors
from procurement.audit.actions import open_case
from procurement.priority.actions import ask_exception
from procurement.priority.models import Judgement
from suppliers.accreditation.models import Accreditation, AccreditationState
from suppliers.settlement.models import Accrual
from tests import world as builders
from tests.workspaces import doors_union

STRANGERS = {
    "buyer": "buyer.yuyang",
    "approver": "approver.yuyang",
    "producer": "p-mz",
    "auditor": "auditor.yuyang",
    "union_officer": "officer.yuyang",
    "county_officer": "county.610827",
    "town_officer": "town.610827",
    "sector_officer": "sector.610827",
}


def leaves(patterns: Any, prefix: str = "", names: tuple[str, ...] = ()) -> Iterator[tuple[str, URLPattern, str]]:
    """Every view of a URL map with its route and its full name."""
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = (*names, pattern.namespace) if pattern.namespace else names
            yield from leaves(pattern.url_patterns, route, inner)
        else:
            yield route, pattern, ":".join((*names, pattern.name or ""))


def without_audience(patterns: Any) -> list[str]:
    return [route for route, pattern, _name in leaves(patterns) if not hasattr(pattern.callback, "audience")]


def test_every_address_says_who_may_come() -> None:
    assert without_audience(get_resolver().url_patterns) == []
    assert len(list(leaves(get_resolver().url_patterns))) > 60


def test_an_address_that_does_not_say_is_found() -> None:
    def careless(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    urlpatterns = [path("open/", doors.open_to_all(careless)), path("forgotten/", careless)]
    assert without_audience(urlpatterns) == ["forgotten/"]


def test_a_door_open_to_nobody_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="open_to_all"):
        doors.open_to()


# A union's order that has come all the way, and every address with its own objects.


@pytest.fixture
def own(world: None) -> SimpleNamespace:
    """What the union of Yanta, a producer of Jiaxian and its county have; and people of elsewhere with the same roles."""
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
    auditor = User.objects.get(username=cast.AUDITOR)
    case = open_case(auditor, giver.union, f"order:{order.number}", "Why?")
    accreditation = Accreditation.objects.filter(county="610828", state=AccreditationState.VALID)[0]
    yuyang = Organisation.objects.get(code="U-YL")
    for name, role in (("auditor.yuyang", Role.AUDITOR), ("officer.yuyang", Role.UNION_OFFICER)):
        Membership.objects.create(user=User.objects.create(username=name), organisation=yuyang, role=role)
    return SimpleNamespace(
        order=order.number,
        programme=programme.pk,
        part=part.pk,
        judgement=Judgement.objects.filter(decisions__order=order)[0].pk,
        exception=exception.number,
        case=case.pk,
        accreditation=accreditation.number,
        accrual=Accrual.objects.get(supplier_order=part).pk,
        upload=0,
    )


def arguments(name: str, own: SimpleNamespace) -> dict[str, Any] | None:
    """The address's parameters for own objects; None for addresses without an owner."""
    year = timezone.localdate().year
    if name in {"union:order", "union:pack", "audit:order", "audit:pack"}:
        return {"number": own.order}
    if name in {"union:judgement", "audit:judgement"}:
        return {"number": own.order, "pk": own.judgement}
    if name in {"union:accept", "union:pay"}:
        return {"number": own.order, "pk": own.part}
    if name in {"union:case", "audit:case"}:
        return {"pk": own.case}
    if name in {"union:clear", "union:substitute"}:
        return {"pk": own.programme, "slot": 1}
    if name == "union:exception":
        return {"pk": own.programme, "product": builders.product(builders.MOONCAKES).pk}
    if name in (more := doors_union.own(own)):
        return more[name]
    if name == "union:annotated":
        return {"pk": own.programme, "upload": own.upload}
    if name in {"audit:statement", "audit:statement_json"}:
        return {"code": cast.UNION, "year": year}
    if name == "audit:case_new":
        return {"code": cast.UNION}
    if name == "oversight:decide":
        return {"number": own.exception, "verb": "grant"}
    if name == "oversight:end":
        return {"number": own.accreditation, "verb": "suspend"}
    if name in {"oversight:accreditation", "oversight:carry_on", "oversight:make_valid"}:
        return {"number": own.accreditation}
    if name in {"producer:supplier_order", "producer:confirm", "producer:labels"}:
        return {"pk": own.part}
    if name in {"producer:accrual", "producer:paid", "producer:confirmed"}:
        return {"pk": own.accrual}
    if name.startswith("union:statement_"):
        return None
    if name.startswith("union:") and "pk" in str(get_arguments(name)):
        return {"pk": own.programme}
    return None


def get_arguments(name: str) -> list[str]:
    return [
        key
        for _route, pattern, found in leaves(get_resolver().url_patterns)
        if found == name
        for key in pattern.pattern.regex.groupindex
    ]


def pages() -> list[tuple[str, frozenset[Role]]]:
    """Named pages that belong to roles (the API has tests of its own)."""
    found = leaves(get_resolver().url_patterns)
    return [
        (name, pattern.callback.audience.roles)
        for _route, pattern, name in found
        if pattern.callback.audience.roles and ":" in name
    ]


def ask(client: Client, method: str, address: str) -> int:
    """The status of an answer, asked outside the test's own scope: the page has to say for whom it asks."""
    return int(contextvars.Context().run(getattr(client, method), address).status_code)


def answers(client: Client, address: str) -> set[int]:
    return {ask(client, "get", address), ask(client, "post", address)}


def test_foreign_objects_do_not_exist_and_other_roles_are_refused(own: SimpleNamespace) -> None:
    outcasts = {role: Client() for role in Role}
    for role, client in outcasts.items():
        user = User.objects.create(username=f"only-{role}")
        Membership.objects.create(user=user, organisation=Organisation.objects.get(code="U-HZ"), role=role)
        client.force_login(user)
    wrong: list[str] = []
    owned = 0
    for name, roles in pages():
        wanted = arguments(name, own)
        parameters = get_arguments(name)
        if parameters and wanted is None:
            wanted = {"year": timezone.localdate().year}
        address = reverse(name, kwargs=wanted)
        if (status := ask(Client(), "get", address)) != 302:
            wrong.append(f"{name}: a stranger gets {status}")
        wrong += [
            f"{name}: {role} gets {found}"
            for role, client in outcasts.items()
            if role not in roles and (found := answers(client, address)) != {403}
        ]
        if not parameters or ("year" in parameters and len(parameters) == 1):
            continue
        owned += 1
        for role in roles:
            client = Client()
            client.force_login(User.objects.get(username=STRANGERS[role]))
            if not (found := answers(client, address)) <= {404, 405}:
                wrong.append(f"{name}: a foreign {role} gets {found}")
    assert wrong == []
    assert owned >= 30


def test_own_pages_open(own: SimpleNamespace) -> None:
    people = {
        Role.BUYER: cast.BUYER,
        Role.APPROVER: cast.APPROVER,
        Role.PRODUCER: "p-jx",
        Role.AUDITOR: cast.AUDITOR,
        Role.UNION_OFFICER: cast.UNION_OFFICER,
        Role.TOWN_OFFICER: "town.610828",
        Role.SECTOR_OFFICER: "sector.610828",
        Role.COUNTY_OFFICER: "county.610828",
    }
    opened = 0
    for name, roles in pages():
        wanted = arguments(name, own)
        if get_arguments(name) and wanted is None:
            wanted = {"year": timezone.localdate().year}
        for role in roles:
            client = Client()
            client.force_login(User.objects.get(username=people[role]))
            status = ask(client, "get", reverse(name, kwargs=wanted))
            # No roster was uploaded, so its marked copy is the one page that does not exist.
            assert status == (404 if name == "union:annotated" else status if status == 405 else 200), (
                name,
                role,
                status,
            )
            opened += status == 200
    assert opened >= 40


def test_a_private_page_is_kept_by_no_cache(world: None, client: Client) -> None:
    client.force_login(User.objects.get(username=cast.BUYER))
    answer = client.get(reverse("union:home"))
    assert set(answer["Cache-Control"].split(", ")) == {"private", "no-store"}


def test_a_stranger_comes_back_to_the_page_after_signing_in(world: None, client: Client) -> None:
    answer = client.get(reverse("union:orders"))
    assert answer.url == "/accounts/sign-in/?next=/union/orders/"
    answer = client.post(answer.url, {"username": cast.BUYER, "password": cast.PASSWORD})
    assert answer.url == "/union/orders/"


@pytest.mark.parametrize(
    ("username", "home"),
    [
        (cast.BUYER, "/union/"),
        (cast.AUDITOR, "/audit/"),
        ("p-jx", "/producer/"),
        (cast.UNION_OFFICER, "/oversight/"),
        ("county.610828", "/oversight/accreditations/"),
    ],
)
def test_everyone_begins_where_their_work_is(world: None, client: Client, username: str, home: str) -> None:
    answer = client.post(reverse("login"), {"username": username, "password": cast.PASSWORD})
    assert answer.url == home


def test_a_wrong_password_keeps_the_name(world: None, client: Client) -> None:
    answer = client.post(reverse("login"), {"username": cast.BUYER, "password": "wrong"})
    assert answer.status_code == 200
    assert f'value="{cast.BUYER}"' in answer.content.decode()
    assert "_auth_user_id" not in client.session


def test_who_has_two_organisations_sees_one_at_a_time(world: None, client: Client) -> None:
    buyer = User.objects.get(username=cast.BUYER)
    other = Organisation.objects.get(code=builders.YUYANG)
    Membership.objects.create(user=buyer, organisation=other, role=Role.BUYER)
    mine = builders.draft(builders.side())
    theirs = builders.draft(builders.side(builders.YUYANG))
    client.force_login(buyer)

    def seen() -> list[int]:
        return [client.get(reverse("union:programme", args=[p.pk])).status_code for p in (mine, theirs)]

    assert seen() == [200, 404]
    answer = client.post(reverse("organisations"), {"organisation": other.pk})
    assert answer.url == "/union/"
    assert seen() == [404, 200]


def test_nobody_acts_for_an_organisation_without_a_role_there(world: None, client: Client) -> None:
    client.force_login(User.objects.get(username=cast.BUYER))
    other = Organisation.objects.get(code=builders.YUYANG)
    answer = client.post(reverse("organisations"), {"organisation": other.pk})
    assert answer.status_code == 200
    assert doors.SESSION_KEY not in client.session


def test_signing_out_needs_a_post(world: None, client: Client) -> None:
    client.force_login(User.objects.get(username=cast.BUYER))
    assert client.get(reverse("logout")).status_code == 405
    client.post(reverse("logout"))
    assert "_auth_user_id" not in client.session


def test_a_form_from_elsewhere_is_refused(world: None) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.get(username=cast.BUYER))
    assert client.post(reverse("union:programme_new"), {}).status_code == 403


def test_an_auditor_sees_the_unions_below_and_no_others(world: None, client: Client) -> None:
    auditor = User.objects.create(username="auditor.xian")
    Membership.objects.create(user=auditor, organisation=Organisation.objects.get(code="U-XA"), role=Role.AUDITOR)
    client.force_login(auditor)
    year = timezone.localdate().year
    shown = client.get(reverse("audit:home")).context["page"].object_list
    assert {row.union.code for row in shown} == {
        "U-XA", "U-XA-YT", "U-XA-BQ", "U-XA-YT-01", "U-XA-YT-02", "U-XA-YT-03", "U-XA-BQ-01"
    }  # fmt: skip
    assert client.get(reverse("audit:statement", args=["U-YL", year])).status_code == 404
