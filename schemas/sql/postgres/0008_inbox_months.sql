-- Of several callers at once one drops a month, in each inbox: another store of the same database, in a schema of its own,
-- keeps nobody from it.
CREATE OR REPLACE FUNCTION penstock_drop_inbox_month_before(cutoff timestamptz) RETURNS boolean LANGUAGE plpgsql
SET lock_timeout = '1s' AS $$
DECLARE
  moved_max CONSTANT bigint := 1000;
  name text;
  kept bigint;
BEGIN
  IF NOT pg_try_advisory_xact_lock(5784140, hashtext('inbox'::regclass::oid::text)) THEN RETURN false; END IF;
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
