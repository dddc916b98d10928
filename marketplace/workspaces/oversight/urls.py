"""Addresses of officers."""

from django.urls import path, re_path

from marketplace.organisations.models import Role
from marketplace.workspaces.incidents import pages
from marketplace.workspaces.outside import outside_pages
from marketplace.workspaces.oversight import households, objections, requests, views, years

app_name = "oversight"
incidents, incident = pages("oversight", Role.COUNTY_OFFICER)
urlpatterns = [
    path("", views.home, name="home"),
    path("exceptions/", requests.exceptions, name="exceptions"),
    re_path(r"^exceptions/(?P<number>[^/]+)/(?P<verb>grant|refuse)/$", requests.decide, name="decide"),
    path("exceptions/<str:number>/revoke/", requests.revoke, name="revoke"),
    path("exceptions/<str:number>/papers/<int:paper>/", requests.paper, name="exception_paper"),
    path("exceptions/delegate/", requests.delegate, name="delegate"),
    path("years/", years.years, name="years"),
    path("years/<str:code>/<int:year>/close/", years.close_year, name="close_year"),
    path("incidents/", incidents, name="incidents"),
    path("incidents/<int:pk>/", incident, name="incident"),
    *outside_pages("oversight", Role.UNION_OFFICER),
    path("households/", households.index, name="households"),
    path("households/<int:pk>/", households.detail, name="household"),
    path("households/<int:pk>/reveal/", households.reveal, name="household_reveal"),
    path("households/<int:pk>/confirm/", households.confirm, name="household_confirm"),
    path("households/<int:pk>/papers/<int:paper>/", households.paper, name="household_paper"),
    path("accreditations/", views.accreditations, name="accreditations"),
    path("accreditations/<str:number>/", views.accreditation_page, name="accreditation"),
    path("accreditations/<str:number>/papers/<int:paper>/", views.paper, name="accreditation_paper"),
    path("accreditations/<str:number>/objections/<int:pk>/", objections.answer, name="objection_answer"),
    path("accreditations/<str:number>/objections/<int:pk>/contact/", objections.contact, name="objection_contact"),
    path("accreditations/<str:number>/carry-on/", views.carry_on, name="carry_on"),
    path("accreditations/<str:number>/make-valid/", views.make_valid, name="make_valid"),
    re_path(r"^accreditations/(?P<number>[^/]+)/(?P<verb>refuse|suspend|reinstate|revoke)/$", views.end, name="end"),
]
