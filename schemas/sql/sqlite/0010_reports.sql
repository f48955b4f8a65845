-- What was reported to the moderators.

CREATE TABLE reports (
  key TEXT NOT NULL PRIMARY KEY,
  id TEXT NOT NULL,
  livemode INTEGER NOT NULL CHECK (livemode IN (0, 1)),
  org TEXT,
  reportable_id TEXT NOT NULL,
  reportable_type TEXT NOT NULL,
  reason TEXT NOT NULL,
  description TEXT,
  reporter TEXT NOT NULL,
  status TEXT NOT NULL,
  reported_at INTEGER NOT NULL,
  rev INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL
) STRICT;
CREATE INDEX reports_reported ON reports (reported_at, key) WHERE org IS NULL;
CREATE INDEX reports_by_org ON reports (org, reported_at, key) WHERE org IS NOT NULL;
CREATE INDEX reports_by_status ON reports (status, reported_at, key);
CREATE INDEX reports_by_reportable_type ON reports (reportable_type, reported_at, key);
