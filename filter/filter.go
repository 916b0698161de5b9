// Package filter is the query language of the hub: the 104 attributes by which
// findings are searched, the expression tree that a request's filters become, and
// Match, which decides whether a finding satisfies it. Match is the oracle: every
// engine must select the same findings. The package is pure.
package filter

import "time"

// Options are what Parse needs to know besides the filters.
type Options struct {
	// Now is what date ranges count back from.
	Now time.Time
	// Strict refuses CONTAINS, NOT_CONTAINS and CONTAINS_WORD as the service does (decision 18).
	Strict bool
}
