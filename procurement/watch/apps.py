"""The natural watchdogs: sellers who challenge, producers who are told of certificates, and a sweep over the catalogue."""

from django.apps import AppConfig


class WatchConfig(AppConfig):
    """Challenges, notices of certificates, proposals of the sweep."""

    name = "procurement.watch"
    label = "watch"
