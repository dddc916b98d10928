"""No price outside the band stands on offers that producers keep, unless a second person has said so; nor does the log keep silent."""

from django.conf import settings
from django.db import migrations
from django.db.migrations import RunSQL

from marketplace.organisations.sql import append_only, declared_moves

MOVES = {"waiting": ["agreed", "refused", "replaced"]}


# Thirty per cent around the reference, for every class that gets no band of its own.
FIRST_BAND = RunSQL(
    "INSERT INTO goods_priceband (since, band_bp) VALUES ('2026-01-01', 3000) ON CONFLICT DO NOTHING;", RunSQL.noop
)

# By the same figures as pricing.Band. An offer that its producer never touched is the operator's, and has no terms.
STANDS = RunSQL(
    """
    CREATE FUNCTION goods_price_stands(offer bigint) RETURNS void LANGUAGE plpgsql AS $$
    DECLARE asks record; band int; asked bigint; fitting bigint;
    BEGIN
        SELECT (sr.price * 100)::bigint AS price, p.net_content::bigint AS content, c.id AS class, c.reference_price::bigint AS reference
            INTO asks
            FROM partner_stockrecord sr JOIN goods_terms t ON t.stockrecord_id = sr.id
            JOIN catalogue_product p ON p.id = sr.product_id JOIN catalogue_commodityclass c ON c.id = p.commodity_class_id
            WHERE sr.id = offer AND sr.listed AND sr.price IS NOT NULL AND c.reference_price > 0 AND p.net_content > 0;
        IF NOT FOUND THEN
            RETURN;
        END IF;
        SELECT band_bp INTO band FROM goods_priceband
            WHERE (commodity_class_id = asks.class OR commodity_class_id IS NULL)
                AND since <= (now() AT TIME ZONE 'Asia/Shanghai')::date
            ORDER BY commodity_class_id NULLS LAST, since DESC LIMIT 1;
        asked := asks.price * 1000;
        fitting := asks.reference * asks.content;
        IF band IS NOT NULL AND abs(asked - fitting)::numeric * 10000 > fitting::numeric * band AND NOT EXISTS (
            SELECT FROM goods_pricerequest r WHERE r.stockrecord_id = offer AND r.state = 'agreed' AND r.price = asks.price
        ) THEN
            RAISE EXCEPTION 'Offer % may not stand at this price: it is outside the band, and no second person agreed to it.', offer
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END $$;

    CREATE FUNCTION goods_offer_follows() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM goods_price_stands((to_jsonb(NEW) ->> TG_ARGV[0])::bigint);
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER price_stands AFTER UPDATE ON partner_stockrecord DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
        WHEN ((OLD.price, OLD.listed) IS DISTINCT FROM (NEW.price, NEW.listed)) EXECUTE FUNCTION goods_offer_follows('id');
    CREATE CONSTRAINT TRIGGER price_stands AFTER INSERT ON goods_terms DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
        EXECUTE FUNCTION goods_offer_follows('stockrecord_id');
    """,
    """
    DROP TRIGGER price_stands ON goods_terms;
    DROP TRIGGER price_stands ON partner_stockrecord;
    DROP FUNCTION goods_offer_follows();
    DROP FUNCTION goods_price_stands(bigint);
    """,
)

