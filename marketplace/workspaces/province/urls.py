"""Addresses of the province enterprise."""

from django.urls import path

from marketplace.organisations.models import Role
from marketplace.workspaces.asked_prices import pages as pages_of_prices
from marketplace.workspaces.incidents import pages
from marketplace.workspaces.province import views

app_name = "province"
incidents, incident = pages("province", Role.PROVINCE)
prices, price = pages_of_prices("province", Role.PROVINCE)
urlpatterns = [
    path("", views.home, name="home"),
    path("orders/", views.orders, name="orders"),
    path("orders/<int:pk>/", views.order, name="order"),
    path("picks/", views.picks, name="picks"),
    path("producers/", views.producers, name="producers"),
    path("contracts/", views.contracts, name="contracts"),
    path("incidents/", incidents, name="incidents"),
    path("incidents/<int:pk>/", incident, name="incident"),
    path("prices/", prices, name="prices"),
    path("prices/<int:pk>/", price, name="price"),
    path("money/", views.money, name="money"),
    path("money/pay/", views.pay, name="pay"),
]
