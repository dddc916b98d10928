"""Every change of an offer is an entry of the log, in the transaction that makes it, on whatever path it is made."""

from collections.abc import Sequence

from django.conf import settings
from django.db import migrations
from django.db.migrations import RunSQL

from marketplace.organisations.sql import append_only

ROLE = settings.DATABASE_APP_ROLE

# An offer as the rule reads it (procurement/priority/offers.py), in canonical JSON: keys in order, and to_json writes a text as
# RFC 8785 does. Dates by to_char, because a session may choose another form for its own.
SOURCE = RunSQL(
    """
    CREATE FUNCTION offerbook_day(day date) RETURNS text IMMUTABLE LANGUAGE sql
        RETURN to_json(coalesce(to_char(day, 'YYYY-MM-DD'), ''))::text;

    CREATE VIEW offerbook_source AS
    SELECT sr.id AS offer, p.id AS product, concat(
        '{"accreditation":', to_json(coalesce(a.number, '')),
        ',"class":', to_json(coalesce(c.code, '')),
        ',"content":', p.net_content,
        ',"county":', to_json(coalesce(p.county_id, org.county_id, '')),
        ',"county_listed":', coalesce(county.listed, false)::int,
        ',"deliveries":[', (
            SELECT string_agg(concat('{"days":', d.days, ',"freight":', d.freight, ',"region":', to_json(d.region), '}'), ','
                ORDER BY d.region COLLATE "C")
            FROM partner_delivery d WHERE d.stockrecord_id = sr.id
        ), '],"dietary":', to_json(p.dietary),
        ',"from":', offerbook_day(a.valid_from),
        ',"grade":', to_json(p.grade),
        ',"listed":', sr.listed::int,
        ',"offer":', sr.id,
        ',"price":', (sr.price * 100)::bigint,
        ',"processing":', to_json(p.processing),
        ',"producer":', to_json(org.code),
        ',"product":', p.id,
        ',"standing":', org.good_standing::int,
        ',"state":', to_json(coalesce(a.state, '')),
        ',"stock":', sr.stock_id,
        ',"to":', offerbook_day(a.valid_to), '}') AS body
    FROM partner_stockrecord sr
    JOIN catalogue_product p ON p.id = sr.product_id
    JOIN partner_partner partner ON partner.id = sr.partner_id
    JOIN organisations_organisation org ON org.id = partner.organisation_id
    LEFT JOIN catalogue_commodityclass c ON c.id = p.commodity_class_id
    LEFT JOIN LATERAL (
        SELECT * FROM accreditation_accreditation a
        WHERE a.product_id = p.id AND a.producer_id = org.id AND a.state IN ('valid', 'suspended', 'revoked')
        ORDER BY a.state = 'valid' DESC, a.id DESC LIMIT 1
    ) a ON true
    LEFT JOIN organisations_county county ON county.code = a.county_id
    WHERE sr.price IS NOT NULL;
    """,
    "DROP VIEW offerbook_source; DROP FUNCTION offerbook_day(date);",
)

