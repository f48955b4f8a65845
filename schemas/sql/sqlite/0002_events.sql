-- Who this store is, and how often each event was delivered.

-- One row. A backup that is restored is the same store; what Redis remembers is kept apart by it.
CREATE TABLE penstock_store (
  id TEXT NOT NULL PRIMARY KEY,
  created_at INTEGER NOT NULL
) STRICT;
INSERT INTO penstock_store VALUES (lower(hex(randomblob(16))), unixepoch() * 1000);

ALTER TABLE inbox ADD COLUMN deliveries INTEGER NOT NULL DEFAULT 1;
ALTER TABLE inbox ADD COLUMN last_delivery TEXT;
