-- Live and test rows stand apart; rows of connected accounts say whose they are.
-- A key names the scope that its row belongs to (workers/domain/scope.h): live:cs_1, live/acct_1:cs_1.
-- SQLite cannot change a table's key, so each table is made anew under the name of the old one.

-- Customers had no scope: it is that of the objects that name them, one row each. A link goes to the scope whose
-- sessions tell of it; a customer that nothing names any more is taken for a live one of the platform.
CREATE TABLE customers_next (
  key TEXT NOT NULL PRIMARY KEY,
  id TEXT NOT NULL,
  account TEXT,
  livemode INTEGER NOT NULL CHECK (livemode IN (0, 1)),
  trusted INTEGER NOT NULL CHECK (trusted IN (0, 1)),
  user_id TEXT,
  linked_by TEXT,
  deposits TEXT NOT NULL,
  rev INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL
) STRICT;
WITH objects AS (
  SELECT customer, livemode, account, user_id FROM checkout_sessions
  UNION ALL SELECT customer, livemode, account, NULL FROM payment_intents
  UNION ALL SELECT customer, livemode, account, NULL FROM charges
  UNION ALL SELECT customer, livemode, account, NULL FROM subscriptions
  UNION ALL SELECT c.id, s.livemode, s.account, NULL
    FROM customers c, json_each(c.deposits) d JOIN checkout_sessions s ON s.id = d.value
), named AS (
  SELECT customer AS id, livemode, account, json_group_array(DISTINCT user_id) AS users,
         count(*) OVER (PARTITION BY customer) AS scopes
  FROM objects WHERE customer IS NOT NULL GROUP BY customer, livemode, account
), scoped AS (
  SELECT c.*, n.account, coalesce(n.livemode, 1) AS livemode, coalesce(n.scopes, 1) = 1 AS alone,
         coalesce(n.scopes, 1) = 1 OR EXISTS (SELECT 1 FROM json_each(n.users) WHERE value = c.user_id) AS linked
  FROM customers c LEFT JOIN named n ON n.id = c.id
)
INSERT INTO customers_next
SELECT CASE livemode WHEN 1 THEN 'live' ELSE 'test' END || coalesce('/' || account, '') || ':' || id,
       id, account, livemode, account IS NULL,
       iif(linked, user_id, NULL), iif(linked, linked_by, NULL),
       iif(alone, deposits, (
         SELECT json_group_array(id) FROM (
           SELECT s.id FROM json_each(scoped.deposits) d JOIN checkout_sessions s ON s.id = d.value
           WHERE s.livemode = scoped.livemode AND s.account IS scoped.account ORDER BY s.id))),
       rev, created_at, updated_at, updated_by
FROM scoped;
DROP TABLE customers;
ALTER TABLE customers_next RENAME TO customers;
CREATE INDEX customers_user ON customers (user_id, trusted, livemode) WHERE user_id IS NOT NULL;

-- A session now keeps what its events have named; until now it was given at once or not kept.
CREATE TABLE checkout_sessions_next (
  key TEXT NOT NULL PRIMARY KEY,
  id TEXT NOT NULL,
  status TEXT NOT NULL,
  payment_intent TEXT,
  mode TEXT,
  amount INTEGER,
  currency TEXT,
  customer TEXT,
  user_id TEXT,
  app_slug TEXT,
  metadata TEXT NOT NULL,
  account TEXT,
  livemode INTEGER NOT NULL CHECK (livemode IN (0, 1)),
  version TEXT NOT NULL,
  trusted INTEGER NOT NULL CHECK (trusted IN (0, 1)),
  named TEXT NOT NULL,
  granted INTEGER NOT NULL CHECK (granted IN (0, 1)),
  credited_to TEXT,
  credited INTEGER NOT NULL,
  reversed INTEGER NOT NULL,
  deposited INTEGER NOT NULL CHECK (deposited IN (0, 1)),
  fulfilled_by TEXT,
  rev INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL
) STRICT;
INSERT INTO checkout_sessions_next
SELECT CASE s.livemode WHEN 1 THEN 'live' ELSE 'test' END || coalesce('/' || s.account, '') || ':' || s.id, s.id,
       status, payment_intent, mode, amount, currency, s.customer, s.user_id, s.app_slug, metadata, account,
       livemode, version, s.account IS NULL,
       iif(f.id IS NULL, '[]', json_array(json_object('app_slug', f.app_slug, 'grants', json(f.grants)))),
       f.id IS NOT NULL, credited_to, credited, reversed,
       credited_to IS NOT NULL OR s.id IN (SELECT payment FROM ledger_entries WHERE kind = 'deposit'),
       iif(fulfilled, fulfilled_by, NULL), rev, s.created_at, updated_at, updated_by
