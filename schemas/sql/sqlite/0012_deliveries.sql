-- Outbound events in the order in which everybody reads them, to whom they go, and how that went.

ALTER TABLE outbox ADD COLUMN happened_at INTEGER;
ALTER TABLE outbox ADD COLUMN published INTEGER NOT NULL DEFAULT 0 CHECK (published IN (0, 1));
CREATE INDEX outbox_created ON outbox (created_at, id) WHERE NOT published;

CREATE TABLE feed (
  place TEXT NOT NULL PRIMARY KEY,
  reader TEXT NOT NULL,
  type TEXT NOT NULL,
  event TEXT NOT NULL,
  published_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX feed_by_reader ON feed (reader, published_at, place);

CREATE TABLE feed_head (
  id TEXT NOT NULL PRIMARY KEY,
  place INTEGER NOT NULL,
  published_at INTEGER NOT NULL,
  rev INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL
) STRICT;

CREATE TABLE deliveries (
  id TEXT NOT NULL PRIMARY KEY,
  endpoint TEXT NOT NULL,
  org TEXT NOT NULL,
  event TEXT NOT NULL,
  type TEXT NOT NULL,
  status TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  attempts_before INTEGER NOT NULL,
  due_at INTEGER,
  failed_at INTEGER,
  rev INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL
) STRICT;
-- What is pending of an endpoint, and what has failed.
CREATE INDEX deliveries_due ON deliveries (endpoint, due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX deliveries_failed ON deliveries (endpoint, failed_at, id) WHERE failed_at IS NOT NULL;

CREATE TABLE delivery_endpoints (
  id TEXT NOT NULL PRIMARY KEY,
  due_at INTEGER,
  leased_by TEXT,
  failures INTEGER NOT NULL,
  failing_since INTEGER,
  alerted INTEGER NOT NULL CHECK (alerted IN (0, 1)),
  open_until INTEGER,
  paced_until INTEGER,
  rev INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL
) STRICT;
-- Endpoints to which something is pending, or whose lease ends.
CREATE INDEX delivery_endpoints_due ON delivery_endpoints (due_at, id) WHERE due_at IS NOT NULL;

CREATE TABLE delivery_attempts (
  id TEXT NOT NULL PRIMARY KEY,
  delivery TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  org TEXT NOT NULL,
  event TEXT NOT NULL,
  type TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  status TEXT NOT NULL,
  url TEXT NOT NULL,
  request_headers TEXT NOT NULL,
  request_body TEXT,
  status_code INTEGER,
  status_class TEXT,
  response_body TEXT,
  error TEXT,
  error_detail TEXT,
  timings_us TEXT NOT NULL,
  duration_ms INTEGER NOT NULL,
  next_attempt_at INTEGER,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX delivery_attempts_by_org ON delivery_attempts (org, created_at, id);
CREATE INDEX delivery_attempts_by_endpoint ON delivery_attempts (endpoint, created_at, id);
