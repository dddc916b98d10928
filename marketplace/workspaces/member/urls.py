"""Addresses of members."""

from django.urls import path

from marketplace.workspaces.member import views, vouchers

app_name = "my"
urlpatterns = [
    path("", views.home, name="home"),
    path("redeem/", vouchers.enter, name="redeem"),
    path("g/<str:token>/call/", vouchers.call, name="call"),
    path("gifts/<int:pk>/", views.own, name="own"),
    path("g/<str:token>/", views.gift, name="gift"),
    path("g/<str:token>/choose/", views.choose, name="choose"),
    path("g/<str:token>/keep/", views.keep, name="keep"),
    path("g/<str:token>/parcels/<int:pk>/received/", views.received, name="received"),
    path("g/<str:token>/parcels/<int:pk>/problem/", views.complain, name="complain"),
]
