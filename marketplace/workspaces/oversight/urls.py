"""Addresses of officers."""

from django.urls import path, re_path

from marketplace.workspaces.oversight import views

app_name = "oversight"
urlpatterns = [
    path("", views.home, name="home"),
    path("exceptions/", views.exceptions, name="exceptions"),
    re_path(r"^exceptions/(?P<number>[^/]+)/(?P<verb>grant|refuse)/$", views.decide, name="decide"),
    path("accreditations/", views.accreditations, name="accreditations"),
    path("accreditations/<str:number>/", views.accreditation_page, name="accreditation"),
    path("accreditations/<str:number>/carry-on/", views.carry_on, name="carry_on"),
    path("accreditations/<str:number>/make-valid/", views.make_valid, name="make_valid"),
    re_path(r"^accreditations/(?P<number>[^/]+)/(?P<verb>refuse|suspend|reinstate|revoke)/$", views.end, name="end"),
]
