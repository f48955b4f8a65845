-- Payments that confirmations wait for, and apps that are told of payments.

CREATE TABLE registered_apps (
  id text COLLATE "C" PRIMARY KEY,
  enabled boolean NOT NULL,
  rev bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL
);

CREATE TABLE awaited_payments (
  id text COLLATE "C" PRIMARY KEY,
  org text,
  payment text NOT NULL,
  awaiting json NOT NULL,
  next_at timestamptz,
  rev bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL
);
CREATE INDEX awaited_payments_due ON awaited_payments (next_at, id) WHERE next_at IS NOT NULL;

ALTER TABLE outbox ADD COLUMN app text;
