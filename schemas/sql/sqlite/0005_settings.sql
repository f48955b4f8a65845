-- What is configured over the admin API, and who changed it. Values are sealed; nothing but their keys can be read here.

CREATE TABLE settings (
  key TEXT NOT NULL PRIMARY KEY,
  listed_under TEXT NOT NULL,
  deleted INTEGER NOT NULL,
  sealed TEXT NOT NULL,
  rev INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL
) STRICT;
CREATE INDEX settings_by_listed_under ON settings (listed_under, created_at, key) WHERE NOT deleted;
-- What was changed lately, for whoever tells it to the log.
CREATE INDEX settings_updated ON settings (updated_at, key);

CREATE TABLE audit (
  id TEXT NOT NULL PRIMARY KEY,
  at INTEGER NOT NULL,
  who TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  detail TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX audit_at ON audit (at, id);
CREATE INDEX audit_by_subject ON audit (subject, at, id);
