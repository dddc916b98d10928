"""Addresses of union buyers and approvers."""

from django.urls import path

from marketplace.workspaces.union import orders, papers, people, programmes, views

app_name = "union"
urlpatterns = [
    path("", views.home, name="home"),
    path("programmes/", programmes.index, name="programmes"),
    path("programmes/new/", programmes.new, name="programme_new"),
    path("programmes/<int:pk>/", programmes.detail, name="programme"),
    path("programmes/<int:pk>/edit/", programmes.edit, name="edit"),
    path("programmes/<int:pk>/withdraw/", programmes.withdraw, name="withdraw"),
    path("programmes/<int:pk>/roster/", programmes.roster, name="roster"),
    path("programmes/<int:pk>/roster/add/", people.add, name="person_add"),
    path("programmes/<int:pk>/roster/<int:person>/take-off/", people.take_off, name="person_off"),
    path("programmes/<int:pk>/roster/<int:upload>/marked.xlsx", programmes.annotated, name="annotated"),
    path("programmes/<int:pk>/goods/", programmes.goods, name="goods"),
    path("programmes/<int:pk>/goods/put/", programmes.put, name="put"),
    path("programmes/<int:pk>/goods/<int:slot>/clear/", programmes.clear, name="clear"),
    path("programmes/<int:pk>/goods/<int:slot>/substitute/", programmes.substitute, name="substitute"),
    path("programmes/<int:pk>/goods/exception/<int:product>/", programmes.exception, name="exception"),
    path("programmes/<int:pk>/goods/set-aside/", programmes.set_aside, name="set_aside"),
    path("programmes/<int:pk>/papers/", papers.papers, name="papers"),
    path("programmes/<int:pk>/papers/<int:paper>/", papers.paper, name="paper"),
    path("programmes/<int:pk>/approval/", programmes.approval, name="approval"),
    path("programmes/<int:pk>/submit/", programmes.submit, name="submit"),
    path("programmes/<int:pk>/approve/", programmes.approve, name="approve"),
    path("programmes/<int:pk>/send-back/", programmes.send_back, name="send_back"),
    path("programmes/<int:pk>/place/", programmes.place, name="place"),
    path("orders/", orders.index, name="orders"),
    path("orders/<str:number>/", orders.detail, name="order"),
    path("orders/<str:number>/judgements/<int:pk>/", orders.judgement, name="judgement"),
    path("orders/<str:number>/parts/<int:pk>/accept/", orders.accept, name="accept"),
    path("orders/<str:number>/parts/<int:pk>/pay/", orders.pay, name="pay"),
    path("orders/<str:number>/pack/", orders.pack, name="pack"),
    path("statement/", views.statement, name="statement"),
    path("statement/<int:year>/", views.statement, name="statement_year"),
    path("statement/<int:year>/statement.json", views.statement_json, name="statement_json"),
    path("cases/", views.cases, name="cases"),
    path("cases/<int:pk>/", views.case, name="case"),
]
