-- Who this store is, and how often each event was delivered.

-- One row. A backup that is restored is the same store; what Redis remembers is kept apart by it.
CREATE TABLE penstock_store (
  id text PRIMARY KEY,
  created_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO penstock_store (id) VALUES (gen_random_uuid()::text);

ALTER TABLE inbox ADD COLUMN deliveries bigint NOT NULL DEFAULT 1;
ALTER TABLE inbox ADD COLUMN last_delivery text;
