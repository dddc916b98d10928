"""Addresses of auditors."""

from django.urls import path

from marketplace.organisations.models import Role
from marketplace.workspaces.audit import overview, policies, views
from marketplace.workspaces.outside import outside_pages

app_name = "audit"
urlpatterns = [
    path("", views.home, name="home"),
    path("unions/<str:code>/<int:year>/", views.statement, name="statement"),
    path("distribution/", overview.distribution, name="distribution"),
    path("flags/", overview.flags, name="flags"),
    path("unions/<str:code>/<int:year>/statement.xlsx", views.statement_xlsx, name="statement_xlsx"),
    path("unions/<str:code>/<int:year>/statement.json", views.statement_json, name="statement_json"),
    path("unions/<str:code>/cases/new/", views.new_case, name="case_new"),
    path("orders/<str:number>/", views.order, name="order"),
    path("orders/<str:number>/judgements/<int:pk>/", views.judgement, name="judgement"),
    path("orders/<str:number>/papers/<int:paper>/", views.paper, name="paper"),
    path("orders/<str:number>/pack/", views.pack, name="pack"),
    path("orders/<str:number>/pack/progress/", views.pack_progress, name="pack_progress"),
    path("orders/<str:number>/pack/<int:pack>/evidence.zip", views.pack_file, name="pack_file"),
    path("policies/", policies.index, name="policies"),
    path("policies/<int:pk>/simulate/", policies.simulate, name="policy_simulate"),
    path("policies/simulations/<int:pk>/", policies.simulation, name="simulation"),
    *outside_pages("audit", Role.AUDITOR),
    path("cases/", views.cases, name="cases"),
    path("cases/<int:pk>/", views.case, name="case"),
]
