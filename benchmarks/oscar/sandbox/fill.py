"""Make the tables and put the mall's products into them: `python -m sandbox.fill goods.json` prints a signed-in session's key.

goods.json is a list of [sku, title, price in fen, category, units in stock].
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from decimal import Decimal
from importlib import resources
from pathlib import Path

import django

CUSTOMER = "buyer@example.com"


def main(goods: Path) -> None:
    """Fill the empty database; prints the key of a session in which a customer is signed in."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sandbox.settings")
    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    call_command("migrate", run_syncdb=True, verbosity=0)
    settings.MEDIA_ROOT.mkdir(parents=True, exist_ok=True)
    missing = resources.files("oscar") / "static/oscar/img" / settings.OSCAR_MISSING_IMAGE_URL
    with resources.as_file(missing) as picture:
        shutil.copy(picture, settings.MEDIA_ROOT)
    _products(json.loads(goods.read_text(encoding="utf-8")))
    print(_session())


def _products(goods: list[list[str | int]]) -> None:
    from oscar.apps.catalogue.categories import create_from_breadcrumbs
    from oscar.core.loading import get_model

    kind = get_model("catalogue", "ProductClass").objects.create(name="Gift", requires_shipping=True, track_stock=True)
    partner = get_model("partner", "Partner").objects.create(name="Seller")
    categories = {name: create_from_breadcrumbs(f"Gifts > {name}") for name in sorted({str(row[3]) for row in goods})}
    product, stock = get_model("catalogue", "Product"), get_model("partner", "StockRecord")
    placed = get_model("catalogue", "ProductCategory")
    made = product.objects.bulk_create(
        product(upc=sku, title=title, slug=str(sku).lower(), product_class=kind, structure=product.STANDALONE)
        for sku, title, *_rest in goods
    )
    stock.objects.bulk_create(
        stock(
            product=row, partner=partner, partner_sku=sku, price_currency="CNY", price=Decimal(int(price)) / 100,
            num_in_stock=units,
        )
        for row, (sku, _title, price, _category, units) in zip(made, goods, strict=True)
    )  # fmt: skip
    placed.objects.bulk_create(
        placed(product=row, category=categories[str(category)])
        for row, (_sku, _title, _price, category, _units) in zip(made, goods, strict=True)
    )


def _session() -> str:
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
    from django.contrib.sessions.backends.db import SessionStore

    user = get_user_model().objects.create_user("buyer", CUSTOMER)
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return str(session.session_key)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
