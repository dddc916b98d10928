"""Whether stored judgements cite the book of offers that they should."""

from __future__ import annotations

from django.db import connection

# Between the moment when a book is signed and a decision that reads it nothing should take longer.
PATIENCE_SECONDS = 60

# Of each judgement: the book cited, the first and the latest that stood before its own entry in the log by more than the patience.
_CITED = """
    WITH judged AS (
        SELECT j.id, substring(j.input FROM '"offer_book_root":"([0-9a-f]*)"') AS root, p.index, e.written_at
        FROM priority_judgement j JOIN evidence_entry e ON e.id = j.entry_id JOIN evidence_position p ON p.entry_id = e.id
    ), signed AS (
        SELECT b.number, b.root, b.at, p.index FROM offerbook_book b JOIN evidence_position p ON p.entry_id = b.entry_id
    )
    SELECT judged.id, cited.number, latest.number
    FROM judged
    LEFT JOIN LATERAL (
        SELECT number FROM signed WHERE signed.root = judged.root AND signed.index < judged.index ORDER BY number DESC LIMIT 1
    ) cited ON true
    LEFT JOIN LATERAL (
        SELECT number FROM signed WHERE signed.index < judged.index AND signed.at < judged.written_at - make_interval(secs => %s)
        ORDER BY number DESC LIMIT 1
    ) latest ON true
    WHERE latest.number IS NOT NULL AND (cited.number IS NULL OR cited.number < latest.number)
    ORDER BY judged.id
"""


def wrongly_cited() -> list[str]:
    """Judgements that cite no book of offers, or an older one, although a newer one stood: each in words. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_CITED, [PATIENCE_SECONDS])
        return [
            f"judgement {judgement} cites {f'book {cited}' if cited else 'no book'} although book {latest} stood before it"
            for judgement, cited, latest in cursor.fetchall()
        ]
