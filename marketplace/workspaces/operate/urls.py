"""Addresses of the operator."""

from django.urls import path

from marketplace.organisations.models import Role
from marketplace.workspaces.asked_prices import pages as pages_of_prices
from marketplace.workspaces.incidents import pages
from marketplace.workspaces.operate import bounds, catalogue, home, organisations, policies, steps, sweep

app_name = "operate"
incidents, incident = pages("operate", Role.OPERATOR)
prices, price = pages_of_prices("operate", Role.OPERATOR)
urlpatterns = [
    path("", home.home, name="home"),
    path("policies/", policies.index, name="policies"),
    path("policies/new/", policies.new, name="policy_new"),
    path("policies/<int:pk>/", policies.detail, name="policy"),
    path("policies/<int:pk>/approve/", policies.approve, name="policy_approve"),
    path("policies/<int:pk>/discard/", policies.discard, name="policy_discard"),
    path("policies/<int:pk>/simulate/", policies.simulate, name="policy_simulate"),
    path("policies/simulations/<int:pk>/", policies.simulation, name="simulation"),
    path("organisations/", organisations.index, name="organisations"),
    path("organisations/new/", organisations.new, name="organisation_new"),
    path("organisations/<str:code>/", organisations.detail, name="organisation"),
    path("organisations/<str:code>/rename/", organisations.rename, name="rename"),
    path("organisations/<str:code>/standing/", organisations.standing, name="standing"),
    path("organisations/<str:code>/purses/open/", organisations.open_purse, name="open_purse"),
    path("organisations/<str:code>/purses/<int:pk>/fund/", organisations.fund, name="fund"),
    path("products/", catalogue.index, name="products"),
    path("products/<int:pk>/", catalogue.product, name="product"),
    path("products/<int:pk>/offer/", catalogue.offer, name="offer"),
    path("products/<int:pk>/remove/", catalogue.remove, name="product_remove"),
    path("sweep/", sweep.sweep, name="sweep"),
    path("sweep/<int:pk>/", sweep.dismiss, name="sweep_dismiss"),
    path("classes/", catalogue.classes, name="classes"),
    path("classes/<str:code>/", catalogue.commodity_class, name="class"),
    path("classes/<str:code>/bounds/", bounds.propose, name="bounds"),
    path("bounds/<int:pk>/approve/", bounds.approve, name="bounds_approve"),
    path("bounds/<int:pk>/discard/", bounds.discard, name="bounds_discard"),
    path("prices/", prices, name="prices"),
    path("prices/<int:pk>/", price, name="price"),
    path("incidents/", incidents, name="incidents"),
    path("incidents/<int:pk>/", incident, name="incident"),
    path("steps/", steps.steps, name="steps"),
    path("steps/retry/", steps.retry, name="retry"),
    path("evidence/", home.evidence, name="evidence"),
]