# These run as their owner: the app's role may neither write the standing offers nor entries of these kinds. The product's row is
# held before the offer is read, so that two changes of one offer by two transactions do not miss each other (as the listings do).
WRITE = RunSQL(
    f"""
    CREATE FUNCTION offerbook_leaf(kind text, subject text, body text, moment timestamptz) RETURNS bytea LANGUAGE sql
        RETURN convert_to(concat('{{"at":"', to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '","body":', body,
            ',"kind":"', kind, '","subject":"', subject, '","union":null}}'), 'UTF8');

    CREATE FUNCTION offerbook_write(offers bigint[]) RETURNS void
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE moment timestamptz;
    BEGIN
        PERFORM id FROM catalogue_product WHERE id IN (
            SELECT product_id FROM partner_stockrecord WHERE id = ANY(offers)
        ) ORDER BY id FOR NO KEY UPDATE;
        moment := clock_timestamp();
        WITH standing AS (
            SELECT offer, product, body FROM offerbook_source WHERE offer = ANY(offers)
            UNION ALL
            SELECT o.offer, o.product, concat('{{"gone":1,"offer":', o.offer, ',"product":', o.product, '}}')
            FROM offerbook_standingoffer o
            WHERE o.offer = ANY(offers) AND NOT EXISTS (SELECT FROM offerbook_source s WHERE s.offer = o.offer)
        ), changed AS (
            INSERT INTO offerbook_standingoffer AS o (offer, product, body) SELECT offer, product, body FROM standing ORDER BY offer
            ON CONFLICT (offer) DO UPDATE SET product = EXCLUDED.product, body = EXCLUDED.body
                WHERE o.body IS DISTINCT FROM EXCLUDED.body
            RETURNING o.offer, 'product:' || o.product AS subject, o.body
        ), leaves AS (
            SELECT offer, subject, offerbook_leaf('offer.stands', subject, body, moment) AS leaf FROM changed
        )
        INSERT INTO evidence_entry (kind, subject, leaf, leaf_hash, written_at)
            SELECT 'offer.stands', subject, leaf, sha256('\\x00'::bytea || leaf), moment FROM leaves ORDER BY offer;
    END $$;

    CREATE FUNCTION offerbook_capacity(units bigint) RETURNS bigint IMMUTABLE LANGUAGE sql
        RETURN CASE WHEN units < 1 THEN 0 ELSE 1::bigint << (length(ltrim(units::bit(64)::text, '0')) - 1) END;

    CREATE FUNCTION offerbook_write_capacities(stocks bigint[]) RETURNS void
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE moment timestamptz := clock_timestamp();
    BEGIN
        WITH leaves AS (
            SELECT s.id, 'stock:' || s.id AS subject, offerbook_leaf('offer.capacity', 'stock:' || s.id,
                concat('{{"capacity":', offerbook_capacity(s.in_stock - s.allocated), ',"stock":', s.id, '}}'), moment) AS leaf
            FROM stock_stock s WHERE s.id = ANY(stocks)
        )
        INSERT INTO evidence_entry (kind, subject, leaf, leaf_hash, written_at)
            SELECT 'offer.capacity', subject, leaf, sha256('\\x00'::bytea || leaf), moment FROM leaves ORDER BY id;
    END $$;

    CREATE FUNCTION offerbook_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF current_user = '{ROLE}' THEN
            RAISE EXCEPTION 'Entries of the kind % are written by the database alone.', NEW.kind
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER only_by_the_database BEFORE INSERT ON evidence_entry FOR EACH ROW
        WHEN (NEW.kind IN ('offer.stands', 'offer.capacity', 'offers.book')) EXECUTE FUNCTION offerbook_refuse();
    """,
    """
    DROP TRIGGER only_by_the_database ON evidence_entry;
    DROP FUNCTION offerbook_refuse();
    DROP FUNCTION offerbook_write_capacities(bigint[]);
    DROP FUNCTION offerbook_capacity(bigint);
    DROP FUNCTION offerbook_write(bigint[]);
    DROP FUNCTION offerbook_leaf(text, text, text, timestamptz);
    """,
)

