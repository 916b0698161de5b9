package events

import (
	"math"
	"time"
)

// Retry says how often and how fast a message is tried again.
type Retry struct {
	// Attempts is how many tries a message has, 1 or more, before it goes to the dead letters.
	Attempts int
	// Min is the first pause, Max the longest. Pauses double.
	Min, Max time.Duration
}

// pause is how long to wait after the nth failure (from 1). chance, in [0, 1), spreads it over the upper half,
// so that those who failed together do not come back together: the result is in [p/2, p] with p = Min*2^(n-1), Max at most.
func (r Retry) pause(n int, chance float64) time.Duration {
	p := float64(r.Max)
	if n < 63 { // beyond, the power would not fit
		p = min(p, float64(r.Min)*math.Exp2(float64(n-1)))
	}
	return time.Duration(p/2 + p/2*chance)
}
