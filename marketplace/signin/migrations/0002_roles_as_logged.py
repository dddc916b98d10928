"""Nobody takes a role, or lays one down for a moment, by an INSERT or DELETE: whoever holds one took it in the log."""

from django.db import migrations
from django.db.migrations import RunSQL

# The latest word on that person and role counts. At commit, so that a verb may write the row and say so in either order; but a role
# is gone only when the log has said so, or it could be away for as long as somebody looks. Members, who decide nothing, are too many.
AS_LOGGED = RunSQL(
    """
    CREATE FUNCTION last_word_on_role(of_person bigint, of_organisation bigint, of_role text) RETURNS text LANGUAGE sql STABLE AS $$
        SELECT e.kind FROM organisations_organisation o JOIN evidence_entry e ON e.subject <> '' AND e.subject = 'organisation:' || o.code
            CROSS JOIN LATERAL (SELECT convert_from(e.leaf, 'UTF8')::jsonb -> 'body' AS body) told
        WHERE o.id = of_organisation AND e.kind IN ('person.role_taken', 'person.role_ended')
            AND (body ->> 'person', body ->> 'role') = (of_person::text, of_role)
        ORDER BY e.id DESC LIMIT 1
    $$;

    CREATE FUNCTION role_as_logged() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE m organisations_membership;
    BEGIN
        IF TG_OP = 'DELETE' THEN
            m := OLD;
        ELSE
            SELECT * INTO m FROM organisations_membership WHERE id = NEW.id;
        END IF;
        IF m.id IS NOT NULL AND last_word_on_role(m.user_id, m.organisation_id, m.role)
            IS DISTINCT FROM (CASE TG_OP WHEN 'DELETE' THEN 'person.role_ended' ELSE 'person.role_taken' END)
        THEN
            RAISE EXCEPTION 'The log does not say that person % % the role % in organisation %.', m.user_id,
                CASE TG_OP WHEN 'DELETE' THEN 'laid down' ELSE 'took' END, m.role, m.organisation_id
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER as_logged AFTER INSERT OR UPDATE OF user_id, organisation_id, role ON organisations_membership
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.role <> 'member') EXECUTE FUNCTION role_as_logged();
    CREATE TRIGGER ends_as_logged AFTER DELETE ON organisations_membership
        FOR EACH ROW WHEN (OLD.role <> 'member') EXECUTE FUNCTION role_as_logged();
    """,
    """
    DROP TRIGGER ends_as_logged ON organisations_membership;
    DROP TRIGGER as_logged ON organisations_membership;
    DROP FUNCTION role_as_logged();
    DROP FUNCTION last_word_on_role(bigint, bigint, text);
    """,
)


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [
        ("signin", "0001_initial"),
        ("evidence", "0002_append_only"),
        ("organisations", "0005_place_stays"),
    ]
    operations = [AS_LOGGED]
