package hub

import (
	"slices"
	"sync"

	"github.com/findinghub/findinghub/auth"
)

// maxRosters bounds the administrators times regions whose members are remembered: with 10,000
// members each they take about 50 MB.
const maxRosters = 128

// rosterCache remembers the members of administrators. What it gives may be old: whoever asks
// compares the version. The zero value is ready.
type rosterCache struct {
	mu    sync.RWMutex
	known map[[2]string]*membership // by administrator and region
}

// get gives what is remembered, nil where nothing is.
func (c *rosterCache) get(administrator, region string) *membership {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.known[[2]string{administrator, region}]
}

// put remembers members, which nobody changes any more.
func (c *rosterCache) put(administrator, region string, m *membership) {
	key := [2]string{administrator, region}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil {
		c.known = map[[2]string]*membership{}
	}
	if c.known[key] == nil && len(c.known) >= maxRosters {
		// Any will do: administrators are few, and reading one again is cheaper than keeping order.
		for other := range c.known {
			delete(c.known, other)
			break
		}
	}
	c.known[key] = m
}

// sameOrganization says whether two answers of the directory mean the same. The directory may
// make a new one for every question.
func sameOrganization(a, b *auth.Organization) bool {
	if a == b {
		return true
	}
	return a != nil && b != nil && a.ID == b.ID && a.ManagementAccount == b.ManagementAccount && a.All == b.All &&
		slices.Equal(a.Accounts, b.Accounts)
}
