"""Addresses of households."""

from django.urls import path

from marketplace.workspaces.household import views

urlpatterns = [path("<str:token>/", views.answer_question, name="household_answer")]
