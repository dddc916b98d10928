"""What every page shows around its content: the person, their workspace, where they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from marketplace.organisations.models import Membership, Role
from marketplace.workspaces import doors

# Who invites people into the own organisation, and finds the page for it in the menu of the person.
PEOPLE_KEEPERS = frozenset({Role.APPROVER, Role.PRODUCER, Role.OPERATOR})


class Entry(NamedTuple):
    """A place in a workspace: its named address, words and icon."""

    name: str
    words: str | Promise
    icon: str


class Workspace(NamedTuple):
    """The pages that belong to one kind of work; the first entry is its home."""

    title: str | Promise
    icon: str
    roles: frozenset[Role]
    entries: Sequence[Entry]


WORKSPACES: dict[str, Workspace] = {
    "my": Workspace(
        _("My gifts"),
        "gift",
        frozenset({Role.MEMBER}),
        (Entry("my:home", _("My gifts"), "gift"), Entry("catalogue", _("Catalogue"), "basket")),
    ),
    "union": Workspace(
        _("Union gifts"),
        "gift",
        frozenset({Role.BUYER, Role.APPROVER}),
        (
            Entry("union:home", _("Today"), "home"),
            Entry("union:programmes", _("Programmes"), "gift"),
            Entry("union:orders", _("Orders"), "box"),
            Entry("union:exceptions", _("Exceptions"), "shield"),
            Entry("union:elsewhere", _("Bought elsewhere"), "document"),
            Entry("union:returns", _("Returns"), "swap"),
            Entry("union:complaints", _("Members' problems"), "bell"),
            Entry("union:statement", _("Statement"), "chart"),
            Entry("union:cases", _("Audit cases"), "flag"),
            Entry("catalogue", _("Catalogue"), "basket"),
        ),
    ),
    "producer": Workspace(
        _("Supply"),
        "producer",
        frozenset({Role.PRODUCER}),
        (
            Entry("producer:home", _("Today"), "home"),
            Entry("producer:orders", _("Supplier orders"), "box"),
            Entry("producer:goods", pgettext_lazy("what a producer sells", "Goods"), "basket"),
            Entry("producer:stock", _("Stock by lot"), "list"),
            Entry("producer:lots", _("Lots"), "tag"),
            Entry("producer:households", _("Households"), "people"),
            Entry("producer:purchases", _("Purchase ledger"), "document"),
            Entry("producer:accreditations", _("Accreditations"), "certificate"),
            Entry("producer:money", _("Money"), "coins"),
            Entry("producer:challenges", _("Challenges"), "scales"),
        ),
    ),
    "province": Workspace(
        _("Province enterprise"),
        "truck",
        frozenset({Role.PROVINCE}),
        (
            Entry("province:home", _("Today"), "home"),
            Entry("province:orders", _("Supplier orders"), "box"),
            Entry("province:picks", _("Pick and shipping list"), "truck"),
            Entry("province:incidents", _("Holds and recalls"), "shield"),
            Entry("province:prices", _("Prices to decide"), "scales"),
            Entry("province:producers", _("Producers"), "producer"),
            Entry("province:contracts", _("Contracts"), "document"),
            Entry("province:money", _("Money"), "coins"),
        ),
    ),
    "operate": Workspace(
        _("Operation"),
        "gear",
        frozenset({Role.OPERATOR}),
        (
            Entry("operate:home", _("Today"), "home"),
            Entry("operate:policies", _("Policies"), "scales"),
            Entry("operate:organisations", _("Organisations"), "bank"),
            Entry("operate:products", _("Products"), "basket"),
            Entry("operate:classes", _("Commodity classes"), "tag"),
            Entry("operate:prices", _("Prices to decide"), "coins"),
            Entry("operate:sweep", _("Sweep"), "search"),
            Entry("register_challenges", _("Challenges"), "scales"),
            Entry("operate:incidents", _("Holds and recalls"), "flag"),
            Entry("operate:steps", _("Steps"), "refresh"),
            Entry("operate:evidence", _("Evidence log"), "shield"),
        ),
    ),
    "audit": Workspace(
        _("Audit"),
        "scales",
        frozenset({Role.AUDITOR}),
        (
            Entry("audit:home", _("Unions"), "chart"),
            Entry("audit:distribution", _("Distribution"), "coins"),
            Entry("audit:flags", _("Red flags"), "alert"),
            Entry("audit:elsewhere", _("Bought elsewhere"), "document"),
            Entry("audit:cases", _("Audit cases"), "flag"),
            Entry("audit:policies", _("Rules to come"), "scales"),
            Entry("verification", _("Verify it yourself"), "shield"),
        ),
    ),
    "oversight": Workspace(
        _("Oversight"),
        "eye",
        frozenset({Role.UNION_OFFICER}),
        (
            Entry("oversight:home", _("Unions below"), "chart"),
            Entry("oversight:exceptions", _("Exceptions"), "shield"),
            Entry("oversight:years", _("Gift years"), "calendar"),
            Entry("oversight:elsewhere", _("Bought elsewhere"), "document"),
            Entry("register_challenges", _("Challenges"), "scales"),
        ),
    ),
    "accreditation": Workspace(
        _("Accreditation"),
        "certificate",
        frozenset({Role.TOWN_OFFICER, Role.SECTOR_OFFICER, Role.COUNTY_OFFICER}),
        (
            Entry("oversight:accreditations", _("Applications"), "certificate"),
            Entry("oversight:households", _("Households"), "people"),
            Entry("oversight:incidents", _("Holds and recalls"), "shield"),
            Entry("register", _("Public registers"), "list"),
        ),
    ),
}


def workspace(request: HttpRequest) -> dict[str, Any]:
    """Context processor: navigation and person for base.html, the search field, the kind of page."""
    context: dict[str, Any] = {"search_url": reverse("catalogue")}
    memberships = doors.memberships_of(request) if getattr(request, "user", None) else []
    if not memberships:
        return context
    current = getattr(request, "membership", None) or _usual(request, memberships)
    here = key_of(current)
    context["person"] = {
        "name": str(request.user),
        "organisation": current.organisation.display_name,
        "role": current.get_role_display(),
        "links": _links(
            memberships, here, has_password=request.user.is_authenticated and request.user.has_usable_password()
        ),
    }
    if here:
        context["navigation"] = _navigation(WORKSPACES[here], request.path)
        context["navigation_title"] = current.organisation.display_name
    return context


def key_of(membership: Membership) -> str:
    """The workspace in which this role works, "" when it has no pages here."""
    return next((key for key, place in WORKSPACES.items() if membership.role in place.roles), "")


def home_of(memberships: Sequence[Membership]) -> str:
    """The address where a person with these roles begins their day."""
    keys = (key_of(membership) for membership in memberships)
    first = next((key for key in keys if key), "")
    return reverse(WORKSPACES[first].entries[0].name if first else "home")


def _usual(request: HttpRequest, memberships: Sequence[Membership]) -> Membership:
    """On a page open to all: whom the person chose to act for, else their first role."""
    chosen = request.session.get(doors.SESSION_KEY)
    return next((m for m in memberships if m.organisation_id == chosen), memberships[0])


def _navigation(place: Workspace, path: str) -> list[dict[str, Any]]:
    entries = [(reverse(entry.name), entry) for entry in place.entries]
    # The home of a workspace is the beginning of all its addresses: the longest fit is where we are.
    here = max((url for url, _entry in entries if path.startswith(url)), key=len, default="")
    return [{"url": url, "label": entry.words, "icon": entry.icon, "current": url == here} for url, entry in entries]


def _links(memberships: Sequence[Membership], here: str, *, has_password: bool) -> list[dict[str, Any]]:
    keys = dict.fromkeys(key_of(membership) for membership in memberships)
    links = [
        {
            "url": reverse(WORKSPACES[key].entries[0].name),
            "label": WORKSPACES[key].title,
            "icon": WORKSPACES[key].icon,
        }
        for key in keys
        if key and key != here
    ]
    if any(membership.role in PEOPLE_KEEPERS for membership in memberships):
        links.append({"url": reverse("people"), "label": _("People and roles"), "icon": "people"})
    if len({m.organisation_id for m in memberships}) > 1:
        links.append({"url": reverse("organisations"), "label": _("Act for another organisation"), "icon": "swap"})
    if has_password:
        links.append({"url": reverse("change_password"), "label": _("Change password"), "icon": "lock"})
    return links
