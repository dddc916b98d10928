"""A gift year is closed by its statement: the database holds that to the year's figures, the log and the purses."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.migrations import RunSQL

from marketplace.organisations.sql import append_only

CLOSES = RunSQL(
    """
    CREATE FUNCTION closes_the_year() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE
        entry evidence_entry;
        closed priority_unionyear;
        told jsonb := NEW.statement::jsonb;
        body jsonb;
    BEGIN
        closed := close_union_year(NEW.union_id, NEW.gift_year, least(NEW.closed_at, now()));
        SELECT * INTO entry FROM evidence_entry WHERE id = NEW.entry_id;
        body := convert_from(entry.leaf, 'UTF8')::jsonb -> 'body';
        IF (entry.kind, entry.union_id, body ->> 'statement_sha256') IS DISTINCT FROM
                ('year.closed', NEW.union_id, encode(sha256(convert_to(NEW.statement, 'UTF8')), 'hex'))
            OR NEW.policy_id IS DISTINCT FROM policy_of_year(NEW.union_id, NEW.gift_year)
            OR (told ->> 'union', (told ->> 'year')::int, (told ->> 'assistance')::bigint, (told ->> 'ordinary')::bigint,
                (told ->> 'brought_forward')::bigint, (told ->> 'shortfall')::bigint, (told ->> 'minimum_share_bp')::int) IS DISTINCT FROM
                ((SELECT code FROM organisations_organisation WHERE id = NEW.union_id)::text, closed.gift_year::int, closed.assistance,
                closed.ordinary, closed.brought_forward, closed.shortfall, closed.closed_share_bp)
            OR (told ->> 'carried_forward')::bigint IS DISTINCT FROM brought_into(NEW.union_id, NEW.gift_year + 1)
        THEN
            RAISE EXCEPTION 'The statement with which the gift year % would be closed is not what the log and its figures say.',
                NEW.gift_year USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER closes_the_year BEFORE INSERT ON compliance_yearclosing FOR EACH ROW EXECUTE FUNCTION closes_the_year();

    CREATE FUNCTION closed_whole() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NOT EXISTS (SELECT FROM organisations_organisation u, organisations_organisation o, organisations_membership m
            WHERE u.id = NEW.union_id AND o.id = NEW.closed_for_id AND starts_with(u.path, o.path)
                AND (m.user_id, m.organisation_id, m.role)
                    = (NEW.closed_by_id, o.id, CASE WHEN u.id = o.id THEN 'approver' ELSE 'union_officer' END))
        THEN
            RAISE EXCEPTION 'A gift year is closed by an approver of the union, or an officer of one above.'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF EXISTS (SELECT FROM ledger_purse
            WHERE (union_id, gift_year) = (NEW.union_id, NEW.gift_year) AND carried_to_id IS NULL)
        THEN
            RAISE EXCEPTION 'The purses of the gift year % are carried over when it is closed.', NEW.gift_year
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER closed_whole AFTER INSERT ON compliance_yearclosing
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION closed_whole();
    """,
    """
    DROP TRIGGER closed_whole ON compliance_yearclosing;
    DROP FUNCTION closed_whole();
    DROP TRIGGER closes_the_year ON compliance_yearclosing;
    DROP FUNCTION closes_the_year();
    """,
)
_PROTECT = django.db.models.deletion.PROTECT


class Migration(migrations.Migration):
    """The trigger is plain SQL, so that no session of the application can switch it off."""

    dependencies = [
        ("compliance", "0002_figures"),
        ("evidence", "0002_append_only"),
        ("organisations", "0005_place_stays"),
        ("policy", "0005_drafts_stay"),
        ("priority", "0014_closing"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="YearClosing",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("gift_year", models.PositiveSmallIntegerField()),
                ("statement", models.TextField(help_text="JSON, keys sorted, compact")),
                ("closed_at", models.DateTimeField(auto_now_add=True)),
                (
                    "closed_by",
                    models.ForeignKey(on_delete=_PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                ),
                (
                    "closed_for",
                    models.ForeignKey(
                        help_text="the union itself or the one above that closed it",
                        on_delete=_PROTECT,
                        related_name="+",
                        to="organisations.organisation",
                    ),
                ),
                ("entry", models.OneToOneField(on_delete=_PROTECT, related_name="+", to="evidence.entry")),
                ("policy", models.ForeignKey(on_delete=_PROTECT, related_name="+", to="policy.policy")),
                (
                    "union",
                    models.ForeignKey(on_delete=_PROTECT, related_name="closings", to="organisations.organisation"),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("union", "gift_year"), name="a_year_is_closed_once")]
            },
        ),
        append_only("compliance_yearclosing"),
        CLOSES,
    ]
