"""The listing rows follow their sources in the same transaction, on whatever path these change; nobody else writes them."""

from collections.abc import Sequence

from django.conf import settings
from django.db import migrations
from django.db.migrations import RunSQL

SOURCE = RunSQL(
    """
    CREATE VIEW listings_source AS
    SELECT sr.id AS stockrecord_id, p.id AS product_id, sr.stock_id, sr.partner_sku AS sku, p.title, p.title_en,
        EXISTS (SELECT FROM catalogue_component part WHERE part.box_id = p.id) AS is_box,
        c.id AS commodity_class_id, coalesce(c.parent_id, c.id) AS group_id, coalesce(c.code, '') AS class_code,
        coalesce(c.name, '') AS class_name, coalesce(c.name_en, '') AS class_name_en, coalesce(c.base_unit, '') AS base_unit,
        p.county_id, coalesce(county.name, '') AS county_name, coalesce(county.name_en, '') AS county_name_en,
        coalesce(county.city, '') AS city,
        org.id AS producer_id, org.name AS producer_name, org.name_en AS producer_name_en,
        -- What kind of body it is stands at the head of its credit code (GB 32100).
        CASE WHEN org.kind <> 'producer' THEN 'trader' WHEN org.credit_code LIKE '93%' THEN 'cooperative'
            WHEN org.credit_code LIKE 'N%' THEN 'collective' ELSE 'enterprise' END AS producer_kind,
        (sr.price * 100)::int AS price,
        CASE WHEN p.net_content > 0 AND c.id IS NOT NULL THEN
            round(sr.price * 100 * (CASE c.base_unit WHEN 'pc' THEN 1 ELSE 1000 END) / p.net_content)::bigint
        END AS unit_price,
        a.valid_from AS assistance_from, a.valid_to AS assistance_to,
        lower(concat_ws(' ', sr.partner_sku, p.title, p.title_en, org.name, org.name_en, county.name, county.name_en,
            c.name, c.name_en)) AS words
    FROM partner_stockrecord sr
    JOIN catalogue_product p ON p.id = sr.product_id
    JOIN partner_partner partner ON partner.id = sr.partner_id
    JOIN organisations_organisation org ON org.id = partner.organisation_id
    LEFT JOIN catalogue_commodityclass c ON c.id = p.commodity_class_id
    LEFT JOIN organisations_county county ON county.code = p.county_id
    LEFT JOIN accreditation_accreditation a ON a.product_id = p.id AND a.producer_id = org.id AND a.state = 'valid'
        AND org.good_standing AND EXISTS (SELECT FROM organisations_county own WHERE own.code = a.county_id AND own.listed)
    WHERE sr.listed AND p.is_public AND sr.price IS NOT NULL;
    """,
    "DROP VIEW listings_source;",
)

COLUMNS = (
    "product_id",
    "stock_id",
    "sku",
    "title",
    "title_en",
    "is_box",
    "commodity_class_id",
    "group_id",
    "class_code",
    "class_name",
    "class_name_en",
    "base_unit",
    "county_id",
    "county_name",
    "county_name_en",
    "city",
    "producer_id",
    "producer_name",
    "producer_name_en",
    "producer_kind",
    "price",
    "unit_price",
    "assistance_from",
    "assistance_to",
    "words",
)

# Whoever changes a product holds its row until the end of the transaction, so that two changes of one product do not miss each
# other; whoever changes what many products share holds `wide` alone. Both come before any listing is written. The numbers of the
# advisory lock only have to be unlike every other's.
WIDE = "pg_advisory_xact_lock(7140, 1)"
ONE = "pg_advisory_xact_lock_shared(7140, 1)"

REFRESH = RunSQL(
    f"""
    CREATE FUNCTION refresh_listings(products bigint[]) RETURNS bigint
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE written bigint; removed bigint;
    BEGIN
        PERFORM id FROM catalogue_product WHERE id = ANY(products) ORDER BY id FOR NO KEY UPDATE;
        INSERT INTO listings_listing AS l (stockrecord_id, {", ".join(COLUMNS)}, updated_at)
            SELECT stockrecord_id, {", ".join(COLUMNS)}, now() FROM listings_source
            WHERE product_id = ANY(products) ORDER BY stockrecord_id
        ON CONFLICT (stockrecord_id) DO UPDATE SET
            ({", ".join(COLUMNS)}, updated_at) = ROW ({", ".join("EXCLUDED." + c for c in COLUMNS)}, now())
            WHERE ({", ".join("l." + c for c in COLUMNS)}) IS DISTINCT FROM ({", ".join("EXCLUDED." + c for c in COLUMNS)});
        GET DIAGNOSTICS written = ROW_COUNT;
        DELETE FROM listings_listing l WHERE l.product_id = ANY(products)
            AND NOT EXISTS (SELECT FROM listings_source s WHERE s.stockrecord_id = l.stockrecord_id);
        GET DIAGNOSTICS removed = ROW_COUNT;
        RETURN written + removed;
    END $$;
    """,
    "DROP FUNCTION refresh_listings(bigint[]);",
)

