"""The pages of each person who comes to the door."""

from django.apps import AppConfig


class WorkspacesConfig(AppConfig):
    """Forms, views, urls; thin."""

    name = "marketplace.workspaces"
    label = "workspaces"