# The book: carries the versions on over what the log has signed since the last one, and puts a root over them into the log. As its
# owner, so that the app's role can neither leave an offer out nor sign a book of its own.
TAKE = RunSQL(
    f"""
    CREATE FUNCTION offerbook_follow(begun bigint, ended bigint) RETURNS bigint
        LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
    DECLARE followed bigint;
    BEGIN
        WITH fresh AS MATERIALIZED (
            SELECT p.index AS since, lead(p.index) OVER along AS until, lag(p.index) OVER along IS NULL AS first,
                (body ->> 'offer')::bigint AS offer, (body ->> 'stock')::bigint AS stock,
                CASE WHEN body ->> 'accreditation' <> '' THEN body ->> 'class' ELSE '' END AS class_code, e.leaf_hash
            FROM evidence_position p JOIN evidence_entry e ON e.id = p.entry_id
            CROSS JOIN LATERAL (SELECT convert_from(e.leaf, 'UTF8')::json -> 'body' AS body) b
            WHERE p.index >= begun AND p.index < ended AND e.kind IN ('offer.stands', 'offer.capacity')
            WINDOW along AS (PARTITION BY e.kind, coalesce(body ->> 'offer', body ->> 'stock') ORDER BY p.index)
        ), offers AS (
            UPDATE offerbook_version v SET until = f.since FROM fresh f
            WHERE f.first AND f.offer IS NOT NULL AND v.offer = f.offer AND v.until IS NULL
        ), capacities AS (
            UPDATE offerbook_version v SET until = f.since FROM fresh f
            WHERE f.first AND f.offer IS NULL AND v.offer IS NULL AND v.stock = f.stock AND v.until IS NULL
        )
        INSERT INTO offerbook_version (since, until, offer, stock, class_code, leaf_hash)
            SELECT since, until, offer, stock, class_code, leaf_hash FROM fresh;
        GET DIAGNOSTICS followed = ROW_COUNT;
        RETURN followed;
    END $$;

    -- The number of the book taken, or null when no offer changed since the last one.
    CREATE FUNCTION offerbook_take() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE
        last offerbook_book;
        taken offerbook_book;
        leaf bytea;
    BEGIN
        -- One taker at a time; taken alone, like the log's own lock.
        PERFORM pg_advisory_xact_lock(7140, 2);
        SELECT * INTO last FROM offerbook_book ORDER BY number DESC LIMIT 1;
        SELECT coalesce(max(size), 0) INTO taken.size FROM evidence_checkpoint;
        IF offerbook_follow(coalesce(last.size, 0), taken.size) = 0 AND last.number IS NOT NULL THEN
            RETURN NULL;
        END IF;
        taken.number := coalesce(last.number, 0) + 1;
        taken.at := clock_timestamp();
        SELECT encode(sha256(convert_to(concat('[', string_agg(
                    concat('[', to_json(class_code), ',', offers, ',"', encode(hash, 'hex'), '"]'), ',' ORDER BY class_code COLLATE "C"
                ), ']'), 'UTF8')), 'hex'), coalesce(sum(offers), 0), count(*)
            INTO taken.root, taken.offers, taken.classes FROM offerbook_classes(taken.size);
        leaf := offerbook_leaf('offers.book', 'offers:' || taken.number, concat('{{"classes":', taken.classes, ',"number":', taken.number,
            ',"offers":', taken.offers, ',"root":"', taken.root, '","size":', taken.size, '}}'), taken.at);
        INSERT INTO evidence_entry (kind, subject, leaf, leaf_hash, written_at)
            VALUES ('offers.book', 'offers:' || taken.number, leaf, sha256('\\x00'::bytea || leaf), taken.at)
            RETURNING id INTO taken.entry_id;
        INSERT INTO offerbook_book (number, size, root, offers, classes, entry_id, at)
            VALUES (taken.number, taken.size, taken.root, taken.offers, taken.classes, taken.entry_id, taken.at);
        RETURN taken.number;
    END $$;

    -- A class's hash: over the leaf hashes of its offers' entries, each followed by that of its stock's capacity where there is one,
    -- in order of offer.
    CREATE FUNCTION offerbook_classes(upto bigint) RETURNS TABLE (class_code text, offers bigint, hash bytea) STABLE LANGUAGE sql
        SET search_path = public, pg_temp AS $$
        SELECT v.class_code, count(*), sha256(string_agg(v.leaf_hash || coalesce(c.leaf_hash, ''), ''::bytea ORDER BY v.offer))
        FROM offerbook_version v
        LEFT JOIN offerbook_version c ON c.offer IS NULL AND c.stock = v.stock
            AND c.since < upto AND (c.until IS NULL OR c.until >= upto)
        WHERE v.class_code <> '' AND v.since < upto AND (v.until IS NULL OR v.until >= upto)
        GROUP BY v.class_code
    $$;
    REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON offerbook_version, offerbook_book FROM {ROLE};
    """,
    f"""
    GRANT INSERT, UPDATE, DELETE ON offerbook_version, offerbook_book TO {ROLE};
    DROP FUNCTION offerbook_classes(bigint);
    DROP FUNCTION offerbook_take();
    DROP FUNCTION offerbook_follow(bigint, bigint);
    """,
)