FROM checkout_sessions s LEFT JOIN fulfillments f ON f.payment = s.id;

-- A payment has a row for each app now, and the row grows with what is named.
CREATE TABLE fulfillments_next (
  key TEXT NOT NULL PRIMARY KEY,
  id TEXT NOT NULL,
  account TEXT,
  livemode INTEGER NOT NULL CHECK (livemode IN (0, 1)),
  payment TEXT NOT NULL,
  app_slug TEXT NOT NULL,
  action TEXT NOT NULL,
  user_id TEXT,
  customer TEXT,
  grants TEXT NOT NULL,
  event TEXT NOT NULL,
  rev INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL
) STRICT;
WITH scoped AS (
  SELECT f.*, f.payment || ':' || f.app_slug AS next_id, s.account, coalesce(s.livemode, 1) AS livemode
  FROM fulfillments f LEFT JOIN checkout_sessions s ON s.id = f.payment
)
INSERT INTO fulfillments_next
SELECT CASE livemode WHEN 1 THEN 'live' ELSE 'test' END || coalesce('/' || account, '') || ':' || next_id,
       next_id, account, livemode,
       payment, app_slug, action, user_id, customer, grants, event, 1, created_at, created_at, event
FROM scoped;
DROP TABLE fulfillments;
ALTER TABLE fulfillments_next RENAME TO fulfillments;
CREATE INDEX fulfillments_payment ON fulfillments (payment);
DROP TABLE checkout_sessions;
ALTER TABLE checkout_sessions_next RENAME TO checkout_sessions;

CREATE TABLE payment_intents_next (
  key TEXT NOT NULL PRIMARY KEY,
  id TEXT NOT NULL,
  status TEXT NOT NULL,
  amount INTEGER,
  currency TEXT,
  customer TEXT,
  user_id TEXT,
  metadata TEXT NOT NULL,
  account TEXT,
  livemode INTEGER NOT NULL CHECK (livemode IN (0, 1)),
  latest_charge TEXT,
  version TEXT,
  sessions TEXT NOT NULL,
  charges TEXT NOT NULL,
  rev INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL
) STRICT;
INSERT INTO payment_intents_next
SELECT CASE livemode WHEN 1 THEN 'live' ELSE 'test' END || coalesce('/' || account, '') || ':' || id, id, status,
       amount, currency, customer, user_id, metadata, account, livemode, latest_charge, version, sessions,
       charges, rev, created_at, updated_at, updated_by
FROM payment_intents;
DROP TABLE payment_intents;
ALTER TABLE payment_intents_next RENAME TO payment_intents;

CREATE TABLE charges_next (
  key TEXT NOT NULL PRIMARY KEY,
  id TEXT NOT NULL,
  payment_intent TEXT,
  amount INTEGER,
  currency TEXT,
  customer TEXT,
  account TEXT,
  livemode INTEGER NOT NULL CHECK (livemode IN (0, 1)),
  amount_refunded INTEGER NOT NULL,
  version TEXT,
  dispute TEXT,
  dispute_created INTEGER,
  dispute_status TEXT,
  dispute_version TEXT,
  rev INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL
) STRICT;
INSERT INTO charges_next
SELECT CASE livemode WHEN 1 THEN 'live' ELSE 'test' END || coalesce('/' || account, '') || ':' || id, id,
       payment_intent, amount, currency, customer, account, livemode, amount_refunded, version, dispute,
       dispute_created, dispute_status, dispute_version, rev, created_at, updated_at, updated_by
