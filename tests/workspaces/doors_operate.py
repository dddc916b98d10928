"""Own objects of the pages of the province enterprise and the operator. What the operator keeps is the whole house's."""

from types import SimpleNamespace
from typing import Any

from marketplace.demo import cast
from marketplace.ledger.models import Purse
from marketplace.shop.partner.models import StockRecord
from procurement.policy.models import Policy
from tests import world as builders


def own(made: SimpleNamespace) -> dict[str, dict[str, Any]]:
    """Parameters by address, for what the enterprise has of Jiaxian's producer, and for what the operator keeps."""
    union, dates = {"code": cast.UNION}, {"pk": builders.product(builders.DATES).pk}
    policy = {"pk": Policy.objects.latest("id").pk}
    purse = Purse.objects.filter(union__code=cast.UNION)[0].pk
    return {
        "province:order": {"pk": made.part},
        "operate:policy": policy,
        "operate:policy_approve": policy,
        "operate:policy_discard": policy,
        "operate:organisation": union,
        "operate:rename": union,
        "operate:standing": union,
        "operate:open_purse": union,
        "operate:fund": union | {"pk": purse},
        "operate:product": dates,
        "operate:offer": dates,
        "operate:class": {"code": "date.red"},
    }


def bodies(made: SimpleNamespace) -> dict[str, dict[str, Any]]:
    """The form that names which offer of the product is meant."""
    return {"operate:offer": {"offer": StockRecord.objects.filter(product__upc=builders.DATES)[0].pk}}
