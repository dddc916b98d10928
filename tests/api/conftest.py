"""The demonstration's world with one union's order in it, for the whole module; what a test changes is rolled back."""

import pytest
from django.db import connection, transaction
from django.test import Client


@pytest.fixture(scope="module")
def _world(world_database, django_db_blocker):
    # Models can be imported only once Django is set up, which is after this file was read.
    from tests.api.small_order import place_order
    from tests.world import visiting

    with django_db_blocker.unblock(), visiting(world_database):
        order = place_order()
        with connection.cursor() as cursor:
            # The deferred constraints speak now, as at a commit.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        yield order


@pytest.fixture
def order(_world):
    """The union's order, sent to its producers."""
    with transaction.atomic():
        yield _world
        transaction.set_rollback(True)


@pytest.fixture
def as_user():
    """A function that signs a person of the demonstration in and gives their client."""
    from marketplace.organisations.models import User
    from tests.people import signed_in

    def sign_in(username, **options):
        client = Client(headers={"accept-language": "en"}, **options)
        return signed_in(client, User.objects.get(username=username))

    return sign_in


@pytest.fixture(autouse=True)
def _collected_files(settings, tmp_path):
    """WhiteNoise warns where no static files were ever collected."""
    settings.STATIC_ROOT = tmp_path
