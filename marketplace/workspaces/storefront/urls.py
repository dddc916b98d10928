"""Addresses of the shop window."""

from django.urls import path

from marketplace.workspaces.storefront import counties, products, views

urlpatterns = [
    path("", views.home, name="home"),
    path("products/", views.catalogue, name="catalogue"),
    path("products/<int:pk>/", products.product, name="product"),
    path("photos/<int:pk>.jpg", products.photo, name="photo"),
    path("counties/", counties.counties, name="counties"),
    path("counties/<str:code>/", counties.county, name="county"),
    path("producers/<str:code>/", counties.producer, name="maker"),
]