FROM charges;
DROP TABLE charges;
ALTER TABLE charges_next RENAME TO charges;

CREATE TABLE subscriptions_next (
  key TEXT NOT NULL PRIMARY KEY,
  id TEXT NOT NULL,
  status TEXT,
  customer TEXT,
  user_id TEXT,
  plan TEXT,
  quantity INTEGER,
  started INTEGER,
  current_period_start INTEGER,
  current_period_end INTEGER,
  cancel_at_period_end INTEGER NOT NULL CHECK (cancel_at_period_end IN (0, 1)),
  canceled_at INTEGER,
  trial_end INTEGER,
  latest_invoice TEXT,
  account TEXT,
  livemode INTEGER NOT NULL CHECK (livemode IN (0, 1)),
  trusted INTEGER NOT NULL CHECK (trusted IN (0, 1)),
  last_payment TEXT,
  last_payment_version TEXT,
  events TEXT NOT NULL,
  rev INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL
) STRICT;
INSERT INTO subscriptions_next
SELECT CASE livemode WHEN 1 THEN 'live' ELSE 'test' END || coalesce('/' || account, '') || ':' || id, id, status,
       customer, user_id, plan, quantity, started, current_period_start, current_period_end, cancel_at_period_end,
       canceled_at, trial_end, latest_invoice, account, livemode, account IS NULL, last_payment,
       last_payment_version, events, rev, created_at, updated_at, updated_by
FROM subscriptions;
DROP TABLE subscriptions;
ALTER TABLE subscriptions_next RENAME TO subscriptions;
CREATE INDEX subscriptions_customer ON subscriptions (customer) WHERE customer IS NOT NULL;
CREATE INDEX subscriptions_user ON subscriptions (user_id, trusted, livemode) WHERE user_id IS NOT NULL;

-- Accounts stand apart by mode alone.
CREATE TABLE accounts_next (
  key TEXT NOT NULL PRIMARY KEY,
  id TEXT NOT NULL,
  user_id TEXT,
  status TEXT NOT NULL,
  charges_enabled INTEGER NOT NULL CHECK (charges_enabled IN (0, 1)),
  payouts_enabled INTEGER NOT NULL CHECK (payouts_enabled IN (0, 1)),
  details_submitted INTEGER NOT NULL CHECK (details_submitted IN (0, 1)),
  requirements TEXT NOT NULL,
  livemode INTEGER NOT NULL CHECK (livemode IN (0, 1)),
  events TEXT NOT NULL,
  rev INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL
) STRICT;
INSERT INTO accounts_next
SELECT CASE livemode WHEN 1 THEN 'live' ELSE 'test' END || ':' || id, id, user_id, status, charges_enabled,
       payouts_enabled, details_submitted, requirements, livemode, events, rev, created_at, updated_at,
       updated_by
FROM accounts;
DROP TABLE accounts;
ALTER TABLE accounts_next RENAME TO accounts;
CREATE INDEX accounts_user ON accounts (user_id) WHERE user_id IS NOT NULL;

-- What was registered without a mode is for both.
CREATE TABLE session_payments_next (
  key TEXT NOT NULL PRIMARY KEY,
  id TEXT NOT NULL,
  livemode INTEGER NOT NULL CHECK (livemode IN (0, 1)),
  both_modes INTEGER NOT NULL CHECK (both_modes IN (0, 1)),
  tester_id TEXT,
  payout TEXT,
  amount INTEGER,
  currency TEXT,
  account TEXT,
  payouts TEXT NOT NULL,
  rev INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL
) STRICT;
WITH modes (livemode) AS (VALUES (1), (0)), linked AS (
  SELECT s.id AS session_payment, p.livemode,
         json_group_array(json_object('id', p.id, 'account', p.account, 'status', p.status, 'amount', p.amount,
                                      'currency', p.currency)) AS payouts
  FROM (SELECT s.id, l.value ->> 'id' AS payout FROM session_payments s, json_each(s.payouts) l ORDER BY 1, 2) s
  JOIN payouts p ON p.id = s.payout AND p.status IS NOT NULL
  GROUP BY s.id, p.livemode
)
INSERT INTO session_payments_next
SELECT iif(m.livemode, 'live:', 'test:') || s.id, s.id, m.livemode, s.tester_id IS NOT NULL, s.tester_id, s.payout,
       s.amount, s.currency, NULL, coalesce(l.payouts, '[]'), s.rev, s.created_at, s.updated_at, s.updated_by
