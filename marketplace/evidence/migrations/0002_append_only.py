"""What the database itself keeps true of the evidence (I8)."""

from django.conf import settings
from django.db import migrations
from django.db.migrations import RunSQL

from marketplace.organisations.sql import append_only

# A hash that does not belong to its bytes cannot be stored at all.
HASHES = RunSQL(
    r"""
    ALTER TABLE evidence_entry
        ADD CONSTRAINT evidence_leaf_hash CHECK (leaf_hash = sha256('\x00'::bytea || leaf));
    ALTER TABLE evidence_node
        ADD CONSTRAINT evidence_node_hash CHECK (octet_length(hash) = 32);
    ALTER TABLE evidence_checkpoint
        ADD CONSTRAINT evidence_checkpoint_root CHECK (octet_length(root) = 32);
    """,
    """
    ALTER TABLE evidence_checkpoint DROP CONSTRAINT evidence_checkpoint_root;
    ALTER TABLE evidence_node DROP CONSTRAINT evidence_node_hash;
    ALTER TABLE evidence_entry DROP CONSTRAINT evidence_leaf_hash;
    """,
)

# The work list: filled with every entry, on whatever path it came, and emptied only by giving entries their
# places. The function that fills it runs with its owner's rights, because nobody else may insert there.
QUEUE = RunSQL(
    f"""
    CREATE FUNCTION evidence_enqueue() RETURNS trigger LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = public, pg_temp AS $$
    BEGIN
        INSERT INTO evidence_unsequenced (entry_id) SELECT id FROM fresh;
        RETURN NULL;
    END $$;
    CREATE TRIGGER enqueue AFTER INSERT ON evidence_entry
        REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION evidence_enqueue();

    CREATE FUNCTION evidence_keep_queue() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (
            SELECT FROM gone WHERE NOT EXISTS (SELECT FROM evidence_position p WHERE p.entry_id = gone.entry_id)
        ) THEN
            RAISE EXCEPTION 'An entry that has no position yet cannot be taken off the sequencer''s list.'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER keep_queue AFTER DELETE ON evidence_unsequenced
        REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION evidence_keep_queue();
    CREATE TRIGGER no_change BEFORE UPDATE OR TRUNCATE ON evidence_unsequenced
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
    REVOKE INSERT, UPDATE, TRUNCATE ON evidence_unsequenced FROM {settings.DATABASE_APP_ROLE};
    """,
    f"""
    GRANT INSERT, UPDATE ON evidence_unsequenced TO {settings.DATABASE_APP_ROLE};
    DROP TRIGGER no_change ON evidence_unsequenced;
    DROP TRIGGER keep_queue ON evidence_unsequenced;
    DROP FUNCTION evidence_keep_queue();
    DROP TRIGGER enqueue ON evidence_entry;
    DROP FUNCTION evidence_enqueue();
    """,
)

# Positions are 0, 1, 2, … without gaps, whoever inserts them.
PLACES = RunSQL(
    """
    CREATE FUNCTION evidence_next_places() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        low bigint;
        high bigint;
        rows bigint;
        last bigint;
    BEGIN
        SELECT min(index), max(index), count(*) INTO low, high, rows FROM fresh;
        IF rows > 0 THEN
            SELECT coalesce(max(p.index), -1) INTO last FROM evidence_position p WHERE p.index < low;
            IF low <> last + 1 OR high - low + 1 <> rows
                OR EXISTS (SELECT FROM evidence_position p WHERE p.index > high)
            THEN
                RAISE EXCEPTION 'Positions % to % do not follow on the last position %.', low, high, last
                    USING ERRCODE = 'integrity_constraint_violation';
            END IF;
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER next_places AFTER INSERT ON evidence_position
        REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION evidence_next_places();
    """,
    """
    DROP TRIGGER next_places ON evidence_position;
    DROP FUNCTION evidence_next_places();
    """,
)


class Migration(migrations.Migration):
    """Triggers, checks and rights."""

    dependencies = (("evidence", "0001_initial"), ("organisations", "0002_functions"))

    operations = (
        HASHES,
        QUEUE,
        PLACES,
        append_only("evidence_entry"),
        append_only("evidence_position"),
        append_only("evidence_node"),
        append_only("evidence_checkpoint"),
        append_only("evidence_cosignature"),
    )
