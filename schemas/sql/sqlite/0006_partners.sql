-- Partners: users and invoices of any org, and subscriptions of others than the default one (org is NULL in the default
-- org's rows, whose keys stay as they are; another's begin with live@<org>).

CREATE TABLE users (
  key TEXT NOT NULL PRIMARY KEY,
  id TEXT NOT NULL,
  livemode INTEGER NOT NULL CHECK (livemode IN (0, 1)),
  org TEXT,
  email TEXT,
  name TEXT,
  status TEXT NOT NULL,
  identities TEXT NOT NULL,
  versions TEXT NOT NULL,
  rev INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL
) STRICT;
CREATE INDEX users_created ON users (created_at, key) WHERE org IS NULL;
CREATE INDEX users_by_org ON users (org, created_at, key) WHERE org IS NOT NULL;
CREATE INDEX users_by_status ON users (status, created_at, key) WHERE status <> 'active';

CREATE TABLE invoices (
  key TEXT NOT NULL PRIMARY KEY,
  id TEXT NOT NULL,
  livemode INTEGER NOT NULL CHECK (livemode IN (0, 1)),
  org TEXT,
  amount INTEGER,
  currency TEXT,
  user_id TEXT,
  subscription TEXT,
  status TEXT NOT NULL,
  versions TEXT NOT NULL,
  rev INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL
) STRICT;
CREATE INDEX invoices_created ON invoices (created_at, key) WHERE org IS NULL;
CREATE INDEX invoices_by_org ON invoices (org, created_at, key) WHERE org IS NOT NULL;
CREATE INDEX invoices_by_user ON invoices (user_id, created_at, key) WHERE user_id IS NOT NULL;
CREATE INDEX invoices_by_status ON invoices (status, created_at, key) WHERE status <> 'paid';

ALTER TABLE subscriptions ADD COLUMN org TEXT;
ALTER TABLE subscriptions ADD COLUMN parts TEXT;
DROP INDEX subscriptions_created;
CREATE INDEX subscriptions_created ON subscriptions (created_at, key) WHERE org IS NULL;
CREATE INDEX subscriptions_by_org ON subscriptions (org, created_at, key) WHERE org IS NOT NULL;
