-- Every key begins with the account, and statements name it: the tables distribute by it.

CREATE TABLE finding (
  account text COLLATE "C" NOT NULL,
  region text COLLATE "C" NOT NULL,
  place bytea NOT NULL,             -- product and id, encoded so that bytes order as finding.Key does
  revision bigint NOT NULL,         -- grows by one with each change
  severity smallint,                -- rank of the label, NULL for none and for one without a rank
  workflow bytea,
  record_state bytea,
  compliance bytea,
  product_name bytea,
  title bytea,
  types bytea[] NOT NULL,           -- distinct
  resources bytea[] NOT NULL,       -- distinct
  resource_types bytea[] NOT NULL,  -- distinct
  created bigint,                   -- dates in microseconds since 1970
  updated bigint,
  first_observed bigint,
  last_observed bigint,
  normalized double precision,
  confidence double precision,
  criticality double precision,
  odd boolean NOT NULL,             -- a value did not fit its column: only the body has it
  terms uuid[] NOT NULL,            -- digests of hub, attribute and value
  body bytea NOT NULL,
  PRIMARY KEY (account, region, place)
);
-- Bodies are compressed already, and a page takes three rows: fetching them from elsewhere costs more.
ALTER TABLE finding ALTER COLUMN body SET STORAGE EXTERNAL;
ALTER TABLE finding ALTER COLUMN terms SET STORAGE EXTERNAL;
ALTER TABLE finding SET (toast_tuple_target = 4080, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.02);

CREATE INDEX finding_updated ON finding (account, region, updated DESC NULLS LAST);
-- With odd, it also answers counts by severity and state without looking at the rows.
CREATE INDEX finding_triage ON finding (account, region, severity, workflow, record_state, updated DESC NULLS LAST) INCLUDE (odd);
CREATE INDEX finding_odd ON finding (account, region) WHERE odd;
CREATE INDEX finding_terms ON finding USING gin (terms);

CREATE TABLE history (
  account text COLLATE "C" NOT NULL,
  region text COLLATE "C" NOT NULL,
  key bytea NOT NULL,               -- SHA-256 of the finding's place
  revision bigint NOT NULL,         -- the finding's, when the change was made
  at bigint NOT NULL,               -- nanoseconds since 1970
  body bytea NOT NULL,
  PRIMARY KEY (account, region, key, revision)
);
ALTER TABLE history ALTER COLUMN body SET STORAGE EXTERNAL;

CREATE TABLE outbox (
  account text COLLATE "C" NOT NULL,
  region text COLLATE "C" NOT NULL,
  horizon bigint NOT NULL,          -- the newest transaction that was over, or the event's own; see outbox.go
  revision bigint NOT NULL,         -- the finding's, as the change left it
  xid bigint NOT NULL,              -- the event's transaction
  n integer NOT NULL,               -- place within the transaction
  id uuid NOT NULL,
  at bigint NOT NULL,               -- nanoseconds since 1970
  body bytea NOT NULL,
  PRIMARY KEY (account, region, xid, n)
);
ALTER TABLE outbox ALTER COLUMN body SET STORAGE EXTERNAL;
-- The one order of all events; deliverers read across accounts.
CREATE INDEX outbox_order ON outbox (horizon, revision, xid, n);

CREATE TABLE record (
  account text COLLATE "C" NOT NULL,
  region text COLLATE "C" NOT NULL,
  collection text COLLATE "C" NOT NULL,
  name bytea NOT NULL,
  body bytea NOT NULL,
  PRIMARY KEY (account, region, collection, name)
);

-- How many findings a hub has, in several rows so that its writers do not queue for one.
CREATE TABLE tally (
  account text COLLATE "C" NOT NULL,
  region text COLLATE "C" NOT NULL,
  slot smallint NOT NULL,
  findings bigint NOT NULL,
  PRIMARY KEY (account, region, slot)
) WITH (fillfactor = 50);

-- What tells whether a transaction was committed whose answer was lost.
CREATE TABLE receipt (
  account text COLLATE "C" NOT NULL,
  token uuid NOT NULL,
  committed boolean NOT NULL,       -- false: the transaction was given up; see receipt.go
  at timestamptz NOT NULL,
  PRIMARY KEY (account, token)
);

-- Trigrams serve CONTAINS on titles. The extension is trusted, but may be missing; all works without it.
DO $$
BEGIN
  CREATE EXTENSION IF NOT EXISTS pg_trgm;
  CREATE INDEX finding_title ON finding USING gin (encode(title, 'escape') gin_trgm_ops);
EXCEPTION WHEN insufficient_privilege OR undefined_file OR feature_not_supported OR undefined_object THEN
  RAISE NOTICE 'pg_trgm is not available: titles are searched without an index';
END $$;
