"""Every open request has a deadline, every refusal its reason, and what is bought under an exception is bought within its period."""

from django.db import migrations, models
from django.db.migrations import RunSQL

# Requests of before there were deadlines: they wait for the union above, for the days of the policy that binds theirs today. The
# sweeper takes them up by the step.
DEADLINES = RunSQL(
    """
    WITH late AS (
        UPDATE priority_priorityexception e SET waits_for_id = coalesce(e.waits_for_id, u.parent_id),
            answer_by = ((now() AT TIME ZONE 'Asia/Shanghai')::date + 1 + coalesce((
                SELECT p.exception_days FROM policy_policy p
                WHERE p.approved_by_id IS NOT NULL AND p.period @> (now() AT TIME ZONE 'Asia/Shanghai')::date
                    AND starts_with(u.region, p.region) AND p.level IN (0, coalesce(u.level, 0))
                ORDER BY length(p.region) DESC, p.level DESC LIMIT 1), 5))::timestamp AT TIME ZONE 'Asia/Shanghai'
        FROM organisations_organisation u
        WHERE u.id = e.union_id AND e.state IN ('asked', 'agreed') AND e.answer_by IS NULL
        RETURNING e.number, e.stage, e.answer_by
    )
    INSERT INTO steps_step (cause, kind, part, state, attempts, next_run_at, cursor, reason, created_at)
        SELECT 'exception:' || number, 'exception.escalate', stage::text, 'due', 0, answer_by, '{}', '', now() FROM late
        ON CONFLICT DO NOTHING;
    """,
    RunSQL.noop,
)

GUARDS = RunSQL(
    """
    CREATE TRIGGER refused_for_a_reason BEFORE UPDATE ON priority_priorityexception FOR EACH ROW
        WHEN (OLD.state <> 'refused' AND NEW.state = 'refused' AND btrim(NEW.answer) = '') EXECUTE FUNCTION refuse_change();

    CREATE FUNCTION excepted_in_time() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        e priority_priorityexception;
        day date;
    BEGIN
        SELECT * INTO e FROM priority_priorityexception WHERE id = NEW.exception_id;
        SELECT (input::jsonb ->> 'decided_on')::date INTO day FROM priority_judgement WHERE id = NEW.judgement_id;
        IF e.state <> 'granted' OR day NOT BETWEEN e.valid_from AND e.valid_to THEN
            RAISE EXCEPTION 'The exception % lets nothing pass on %.', e.number, day USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER excepted_in_time BEFORE INSERT ON priority_decision FOR EACH ROW
        WHEN (NEW.exception_id IS NOT NULL) EXECUTE FUNCTION excepted_in_time();
    """,
    """
    DROP TRIGGER excepted_in_time ON priority_decision;
    DROP FUNCTION excepted_in_time();
    DROP TRIGGER refused_for_a_reason ON priority_priorityexception;
    """,
)


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [("priority", "0012_part_kept"), ("steps", "0002_refusals"), ("policy", "0005_drafts_stay")]
    operations = [
        migrations.AddField(
            model_name="priorityexception",
            name="answer_salt",
            field=models.BinaryField(max_length=16, null=True, help_text="of the log's commitment to the answer"),
        ),
        DEADLINES,
        GUARDS,
    ]
