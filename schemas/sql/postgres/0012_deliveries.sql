-- Outbound events in the order in which everybody reads them, to whom they go, and how that went.

ALTER TABLE outbox ADD COLUMN happened_at timestamptz;
ALTER TABLE outbox ADD COLUMN published boolean NOT NULL DEFAULT false;
CREATE INDEX outbox_created ON outbox (created_at, id) WHERE NOT published;

CREATE TABLE feed (
  place text COLLATE "C" PRIMARY KEY,
  reader text COLLATE "C" NOT NULL,
  type text NOT NULL,
  event text COLLATE "C" NOT NULL,
  published_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL
);
CREATE INDEX feed_by_reader ON feed (reader, published_at, place);

CREATE TABLE feed_head (
  id text COLLATE "C" PRIMARY KEY,
  place bigint NOT NULL,
  published_at timestamptz NOT NULL,
  rev bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL
);

CREATE TABLE deliveries (
  id text COLLATE "C" PRIMARY KEY,
  endpoint text COLLATE "C" NOT NULL,
  org text COLLATE "C" NOT NULL,
  event text COLLATE "C" NOT NULL,
  type text NOT NULL,
  status text NOT NULL,
  attempts bigint NOT NULL,
  attempts_before bigint NOT NULL,
  due_at timestamptz,
  failed_at timestamptz,
  rev bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL
);
-- What is pending of an endpoint, and what has failed.
CREATE INDEX deliveries_due ON deliveries (endpoint, due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX deliveries_failed ON deliveries (endpoint, failed_at, id) WHERE failed_at IS NOT NULL;

CREATE TABLE delivery_endpoints (
  id text COLLATE "C" PRIMARY KEY,
  due_at timestamptz,
  leased_by text,
  failures bigint NOT NULL,
  failing_since timestamptz,
  alerted boolean NOT NULL,
  open_until timestamptz,
  paced_until timestamptz,
  rev bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL
);
-- Endpoints to which something is pending, or whose lease ends.
CREATE INDEX delivery_endpoints_due ON delivery_endpoints (due_at, id) WHERE due_at IS NOT NULL;

CREATE TABLE delivery_attempts (
  id text COLLATE "C" PRIMARY KEY,
  delivery text COLLATE "C" NOT NULL,
  endpoint text COLLATE "C" NOT NULL,
  org text COLLATE "C" NOT NULL,
  event text COLLATE "C" NOT NULL,
  type text NOT NULL,
  attempt bigint NOT NULL,
  status text NOT NULL,
  url text NOT NULL,
  request_headers json NOT NULL,
  request_body text,
  status_code bigint,
  status_class text,
  response_body text,
  error text,
  error_detail text,
  timings_us json NOT NULL,
  duration_ms bigint NOT NULL,
  next_attempt_at timestamptz,
  created_at timestamptz NOT NULL
);
CREATE INDEX delivery_attempts_by_org ON delivery_attempts (org, created_at, id);
CREATE INDEX delivery_attempts_by_endpoint ON delivery_attempts (endpoint, created_at, id);
