-- What was reported to the moderators.

CREATE TABLE reports (
  key text COLLATE "C" PRIMARY KEY,
  id text COLLATE "C" NOT NULL,
  livemode boolean NOT NULL,
  org text COLLATE "C",
  reportable_id text NOT NULL,
  reportable_type text COLLATE "C" NOT NULL,
  reason text NOT NULL,
  description text,
  reporter text NOT NULL,
  status text COLLATE "C" NOT NULL,
  reported_at timestamptz NOT NULL,
  rev bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL
);
CREATE INDEX reports_reported ON reports (reported_at, key) WHERE org IS NULL;
CREATE INDEX reports_by_org ON reports (org, reported_at, key) WHERE org IS NOT NULL;
CREATE INDEX reports_by_status ON reports (status, reported_at, key);
CREATE INDEX reports_by_reportable_type ON reports (reportable_type, reported_at, key);
