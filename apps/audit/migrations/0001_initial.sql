-- The audit log: entries, their order, the tree over them, and what nobody may change.
-- Owned by the role that migrates. The application's role may insert entries and read.
CREATE SCHEMA audit;
REVOKE ALL ON SCHEMA audit FROM PUBLIC;

CREATE TABLE audit.entry (
  id uuid PRIMARY KEY,
  at timestamptz NOT NULL,
  kind text NOT NULL,
  object_type text NOT NULL,
  object_id text NOT NULL,
  object_version int NOT NULL CHECK (object_version > 0),
  actor_type text NOT NULL CHECK (actor_type IN ('user', 'key', 'system')),
  actor_id text NOT NULL,
  request_id text,
  job_id text,
  -- Canonical JSON (RFC 8785) that repeats every column above: they are its index.
  body bytea NOT NULL,
  leaf bytea NOT NULL CHECK (leaf = sha256('\x00'::bytea || body)),
  -- HMAC of the leaf; its key is never in the database.
  mac bytea NOT NULL CHECK (octet_length(mac) = 32)
);
CREATE INDEX entry_object ON audit.entry (object_type, object_id, object_version);
CREATE INDEX entry_at ON audit.entry (at DESC);

-- At most one record of a kind for one version of one object.
CREATE TABLE audit.once (
  object_type text,
  object_id text,
  object_version int,
  kind text,
  entry_id uuid NOT NULL,
  PRIMARY KEY (object_type, object_id, object_version, kind)
);
CREATE TABLE audit.pending (
  pid bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  entry_id uuid NOT NULL,
  leaf bytea NOT NULL,
  at timestamptz NOT NULL
);
CREATE TABLE audit.leaf (
  idx bigint PRIMARY KEY,
  entry_id uuid UNIQUE NOT NULL,
  leaf bytea NOT NULL
);
-- Complete subtrees above the leaves, written once.
CREATE TABLE audit.node (
  level int,
  idx bigint,
  hash bytea NOT NULL,
  PRIMARY KEY (level, idx)
);
CREATE TABLE audit.checkpoint (
  size bigint PRIMARY KEY,
  root bytea NOT NULL,
  at timestamptz NOT NULL,
  note text
);

-- An entry brings its `once` and `pending` rows with it; neither can be forgotten or
-- written alone. One pass a statement, whether it inserts one entry or thousands.
CREATE FUNCTION audit.enter() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO audit.once (object_type, object_id, object_version, kind, entry_id)
    SELECT object_type, object_id, object_version, kind, id FROM fresh;
  INSERT INTO audit.pending (entry_id, leaf, at)
    SELECT id, leaf, at FROM fresh ORDER BY id;
  RETURN NULL;
END $$;
CREATE TRIGGER enter AFTER INSERT ON audit.entry
  REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION audit.enter();

CREATE FUNCTION audit.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit is append-only: % on %', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE FUNCTION audit.only_sign() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.note IS NULL AND NEW.note IS NOT NULL
     AND (OLD.size, OLD.root, OLD.at) IS NOT DISTINCT FROM (NEW.size, NEW.root, NEW.at)
  THEN RETURN NEW; END IF;
  RAISE EXCEPTION 'audit is append-only: a checkpoint is signed once'
    USING ERRCODE = 'insufficient_privilege';
