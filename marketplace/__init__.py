"""The marketplace: what the supply side and the demand side share."""

from marketplace.celery import app as celery_app

__all__ = ["celery_app"]
