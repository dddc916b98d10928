"""The public registers: accreditations, certificates of no equivalent, exceptions granted. Organisations are named, people never."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Exists, F, OuterRef
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace.organisations.models import County
from marketplace.organisations.scopes import seen_by
from marketplace.workspaces.doors import open_to_all
from marketplace.workspaces.listing import Empty, Filters, Listing, between, choice, containing, day, words
from marketplace.workspaces.pages import today
from marketplace.workspaces.sheets import Column
from marketplace.workspaces.strangers import same_for_strangers
from procurement.priority.models import Certificate, ExceptionState, PriorityException
from procurement.watch.models import Challenge, ChallengeState
from suppliers.accreditation.models import Accreditation, AccreditationState

# In which the public sees an accreditation.
PUBLIC_STATES = [
    AccreditationState.PUBLIC_NOTICE,
    AccreditationState.VALID,
    AccreditationState.SUSPENDED,
    AccreditationState.REVOKED,
]
# No stored state: a valid one whose period is over.
_EXPIRED = "expired"
_EXCEPTION_STATES = [ExceptionState.GRANTED, ExceptionState.REVOKED]

_ACCREDITATIONS = (
    Column("number", gettext_lazy("Number"), url="page"),
    Column("product", gettext_lazy("Product"), url="url"),
    Column("producer", gettext_lazy("Producer")),
    Column("county", gettext_lazy("County")),
    Column("mechanism", gettext_lazy("Benefit")),
    Column("households", gettext_lazy("Households"), "count"),
    Column("valid_from", gettext_lazy("In force from"), "date"),
    Column("valid_to", gettext_lazy("Ends on"), "date"),
    Column("state", gettext_lazy("State"), "state"),
)
_CERTIFICATES = (
    Column("number", gettext_lazy("Number"), url="url"),
    Column("day", gettext_lazy("Date"), "date"),
    Column("union", gettext_lazy("Union")),
    Column("commodity_class", gettext_lazy("Commodity class")),
    Column("state", gettext_lazy("State"), "state"),
    Column("proof", gettext_lazy("Log entry"), url="entry"),
)
_EXCEPTIONS = (
    Column("number", gettext_lazy("Number")),
    Column("union", gettext_lazy("Union")),
    Column("product", gettext_lazy("Product"), url="url"),
    Column("ground", gettext_lazy("Ground")),
    Column("quantity", gettext_lazy("Units"), "count"),
    Column("used", gettext_lazy("Used"), "count"),
    Column("valid_from", gettext_lazy("From"), "date"),
    Column("valid_to", gettext_lazy("Until"), "date"),
    Column("granted_by", gettext_lazy("Granted by")),
    Column("state", gettext_lazy("State"), "state"),
)


class AccreditationFilters(Filters):
    """By words, county and state."""

    q = words()
    county = choice(gettext_lazy("County"), [])
    state = choice(
        gettext_lazy("State"),
        [*((state.value, state.label) for state in PUBLIC_STATES), (_EXPIRED, gettext_lazy("Expired"))],
    )

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        counties = County.objects.filter(pk__in=Accreditation.objects.filter(state__in=PUBLIC_STATES).values("county"))
        self.fields["county"].choices = [  # type: ignore[attr-defined]
            ("", _("All")),
            *((county.code, str(county)) for county in counties.order_by("code")),
        ]

    def narrowed(self, rows: Any) -> Any:
        """The accreditations that fit."""
        if text := self.wishes.get("q"):
            paths = ("product__title", "product__title_en", "producer__name", "producer__name_en")
            rows = rows.filter(containing(text, "number", *paths, "county__name", "county__name_en"))
        if county := self.wishes.get("county"):
            rows = rows.filter(county=county)
        if state := self.wishes.get("state"):
            rows = rows.filter(state=AccreditationState.VALID if state == _EXPIRED else state)
        if state == AccreditationState.VALID:
            rows = rows.filter(valid_to__gt=today())
        elif state == _EXPIRED:
            rows = rows.filter(valid_to__lte=today())
        return rows


class PeriodFilters(Filters):
    """By words and period, of certificates or exceptions."""

    q = words()
    since = day(gettext_lazy("From"))
    until = day(gettext_lazy("Until"))

    def __init__(self, request: HttpRequest, goods: str, path: str, *, moments: bool = False) -> None:
        super().__init__(request)
        self.goods, self.path, self.moments = goods, path, moments

    def narrowed(self, rows: Any) -> Any:
        """The rows that fit."""
        if text := self.wishes.get("q"):
            found = (f"{self.goods}__{name}" for name in _NAMES[self.goods])
            rows = rows.filter(containing(text, "number", "union__name", "union__name_en", *found))
        return between(rows, self.path, self.wishes, moments=self.moments)


_NAMES = {"commodity_class": ("name", "name_en"), "product": ("title", "title_en")}


@open_to_all
@same_for_strangers
def accreditations(request: HttpRequest) -> HttpResponseBase:
    """Accreditations that the public may see: those under public notice, in force, suspended or revoked."""
    rows = Accreditation.objects.filter(state__in=PUBLIC_STATES).select_related("product", "producer", "county")
    listing = Listing(
        request,
        rows.order_by("-id"),
        _ACCREDITATIONS,
        _("Public register of accreditations"),
        Empty(
            gettext_lazy("No accreditation yet"), gettext_lazy("They appear with their public notice."), "certificate"
        ),
        AccreditationFilters(request),
        present=_accreditations,
    )
    return listing.answer("register/register.html", here="register")


def _accreditations(rows: Sequence[Any]) -> list[Any]:
    return [
        {
            "number": row.number,
            "page": reverse("register_accreditation", args=[row.number]),
            "product": row.product.get_title(),
            "url": reverse("product", args=[row.product_id]),
            "producer": str(row.producer),
            "county": str(row.county),
            "mechanism": row.get_mechanism_display(),
            "households": row.households,
            "valid_from": row.valid_from,
            "valid_to": row.valid_to,
            "state": row.state_today,
        }
        for row in rows
    ]


@open_to_all
@same_for_strangers
def certificates(request: HttpRequest) -> HttpResponseBase:
    """Certificates that nothing suitable of a class was on offer, newest first, each with its log entry."""
    listing = Listing(
        request,
        Certificate.objects.select_related("union", "commodity_class")
        .annotate(
            entry=F("judgement__entry"),
            refuted=Exists(Challenge.objects.filter(certificate=OuterRef("pk"), state=ChallengeState.UPHELD)),
        )
        .order_by("-id"),
        _CERTIFICATES,
        _("Register of no-equivalent certificates"),
        Empty(
            gettext_lazy("No certificate yet"),
            gettext_lazy("One is written when a union buys an ordinary product because nothing suitable was on offer."),
            "certificate",
        ),
        PeriodFilters(request, "commodity_class", "at", moments=True),
        present=_certificates,
    )
    return listing.answer("register/register.html", here="register_certificates")


def _certificates(rows: Sequence[Any]) -> list[Any]:
    return [
        {
            "number": row.number,
            "day": row.at,
            "union": str(row.union),
            "commodity_class": str(row.commodity_class),
            "state": "refuted" if row.refuted else "stands",
            "proof": f"#{row.entry}",
            "url": reverse("register_certificate", args=[row.number]),
            "entry": reverse("entry", args=[row.entry]),
        }
        for row in rows
    ]


@open_to_all
@same_for_strangers
def exceptions(request: HttpRequest) -> HttpResponseBase:
    """Exceptions that were granted, by whom, for how much and how long.

    The ground is that of the closed list; what a union wrote about it may speak of people and stays with the unions.
    """
    with seen_by(None):
        listing = Listing(
            request,
            PriorityException.objects.filter(state__in=_EXCEPTION_STATES)
            .select_related("union", "product", "decided_for")
            .order_by("-id"),
            _EXCEPTIONS,
            _("Register of exceptions granted"),
            Empty(
                gettext_lazy("No exception yet"),
                gettext_lazy("One is granted only by a union above the buyer's, for a quantity and a period."),
                "shield",
            ),
            PeriodFilters(request, "product", "valid_from"),
            present=_exceptions,
        )
        return listing.answer("register/register.html", here="register_exceptions")


def _exceptions(rows: Sequence[Any]) -> list[Any]:
    return [
        {
            "number": row.number,
            "union": str(row.union),
            "product": row.product.get_title(),
            "url": reverse("product", args=[row.product_id]),
            "ground": row.get_ground_display(),
            "quantity": row.quantity,
            "used": row.used,
            "valid_from": row.valid_from,
            "valid_to": row.valid_to,
            "granted_by": str(row.decided_for or ""),
            "state": row.state_today,
        }
        for row in rows
    ]
