-- The state of Penstock. Columns follow the row descriptions in workers/domain/state; a contract test compares them.
-- Timestamps are Unix milliseconds, booleans 0 and 1.

CREATE TABLE inbox (
  key TEXT NOT NULL PRIMARY KEY,
  type TEXT NOT NULL,
  source TEXT NOT NULL,
  event_created INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  reason TEXT,
  error_class TEXT,
  message TEXT,
  attempts INTEGER NOT NULL,
  topic TEXT NOT NULL,
  "partition" INTEGER NOT NULL,
  "offset" INTEGER NOT NULL,
  entity TEXT,
  touched TEXT NOT NULL,
  rev INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL
) STRICT;
CREATE INDEX inbox_received ON inbox (received_at);
CREATE INDEX inbox_outcome ON inbox (outcome, received_at);
CREATE INDEX inbox_entity ON inbox (entity);

CREATE TABLE outbox (
  id TEXT NOT NULL PRIMARY KEY,
  type TEXT NOT NULL,
  org TEXT NOT NULL,
  event TEXT NOT NULL,
  data TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX outbox_event ON outbox (event);

CREATE TABLE alerts (
  id TEXT NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  message TEXT NOT NULL,
  event TEXT NOT NULL,
  acknowledged_at INTEGER,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX alerts_created ON alerts (created_at, id);

CREATE TABLE checkout_sessions (
  id TEXT NOT NULL PRIMARY KEY,
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
  fulfilled INTEGER NOT NULL CHECK (fulfilled IN (0, 1)),
  fulfilled_by TEXT,
  credited_to TEXT,
  credited INTEGER NOT NULL,
  reversed INTEGER NOT NULL,
  rev INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL
) STRICT;

CREATE TABLE payment_intents (
  id TEXT NOT NULL PRIMARY KEY,
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

CREATE TABLE charges (
  id TEXT NOT NULL PRIMARY KEY,
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

CREATE TABLE customers (
  id TEXT NOT NULL PRIMARY KEY,
  user_id TEXT,
  linked_by TEXT,
  deposits TEXT NOT NULL,
  rev INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL
) STRICT;
CREATE INDEX customers_user ON customers (user_id) WHERE user_id IS NOT NULL;

CREATE TABLE fulfillments (
  id TEXT NOT NULL PRIMARY KEY,
  payment TEXT NOT NULL,
  app_slug TEXT NOT NULL,
  action TEXT NOT NULL,
  user_id TEXT,
  customer TEXT,
  grants TEXT NOT NULL,
  event TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX fulfillments_payment ON fulfillments (payment);

CREATE TABLE wallets (
  id TEXT NOT NULL PRIMARY KEY,
  user_id TEXT NOT NULL,
  currency TEXT NOT NULL,
  livemode INTEGER NOT NULL CHECK (livemode IN (0, 1)),
  balance INTEGER NOT NULL,
  deposits INTEGER NOT NULL,
  rev INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL
) STRICT;
CREATE INDEX wallets_user ON wallets (user_id);

CREATE TABLE ledger_entries (
  id TEXT NOT NULL PRIMARY KEY,
  effect_key TEXT NOT NULL,
  kind TEXT NOT NULL,
  account TEXT NOT NULL,
  amount INTEGER NOT NULL,
  currency TEXT NOT NULL,
  livemode INTEGER NOT NULL CHECK (livemode IN (0, 1)),
  user_id TEXT,
  payment TEXT NOT NULL,
  event TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
-- The other side of each posting is one account for all users, which nobody lists.
CREATE INDEX ledger_entries_user ON ledger_entries (user_id, created_at, id) WHERE user_id IS NOT NULL;

CREATE TABLE subscriptions (
  id TEXT NOT NULL PRIMARY KEY,
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
  last_payment TEXT,
  last_payment_version TEXT,
  events TEXT NOT NULL,
  rev INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL
) STRICT;
CREATE INDEX subscriptions_customer ON subscriptions (customer) WHERE customer IS NOT NULL;
CREATE INDEX subscriptions_user ON subscriptions (user_id) WHERE user_id IS NOT NULL;

CREATE TABLE accounts (
  id TEXT NOT NULL PRIMARY KEY,
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
CREATE INDEX accounts_user ON accounts (user_id) WHERE user_id IS NOT NULL;

CREATE TABLE payouts (
  id TEXT NOT NULL PRIMARY KEY,
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
CREATE INDEX payouts_retry ON payouts (retry_next_at, id) WHERE retry_next_at IS NOT NULL;

CREATE TABLE session_payments (
  id TEXT NOT NULL PRIMARY KEY,
  tester_id TEXT,
  payout TEXT,
  status TEXT NOT NULL,
  amount INTEGER,
  currency TEXT,
  payouts TEXT NOT NULL,
  rev INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL
) STRICT;
