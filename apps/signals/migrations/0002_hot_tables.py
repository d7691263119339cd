"""Hot usage in daily partitions, and the keys that make ingest exactly once.

Plain SQL, since Django has no partitioned tables. Partitions are made and dropped by
two functions that run as the owner: the serving role may call them and nothing more.
"""

from django.db import migrations

USAGE_COLUMNS = """
    account_id text NOT NULL, event_id text NOT NULL,
    occurred_at timestamptz NOT NULL, recorded_at timestamptz NOT NULL,
    key_id text NOT NULL, ip text, net text, asn bigint, ip_class text, client text,
    surface text, model text NOT NULL, input_tokens integer NOT NULL,
    output_tokens integer NOT NULL, max_tokens integer, status integer,
    latency_ms integer, conversation_id text, turn integer, tools integer,
    end_user text, scaffold text, sketch text, minhash bigint[], category text,
    language_bucket text, signature_seen text, signature_made text, params text,
    schema text, tools_hash text, filler bigint[], safety text, elicits text,
    retry_of text, key_hash bigint NOT NULL, body_hash bigint NOT NULL
"""
WINDOW_COLUMNS = """
    account_id text NOT NULL, event_id text NOT NULL,
    window_start timestamptz NOT NULL, recorded_at timestamptz NOT NULL,
    window_s integer NOT NULL, requests integer NOT NULL,
    input_tokens bigint NOT NULL, output_tokens bigint NOT NULL, keys integer,
    ips integer, asns integer, clients integer, models jsonb, categories jsonb,
    scaffolds jsonb, status_429 integer, status_4xx integer, status_5xx integer,
    minutes_active integer, max_per_minute integer, input_p50 integer,
    output_p50 integer, max_tokens_top integer, top_net text, top_asn bigint,
    top_ip_class text, key_hash bigint NOT NULL, body_hash bigint NOT NULL
"""
HOT = f"""
CREATE TABLE signals_usagehot ({USAGE_COLUMNS}) PARTITION BY RANGE (occurred_at);
CREATE INDEX ON signals_usagehot (account_id, occurred_at);
CREATE INDEX ON signals_usagehot (recorded_at);
CREATE TABLE signals_windowhot ({WINDOW_COLUMNS}) PARTITION BY RANGE (window_start);
CREATE INDEX ON signals_windowhot (account_id, window_start);
CREATE INDEX ON signals_windowhot (recorded_at);
"""
FUNCTIONS = """
CREATE FUNCTION signals_ensure_day(day date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    base text;
    part text;
BEGIN
    FOREACH base IN ARRAY ARRAY['signals_usagehot', 'signals_windowhot'] LOOP
        part := base || '_' || to_char(day, 'YYYYMMDD');
        IF to_regclass('public.' || part) IS NULL THEN
            PERFORM pg_advisory_xact_lock(7241, hashtext(part));
            EXECUTE format(
                'CREATE TABLE IF NOT EXISTS public.%I PARTITION OF public.%I'
                ' FOR VALUES FROM (%L) TO (%L)',
                part, base, day::text || ' 00:00:00+00',
                (day + 1)::text || ' 00:00:00+00'
            );
        END IF;
    END LOOP;
END $$;

CREATE FUNCTION signals_drop_empty_days(before date) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    part record;
    filled boolean;
    dropped integer := 0;
BEGIN
    FOR part IN
        SELECT c.relname FROM pg_inherits i
        JOIN pg_class c ON c.oid = i.inhrelid
        JOIN pg_class p ON p.oid = i.inhparent
        WHERE p.relname IN ('signals_usagehot', 'signals_windowhot')
          AND to_date(right(c.relname, 8), 'YYYYMMDD') < before
    LOOP
        EXECUTE format('SELECT EXISTS (SELECT 1 FROM public.%I)', part.relname)
            INTO filled;
        IF NOT filled THEN
            EXECUTE format('DROP TABLE public.%I', part.relname);
            dropped := dropped + 1;
        END IF;
    END LOOP;
    RETURN dropped;
END $$;
REVOKE ALL ON FUNCTION signals_ensure_day(date) FROM PUBLIC;
REVOKE ALL ON FUNCTION signals_drop_empty_days(date) FROM PUBLIC;
"""
KEYS = """
CREATE TABLE signals_eventkey (
    account_id text NOT NULL, event_id text NOT NULL, digest bigint NOT NULL,
    occurred_at timestamptz NOT NULL, PRIMARY KEY (account_id, event_id)
) PARTITION BY HASH (account_id, event_id);
""" + "".join(
    f"CREATE TABLE signals_eventkey_{part} PARTITION OF signals_eventkey"
    f" FOR VALUES WITH (MODULUS 8, REMAINDER {part});\n"
    for part in range(8)
) + "CREATE INDEX ON signals_eventkey (occurred_at);"
GRANTS = """
DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'kycrisk_app') THEN
        GRANT SELECT, INSERT, DELETE ON signals_usagehot, signals_windowhot,
            signals_eventkey TO kycrisk_app;
        GRANT EXECUTE ON FUNCTION signals_ensure_day(date),
            signals_drop_empty_days(date) TO kycrisk_app;
    END IF;
END $$;
"""
DROP = """
DROP FUNCTION signals_drop_empty_days(date);
DROP FUNCTION signals_ensure_day(date);
DROP TABLE signals_eventkey;
DROP TABLE signals_windowhot;
DROP TABLE signals_usagehot;
"""


class Migration(migrations.Migration):
    dependencies = [("signals", "0001_initial")]
    operations = [
        migrations.RunSQL(HOT + FUNCTIONS + KEYS, DROP),
        migrations.RunSQL(GRANTS, migrations.RunSQL.noop),
    ]
