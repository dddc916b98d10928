"""The REST API."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """What other systems talk to."""

    name = "marketplace.api"
    label = "api"
