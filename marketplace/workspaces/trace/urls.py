"""Addresses of the trace pages; printed as QR codes, so they never change."""

from django.urls import path

from marketplace.workspaces.trace import views

urlpatterns = [
    path("trace/", views.find, name="trace_find"),
    path("trace/<str:code>/", views.trace, name="trace"),
]
