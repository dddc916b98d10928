"""Addresses of what the public may check."""

from django.urls import path

from marketplace.workspaces.register import views

urlpatterns = [
    path("verify/", views.verification, name="verification"),
    path("verify/checkpoints/", views.checkpoints, name="checkpoints"),
    path("verify/checkpoints/<int:size>", views.checkpoint, name="checkpoint"),
    path("verify/verify.py", views.verifier, name="verifier"),
    path("verify/rule.py", views.engine, name="engine"),
    path("register/", views.register, name="register"),
    path("style/", views.style, name="style"),
    path("health", views.health, name="health"),
    path("robots.txt", views.robots, name="robots"),
]
