"""One order of so many different products, as Oscar places it: `python -m sandbox.order 300` prints JSON with seconds and statements.

The way of its checkout: every product into the basket, then the order creator. Placed once at a tenth of the size, to warm up.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

import django


class Count:
    """How many statements passed through."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        """Count one and let it through."""
        self.calls += 1
        return execute(sql, params, many, context)


def main(lines: int) -> None:
    """Warm up, place, tell."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sandbox.settings")
    django.setup()
    from django.db import connection

    _place(max(1, lines // 10))
    count = Count()
    started = time.perf_counter()
    with connection.execute_wrapper(count):
        _place(lines)
    print(json.dumps({"lines": lines, "seconds": time.perf_counter() - started, "statements": count.calls}))


def _place(lines: int) -> None:
    from django.contrib.auth import get_user_model
    from oscar.core.loading import get_class, get_model

    user = get_user_model().objects.get(username="buyer")
    strategy = get_class("partner.strategy", "Selector")().strategy(user=user)
    basket = get_model("basket", "Basket").objects.create(owner=user)
    basket.strategy = strategy
    for product in get_model("catalogue", "Product").objects.order_by("id")[:lines]:
        basket.add_product(product, 1)
    get_class("offer.applicator", "Applicator")().apply(basket, user)
    method = get_class("shipping.methods", "Free")()
    charge = method.calculate(basket)
    total = get_class("checkout.calculators", "OrderTotalCalculator")().calculate(basket, charge)
    get_class("order.utils", "OrderCreator")().place_order(
        basket=basket, total=total, shipping_method=method, shipping_charge=charge, user=user
    )
    basket.submit()


if __name__ == "__main__":
    main(int(sys.argv[1]))
