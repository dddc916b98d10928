"""What officers decide: requests for an exception, applications for accreditation."""

from datetime import timedelta

from django.utils import timezone

from marketplace.demo import cast
from marketplace.workspaces.templatetags.house import state_label
from procurement.priority.models import PriorityException
from suppliers.accreditation.models import Accreditation, AccreditationState
from tests import world as builders
from tests.workspaces.persons import Person, text, told


def test_an_exception_is_asked_for_and_granted_from_above(world: None) -> None:
    buyer, officer = Person(cast.BUYER), Person(cast.UNION_OFFICER)
    plan = builders.planned(builders.side(), [cast.BLOCKED])
    day = timezone.localdate()
    wish = {
        "ground": "health",
        "grounds": "…",
        "quantity": "3",
        "valid_from": day.isoformat(),
        "valid_to": day.isoformat(),
    }
    product = builders.product(cast.BLOCKED)
    assert buyer.open("union:exception", plan.pk, product.pk).context["form"].initial["quantity"] == 3
    late = buyer.send("union:exception", plan.pk, product.pk, **wish | {"valid_to": "2020-01-01"})
    assert set(late.context["form"].errors) == {"valid_to"}
    assert buyer.send("union:exception", plan.pk, product.pk, **wish).status_code == 302
    asked = PriorityException.objects.get()
    assert asked.number in text(officer.open("oversight:exceptions"))
    officer.send("oversight:decide", asked.number, "grant")
    asked.refresh_from_db()
    assert (asked.state, asked.decided_for.code) == ("granted", cast.CITY_UNION)
    assert "no longer open" in told(officer.send("oversight:decide", asked.number, "refuse"))[-1]
    assert buyer.open("union:goods", plan.pk).context["preview"].slots[0].lines[0].outcome == "exception"


def test_an_application_goes_its_way_through_the_offices(world: None) -> None:
    one = Accreditation.objects.filter(county="610828", state=AccreditationState.VALID)[0]
    one = Accreditation.objects.create(
        number="RD-NEW-1",
        product=one.product,
        producer=one.producer,
        county=one.county,
        mechanism=one.mechanism,
        households=4,
        state=AccreditationState.APPLIED,
    )
    town, sector, county = (Person(f"{role}.610828") for role in ("town", "sector", "county"))
    assert one not in county.open("oversight:accreditations").context["waiting"]
    assert "Only a person with the role" in told(county.send("oversight:carry_on", one.number))[-1]
    for officer, state in (
        (town, "town_review"),
        (sector, "sector_review"),
        (county, "county_decision"),
        (county, "public_notice"),
    ):
        assert one in officer.open("oversight:accreditations").context["waiting"]
        said = told(officer.send("oversight:carry_on", one.number))[-1]
        one.refresh_from_db()
        assert (one.state, said) == (state, f"{one.number} is now at: {state_label(state)}.")
    assert one.number in text(Person().open("register"))
    # While the notice runs, nothing waits for the county, and the page says until when that is.
    assert one not in county.open("oversight:accreditations").context["waiting"]
    page = county.open("oversight:accreditation", one.number)
    assert (page.context["validity"], page.context["notice_end"]) == (None, timezone.localdate() + timedelta(days=7))
    period = {"valid_from": "2026-01-01", "valid_to": "2030-01-01"}
    assert "on public notice until" in text(county.send("oversight:make_valid", one.number, **period))
    assert "This field is required" in text(county.send("oversight:end", one.number, "refuse", reason=""))
    county.send("oversight:end", one.number, "refuse", reason="The licence has lapsed.")
    one.refresh_from_db()
    assert one.state == AccreditationState.REFUSED
    page = county.open("oversight:accreditation", one.number)
    assert "The licence has lapsed." in text(page)
    applications = Person("p-jx").open("producer:home").context["applications"]
    assert [
        (one["row"].state, one["reason"]) for one in applications if one["row"] == page.context["accreditation"]
    ] == [("refused", "The licence has lapsed.")]
    assert [step["title"] for step in page.context["history"] if step["actor"] == one.number] == [
        "Refused", "Public notice", "County decision", "Sector review", "Town review",
    ]  # fmt: skip
