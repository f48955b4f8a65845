-- Ads, and how far the log's impressions without an id have been counted.

CREATE TABLE ads (
  id text COLLATE "C" PRIMARY KEY,
  name text,
  impressions bigint NOT NULL CHECK (impressions >= 0),
  budget bigint NOT NULL CHECK (budget >= 0),
  cost_per_impression bigint NOT NULL CHECK (cost_per_impression >= 0),
  currency text NOT NULL,
  status text COLLATE "C" NOT NULL,
  paused_reason text,
  paused_at timestamptz,
  registered boolean NOT NULL,
  budgets_reached bigint NOT NULL,
  rev bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL
) WITH (fillfactor = 50);  -- few rows that change all the time: their new versions stay on their page
CREATE INDEX ads_created ON ads (created_at, id);
CREATE INDEX ads_by_status ON ads (status, created_at, id);

CREATE TABLE counted_offsets (
  "partition" text COLLATE "C" PRIMARY KEY,
  "offset" bigint NOT NULL,
  appended_ms bigint NOT NULL,
  past_offset bigint NOT NULL,
  past_appended_ms bigint NOT NULL,
  rev bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL
) WITH (fillfactor = 50);
