-- Runs of workflows that connectors start.

CREATE TABLE runs (
  id text COLLATE "C" PRIMARY KEY,
  org text COLLATE "C" NOT NULL,
  livemode boolean NOT NULL,
  workflow text,
  status text NOT NULL,
  event text,
  started_at timestamptz,
  entity text,
  steps json NOT NULL,
  waits json NOT NULL,
  due_at timestamptz,
  rev bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL
);
CREATE INDEX runs_by_org ON runs (org, created_at, id);
-- Waits whose time is up.
CREATE INDEX runs_due ON runs (due_at, id) WHERE due_at IS NOT NULL;

-- What the topic `waits` has not been told.
CREATE TABLE run_publications (
  run text COLLATE "C" PRIMARY KEY,
  due_at timestamptz,
  rev bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL
);
CREATE INDEX run_publications_due ON run_publications (due_at, run) WHERE due_at IS NOT NULL;
