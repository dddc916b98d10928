"""Nothing of Oscar's own or of Django's admin is a door: they would sell without asking the rule, and show producers whole orders."""

import pytest
from django.test import Client
from django.urls import get_resolver

from marketplace.demo import cast
from marketplace.organisations.models import User
from tests.workspaces.url_map import leaves

pytestmark = pytest.mark.usefixtures("world")


def test_no_view_of_theirs_is_in_the_url_map() -> None:
    views = {pattern.callback.__module__ for _route, pattern, _name in leaves(get_resolver().url_patterns)}
    assert not [name for name in views if name.startswith(("oscar", "django.contrib.admin"))]
    assert len(views) > 10


@pytest.mark.parametrize(
    "path",
    ["/basket/", "/basket/add/1/", "/checkout/", "/checkout/preview/", "/dashboard/", "/dashboard/orders/", "/admin/",
     "/dashboard/partners/", "/catalogue/", "/accounts/orders/", "/offers/"],
)  # fmt: skip
def test_their_addresses_lead_nowhere(client: Client, path: str) -> None:
    client.force_login(User.objects.get(username=cast.BUYER))
    for method in (client.get, client.post):
        assert method(path).status_code == 404
