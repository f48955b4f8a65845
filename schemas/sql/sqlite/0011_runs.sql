-- Runs of workflows that connectors start.

CREATE TABLE runs (
  id TEXT NOT NULL PRIMARY KEY,
  org TEXT NOT NULL,
  livemode INTEGER NOT NULL CHECK (livemode IN (0, 1)),
  workflow TEXT,
  status TEXT NOT NULL,
  event TEXT,
  started_at INTEGER,
  entity TEXT,
  steps TEXT NOT NULL,
  waits TEXT NOT NULL,
  due_at INTEGER,
  rev INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL
) STRICT;
CREATE INDEX runs_by_org ON runs (org, created_at, id);
-- Waits whose time is up.
CREATE INDEX runs_due ON runs (due_at, id) WHERE due_at IS NOT NULL;

-- What the topic `waits` has not been told.
CREATE TABLE run_publications (
  run TEXT NOT NULL PRIMARY KEY,
  due_at INTEGER,
  rev INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL
) STRICT;
CREATE INDEX run_publications_due ON run_publications (due_at, run) WHERE due_at IS NOT NULL;
