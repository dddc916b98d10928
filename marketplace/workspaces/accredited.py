"""What the log says about a product's accreditations, as the storefront and the county's officers show it."""

from __future__ import annotations

from typing import Any

from marketplace.evidence.models import Entry
from marketplace.shop.catalogue.models import Product
from marketplace.workspaces.templatetags._labels import state as state_label

_TONES = {"valid": "success", "suspended": "danger", "revoked": "danger", "public_notice": "info"}


def history_of(product: Product) -> list[dict[str, Any]]:
    """What the log says about the product's accreditations, newest first: decisions, notices, reasons."""
    entries = Entry.objects.filter(subject=f"product:{product.pk}", kind__startswith="accreditation.").order_by("-id")[
        :12
    ]
    told = []
    for entry in entries:
        body, code = entry.body, entry.kind.partition(".")[2]
        told.append(
            {
                "when": entry.written_at,
                "title": state_label(code).words,
                "actor": body.get("number", ""),
                "text": body.get("reason", ""),
                "until": body.get("notice_until", ""),
                "tone": _TONES.get(code, "neutral"),
                "entry": entry.pk,
            }
        )
    return told
