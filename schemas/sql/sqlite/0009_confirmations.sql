-- Payments that confirmations wait for, and apps that are told of payments.

CREATE TABLE registered_apps (
  id TEXT NOT NULL PRIMARY KEY,
  enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
  rev INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL
) STRICT;

CREATE TABLE awaited_payments (
  id TEXT NOT NULL PRIMARY KEY,
  org TEXT,
  payment TEXT NOT NULL,
  awaiting TEXT NOT NULL,
  next_at INTEGER,
  rev INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL
) STRICT;
CREATE INDEX awaited_payments_due ON awaited_payments (next_at, id) WHERE next_at IS NOT NULL;

ALTER TABLE outbox ADD COLUMN app TEXT;
