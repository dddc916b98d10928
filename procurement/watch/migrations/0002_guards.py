"""States go their declared way (I7); what was said, filed and shown stays; what a challenge is about never changes."""

from django.db import migrations
from django.db.migrations import RunSQL

from marketplace.organisations.sql import append_only, declared_moves

CHALLENGE_MOVES = {"open": ["upheld", "rejected", "withdrawn"]}
PROPOSAL_MOVES = {"open": ["dismissed"]}

STAYS = RunSQL(
    """
    CREATE FUNCTION challenge_stays() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'Challenge % stays as it was opened, and as it was decided.', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END $$;
    CREATE TRIGGER challenge_stays BEFORE DELETE ON watch_challenge FOR EACH ROW EXECUTE FUNCTION challenge_stays();
    CREATE TRIGGER says_the_same BEFORE UPDATE ON watch_challenge FOR EACH ROW
        WHEN (OLD.state <> 'open' OR (OLD.determination_id, OLD.certificate_id, OLD.challenger_id, OLD.grounds, OLD.answer_by,
            OLD.opened_by_id, OLD.opened_at) IS DISTINCT FROM (NEW.determination_id, NEW.certificate_id, NEW.challenger_id,
            NEW.grounds, NEW.answer_by, NEW.opened_by_id, NEW.opened_at))
        EXECUTE FUNCTION challenge_stays();

    -- Nobody of the union whose certificate is challenged decides, and nobody who is above nobody.
    CREATE FUNCTION challenge_is_decided_by_another() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM 1 FROM organisations_organisation judge
            LEFT JOIN priority_certificate c ON c.id = NEW.certificate_id
            LEFT JOIN organisations_organisation union_ ON union_.id = c.union_id
            WHERE judge.id = NEW.decided_for_id AND (judge.kind = 'operator'
                OR (judge.id <> union_.id AND starts_with(union_.path, judge.path)));
        IF NOT FOUND THEN
            RAISE EXCEPTION 'Challenge % is decided by the operator or by a union above the one whose certificate it is.', NEW.id
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        PERFORM 1 FROM catalogue_determination d WHERE d.id = NEW.determination_id AND d.made_by_id = NEW.decided_by_id;
        IF FOUND THEN
            RAISE EXCEPTION 'Challenge % is decided by another than who determined.', NEW.id
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER decided_by_another BEFORE INSERT OR UPDATE ON watch_challenge FOR EACH ROW
        WHEN (NEW.state IN ('upheld', 'rejected')) EXECUTE FUNCTION challenge_is_decided_by_another();
    """,
    """
    DROP TRIGGER decided_by_another ON watch_challenge;
    DROP FUNCTION challenge_is_decided_by_another();
    DROP TRIGGER says_the_same ON watch_challenge;
    DROP TRIGGER challenge_stays ON watch_challenge;
    DROP FUNCTION challenge_stays();
    """,
)

# What the sweep compares of a title: its pairs of letters without sizes such as "2 kg" or "500克", and without the first two letters,
# which name a place or a brand. pg_trgm sees no Chinese letters in a database of the locale C; this index serves in every locale.
ALIKE = RunSQL(
    """
    CREATE FUNCTION title_parts(title text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT coalesce(array_agg(DISTINCT substr(bare, i, 2)), '{}') FROM (
            SELECT regexp_replace(
                lower(title), '[0-9.]+ *(kg|g|ml|l|克|千克|公斤|斤|毫升|升|袋|瓶|盒|片|枚)?|[ ·,，/（）()×*-]', '', 'g') AS bare
        ) AS without_sizes, generate_series(least(3, greatest(length(bare) - 1, 1)), length(bare) - 1) AS i
    $$;
    CREATE INDEX products_alike ON catalogue_product USING gin (title_parts(title));
    """,
    "DROP INDEX products_alike; DROP FUNCTION title_parts(text);",
)


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [("watch", "0001_initial"), ("organisations", "0002_functions"), ("catalogue", "0004_determined")]
    operations = [
        declared_moves("watch_challenge", CHALLENGE_MOVES),
        STAYS,
        append_only("watch_challengemessage"),
        append_only("watch_challengepaper"),
        append_only("watch_certificatenotice"),
        declared_moves("watch_proposal", PROPOSAL_MOVES),
        ALIKE,
    ]
