-- Who this store is, and how often each event was delivered.

-- One row. A backup that is restored is the same store; what Redis remembers is kept apart by it.
CREATE TABLE penstock_store (
  id text PRIMARY KEY,
  created_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO penstock_store (id) VALUES (gen_random_uuid()::text);

ALTER TABLE inbox ADD COLUMN deliveries bigint NOT NULL DEFAULT 1;
ALTER TABLE inbox ADD COLUMN last_delivery text;

-- How long an event is known: by when it was received, since `event_created` is whatever the event says; what is
-- parked stays until somebody has decided about it.

-- The monthly partitions all of whose events were created before `cutoff`, the oldest first.
CREATE FUNCTION penstock_inbox_months_before(cutoff timestamptz) RETURNS SETOF text LANGUAGE sql STABLE AS $$
  SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
  WHERE i.inhparent = 'inbox'::regclass AND c.relname ~ '^inbox_\d{4}_\d{2}$'
    AND to_date(substr(c.relname, 7), 'YYYY_MM') + interval '1 month' <= cutoff AT TIME ZONE 'UTC'
  ORDER BY c.relname
$$;

-- Drops the oldest of those partitions that can be; false when there was none. Rows that are younger or parked move to
-- the default partition when they are few; a partition with many of them stays. Nobody waits for long: a partition that
-- is in use stays until the next time, and of several callers at once one works.
DROP FUNCTION penstock_drop_inbox_before(timestamptz);
CREATE FUNCTION penstock_drop_inbox_month_before(cutoff timestamptz) RETURNS boolean LANGUAGE plpgsql
SET lock_timeout = '1s' AS $$
DECLARE
  moved_max CONSTANT bigint := 1000;
  name text;
  kept bigint;
BEGIN
  IF NOT pg_try_advisory_xact_lock(5784140) THEN RETURN false; END IF;
  FOR name IN SELECT penstock_inbox_months_before(cutoff) LOOP
    EXECUTE format('SELECT (SELECT count(*) FROM (SELECT FROM %1$I WHERE received_at >= $1 LIMIT $2) young)
                         + (SELECT count(*) FROM (SELECT FROM %1$I WHERE outcome = ''parked'' LIMIT $2) parked)', name)
      INTO kept USING cutoff, moved_max + 1;
    CONTINUE WHEN kept > moved_max;
    EXECUTE format('ALTER TABLE inbox DETACH PARTITION %I', name);
    EXECUTE format('INSERT INTO inbox SELECT * FROM %I WHERE received_at >= $1 OR outcome = ''parked''', name)
      USING cutoff;
    EXECUTE format('DROP TABLE %I', name);
    RETURN true;
  END LOOP;
  RETURN false;
EXCEPTION WHEN lock_not_available THEN RETURN false;
END $$;

-- It takes the whole inbox for a moment, which nobody should have to wait for long.
ALTER FUNCTION penstock_add_inbox_month(timestamptz) SET lock_timeout = '1s';
