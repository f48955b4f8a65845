-- What is configured over the admin API, and who changed it. Values are sealed; nothing but their keys can be read here.

CREATE TABLE settings (
  key text COLLATE "C" PRIMARY KEY,
  listed_under text COLLATE "C" NOT NULL,
  deleted boolean NOT NULL,
  sealed text NOT NULL,
  rev bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  updated_by text NOT NULL
);
CREATE INDEX settings_by_listed_under ON settings (listed_under, created_at, key) WHERE NOT deleted;
-- What was changed lately, for whoever tells it to the log.
CREATE INDEX settings_updated ON settings (updated_at, key);

CREATE TABLE audit (
  id text COLLATE "C" PRIMARY KEY,
  at timestamptz NOT NULL,
  who text NOT NULL,
  action text NOT NULL,
  subject text COLLATE "C" NOT NULL,
  detail text NOT NULL,
  created_at timestamptz NOT NULL
);
CREATE INDEX audit_at ON audit (at, id);
CREATE INDEX audit_by_subject ON audit (subject, at, id);
