"""Addresses of producers."""

from django.urls import path

from marketplace.workspaces.producer import challenges, goods, households, lots, purchase, purchases, views

app_name = "producer"
urlpatterns = [
    path("", views.home, name="home"),
    path("orders/", views.orders, name="orders"),
    path("orders/<int:pk>/", views.supplier_order, name="supplier_order"),
    path("orders/<int:pk>/confirm/", views.confirm, name="confirm"),
    path("orders/<int:pk>/labels/", views.labels, name="labels"),
    path("orders/<int:pk>/cannot-supply/", views.cannot_supply, name="cannot_supply"),
    path("challenges/", challenges.challenges, name="challenges"),
    path("challenges/new/<str:number>/", challenges.new, name="challenge_new"),
    path("stock/", views.stock, name="stock"),
    path("lots/", lots.index, name="lots"),
    path("lots/new/", lots.new, name="lot_new"),
    path("lots/<int:pk>/", lots.detail, name="lot"),
    path("lots/<int:pk>/certificate/", lots.certificate, name="lot_certificate"),
    path("lots/<int:pk>/stop/", lots.stop, name="lot_stop"),
    path("lots/incidents/", lots.incidents, name="incidents"),
    path("lots/incidents/<int:pk>/", lots.incident, name="incident"),
    path("goods/", goods.index, name="goods"),
    path("goods/new/", goods.new, name="goods_new"),
    path("goods/<int:pk>/", goods.detail, name="goods_one"),
    path("goods/<int:pk>/price/", goods.price, name="goods_price"),
    path("goods/<int:pk>/photos/", goods.photos, name="goods_photos"),
    path("households/", households.index, name="households"),
    path("households/new/", households.new, name="household_new"),
    path("households/<int:pk>/", households.detail, name="household"),
    path("households/<int:pk>/sign/", households.sign, name="household_sign"),
    path("households/<int:pk>/papers/", households.evidence, name="household_evidence"),
    path("households/<int:pk>/papers/<int:paper>/", households.paper, name="household_paper"),
    path("households/<int:pk>/ask/", households.ask, name="household_ask"),
    path("households/<int:pk>/phone/", households.phone, name="household_phone"),
    path("purchases/", purchases.index, name="purchases"),
    path("purchases/new/", purchases.new, name="purchase_new"),
    path("purchases/<int:pk>/", purchase.detail, name="purchase"),
    path("purchases/<int:pk>/paid/", purchase.paid, name="purchase_paid"),
    path("purchases/<int:pk>/reverse/", purchase.reverse_entry, name="purchase_reverse"),
    path("money/", views.money, name="money"),
    path("money/<int:pk>/", views.accrual, name="accrual"),
    path("money/<int:pk>/paid/", views.paid, name="paid"),
    path("money/<int:pk>/confirmed/", views.confirmed, name="confirmed"),
]
