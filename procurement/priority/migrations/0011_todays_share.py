"""Which share binds today is asked by the business calendar, whatever the time zone of the connection that asks (I11)."""

from django.db import migrations
from django.db.migrations import RunSQL

_BINDING_SHARE = """
    CREATE OR REPLACE FUNCTION binding_share(of_union bigint, of_year int) RETURNS bigint LANGUAGE sql STABLE
        SET search_path = public, pg_temp AS $$
        SELECT least(
            (SELECT p.minimum_share_bp FROM priority_decision d JOIN priority_judgement j ON j.id = d.judgement_id
                JOIN policy_policy p ON p.id = j.policy_id
                WHERE (d.union_id, d.gift_year) = (of_union, of_year) AND d.outcome NOT IN ('assistance', 'uncovered') AND NOT d.waived
                ORDER BY d.id DESC LIMIT 1),
            (SELECT min(p.minimum_share_bp) FROM policy_policy p JOIN organisations_organisation u ON u.id = of_union
                WHERE p.approved_by_id IS NOT NULL AND starts_with(u.region, p.region) AND p.period @> {today}))
    $$;
"""


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [("priority", "0010_open_years")]
    operations = [
        RunSQL(
            _BINDING_SHARE.format(today="(now() AT TIME ZONE 'Asia/Shanghai')::date"),
            _BINDING_SHARE.format(today="current_date"),
        )
    ]
