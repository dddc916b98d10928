"""Addresses of the API, version 1."""

from django.urls import path

from marketplace.api import views

urlpatterns = [
    path("statements/<str:union>/<int:year>", views.StatementView.as_view(), name="api-statement"),
    path("exceptions/", views.ExceptionsView.as_view(), name="api-exceptions"),
    path("statements/<str:union>/<int:year>/close", views.CloseYearView.as_view(), name="api-close-year"),
    path("orders/", views.OrdersView.as_view(), name="api-orders"),
    path("orders/<str:number>", views.OrderView.as_view(), name="api-order"),
    path("supplier-orders/", views.SupplierOrdersView.as_view(), name="api-supplier-orders"),
    path("supplier-orders/<str:number>/confirm", views.ConfirmView.as_view(), name="api-confirm"),
    path("supplier-orders/<str:number>/ship", views.ShipView.as_view(), name="api-ship"),
    path("checkpoints/latest", views.LatestCheckpointView.as_view(), name="api-latest-checkpoint"),
    path("schema", views.SchemaView.as_view(), name="api-schema"),
]
