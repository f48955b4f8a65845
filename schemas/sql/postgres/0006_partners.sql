-- Partners: users and invoices of any org, and subscriptions of others than the default one (org is NULL in the default
-- org's rows, whose keys stay as they are; another's begin with live@<org>).

CREATE TABLE users (
  key text COLLATE "C" PRIMARY KEY,
  id text COLLATE "C" NOT NULL,
  livemode boolean NOT NULL,
  org text COLLATE "C",
  email text,
  name text,
  status text COLLATE "C" NOT NULL,
  identities json NOT NULL,
  versions json NOT NULL,
  rev bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL
);
CREATE INDEX users_created ON users (created_at, key) WHERE org IS NULL;
CREATE INDEX users_by_org ON users (org, created_at, key) WHERE org IS NOT NULL;
CREATE INDEX users_by_status ON users (status, created_at, key) WHERE status <> 'active';

CREATE TABLE invoices (
  key text COLLATE "C" PRIMARY KEY,
  id text COLLATE "C" NOT NULL,
  livemode boolean NOT NULL,
  org text COLLATE "C",
  amount bigint,
  currency text,
  user_id text COLLATE "C",
  subscription text COLLATE "C",
  status text COLLATE "C" NOT NULL,
  versions json NOT NULL,
  rev bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL
);
CREATE INDEX invoices_created ON invoices (created_at, key) WHERE org IS NULL;
CREATE INDEX invoices_by_org ON invoices (org, created_at, key) WHERE org IS NOT NULL;
CREATE INDEX invoices_by_user ON invoices (user_id, created_at, key) WHERE user_id IS NOT NULL;
CREATE INDEX invoices_by_status ON invoices (status, created_at, key) WHERE status <> 'paid';

ALTER TABLE subscriptions ADD COLUMN org text COLLATE "C", ADD COLUMN parts json;
DROP INDEX subscriptions_created;
CREATE INDEX subscriptions_created ON subscriptions (created_at, key) WHERE org IS NULL;
CREATE INDEX subscriptions_by_org ON subscriptions (org, created_at, key) WHERE org IS NOT NULL;
