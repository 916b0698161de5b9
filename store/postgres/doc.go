// Package postgres is the engine for several hub processes over one PostgreSQL database (15 or later).
//
// Its invariants, besides those of package store:
//
//   - No process knows more than the database: nothing is cached, so that a write is seen by every process as soon
//     as it is acknowledged, and no lock outlives a transaction. What is known of statistics only decides how to ask.
//   - Locks are taken in one order: existing findings by key, then new ones by key, then the rows that
//     count them. Transactions that lock several findings therefore never wait for each other in a circle. A
//     deadlock that comes about all the same (a person's session) is tried again.
//   - A transaction whose COMMIT got no answer is never guessed about: see receipt.go.
//   - filter.Match is the truth. SQL gives candidates, all that match among them and others (compile.go says
//     which), and Match judges them, except where the condition is exact; counts are left to SQL there, too.
//   - The order is the sort, then finding.Key.Compare; pages go on from the last finding's place, never by offset.
//   - Text that PostgreSQL's text cannot hold is data like any other: what findings consist of is bytea, which
//     compares byte by byte. Accounts and regions are text; one that is none is refused.
//   - Account and region lead every key and are part of every term of the inverted index. Each statement of a
//     change names one account, and none joins two (searches do, but not on Citus); no sequences, no foreign keys.
//   - Events are ordered so that none is committed behind a cursor that was handed out: see outbox.go.
//   - Stats are kept: they say what is committed, without counting.
package postgres
