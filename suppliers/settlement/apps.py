"""Settlement: what each producer and household is owed, paid, has confirmed."""

from django.apps import AppConfig


class SettlementConfig(AppConfig):
    """Contracts, accruals, payouts."""

    name = "suppliers.settlement"
    label = "settlement"