END $$;

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['entry', 'once', 'leaf', 'node'] LOOP
    EXECUTE format('CREATE TRIGGER no_change BEFORE UPDATE OR DELETE ON audit.%I
      FOR EACH ROW EXECUTE FUNCTION audit.refuse()', name);
  END LOOP;
  FOREACH name IN ARRAY ARRAY['entry', 'once', 'pending', 'leaf', 'node', 'checkpoint']
  LOOP
    EXECUTE format('CREATE TRIGGER no_truncate BEFORE TRUNCATE ON audit.%I
      FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse()', name);
    EXECUTE format('ALTER TABLE audit.%I ENABLE ALWAYS TRIGGER no_truncate', name);
  END LOOP;
  CREATE TRIGGER no_change BEFORE UPDATE ON audit.pending
    FOR EACH ROW EXECUTE FUNCTION audit.refuse();
  CREATE TRIGGER no_change BEFORE DELETE ON audit.checkpoint
    FOR EACH ROW EXECUTE FUNCTION audit.refuse();
  CREATE TRIGGER only_sign BEFORE UPDATE ON audit.checkpoint
    FOR EACH ROW EXECUTE FUNCTION audit.only_sign();
  FOREACH name IN ARRAY ARRAY['entry', 'once', 'pending', 'leaf', 'node', 'checkpoint']
  LOOP
    EXECUTE format('ALTER TABLE audit.%I ENABLE ALWAYS TRIGGER no_change', name);
  END LOOP;
  -- Plain triggers sleep under session_replication_role = replica; these never do.
  ALTER TABLE audit.entry ENABLE ALWAYS TRIGGER enter;
  ALTER TABLE audit.checkpoint ENABLE ALWAYS TRIGGER only_sign;
END $$;

-- Moves up to `wanted` entries from pending to the end of the tree, completes subtrees
-- and writes an unsigned checkpoint. Returns the size of the log, or NULL where another
-- sequencer holds the lock. All of it is one transaction: a crash leaves no gap.
CREATE FUNCTION audit.sequence(wanted int, moment timestamptz, wait boolean)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  base bigint; grown bigint; taken bigint; below int := 0; first bigint; past bigint;
BEGIN
  IF wait THEN
    PERFORM pg_advisory_xact_lock(7308332045);
  ELSIF NOT pg_try_advisory_xact_lock(7308332045) THEN
    RETURN NULL;
  END IF;
  SELECT coalesce(max(idx) + 1, 0) INTO base FROM audit.leaf;
  WITH gone AS (
    DELETE FROM audit.pending WHERE pid IN
      (SELECT pid FROM audit.pending ORDER BY pid LIMIT wanted)
    RETURNING pid, entry_id, leaf)
  INSERT INTO audit.leaf (idx, entry_id, leaf)
    SELECT base + row_number() OVER (ORDER BY pid) - 1, entry_id, leaf FROM gone;
  GET DIAGNOSTICS taken = ROW_COUNT;
  IF taken = 0 THEN RETURN base; END IF;
  grown := base + taken;
  first := base / 2; past := grown / 2;
  INSERT INTO audit.node (level, idx, hash)
    SELECT 1, l.idx / 2, sha256('\x01'::bytea || l.leaf || r.leaf)
    FROM audit.leaf l JOIN audit.leaf r ON r.idx = l.idx + 1
    WHERE l.idx >= first * 2 AND l.idx < past * 2 AND l.idx % 2 = 0;
  LOOP
    below := below + 1;
    first := first / 2; past := past / 2;
    EXIT WHEN past <= first;
    INSERT INTO audit.node (level, idx, hash)
      SELECT below + 1, l.idx / 2, sha256('\x01'::bytea || l.hash || r.hash)
      FROM audit.node l JOIN audit.node r ON r.level = below AND r.idx = l.idx + 1
      WHERE l.level = below AND l.idx >= first * 2 AND l.idx < past * 2
        AND l.idx % 2 = 0;
  END LOOP;
  INSERT INTO audit.checkpoint (size, root, at)
    VALUES (grown, audit.root(grown), moment);
  RETURN grown;
END $$;

-- The root over the first `size` leaves: its complete subtrees, folded from the right.
CREATE FUNCTION audit.root(size bigint) RETURNS bytea
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE peak bytea; folded bytea;
BEGIN
  FOR step IN 0..62 LOOP
    CONTINUE WHEN (size >> step) & 1 = 0;
    IF step = 0 THEN
      SELECT leaf INTO STRICT peak FROM audit.leaf WHERE idx = size - 1;
    ELSE
      SELECT hash INTO STRICT peak FROM audit.node
        WHERE level = step AND idx = (size >> step) - 1;
    END IF;
    folded := CASE WHEN folded IS NULL THEN peak
      ELSE sha256('\x01'::bytea || peak || folded) END;
  END LOOP;
  RETURN coalesce(folded, sha256(''::bytea));
END $$;

-- Stores the signature of a checkpoint that has none; another one is refused.
CREATE FUNCTION audit.sign(signed bigint, signature text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  UPDATE audit.checkpoint SET note = signature WHERE size = signed AND note IS NULL;
$$;

REVOKE ALL ON ALL TABLES IN SCHEMA audit FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA audit FROM PUBLIC;
-- A single role may own and use everything (DATABASE_URL); then there is none to grant.
DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'kycrisk_app') THEN
    -- Default privileges may have given more.
    REVOKE ALL ON ALL TABLES IN SCHEMA audit FROM kycrisk_app;
    REVOKE ALL ON ALL SEQUENCES IN SCHEMA audit FROM kycrisk_app;
    GRANT USAGE ON SCHEMA audit TO kycrisk_app;
    GRANT SELECT ON ALL TABLES IN SCHEMA audit TO kycrisk_app;
    GRANT INSERT ON audit.entry TO kycrisk_app;
    GRANT EXECUTE ON FUNCTION audit.sequence(int, timestamptz, boolean),
      audit.sign(bigint, text) TO kycrisk_app;
  END IF;
END $$;