FOLLOW = RunSQL(
    f"""
    CREATE FUNCTION listings_follow_rows() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE touched bigint[];
    BEGIN
        touched := ARRAY[(to_jsonb(OLD) ->> TG_ARGV[0])::bigint];
        IF TG_OP = 'UPDATE' THEN
            touched := touched || (to_jsonb(NEW) ->> TG_ARGV[0])::bigint;
        END IF;
        PERFORM {ONE};
        PERFORM refresh_listings(touched);
        RETURN NULL;
    END $$;

    CREATE FUNCTION listings_follow_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM {ONE};
        PERFORM refresh_listings(ARRAY(SELECT DISTINCT (to_jsonb(fresh) ->> TG_ARGV[0])::bigint FROM fresh));
        RETURN NULL;
    END $$;

    CREATE FUNCTION listings_follow_shared() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE touched bigint[];
    BEGIN
        PERFORM {WIDE};
        CASE TG_TABLE_NAME
            WHEN 'catalogue_commodityclass' THEN
                touched := ARRAY(SELECT id FROM catalogue_product WHERE commodity_class_id = NEW.id);
            WHEN 'organisations_county' THEN
                touched := ARRAY(SELECT id FROM catalogue_product WHERE county_id = NEW.code
                    UNION SELECT product_id FROM accreditation_accreditation WHERE county_id = NEW.code);
            WHEN 'organisations_organisation' THEN
                touched := ARRAY(SELECT sr.product_id FROM partner_stockrecord sr
                    JOIN partner_partner partner ON partner.id = sr.partner_id WHERE partner.organisation_id = NEW.id);
            WHEN 'partner_partner' THEN
                touched := ARRAY(SELECT product_id FROM partner_stockrecord WHERE partner_id = NEW.id);
        END CASE;
        PERFORM refresh_listings(touched);
        RETURN NULL;
    END $$;
    """,
    """
    DROP FUNCTION listings_follow_shared();
    DROP FUNCTION listings_follow_inserted();
    DROP FUNCTION listings_follow_rows();
    """,
)


def follow(table: str, product: str, columns: Sequence[str], when: str = "") -> RunSQL:
    """Keep the listings in step with rows of `table`, whose column `product` names the product, when one of `columns` changes."""
    changed = f"({', '.join('OLD.' + c for c in columns)}) IS DISTINCT FROM ({', '.join('NEW.' + c for c in columns)})"
    return RunSQL(
        f"""
        CREATE TRIGGER listing_inserted AFTER INSERT ON {table} REFERENCING NEW TABLE AS fresh
            FOR EACH STATEMENT EXECUTE FUNCTION listings_follow_inserted('{product}');
        CREATE TRIGGER listing_updated AFTER UPDATE ON {table} FOR EACH ROW
            WHEN ({changed}{" AND " + when if when else ""}) EXECUTE FUNCTION listings_follow_rows('{product}');
        CREATE TRIGGER listing_deleted AFTER DELETE ON {table} FOR EACH ROW
            EXECUTE FUNCTION listings_follow_rows('{product}');
        """,
        f"""
        DROP TRIGGER listing_deleted ON {table};
        DROP TRIGGER listing_updated ON {table};
        DROP TRIGGER listing_inserted ON {table};
        """,
    )


def follow_shared(table: str, columns: Sequence[str]) -> RunSQL:
    """Keep the listings in step with a row that many products share."""
    changed = f"({', '.join('OLD.' + c for c in columns)}) IS DISTINCT FROM ({', '.join('NEW.' + c for c in columns)})"
    return RunSQL(
        f"""
        CREATE TRIGGER listing_updated AFTER UPDATE ON {table} FOR EACH ROW
            WHEN ({changed}) EXECUTE FUNCTION listings_follow_shared();
        """,
        f"DROP TRIGGER listing_updated ON {table};",
    )


PRODUCT = RunSQL(
    """
    CREATE TRIGGER listing_updated AFTER UPDATE ON catalogue_product FOR EACH ROW
        WHEN ((OLD.title, OLD.title_en, OLD.commodity_class_id, OLD.net_content, OLD.county_id, OLD.is_public)
            IS DISTINCT FROM (NEW.title, NEW.title_en, NEW.commodity_class_id, NEW.net_content, NEW.county_id, NEW.is_public))
        EXECUTE FUNCTION listings_follow_rows('id');
    """,
    "DROP TRIGGER listing_updated ON catalogue_product;",
)

# What was on offer before this migration; and from now on only the functions above, which run as their owner, write.
FILL = RunSQL(
    f"""
    SELECT refresh_listings(ARRAY(SELECT id FROM catalogue_product));
    REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON listings_listing FROM {settings.DATABASE_APP_ROLE};
    """,
    f"GRANT INSERT, UPDATE, DELETE ON listings_listing TO {settings.DATABASE_APP_ROLE};",
)


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [
        ("listings", "0001_initial"),
        ("accreditation", "0003_moves"),
        ("catalogue", "0002_initial"),
        ("partner", "0002_prices"),
        ("organisations", "0002_functions"),
    ]
    operations = [
        SOURCE,
        REFRESH,
        FOLLOW,
        follow(
            "partner_stockrecord",
            "product_id",
            ["product_id", "partner_id", "partner_sku", "price", "listed", "stock_id"],
        ),
        follow(
            "accreditation_accreditation",
            "product_id",
            ["product_id", "producer_id", "county_id", "state", "valid_from", "valid_to"],
            "'valid' IN (OLD.state, NEW.state)",
        ),
        follow("catalogue_component", "box_id", ["box_id"]),
        follow_shared("catalogue_commodityclass", ["code", "name", "name_en", "parent_id", "base_unit"]),
        follow_shared("organisations_county", ["name", "name_en", "city", "listed"]),
        follow_shared("organisations_organisation", ["name", "name_en", "kind", "credit_code", "good_standing"]),
        follow_shared("partner_partner", ["organisation_id"]),
        PRODUCT,
        FILL,
    ]
