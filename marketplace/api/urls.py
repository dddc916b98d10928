"""Addresses of the API, version 1."""

from django.urls import URLPattern, path

from marketplace.api import lots, outside, purchases, reattribution, statements, views

urlpatterns: list[URLPattern] = [
    path("statements/<str:union>/<int:year>", statements.StatementView.as_view(), name="api-statement"),
    path("statements/<str:union>/<int:year>/close", statements.CloseYearView.as_view(), name="api-close-year"),
    path("exceptions/", views.ExceptionsView.as_view(), name="api-exceptions"),
    path("orders/", views.OrdersView.as_view(), name="api-orders"),
    path("orders/<str:number>", views.OrderView.as_view(), name="api-order"),
    path("orders/<str:number>/hand-on", reattribution.HandOnView.as_view(), name="api-hand-on"),
    path("re-attributions/", reattribution.ReattributionsView.as_view(), name="api-reattributions"),
    path("re-attributions/<int:pk>/take-over", reattribution.TakeOverView.as_view(), name="api-take-over"),
    path("re-attributions/<int:pk>/decline", reattribution.DeclineView.as_view(), name="api-decline"),
    path("re-attributions/<int:pk>/withdraw", reattribution.WithdrawView.as_view(), name="api-withdraw"),
    path("outside-purchases/", outside.OutsidePurchasesView.as_view(), name="api-outside-purchases"),
    path("outside-purchases/<str:number>", outside.OutsidePurchaseView.as_view(), name="api-outside-purchase"),
    path("outside-purchases/<str:number>/reverse", outside.ReverseView.as_view(), name="api-outside-reverse"),
    path("supplier-orders/", views.SupplierOrdersView.as_view(), name="api-supplier-orders"),
    path("supplier-orders/<str:number>/confirm", views.ConfirmView.as_view(), name="api-confirm"),
    path("supplier-orders/<str:number>/ship", views.ShipView.as_view(), name="api-ship"),
    path("purchase-notes/", purchases.PurchaseNotesView.as_view(), name="api-purchase-notes"),
    path("purchase-notes/<int:pk>", purchases.PurchaseNoteView.as_view(), name="api-purchase-note"),
    path("purchase-notes/<int:pk>/paid", purchases.PurchasePaidView.as_view(), name="api-purchase-paid"),
    path("purchase-notes/<int:pk>/reverse", purchases.PurchaseReverseView.as_view(), name="api-purchase-reverse"),
    path("lots/", lots.LotsView.as_view(), name="api-lots"),
    path("lots/<str:code>/certificate", lots.LotCertificateView.as_view(), name="api-lot-certificate"),
    path("lots/<str:code>/hold", lots.HoldView.as_view(), name="api-lot-hold"),
    path("lots/<str:code>/recall", lots.RecallView.as_view(), name="api-lot-recall"),
    path("incidents/<int:pk>/lift", lots.LiftView.as_view(), name="api-incident-lift"),
    path("checkpoints/latest", views.LatestCheckpointView.as_view(), name="api-latest-checkpoint"),
    path("schema", views.SchemaView.as_view(), name="api-schema"),
]
urlpatterns.insert(0, path("", views.EntryPointsView.as_view(patterns=urlpatterns), name="api-entry-points"))