# The advisory locks are the listings' (0002 there): whoever changes what many offers share holds it alone, and before any product.
FOLLOW = RunSQL(
    """
    CREATE FUNCTION offerbook_follow_row() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE named bigint[]; touched bigint[];
    BEGIN
        named := ARRAY[(to_jsonb(OLD) ->> TG_ARGV[1])::bigint];
        IF TG_OP = 'UPDATE' THEN
            named := named || (to_jsonb(NEW) ->> TG_ARGV[1])::bigint;
        END IF;
        IF TG_ARGV[0] = 'offer' THEN
            touched := named;
        ELSE
            touched := ARRAY(SELECT id FROM public.partner_stockrecord WHERE product_id = ANY(named));
        END IF;
        PERFORM pg_advisory_xact_lock_shared(7140, 1);
        PERFORM public.offerbook_write(touched);
        RETURN NULL;
    END $$;

    CREATE FUNCTION offerbook_follow_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE touched bigint[];
    BEGIN
        touched := ARRAY(SELECT DISTINCT (to_jsonb(fresh) ->> TG_ARGV[1])::bigint FROM fresh);
        IF TG_ARGV[0] = 'product' THEN
            touched := ARRAY(SELECT id FROM public.partner_stockrecord WHERE product_id = ANY(touched));
        END IF;
        PERFORM pg_advisory_xact_lock_shared(7140, 1);
        PERFORM public.offerbook_write(touched);
        RETURN NULL;
    END $$;

    CREATE FUNCTION offerbook_follow_shared() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE touched bigint[];
    BEGIN
        PERFORM pg_advisory_xact_lock(7140, 1);
        CASE TG_TABLE_NAME
            WHEN 'catalogue_commodityclass' THEN
                touched := ARRAY(SELECT sr.id FROM public.partner_stockrecord sr
                    JOIN public.catalogue_product p ON p.id = sr.product_id WHERE p.commodity_class_id = NEW.id);
            WHEN 'organisations_county' THEN
                touched := ARRAY(SELECT sr.id FROM public.partner_stockrecord sr
                    JOIN public.accreditation_accreditation a ON a.product_id = sr.product_id WHERE a.county_id = NEW.code);
            WHEN 'organisations_organisation' THEN
                touched := ARRAY(SELECT sr.id FROM public.partner_stockrecord sr
                    JOIN public.partner_partner partner ON partner.id = sr.partner_id WHERE partner.organisation_id = NEW.id);
            WHEN 'partner_partner' THEN
                touched := ARRAY(SELECT id FROM public.partner_stockrecord WHERE partner_id = NEW.id);
        END CASE;
        PERFORM public.offerbook_write(touched);
        RETURN NULL;
    END $$;

    CREATE FUNCTION offerbook_follow_stock() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM public.offerbook_write_capacities(ARRAY[NEW.id]);
        RETURN NULL;
    END $$;

    CREATE FUNCTION offerbook_follow_stocks() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM public.offerbook_write_capacities(ARRAY(SELECT id FROM fresh WHERE in_stock > allocated));
        RETURN NULL;
    END $$;
    """,
    """
    DROP FUNCTION offerbook_follow_stocks();
    DROP FUNCTION offerbook_follow_stock();
    DROP FUNCTION offerbook_follow_shared();
    DROP FUNCTION offerbook_follow_inserted();
    DROP FUNCTION offerbook_follow_row();
    """,
)


def _changed(columns: Sequence[str]) -> str:
    return f"({', '.join('OLD.' + c for c in columns)}) IS DISTINCT FROM ({', '.join('NEW.' + c for c in columns)})"


