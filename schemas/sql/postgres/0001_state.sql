-- The state of Penstock. Columns follow the row descriptions in workers/domain/state; a contract test compares them.
-- Keys compare by bytes (COLLATE "C"): cheaper than a language's order, and the order that SQLite has.

-- Fails the transaction when fewer rows were written than meant: one of them is not as it was loaded.
CREATE FUNCTION penstock_expect(written bigint, expected bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF written <> expected THEN
    RAISE EXCEPTION '% of % rows have changed meanwhile', expected - written, expected
      USING ERRCODE = 'serialization_failure';
  END IF;
END $$;

CREATE TABLE inbox (
  key text COLLATE "C" NOT NULL,
  type text NOT NULL,
  source text NOT NULL,
  event_created timestamptz NOT NULL,
  received_at timestamptz NOT NULL,
  outcome text NOT NULL,
  reason text,
  error_class text,
  message text,
  attempts bigint NOT NULL,
  topic text NOT NULL,
  "partition" bigint NOT NULL,
  "offset" bigint NOT NULL,
  entity text COLLATE "C",
  touched json NOT NULL,
  rev bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL,
  PRIMARY KEY (key, event_created)
) PARTITION BY RANGE (event_created);
CREATE TABLE inbox_default PARTITION OF inbox DEFAULT;
CREATE INDEX inbox_received ON inbox (received_at);
CREATE INDEX inbox_parked ON inbox (received_at) WHERE outcome = 'parked';
CREATE INDEX inbox_entity ON inbox USING hash (entity);  -- half the cost of a B-tree, whose keys come in any order

-- Makes the partition of the month that starts at `first`, and moves the month's rows there from the default one.
CREATE FUNCTION penstock_add_inbox_month(first timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  month timestamp := first AT TIME ZONE 'UTC';
  name text := 'inbox_' || to_char(month, 'YYYY_MM');
  next timestamptz := (month + interval '1 month') AT TIME ZONE 'UTC';
BEGIN
  IF to_regclass(name) IS NOT NULL THEN RETURN; END IF;
  LOCK TABLE inbox_default IN ACCESS EXCLUSIVE MODE;
  IF to_regclass(name) IS NOT NULL THEN RETURN; END IF;
  EXECUTE format('CREATE TABLE %I (LIKE inbox INCLUDING DEFAULTS)', name);
  EXECUTE format('WITH moved AS (DELETE FROM inbox_default WHERE event_created >= %L AND event_created < %L RETURNING *)
                  INSERT INTO %I SELECT * FROM moved', first, next, name);
  EXECUTE format('ALTER TABLE inbox ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', name, first, next);
END $$;

-- Drops the monthly partitions whose every event was created before `cutoff`.
CREATE FUNCTION penstock_drop_inbox_before(cutoff timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  name text;
BEGIN
  FOR name IN
    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'inbox'::regclass AND c.relname ~ '^inbox_\d{4}_\d{2}$'
      AND to_date(substr(c.relname, 7), 'YYYY_MM') + interval '1 month' <= cutoff AT TIME ZONE 'UTC'
    ORDER BY c.relname
  LOOP
    EXECUTE format('DROP TABLE IF EXISTS %I', name);
  END LOOP;
END $$;

CREATE TABLE outbox (
  id text COLLATE "C" PRIMARY KEY,
  type text NOT NULL,
  org text NOT NULL,
  event text COLLATE "C" NOT NULL,
  data text NOT NULL,
  created_at timestamptz NOT NULL
);
CREATE INDEX outbox_event ON outbox USING hash (event);

CREATE TABLE alerts (
  id text COLLATE "C" PRIMARY KEY,
  kind text NOT NULL,
  subject text NOT NULL,
  message text NOT NULL,
  event text NOT NULL,
  acknowledged_at timestamptz,
  created_at timestamptz NOT NULL
);
CREATE INDEX alerts_created ON alerts (created_at, id);

CREATE TABLE checkout_sessions (
  id text COLLATE "C" PRIMARY KEY,
  status text NOT NULL,
  payment_intent text,
  mode text,
  amount bigint,
  currency text,
  customer text,
  user_id text,
  app_slug text,
  metadata json NOT NULL,
  account text,
  livemode boolean NOT NULL,
  version json NOT NULL,
  fulfilled boolean NOT NULL,
  fulfilled_by text,
  credited_to text,
  credited bigint NOT NULL,
  reversed bigint NOT NULL,
  rev bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL
);

CREATE TABLE payment_intents (
  id text COLLATE "C" PRIMARY KEY,
  status text NOT NULL,
  amount bigint,
  currency text,
  customer text,
  user_id text,
  metadata json NOT NULL,
  account text,
  livemode boolean NOT NULL,
  latest_charge text,
  version json,
  sessions json NOT NULL,
  charges json NOT NULL,
  rev bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL
);

CREATE TABLE charges (
  id text COLLATE "C" PRIMARY KEY,
  payment_intent text,
  amount bigint,
  currency text,
  customer text,
  account text,
  livemode boolean NOT NULL,
  amount_refunded bigint NOT NULL,
  version json,
  dispute text,
  dispute_created timestamptz,
  dispute_status text,
  dispute_version json,
  rev bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL
);

CREATE TABLE customers (
  id text COLLATE "C" PRIMARY KEY,
  user_id text COLLATE "C",
  linked_by json,
  deposits json NOT NULL,
  rev bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL
);
CREATE INDEX customers_user ON customers (user_id) WHERE user_id IS NOT NULL;

CREATE TABLE fulfillments (
  id text COLLATE "C" PRIMARY KEY,
  payment text COLLATE "C" NOT NULL,
  app_slug text NOT NULL,
  action text NOT NULL,
  user_id text,
  customer text,
  grants json NOT NULL,
  event text NOT NULL,
  created_at timestamptz NOT NULL
);
CREATE INDEX fulfillments_payment ON fulfillments (payment);

CREATE TABLE wallets (
  id text COLLATE "C" PRIMARY KEY,
  user_id text COLLATE "C" NOT NULL,
  currency text NOT NULL,
  livemode boolean NOT NULL,
  balance bigint NOT NULL,
  deposits bigint NOT NULL,
  rev bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL
);
CREATE INDEX wallets_user ON wallets (user_id);

CREATE TABLE ledger_entries (
  id text COLLATE "C" PRIMARY KEY,
  effect_key text COLLATE "C" NOT NULL,
  kind text NOT NULL,
  account text COLLATE "C" NOT NULL,
  amount bigint NOT NULL,
  currency text NOT NULL,
  livemode boolean NOT NULL,
  user_id text COLLATE "C",
  payment text NOT NULL,
  event text NOT NULL,
  created_at timestamptz NOT NULL
);
-- The other side of each posting is one account for all users, which nobody lists.
CREATE INDEX ledger_entries_user ON ledger_entries (user_id, created_at, id) WHERE user_id IS NOT NULL;

CREATE TABLE subscriptions (
  id text COLLATE "C" PRIMARY KEY,
  status text,
  customer text COLLATE "C",
  user_id text COLLATE "C",
  plan text,
  quantity bigint,
  started timestamptz,
  current_period_start timestamptz,
  current_period_end timestamptz,
  cancel_at_period_end boolean NOT NULL,
  canceled_at timestamptz,
  trial_end timestamptz,
  latest_invoice text,
  account text,
  livemode boolean NOT NULL,
  last_payment text,
  last_payment_version json,
  events json NOT NULL,
  rev bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL
);
CREATE INDEX subscriptions_customer ON subscriptions (customer) WHERE customer IS NOT NULL;
CREATE INDEX subscriptions_user ON subscriptions (user_id) WHERE user_id IS NOT NULL;

CREATE TABLE accounts (
  id text COLLATE "C" PRIMARY KEY,
  user_id text COLLATE "C",
  status text NOT NULL,
  charges_enabled boolean NOT NULL,
  payouts_enabled boolean NOT NULL,
  details_submitted boolean NOT NULL,
  requirements json NOT NULL,
  livemode boolean NOT NULL,
  events json NOT NULL,
  rev bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL
);
CREATE INDEX accounts_user ON accounts (user_id) WHERE user_id IS NOT NULL;

CREATE TABLE payouts (
  id text COLLATE "C" PRIMARY KEY,
  status text,
  account text,
  amount bigint,
  currency text,
  arrival_date timestamptz,
  destination text,
  failure_code text,
  failure_message text,
  livemode boolean NOT NULL,
  version json,
  session_payment text,
  session_payment_version json,
  registered json NOT NULL,
  retry_state text NOT NULL,
  retry_attempts bigint NOT NULL,
  retry_next_at timestamptz,
  rev bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL
);
CREATE INDEX payouts_retry ON payouts (retry_next_at, id) WHERE retry_next_at IS NOT NULL;

CREATE TABLE session_payments (
  id text COLLATE "C" PRIMARY KEY,
  tester_id text,
  payout text,
  status text NOT NULL,
  amount bigint,
  currency text,
  payouts json NOT NULL,
  rev bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL
);
