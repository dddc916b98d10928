"""What must be true after the main job: the statement, the ledger, the log, and what an outsider's verifier says."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from django.db.models import F, Sum

from marketplace.evidence import keys, verify
from marketplace.evidence.models import Checkpoint
from marketplace.ledger.models import Account, Leg
from marketplace.organisations.models import Organisation
from marketplace.shop.order.models import Order
from marketplace.stock.models import Lot, Stock
from procurement.compliance.pack import build_pack
from procurement.compliance.queries import statement
from procurement.compliance.statements import Statement
from procurement.priority.models import Judgement, UnionYear
from procurement.priority.replay import differs

Check = Callable[[str, Any, Any], None]
Stage = Callable[[str], AbstractContextManager[None]]


def check_evidence(check: Check, stage: Stage, order: Order) -> None:
    """Build the order's pack and let the stand-alone verifier judge it in a process of its own; then a damaged copy."""
    with stage(f"{order.number}: evidence pack verified offline"), tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pack.zip"
        pack = build_pack(order, path)
        check(f"{order.number}: witnessed", True, Checkpoint.objects.get(pk=pack.checkpoint.pk).cosignatures.exists())
        check(f"{order.number}: verifier says", 0, _verify(path))
        damaged = bytearray(path.read_bytes())
        damaged[len(damaged) // 2] ^= 1
        path.write_bytes(damaged)
        check(f"{order.number}: verifier says of a copy with one bit changed", 1, _verify(path))


def _verify(pack: Path) -> int:
    command = [sys.executable, verify.__file__, str(pack), "--log-key", keys.log_vkey(), "--replay"]
    return subprocess.run(command, check=False, capture_output=True, timeout=120).returncode


def check_statement(check: Check, union: Organisation, year: int, before: Statement) -> None:
    """The year's figures three ways: the statement, the union-year row, the ledger; and that nothing leaked or went below.

    `before` is the statement as it stood when the job began: what of the year was open then may be open still.
    """
    figures = statement(union, year)
    row = UnionYear.objects.get(union=union, gift_year=year)
    check("statement: assistance (fen) = the year's row", row.assistance, figures.assistance)
    check("statement: ordinary (fen) = the year's row", row.ordinary, figures.ordinary)
    check(
        "statement: gifts (fen) = what left the purses",
        figures.spent,
        figures.assistance + figures.ordinary + figures.waived,
    )
    check(
        "statement: all of it accepted and paid (fen)",
        figures.assistance + figures.ordinary - _open(before),
        figures.counted_assistance + figures.counted_ordinary,
    )
    check("statement: within the share", True, figures.compliant)
    check("statement: leakage (fen)", 0, figures.leakage)
    check("statement: refused attempts", 2 + before.refused_attempts, figures.refused_attempts)
    check("statement as JSON reads back", figures.as_dict(), json.loads(json.dumps(figures.as_dict())))
    check("ledger: sum of all legs (fen)", 0, Leg.objects.aggregate(fen=Sum("amount"))["fen"])
    check("ledger: balances that are not their legs", 0, _wrong_balances())
    check("stock: records and lots oversold", 0, _oversold())
    check("judgements that do not replay", [], [j.pk for j in Judgement.objects.all() if differs(j)])


def _open(figures: Statement) -> int:
    """Fen of the year's gifts that are not accepted and paid yet."""
    return figures.assistance + figures.ordinary - figures.counted_assistance - figures.counted_ordinary


def _wrong_balances() -> int:
    sums = dict(Leg.objects.values_list("account").annotate(fen=Sum("amount")))
    return sum(1 for account in Account.objects.all() if account.balance != sums.get(account.pk, 0))


def _oversold() -> int:
    lots = Lot.objects.filter(made__lt=F("allocated") + F("used")) | Lot.objects.filter(shipped__gt=F("allocated"))
    return Stock.objects.filter(allocated__gt=F("in_stock")).count() + lots.count()