def follow(table: str, names: str, column: str, columns: Sequence[str]) -> RunSQL:
    """Write what changes with a row of `table`, whose `column` names an offer or a product."""
    return RunSQL(
        f"""
        CREATE TRIGGER offer_inserted AFTER INSERT ON {table} REFERENCING NEW TABLE AS fresh
            FOR EACH STATEMENT EXECUTE FUNCTION offerbook_follow_inserted('{names}', '{column}');
        CREATE TRIGGER offer_updated AFTER UPDATE ON {table} FOR EACH ROW WHEN ({_changed(columns)})
            EXECUTE FUNCTION offerbook_follow_row('{names}', '{column}');
        CREATE TRIGGER offer_deleted AFTER DELETE ON {table} FOR EACH ROW
            EXECUTE FUNCTION offerbook_follow_row('{names}', '{column}');
        """,
        f"""
        DROP TRIGGER offer_deleted ON {table};
        DROP TRIGGER offer_updated ON {table};
        DROP TRIGGER offer_inserted ON {table};
        """,
    )


def follow_shared(table: str, columns: Sequence[str]) -> RunSQL:
    """Write what changes with a row that many offers share."""
    return RunSQL(
        f"""
        CREATE TRIGGER offer_updated AFTER UPDATE ON {table} FOR EACH ROW WHEN ({_changed(columns)})
            EXECUTE FUNCTION offerbook_follow_shared();
        """,
        f"DROP TRIGGER offer_updated ON {table};",
    )


PRODUCT = ("commodity_class_id", "net_content", "grade", "processing", "dietary", "county_id")
REST = RunSQL(
    f"""
    CREATE TRIGGER offer_updated AFTER UPDATE ON catalogue_product FOR EACH ROW WHEN ({_changed(PRODUCT)})
        EXECUTE FUNCTION offerbook_follow_row('product', 'id');
    CREATE TRIGGER capacity_updated AFTER UPDATE ON stock_stock FOR EACH ROW
        WHEN (offerbook_capacity(OLD.in_stock - OLD.allocated) <> offerbook_capacity(NEW.in_stock - NEW.allocated))
        EXECUTE FUNCTION offerbook_follow_stock();
    CREATE TRIGGER capacity_inserted AFTER INSERT ON stock_stock REFERENCING NEW TABLE AS fresh
        FOR EACH STATEMENT EXECUTE FUNCTION offerbook_follow_stocks();
    """,
    """
    DROP TRIGGER capacity_inserted ON stock_stock;
    DROP TRIGGER capacity_updated ON stock_stock;
    DROP TRIGGER offer_updated ON catalogue_product;
    """,
)

# What was on offer before this migration; and from now on only the functions above write.
FILL = RunSQL(
    f"""
    SELECT offerbook_write(ARRAY(SELECT id FROM partner_stockrecord));
    SELECT offerbook_write_capacities(ARRAY(SELECT id FROM stock_stock WHERE in_stock > allocated));
    REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON offerbook_standingoffer FROM {ROLE};
    """,
    f"GRANT INSERT, UPDATE, DELETE ON offerbook_standingoffer TO {ROLE};",
)


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [
        ("offerbook", "0001_initial"),
        ("accreditation", "0003_moves"),
        ("catalogue", "0002_initial"),
        ("listings", "0002_kept"),
        ("partner", "0002_prices"),
        ("stock", "0002_append_only"),
        ("evidence", "0002_append_only"),
        ("organisations", "0002_functions"),
    ]
    operations = [
        SOURCE,
        WRITE,
        TAKE,
        FOLLOW,
        follow("partner_stockrecord", "offer", "id", ["product_id", "partner_id", "price", "listed", "stock_id"]),
        follow("partner_delivery", "offer", "stockrecord_id", ["stockrecord_id", "region", "freight", "days"]),
        follow(
            "accreditation_accreditation",
            "product",
            "product_id",
            ["number", "product_id", "producer_id", "county_id", "state", "valid_from", "valid_to"],
        ),
        follow_shared("catalogue_commodityclass", ["code"]),
        follow_shared("organisations_county", ["listed"]),
        follow_shared("organisations_organisation", ["code", "county_id", "good_standing"]),
        follow_shared("partner_partner", ["organisation_id"]),
        REST,
        FILL,
        append_only("offerbook_book"),
    ]
