"""Who may grant an exception, by whom else it has to be agreed, and that what was asked for stays as it was asked."""

from django.db import migrations
from django.db.migrations import RunSQL

from marketplace.organisations.sql import append_only, declared_moves

MOVES = {
    "asked": ["agreed", "granted", "refused"],
    "agreed": ["granted", "refused"],
    "granted": ["revoked"],
}
BEFORE = {"asked": ["granted", "refused"], "granted": ["revoked"]}
_OLD, _NEW = declared_moves("priority_priorityexception", BEFORE), declared_moves("priority_priorityexception", MOVES)
MORE_MOVES = RunSQL([_OLD.reverse_sql, _NEW.sql], [_NEW.reverse_sql, _OLD.sql])

_BY_ONE_ABOVE = """
    CREATE OR REPLACE FUNCTION granted_by_one_above() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NOT EXISTS (
            SELECT FROM organisations_organisation asking, organisations_organisation above{joined}
            WHERE asking.id = NEW.union_id AND above.id = NEW.decided_for_id
                AND starts_with(asking.path, above.path) AND asking.path <> above.path
                AND {by}
        ) OR EXISTS (SELECT FROM organisations_membership WHERE (user_id, organisation_id) = (NEW.decided_by_id, NEW.union_id)) THEN
            RAISE EXCEPTION 'The exception % is granted by an officer of a union above, who is none of the union''s own people.',
                NEW.number USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$;
"""
BY_ONE_ABOVE = RunSQL(
    _BY_ONE_ABOVE.format(
        joined="",
        by="""(NEW.waits_for_id IS NULL OR starts_with(
                    (SELECT path FROM organisations_organisation WHERE id = NEW.waits_for_id), above.path))
                AND (
                    EXISTS (SELECT FROM organisations_membership m
                        WHERE (m.user_id, m.organisation_id, m.role) = (NEW.decided_by_id, above.id, 'union_officer'))
                    OR NEW.delegated AND above.id = NEW.waits_for_id AND EXISTS (
                        SELECT FROM priority_delegate d WHERE (d.user_id, d.union_id) = (NEW.decided_by_id, above.id))
                )""",
    ),
    _BY_ONE_ABOVE.format(
        joined=", organisations_membership m",
        by="(m.user_id, m.organisation_id, m.role) = (NEW.decided_by_id, above.id, 'union_officer')",
    ),
)

# What was asked for, and by which terms it is decided, stays; a request goes only upwards.
AS_ASKED = RunSQL(
    """
    CREATE TRIGGER stays_as_asked BEFORE UPDATE ON priority_priorityexception FOR EACH ROW
        WHEN ((OLD.ground, OLD.grounds, OLD.value, OLD.needs_second, OLD.asked_by_id, OLD.asked_at)
            IS DISTINCT FROM (NEW.ground, NEW.grounds, NEW.value, NEW.needs_second, NEW.asked_by_id, NEW.asked_at)
            OR OLD.agreed_by_id IS NOT NULL AND OLD.agreed_by_id IS DISTINCT FROM NEW.agreed_by_id
            OR OLD.decided_by_id IS NOT NULL AND (OLD.decided_by_id, OLD.decided_for_id, OLD.answer)
                IS DISTINCT FROM (NEW.decided_by_id, NEW.decided_for_id, NEW.answer))
        EXECUTE FUNCTION refuse_change();

    CREATE FUNCTION goes_upwards() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NOT EXISTS (
            SELECT FROM organisations_organisation lower, organisations_organisation higher
            WHERE lower.id = OLD.waits_for_id AND higher.id = NEW.waits_for_id AND starts_with(lower.path, higher.path)
        ) THEN
            RAISE EXCEPTION 'The request % goes only upwards.', NEW.number USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER goes_upwards BEFORE UPDATE OF waits_for_id ON priority_priorityexception FOR EACH ROW
        WHEN (OLD.waits_for_id IS DISTINCT FROM NEW.waits_for_id AND OLD.waits_for_id IS NOT NULL)
        EXECUTE FUNCTION goes_upwards();
    """,
    """
    DROP TRIGGER goes_upwards ON priority_priorityexception;
    DROP FUNCTION goes_upwards();
    DROP TRIGGER stays_as_asked ON priority_priorityexception;
    """,
)


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [("priority", "0008_exceptions_in_full")]
    operations = [MORE_MOVES, BY_ONE_ABOVE, AS_ASKED, append_only("priority_filedpaper")]
