"""The evidence pack of an order: everything recorded about it, provable offline, without trusting us."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from django.db.models import Prefetch

from marketplace.evidence.canonical import canonical
from marketplace.evidence.models import Entry, Position
from marketplace.evidence.pack import Pack, write_pack
from marketplace.evidence.sequencer import sequence_all
from marketplace.organisations.models import Organisation
from marketplace.organisations.scopes import seen_by
from marketplace.shop.order.models import Order
from procurement.compliance.models import YearClosing
from procurement.compliance.queries import statement
from procurement.priority.models import Decision, Judgement, Release
from procurement.priority.replay import engine_files
from procurement.programmes.models import Programme
from procurement.programmes.outside.queries import of_year
from suppliers.offerbook.packing import Citing, cited_books


def build_pack(order: Order, out: Path) -> Pack:
    """Write the order's pack at once. Call it outside a transaction. Raises WitnessMissing while no witness has countersigned.

    Pages let a step do it (`actions.ask_for_pack`); this is for commands.
    """
    sequence_all()
    return write_pack(out, *contents_of(order))


def contents_of(order: Order) -> tuple[list[int], dict[str, bytes]]:
    """What an order's pack holds now: the ids of its entries and its programme's, and as files every judgement with input, output and
    engine, the books of offers that they cite, its decisions, the statement of its year (of a closed one to the byte) with the
    year's own entries and those of what was bought elsewhere.

    A judgement's book can only be found once the judgement has its place in the log.
    """
    with seen_by(None):
        programme = Programme.objects.get(order=order)
        subject = f"programme:{programme.pk}"
        judgements = list(Judgement.objects.filter(subject=subject).order_by("pk"))
        engines = engine_files({judgement.engine for judgement in judgements})
        files = {f"engine/{name}": content for name, content in engines.items()}
        for judgement in judgements:
            files[f"decisions/{judgement.pk}.input.json"] = judgement.input.encode()
            files[f"decisions/{judgement.pk}.output.json"] = judgement.output.encode()
        files["order.json"] = canonical(_order(order))
        files["statement.json"] = _statement(order.union, order.gift_year)
        elsewhere = [f"outside:{one.number}" for one in of_year(order.union, order.gift_year)]
        subjects = [subject, f"order:{order.number}", f"year:{order.union.code}:{order.gift_year}", *elsewhere]
        entries = list(Entry.objects.filter(subject__in=subjects).values_list("pk", flat=True))
        books = cited_books(_citing(judgements))
    return sorted(books.entries.union(entries)), files | books.files


def _citing(judgements: Sequence[Judgement]) -> list[Citing]:
    """Which book each judgement cites, and for which classes."""
    places = dict(Position.objects.filter(entry__in=[j.entry_id for j in judgements]).values_list("entry_id", "index"))
    asked = [(places[j.entry_id], json.loads(j.input)) for j in judgements if j.entry_id in places]
    return [
        Citing(gift["offer_book_root"], place, frozenset(line["commodity_class"] for line in gift["lines"]))
        for place, gift in asked
    ]


def _statement(union: Organisation, gift_year: int) -> bytes:
    """The year's statement; of a closed year the very bytes whose hash the log has."""
    closing = YearClosing.objects.filter(union=union, gift_year=gift_year).first()
    return closing.statement.encode() if closing else canonical(statement(union, gift_year).as_dict())


def _order(order: Order) -> dict[str, object]:
    """The order without any recipient: lines as frozen, what was decided for each, and what each decision counts no longer."""
    decisions = Decision.objects.filter(order=order).select_related("certificate", "exception").order_by("pk")
    releases = Release.objects.select_related("loss").order_by("pk")
    return {
        "number": order.number,
        "union": order.union.code,
        "gift_year": order.gift_year,
        "recipients": order.recipients,
        "lines": [
            {
                "id": line.pk,
                "sku": line.partner_sku,
                "title": line.title,
                "quantity": line.quantity,
                "unit_price": line.unit_price_fen,
                "purse": line.purse_id,
                "snapshot": line.snapshot,
                "components": line.components,
            }
            for line in order.lines.order_by("pk")
        ],
        "decisions": [
            {
                "line": d.line_id,
                "ref": d.ref,
                "product": d.product_id,
                "region": d.region,
                "outcome": d.outcome,
                "quantity": d.quantity,
                "unit_price": d.unit_price,
                "judgement": d.judgement_id,
                "certificate": d.certificate.number if d.certificate else "",
                "exception": d.exception.number if d.exception else "",
                "releases": [_release(release) for release in d.releases.all()],
            }
            for d in decisions.prefetch_related(Prefetch("releases", releases))
        ],
    }


def _release(release: Release) -> dict[str, object]:
    """Units that left a decision, and the loss whose entry in the log says how many parcels and who reported them."""
    return {
        "loss": release.loss_id,
        "kind": release.loss.kind,
        "by": release.loss.by,
        "reason": release.loss.reason,
        "quantity": release.quantity,
        "amount": release.amount,
    }
