"""Bounds say what they said; determinations are only added; and no product's class or marks change without a published determination."""

from django.db import migrations
from django.db.migrations import RunSQL

from marketplace.organisations.sql import append_only, declared_moves

MOVES = {"proposed": ["in_force", "discarded"], "in_force": ["replaced"]}

BOUNDS_STAY = RunSQL(
    """
    CREATE FUNCTION bounds_stay() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'Bounds % say what they said: propose new ones.', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END $$;
    CREATE TRIGGER bounds_stay BEFORE DELETE ON catalogue_classbounds FOR EACH ROW EXECUTE FUNCTION bounds_stay();
    CREATE TRIGGER bounds_say_the_same BEFORE UPDATE ON catalogue_classbounds FOR EACH ROW
        WHEN ((OLD.commodity_class_id, OLD.content_least, OLD.content_most, OLD.grades, OLD.processings, OLD.dietary, OLD.ground,
            OLD.proposed_by_id, OLD.proposed_at) IS DISTINCT FROM (NEW.commodity_class_id, NEW.content_least, NEW.content_most,
            NEW.grades, NEW.processings, NEW.dietary, NEW.ground, NEW.proposed_by_id, NEW.proposed_at)
            OR (OLD.decided_by_id IS NOT NULL
                AND (OLD.decided_by_id, OLD.decided_at) IS DISTINCT FROM (NEW.decided_by_id, NEW.decided_at)))
        EXECUTE FUNCTION bounds_stay();
    """,
    """
    DROP TRIGGER bounds_say_the_same ON catalogue_classbounds;
    DROP TRIGGER bounds_stay ON catalogue_classbounds;
    DROP FUNCTION bounds_stay();
    """,
)

# At commit, so that the verb may write product and determination in either order. The latest word counts.
DETERMINED = RunSQL(
    """
    CREATE FUNCTION product_is_determined() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE now_is jsonb; said jsonb;
    BEGIN
        SELECT jsonb_build_object('class', coalesce(c.code, ''), 'net_content', p.net_content, 'grade', p.grade,
            'processing', p.processing, 'dietary', to_jsonb(p.dietary)) INTO now_is
            FROM catalogue_product p LEFT JOIN catalogue_commodityclass c ON c.id = p.commodity_class_id WHERE p.id = NEW.id;
        SELECT d.after INTO said FROM catalogue_determination d WHERE d.product_id = NEW.id ORDER BY d.id DESC LIMIT 1;
        IF now_is IS NOT NULL AND said IS DISTINCT FROM now_is THEN
            RAISE EXCEPTION 'Product % may not change its class or marks without a published determination that says so.', NEW.id
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER is_determined AFTER UPDATE ON catalogue_product DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
        WHEN ((OLD.commodity_class_id, OLD.net_content, OLD.grade, OLD.processing, OLD.dietary)
            IS DISTINCT FROM (NEW.commodity_class_id, NEW.net_content, NEW.grade, NEW.processing, NEW.dietary))
        EXECUTE FUNCTION product_is_determined();
    """,
    """
    DROP TRIGGER is_determined ON catalogue_product;
    DROP FUNCTION product_is_determined();
    """,
)


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [("catalogue", "0003_bounds"), ("organisations", "0002_functions")]
    operations = [
        declared_moves("catalogue_classbounds", MOVES),
        BOUNDS_STAY,
        append_only("catalogue_determination"),
        DETERMINED,
    ]
