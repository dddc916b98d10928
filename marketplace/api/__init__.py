"""The REST interface for other systems (OA, ERP, logistics, bank)."""
