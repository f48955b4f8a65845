-- Live and test rows stand apart; rows of connected accounts say whose they are.
-- A key names the scope that its row belongs to (workers/domain/scope.h): live:cs_1, live/acct_1:cs_1.

CREATE FUNCTION penstock_key(livemode boolean, account text, id text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN livemode THEN 'live' ELSE 'test' END || coalesce('/' || account, '') || ':' || id
$$;

-- Customers had no scope: it is that of the objects that name them, one row each. A link goes to the scope whose
-- sessions tell of it; a customer that nothing names any more is taken for a live one of the platform.
CREATE TABLE customers_next (
  key text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  account text COLLATE "C",
  livemode boolean NOT NULL,
  trusted boolean NOT NULL,
  user_id text COLLATE "C",
  linked_by json,
  deposits json NOT NULL,
  rev bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL
);
WITH named AS (
  SELECT customer AS id, livemode, account, array_agg(DISTINCT user_id) AS users,
         count(*) OVER (PARTITION BY customer) AS scopes
  FROM (
    SELECT customer, livemode, account, user_id FROM checkout_sessions
    UNION ALL SELECT customer, livemode, account, NULL FROM payment_intents
    UNION ALL SELECT customer, livemode, account, NULL FROM charges
    UNION ALL SELECT customer, livemode, account, NULL FROM subscriptions
    UNION ALL SELECT c.id, s.livemode, s.account, NULL
      FROM customers c CROSS JOIN json_array_elements_text(c.deposits) AS d(id) JOIN checkout_sessions s ON s.id = d.id
  ) AS objects
  WHERE customer IS NOT NULL
  GROUP BY customer, livemode, account
), scoped AS (
  SELECT c.*, n.account, coalesce(n.livemode, true) AS livemode, coalesce(n.scopes, 1) = 1 AS alone,
         coalesce(n.scopes, 1) = 1 OR c.user_id = ANY(n.users) AS linked
  FROM customers c LEFT JOIN named n ON n.id = c.id
)
INSERT INTO customers_next
SELECT penstock_key(livemode, account, id), id, account, livemode, account IS NULL,
       CASE WHEN linked THEN user_id END, CASE WHEN linked THEN linked_by END,
       CASE WHEN alone THEN deposits ELSE (
         SELECT coalesce(json_agg(d.id ORDER BY d.id COLLATE "C"), '[]')
         FROM json_array_elements_text(deposits) AS d(id) JOIN checkout_sessions s ON s.id = d.id
         WHERE s.livemode = scoped.livemode AND s.account IS NOT DISTINCT FROM scoped.account) END,
       rev, created_at, updated_at, updated_by
FROM scoped;
DROP TABLE customers;
ALTER TABLE customers_next RENAME TO customers;
ALTER TABLE customers ADD PRIMARY KEY (key);
CREATE INDEX customers_user ON customers (user_id, trusted, livemode) WHERE user_id IS NOT NULL;

-- A session now keeps what its events have named; until now it was given at once or not kept.
ALTER TABLE checkout_sessions
  ADD COLUMN key text COLLATE "C",
  ADD COLUMN trusted boolean,
  ADD COLUMN named json NOT NULL DEFAULT '[]',
  ADD COLUMN granted boolean NOT NULL DEFAULT false,
  ADD COLUMN deposited boolean NOT NULL DEFAULT false;
UPDATE checkout_sessions s
  SET granted = true, named = json_build_array(json_build_object('app_slug', f.app_slug, 'grants', f.grants))
  FROM fulfillments f WHERE f.payment = s.id;
-- Two statements: an IN beside an OR is no join, and looks through all of the ledger for each session.
UPDATE checkout_sessions SET deposited = true WHERE credited_to IS NOT NULL;
UPDATE checkout_sessions s SET deposited = true
  FROM (SELECT DISTINCT payment FROM ledger_entries WHERE kind = 'deposit') AS l
  WHERE l.payment = s.id AND NOT s.deposited;
UPDATE checkout_sessions SET fulfilled_by = NULL WHERE NOT fulfilled AND fulfilled_by IS NOT NULL;

-- A payment has a row for each app now, and the row grows with what is named.
CREATE TABLE fulfillments_next (
  key text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  account text COLLATE "C",
  livemode boolean NOT NULL,
  payment text COLLATE "C" NOT NULL,
  app_slug text NOT NULL,
  action text NOT NULL,
  user_id text,
  customer text,
  grants json NOT NULL,
  event text NOT NULL,
  rev bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL
);
INSERT INTO fulfillments_next
SELECT penstock_key(coalesce(s.livemode, true), s.account, f.payment || ':' || f.app_slug),
       f.payment || ':' || f.app_slug, s.account, coalesce(s.livemode, true), f.payment, f.app_slug, f.action, f.user_id, f.customer, f.grants, f.event,
       1, f.created_at, f.created_at, f.event
FROM fulfillments f LEFT JOIN checkout_sessions s ON s.id = f.payment;
DROP TABLE fulfillments;
ALTER TABLE fulfillments_next RENAME TO fulfillments;
ALTER TABLE fulfillments ADD PRIMARY KEY (key);
CREATE INDEX fulfillments_payment ON fulfillments (payment);

ALTER TABLE checkout_sessions DROP CONSTRAINT checkout_sessions_pkey;
ALTER TABLE checkout_sessions
  ALTER COLUMN key TYPE text COLLATE "C" USING penstock_key(livemode, account, id),
  ALTER COLUMN trusted TYPE boolean USING account IS NULL,
  ALTER COLUMN named DROP DEFAULT,
  ALTER COLUMN granted DROP DEFAULT,
  ALTER COLUMN deposited DROP DEFAULT,
  DROP COLUMN fulfilled;
ALTER TABLE checkout_sessions ADD PRIMARY KEY (key), ALTER COLUMN trusted SET NOT NULL;

ALTER TABLE payment_intents ADD COLUMN key text COLLATE "C", DROP CONSTRAINT payment_intents_pkey;
ALTER TABLE payment_intents ALTER COLUMN key TYPE text COLLATE "C" USING penstock_key(livemode, account, id);
ALTER TABLE payment_intents ADD PRIMARY KEY (key);

ALTER TABLE charges ADD COLUMN key text COLLATE "C", DROP CONSTRAINT charges_pkey;
ALTER TABLE charges ALTER COLUMN key TYPE text COLLATE "C" USING penstock_key(livemode, account, id);
ALTER TABLE charges ADD PRIMARY KEY (key);

ALTER TABLE subscriptions
  ADD COLUMN key text COLLATE "C",
  ADD COLUMN trusted boolean,
  DROP CONSTRAINT subscriptions_pkey;
ALTER TABLE subscriptions
  ALTER COLUMN key TYPE text COLLATE "C" USING penstock_key(livemode, account, id),
  ALTER COLUMN trusted TYPE boolean USING account IS NULL;
ALTER TABLE subscriptions ADD PRIMARY KEY (key), ALTER COLUMN trusted SET NOT NULL;
DROP INDEX subscriptions_user;
CREATE INDEX subscriptions_user ON subscriptions (user_id, trusted, livemode) WHERE user_id IS NOT NULL;

-- Accounts stand apart by mode alone.
ALTER TABLE accounts ADD COLUMN key text COLLATE "C", DROP CONSTRAINT accounts_pkey;
ALTER TABLE accounts ALTER COLUMN key TYPE text COLLATE "C" USING penstock_key(livemode, NULL, id);
ALTER TABLE accounts ADD PRIMARY KEY (key);

-- What was registered without a mode is for both.
CREATE TABLE session_payments_next (
  key text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  livemode boolean NOT NULL,
  both_modes boolean NOT NULL,
  tester_id text,
  payout text,
  amount bigint,
  currency text,
  account text COLLATE "C",
  payouts json NOT NULL,
  rev bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL
);
INSERT INTO session_payments_next
SELECT penstock_key(m.livemode, NULL, s.id), s.id, m.livemode, s.tester_id IS NOT NULL, s.tester_id, s.payout, s.amount,
       s.currency, NULL, coalesce(linked.payouts, '[]'), s.rev, s.created_at, s.updated_at, s.updated_by
FROM session_payments s CROSS JOIN (VALUES (true), (false)) AS m(livemode) CROSS JOIN LATERAL (
  SELECT json_agg(json_build_object('id', p.id, 'account', p.account, 'status', p.status, 'amount', p.amount,
                                    'currency', p.currency) ORDER BY p.id)
           FILTER (WHERE p.livemode = m.livemode) AS payouts,
         count(p.id) AS in_any_mode
  FROM json_array_elements(s.payouts) AS l(payout) JOIN payouts p ON p.id = l.payout ->> 'id' AND p.status IS NOT NULL
) AS linked
WHERE s.tester_id IS NOT NULL OR linked.payouts IS NOT NULL OR (m.livemode AND linked.in_any_mode = 0);
DROP TABLE session_payments;
ALTER TABLE session_payments_next RENAME TO session_payments;
ALTER TABLE session_payments ADD PRIMARY KEY (key);

-- What is registered with a payout's id stands apart from the payouts that have it.
CREATE TABLE payout_ids (
  key text COLLATE "C" PRIMARY KEY,
  id text COLLATE "C" NOT NULL,
  livemode boolean NOT NULL,
  accounts json NOT NULL,
  registered json NOT NULL,
  rev bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL
);
INSERT INTO payout_ids
SELECT penstock_key(m.livemode, NULL, id), id, m.livemode,
       CASE WHEN status IS NOT NULL AND p.livemode = m.livemode THEN json_build_array(coalesce(account, ''))
            ELSE '[]' END,
       registered, 1, created_at, updated_at, updated_by
FROM payouts p CROSS JOIN (VALUES (true), (false)) AS m(livemode)
WHERE (status IS NOT NULL AND p.livemode = m.livemode) OR json_array_length(registered) > 0;
DELETE FROM payouts WHERE status IS NULL;
ALTER TABLE payouts ADD COLUMN key text COLLATE "C", DROP CONSTRAINT payouts_pkey;
ALTER TABLE payouts ALTER COLUMN key TYPE text COLLATE "C" USING penstock_key(livemode, account, id);
ALTER TABLE payouts ADD PRIMARY KEY (key);
DROP INDEX payouts_retry;
CREATE INDEX payouts_retry ON payouts (retry_next_at, key) WHERE retry_next_at IS NOT NULL;

DROP FUNCTION penstock_key(boolean, text, text);

-- A platform's row is found by its key, whose parts are known; an account's by its id.
CREATE INDEX checkout_sessions_of_accounts ON checkout_sessions (id) WHERE account IS NOT NULL;
CREATE INDEX payment_intents_of_accounts ON payment_intents (id) WHERE account IS NOT NULL;
CREATE INDEX charges_of_accounts ON charges (id) WHERE account IS NOT NULL;
CREATE INDEX subscriptions_of_accounts ON subscriptions (id) WHERE account IS NOT NULL;
CREATE INDEX payouts_of_accounts ON payouts (id) WHERE account IS NOT NULL;
