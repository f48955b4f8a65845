-- Ads, and how far the log's impressions without an id have been counted.

CREATE TABLE ads (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT,
  impressions INTEGER NOT NULL CHECK (impressions >= 0),
  budget INTEGER NOT NULL CHECK (budget >= 0),
  cost_per_impression INTEGER NOT NULL CHECK (cost_per_impression >= 0),
  currency TEXT NOT NULL,
  status TEXT NOT NULL,
  paused_reason TEXT,
  paused_at INTEGER,
  registered INTEGER NOT NULL CHECK (registered IN (0, 1)),
  budgets_reached INTEGER NOT NULL,
  rev INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL
) STRICT;
CREATE INDEX ads_created ON ads (created_at, id);
CREATE INDEX ads_by_status ON ads (status, created_at, id);

CREATE TABLE counted_offsets (
  "partition" TEXT NOT NULL PRIMARY KEY,
  "offset" INTEGER NOT NULL,
  appended_ms INTEGER NOT NULL,
  past_offset INTEGER NOT NULL,
  past_appended_ms INTEGER NOT NULL,
  rev INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL
) STRICT;
