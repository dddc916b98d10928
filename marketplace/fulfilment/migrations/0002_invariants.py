"""Parcels move only forward (I7), and hold at most what was ordered and what their lots were allocated (I1, I3)."""

from django.db import migrations
from django.db.migrations import RunSQL

from marketplace.organisations.sql import append_only, declared_moves

# As on the day of this migration; a later change of the moves is a migration of its own.
PARCEL_MOVES = {
    "placed": ["assigned", "cancelled"],
    "assigned": ["shipped", "cancelled"],
    "shipped": ["accepted", "refused"],
}

WITHIN = RunSQL(
    """
    CREATE FUNCTION parcels_within_line() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE over bigint;
    BEGIN
        SELECT l.id INTO over FROM order_line l JOIN fulfilment_parcelline p ON p.line_id = l.id
            WHERE l.id IN (SELECT line_id FROM fresh) GROUP BY l.id, l.quantity HAVING sum(p.quantity) > l.quantity LIMIT 1;
        IF over IS NOT NULL THEN
            RAISE EXCEPTION 'The parcels of order line % hold more than was ordered.', over
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER within_line AFTER INSERT ON fulfilment_parcelline
        REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION parcels_within_line();

    CREATE FUNCTION allocations_within_parcel() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE over bigint;
    BEGIN
        SELECT p.id INTO over FROM fulfilment_parcelline p JOIN fulfilment_allocation a ON a.parcel_line_id = p.id
            WHERE p.id IN (SELECT parcel_line_id FROM fresh)
            GROUP BY p.id, p.quantity HAVING sum(a.quantity) > p.quantity LIMIT 1;
        IF over IS NOT NULL THEN
            RAISE EXCEPTION 'Parcel line % is given more units of lots than it holds.', over
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        SELECT l.id INTO over FROM stock_lot l JOIN fulfilment_allocation a ON a.lot_id = l.id
            WHERE l.id IN (SELECT lot_id FROM fresh) GROUP BY l.id, l.allocated HAVING sum(a.quantity) > l.allocated LIMIT 1;
        IF over IS NOT NULL THEN
            RAISE EXCEPTION 'Lot % is given to more parcels than it was allocated.', over
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER within_parcel AFTER INSERT ON fulfilment_allocation
        REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION allocations_within_parcel();
    """,
    """
    DROP TRIGGER within_parcel ON fulfilment_allocation;
    DROP FUNCTION allocations_within_parcel();
    DROP TRIGGER within_line ON fulfilment_parcelline;
    DROP FUNCTION parcels_within_line();
    """,
)


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [("fulfilment", "0001_initial"), ("organisations", "0002_functions")]
    operations = [
        append_only("fulfilment_parcelline"),
        append_only("fulfilment_allocation"),
        append_only("fulfilment_consignment"),
        declared_moves("fulfilment_parcel", PARCEL_MOVES),
        WITHIN,
    ]
