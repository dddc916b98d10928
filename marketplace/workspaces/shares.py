"""A union's share of assistance goods as pages draw it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from marketplace.fulfilment.models import LossKind, LossReason
from marketplace.workspaces.templatetags._figures import fen
from procurement.compliance.statements import Failure


@dataclass(frozen=True)
class Gauge:
    """What `{% share_gauge %}` needs: shares in basis points, amounts in fen. `share` is None when nothing was bought.

    `make_good` is what a producer's failure left to be made good, `because` says in words what failed. `last` are the assistance
    goods of the year before where the policy says not to fall below them, else 0.
    `outside` was bought elsewhere and is no part of the share.
    """

    share: int | None
    required: int
    assistance: int
    ordinary: int
    reserve: int
    make_good: int = 0
    because: tuple[str, ...] = ()
    last: int = 0
    outside: int = 0

    @property
    def total(self) -> int:
        """All gifts of the year."""
        return self.assistance + self.ordinary

    @property
    def bought(self) -> int:
        """The share of what is bought alone, without what is set aside."""
        return self.assistance * 10_000 // self.total if self.total else 0

    @property
    def last_missing(self) -> int:
        """Assistance goods (fen) still missing to those of the year before; what is set aside counts."""
        return max(0, self.last - self.assistance - self.reserve)

    @property
    def missing(self) -> int:
        """Assistance goods (fen) that must still be bought, or set aside, before the minimum holds."""
        if self.required >= 10_000:
            return 0 if self.ordinary == 0 else self.ordinary
        needed = -(-self.ordinary * 10_000 // (10_000 - self.required))
        return max(0, needed - self.total - self.reserve)


def gauge(
    assistance: int,
    ordinary: int,
    reserve: int,
    required: int,
    make_good: int = 0,
    failures: Iterable[Failure] = (),
    last: int = 0,
    *,
    outside: int = 0,
) -> Gauge:
    """The share as the rule counts it: what is bought and what is set aside, of both and the ordinary goods."""
    whole = assistance + ordinary + reserve
    share = (assistance + reserve) * 10_000 // whole if assistance + ordinary else None
    because = tuple(failure_words(failures))
    return Gauge(share, required, assistance, ordinary, reserve, make_good, because, last, outside)


def failure_words(failures: Iterable[Failure]) -> list[str]:
    """What each producer failed to deliver, as a reader understands it."""
    return [
        _("%(producer)s: %(amount)s, %(kind)s (%(reason)s)")
        % {
            "producer": one.producer,
            "amount": fen(one.amount),
            "kind": LossKind(one.kind).label,
            "reason": LossReason(one.reason).label,
        }
        for one in failures
    ]
