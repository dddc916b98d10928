"""Addresses of the shop window."""

from django.urls import path

from marketplace.workspaces.storefront import views

urlpatterns = [
    path("", views.home, name="home"),
    path("products/", views.catalogue, name="catalogue"),
    path("products/<int:pk>/", views.product, name="product"),
]