# The producer of a request is the offer's seller, what was asked stays, and who decides is an operator or of the enterprise, nobody of
# the producer. At commit the log says so, too.
ASKED = RunSQL(
    f"""
    CREATE FUNCTION goods_request_stays() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'A price is asked for once, by the seller of the goods, and stays as it was asked and decided.'
            USING ERRCODE = 'integrity_constraint_violation';
    END $$;
    CREATE TRIGGER request_stays BEFORE UPDATE ON goods_pricerequest FOR EACH ROW
        WHEN (OLD.state <> 'waiting' OR (to_jsonb(OLD) - ARRAY['state', 'decided_by_id', 'decided_at', 'words'])
            IS DISTINCT FROM (to_jsonb(NEW) - ARRAY['state', 'decided_by_id', 'decided_at', 'words']))
        EXECUTE FUNCTION goods_request_stays();
    CREATE TRIGGER never_removed BEFORE DELETE OR TRUNCATE ON goods_pricerequest
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
    REVOKE DELETE, TRUNCATE ON goods_pricerequest FROM {settings.DATABASE_APP_ROLE};

    CREATE FUNCTION goods_asked_by_the_seller() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.state <> 'waiting' OR NOT EXISTS (
            SELECT FROM partner_stockrecord sr JOIN partner_partner partner ON partner.id = sr.partner_id
            WHERE sr.id = NEW.stockrecord_id AND partner.organisation_id = NEW.producer_id
        ) THEN
            RAISE EXCEPTION 'A price is asked for by the seller of the goods, and waits then.'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER asked_by_the_seller BEFORE INSERT ON goods_pricerequest FOR EACH ROW
        EXECUTE FUNCTION goods_asked_by_the_seller();

    CREATE FUNCTION goods_decided_from_outside() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE body jsonb;
    BEGIN
        IF EXISTS (SELECT FROM organisations_membership m WHERE m.user_id = NEW.decided_by_id AND m.organisation_id = NEW.producer_id)
            OR NOT EXISTS (SELECT FROM organisations_membership m WHERE m.user_id = NEW.decided_by_id
                AND (m.role = 'operator' OR (m.role = 'province' AND m.organisation_id = NEW.enterprise_id)))
        THEN
            RAISE EXCEPTION 'Price request % is decided by the operator or the province enterprise, by nobody of the producer.', NEW.id
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF NOT EXISTS (
            SELECT FROM partner_stockrecord sr JOIN evidence_entry e ON e.subject <> '' AND e.subject = 'product:' || sr.product_id
            WHERE sr.id = NEW.stockrecord_id AND e.kind = 'price.' || NEW.state
                AND convert_from(e.leaf, 'UTF8')::jsonb -> 'body' ->> 'request' = NEW.id::text
        ) THEN
            RAISE EXCEPTION 'Price request % is not decided as the log says.', NEW.id USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER decided_from_outside AFTER UPDATE ON goods_pricerequest DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
        WHEN (NEW.state IN ('agreed', 'refused')) EXECUTE FUNCTION goods_decided_from_outside();
    """,
    f"""
    DROP TRIGGER decided_from_outside ON goods_pricerequest;
    DROP FUNCTION goods_decided_from_outside();
    DROP TRIGGER asked_by_the_seller ON goods_pricerequest;
    DROP FUNCTION goods_asked_by_the_seller();
    GRANT DELETE ON goods_pricerequest TO {settings.DATABASE_APP_ROLE};
    DROP TRIGGER never_removed ON goods_pricerequest;
    DROP TRIGGER request_stays ON goods_pricerequest;
    DROP FUNCTION goods_request_stays();
    """,
)

TERMS = RunSQL(
    f"""
    CREATE TRIGGER never_removed BEFORE DELETE OR TRUNCATE ON goods_terms FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
    REVOKE DELETE, TRUNCATE ON goods_terms FROM {settings.DATABASE_APP_ROLE};
    REVOKE INSERT ON goods_priceband FROM {settings.DATABASE_APP_ROLE};
    """,
    f"""
    GRANT INSERT ON goods_priceband TO {settings.DATABASE_APP_ROLE};
    GRANT DELETE ON goods_terms TO {settings.DATABASE_APP_ROLE};
    DROP TRIGGER never_removed ON goods_terms;
    """,
)


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [
        ("goods", "0001_initial"),
        ("evidence", "0002_append_only"),
        ("organisations", "0002_functions"),
        ("partner", "0002_prices"),
    ]
    operations = [
        STANDS,
        declared_moves("goods_pricerequest", MOVES),
        ASKED,
        TERMS,
        append_only("goods_priceband"),
        append_only("goods_photo"),
        FIRST_BAND,
    ]
