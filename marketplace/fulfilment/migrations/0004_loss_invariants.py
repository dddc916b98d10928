"""Losses stay, add up and fit their parcels (I7); accepted parcels may be returned; cancelled parcels hold no lot any more (I3)."""

from django.db import migrations
from django.db.migrations import RunSQL

from marketplace.organisations.sql import append_only, declared_moves

EARLIER = declared_moves(
    "fulfilment_parcel",
    {"placed": ["assigned", "cancelled"], "assigned": ["shipped", "cancelled"], "shipped": ["accepted", "refused"]},
)
MOVES = declared_moves(
    "fulfilment_parcel",
    {
        "placed": ["assigned", "cancelled"],
        "assigned": ["shipped", "cancelled"],
        "shipped": ["accepted", "refused"],
        "accepted": ["returned"],
    },
)

_WITHIN_PARCEL = """
    CREATE OR REPLACE FUNCTION allocations_within_parcel() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE over bigint;
    BEGIN
        SELECT p.id INTO over FROM fulfilment_parcelline p JOIN fulfilment_allocation a ON a.parcel_line_id = p.id
            WHERE p.id IN (SELECT parcel_line_id FROM fresh)
            GROUP BY p.id, p.quantity HAVING sum(a.quantity) > p.quantity LIMIT 1;
        IF over IS NOT NULL THEN
            RAISE EXCEPTION 'Parcel line %% is given more units of lots than it holds.', over
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        SELECT l.id INTO over FROM stock_lot l JOIN fulfilment_allocation a ON a.lot_id = l.id %s
            WHERE l.id IN (SELECT lot_id FROM fresh) GROUP BY l.id, l.allocated HAVING sum(a.quantity) > l.allocated LIMIT 1;
        IF over IS NOT NULL THEN
            RAISE EXCEPTION 'Lot %% is given to more parcels than it was allocated.', over
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NULL;
    END $$;
"""
WITHIN_PARCEL = RunSQL(
    _WITHIN_PARCEL
    % """
                JOIN fulfilment_parcelline pl ON pl.id = a.parcel_line_id
                JOIN fulfilment_parcel p ON p.id = pl.parcel_id AND p.state <> 'cancelled'""",
    _WITHIN_PARCEL % "",
)

LOSSES = RunSQL(
    """
    CREATE TRIGGER loss_stays BEFORE UPDATE OF loss_id ON fulfilment_parcel FOR EACH ROW
        WHEN (OLD.loss_id IS NOT NULL AND OLD.loss_id IS DISTINCT FROM NEW.loss_id) EXECUTE FUNCTION refuse_change();

    CREATE FUNCTION check_loss(checked bigint) RETURNS void LANGUAGE plpgsql AS $$
    DECLARE
        loss fulfilment_loss;
        counted bigint;
        strangers bigint;
        fen bigint;
    BEGIN
        SELECT * INTO loss FROM fulfilment_loss WHERE id = checked;
        SELECT count(*), count(*) FILTER (WHERE supplier_order_id <> loss.supplier_order_id OR state <> loss.kind)
            INTO counted, strangers FROM fulfilment_parcel WHERE loss_id = checked;
        SELECT coalesce(sum(pl.quantity * (l.unit_price_incl_tax * 100)::bigint), 0) INTO fen
            FROM fulfilment_parcel p JOIN fulfilment_parcelline pl ON pl.parcel_id = p.id JOIN order_line l ON l.id = pl.line_id
            WHERE p.loss_id = checked;
        IF counted <> loss.parcels OR strangers > 0 OR fen <> loss.amount THEN
            RAISE EXCEPTION 'Loss % does not add up: its parcels are % of this order and state, worth % fen.',
                checked, counted - strangers, fen USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END $$;
    CREATE FUNCTION loss_adds_up() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM check_loss(NEW.id);
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER adds_up AFTER INSERT ON fulfilment_loss
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION loss_adds_up();

    CREATE FUNCTION parcels_fit_loss() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM check_loss(lost.loss_id)
            FROM (SELECT DISTINCT f.loss_id FROM fresh f JOIN stale s USING (id) WHERE s.loss_id IS DISTINCT FROM f.loss_id) lost;
        RETURN NULL;
    END $$;
    CREATE TRIGGER fits_loss AFTER UPDATE ON fulfilment_parcel
        REFERENCING OLD TABLE AS stale NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION parcels_fit_loss();
    """,
    """
    DROP TRIGGER fits_loss ON fulfilment_parcel;
    DROP FUNCTION parcels_fit_loss();
    DROP TRIGGER adds_up ON fulfilment_loss;
    DROP FUNCTION loss_adds_up();
    DROP FUNCTION check_loss(bigint);
    DROP TRIGGER loss_stays ON fulfilment_parcel;
    """,
)


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [("fulfilment", "0003_losses"), ("organisations", "0002_functions")]
    operations = [
        RunSQL(EARLIER.reverse_sql, EARLIER.sql),
        MOVES,
        WITHIN_PARCEL,
        append_only("fulfilment_loss"),
        LOSSES,
    ]
