"""A voucher is called for once and its last day stays; a parcel waits only for a voucher, and leaves only when that was called for."""

from django.db import migrations
from django.db.migrations import RunSQL

ONCE = RunSQL(
    """
    CREATE FUNCTION voucher_stays() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' OR OLD.called_at IS NOT NULL
            OR (OLD.recipient_id, OLD.union_id, OLD.last_day) IS DISTINCT FROM (NEW.recipient_id, NEW.union_id, NEW.last_day) THEN
            RAISE EXCEPTION 'Voucher % is called for once; its member and its last day stay as they were printed.', OLD.id
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER voucher_stays BEFORE UPDATE OR DELETE ON programmes_voucher
        FOR EACH ROW EXECUTE FUNCTION voucher_stays();

    CREATE FUNCTION voucher_of_a_voucher_gift() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE stranger bigint;
    BEGIN
        SELECT f.recipient_id INTO stranger FROM fresh f
            JOIN programmes_recipient r ON r.id = f.recipient_id
            JOIN programmes_programme p ON p.id = r.programme_id
            WHERE p.delivery <> 'voucher' OR p.form <> 'voucher_named' OR r.union_id <> f.union_id OR f.last_day < p.need_date
            LIMIT 1;
        IF stranger IS NOT NULL THEN
            RAISE EXCEPTION 'Recipient % may have no such voucher: the gift is no voucher that names shop and item, or it ends too soon.',
                stranger USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER of_a_voucher_gift AFTER INSERT ON programmes_voucher
        REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION voucher_of_a_voucher_gift();

    CREATE FUNCTION parcels_wait_for_vouchers() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE lost bigint;
    BEGIN
        SELECT f.id INTO lost FROM fresh f
            LEFT JOIN programmes_voucher v ON v.recipient_id = f.recipient AND v.union_id = f.union_id AND v.called_at IS NULL
            WHERE f.state = 'uncalled' AND v.id IS NULL LIMIT 1;
        IF lost IS NOT NULL THEN
            RAISE EXCEPTION 'Parcel % waits for nobody: its recipient has no voucher to call for it.', lost
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER wait_for_vouchers AFTER INSERT ON fulfilment_parcel
        REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION parcels_wait_for_vouchers();

    CREATE FUNCTION parcel_called_by_voucher() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM 1 FROM programmes_voucher v WHERE v.recipient_id = NEW.recipient AND v.called_at IS NOT NULL
            AND (v.called_to = 'home') = (length(NEW.address) > 0);
        IF NOT FOUND THEN
            RAISE EXCEPTION 'Parcel % may not be shipped: its voucher was not called for, or to another place.', NEW.id
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER called_by_voucher BEFORE UPDATE OF state ON fulfilment_parcel FOR EACH ROW
        WHEN (OLD.state = 'uncalled' AND NEW.state = 'placed') EXECUTE FUNCTION parcel_called_by_voucher();
    """,
    """
    DROP TRIGGER called_by_voucher ON fulfilment_parcel;
    DROP FUNCTION parcel_called_by_voucher();
    DROP TRIGGER wait_for_vouchers ON fulfilment_parcel;
    DROP FUNCTION parcels_wait_for_vouchers();
    DROP TRIGGER of_a_voucher_gift ON programmes_voucher;
    DROP FUNCTION voucher_of_a_voucher_gift();
    DROP TRIGGER voucher_stays ON programmes_voucher;
    DROP FUNCTION voucher_stays();
    """,
)


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off. Triggers on parcels stand on this, the upper floor."""

    dependencies = [("programmes", "0007_vouchers"), ("fulfilment", "0005_uncalled")]
    operations = [ONCE]
