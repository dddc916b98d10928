"""Members choose between two drafts (I7); a choice is made only while the choosing is open, for an option of the member's own gift."""

from django.db import migrations

from marketplace.organisations.sql import declared_moves

BEFORE = {
    "draft": ["submitted", "withdrawn"],
    "submitted": ["approved", "draft"],
    "approved": ["placed", "draft"],
}
MOVES = BEFORE | {"draft": ["choosing", "submitted", "withdrawn"], "choosing": ["draft"]}
COMPLAINT_MOVES = {"open": ["answered", "closed"], "answered": ["open", "closed"]}

_before = declared_moves("programmes_programme", BEFORE)

CHOSEN_WHILE_OPEN = migrations.RunSQL(
    """
    CREATE FUNCTION chosen_while_open() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM 1 FROM programmes_recipient r
            JOIN programmes_programme p ON p.id = r.programme_id
            JOIN programmes_option o ON o.programme_id = p.id
            WHERE r.id = NEW.recipient_id AND o.id = NEW.option_id AND o.slot = NEW.slot AND p.state = 'choosing';
        IF NOT FOUND THEN
            RAISE EXCEPTION 'recipient % may not choose option % of part %: the choosing is closed, or it is another gift.',
                NEW.recipient_id, NEW.option_id, NEW.slot USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER chosen_while_open BEFORE INSERT OR UPDATE ON programmes_choice
        FOR EACH ROW EXECUTE FUNCTION chosen_while_open();
    """,
    "DROP TRIGGER chosen_while_open ON programmes_choice; DROP FUNCTION chosen_while_open();",
)


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [("programmes", "0004_choices")]
    operations = [
        migrations.RunSQL(_before.reverse_sql, _before.sql),
        declared_moves("programmes_programme", MOVES),
        declared_moves("programmes_complaint", COMPLAINT_MOVES),
        CHOSEN_WHILE_OPEN,
    ]