FROM session_payments s CROSS JOIN modes m
LEFT JOIN linked l ON l.session_payment = s.id AND l.livemode = m.livemode
WHERE s.tester_id IS NOT NULL OR l.payouts IS NOT NULL
   OR (m.livemode AND s.id NOT IN (SELECT session_payment FROM linked));
DROP TABLE session_payments;
ALTER TABLE session_payments_next RENAME TO session_payments;

-- What is registered with a payout's id stands apart from the payouts that have it.
CREATE TABLE payout_ids (
  key TEXT NOT NULL PRIMARY KEY,
  id TEXT NOT NULL,
  livemode INTEGER NOT NULL CHECK (livemode IN (0, 1)),
  accounts TEXT NOT NULL,
  registered TEXT NOT NULL,
  rev INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL
) STRICT;
WITH modes (livemode) AS (VALUES (1), (0))
INSERT INTO payout_ids
SELECT iif(m.livemode, 'live:', 'test:') || id, id, m.livemode,
       iif(status IS NOT NULL AND p.livemode = m.livemode, json_array(coalesce(account, '')), '[]'),
       registered, 1, created_at, updated_at, updated_by
FROM payouts p CROSS JOIN modes m
WHERE (status IS NOT NULL AND p.livemode = m.livemode) OR json_array_length(registered) > 0;
DELETE FROM payouts WHERE status IS NULL;
CREATE TABLE payouts_next (
  key TEXT NOT NULL PRIMARY KEY,
  id TEXT NOT NULL,
  status TEXT,
  account TEXT,
  amount INTEGER,
  currency TEXT,
  arrival_date INTEGER,
  destination TEXT,
  failure_code TEXT,
  failure_message TEXT,
  livemode INTEGER NOT NULL CHECK (livemode IN (0, 1)),
  version TEXT,
  session_payment TEXT,
  session_payment_version TEXT,
  registered TEXT NOT NULL,
  retry_state TEXT NOT NULL,
  retry_attempts INTEGER NOT NULL,
  retry_next_at INTEGER,
  rev INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL
) STRICT;
INSERT INTO payouts_next
SELECT CASE livemode WHEN 1 THEN 'live' ELSE 'test' END || coalesce('/' || account, '') || ':' || id, id, status,
       account, amount, currency, arrival_date, destination, failure_code, failure_message, livemode, version,
       session_payment, session_payment_version, registered, retry_state, retry_attempts, retry_next_at, rev,
       created_at, updated_at, updated_by
FROM payouts;
DROP TABLE payouts;
ALTER TABLE payouts_next RENAME TO payouts;
CREATE INDEX payouts_retry ON payouts (retry_next_at, key) WHERE retry_next_at IS NOT NULL;

-- A platform's row is found by its key, whose parts are known; an account's by its id.
CREATE INDEX checkout_sessions_of_accounts ON checkout_sessions (id) WHERE account IS NOT NULL;
CREATE INDEX payment_intents_of_accounts ON payment_intents (id) WHERE account IS NOT NULL;
CREATE INDEX charges_of_accounts ON charges (id) WHERE account IS NOT NULL;
CREATE INDEX subscriptions_of_accounts ON subscriptions (id) WHERE account IS NOT NULL;
CREATE INDEX payouts_of_accounts ON payouts (id) WHERE account IS NOT NULL;
