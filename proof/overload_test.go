package proof

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// resident is the most memory that a process ever had, in bytes; 0 where the system does not say.
func resident(p *process) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	rest, _, _ = strings.Cut(rest, "kB")
	n, _ := strconv.ParseInt(strings.TrimSpace(rest), 10, 64)
	return n << 10
}

// pressure is what became of the requests of one load.
type pressure struct {
	mu       sync.Mutex
	accepted []time.Duration // how long they took
	shed     int
	wrong    []string
}

// press sends imports of about 1 MB over so many connections, each as soon as the one before is answered, until so many
// were accepted.
func press(p *process, connections, accepted int, version *atomic.Int64) *pressure {
	var all pressure
	var wg sync.WaitGroup
	filling := strings.Repeat("filling ", 1200)
	for c := range connections {
		wg.Go(func() {
			for all.enough(accepted) {
				v := int(version.Add(1))
				var docs []string
				for i := range 100 {
					docs = append(docs, strings.Replace(document(fmt.Sprintf("c%d-%d", c%4, i), v), `"Description":"`, `"Remediation":{"Recommendation":{"Text":"r"}},"ProductFields":{"a/b":"`+filling[:900]+`"},"Description":"`+filling[:700], 1))
				}
				began := time.Now()
				all.take(p.send("POST", "/findings/import", `{"Findings":[`+strings.Join(docs, ",")+strings.Repeat(" ", 700_000)+`]}`), time.Since(began))
			}
		})
	}
	wg.Wait()
	return &all
}

// enough says whether more is to be sent.
func (p *pressure) enough(accepted int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.accepted) < accepted && len(p.wrong) == 0
}

// take takes in one answer: a success, or a refusal that says when to come again.
func (p *pressure) take(a answer, took time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case a.err == nil && a.status == http.StatusOK && strings.Contains(string(a.body), `"FailedCount":0`):
		p.accepted = append(p.accepted, took)
	case a.err == nil && (a.status == http.StatusServiceUnavailable || a.status == http.StatusTooManyRequests) && a.header.Get("Retry-After") != "":
		p.shed++
	default:
		p.wrong = append(p.wrong, fmt.Sprintf("%d %s %v", a.status, a.body, a.err))
	}
}

// median is the middle of some times.
func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}

// TestOverload: twenty times the connections that a hub works for at once. What it cannot do it refuses early; memory stays
// what it was, and what is accepted is answered in a bounded time.
func TestOverload(t *testing.T) {
	onEachEngine(t, func(t *testing.T, e engine) {
		const sustained, waiting = 4, 8
		p := start(t, append(e.place(t), "--max-requests", fmt.Sprint(sustained), "--max-waiting", fmt.Sprint(waiting), "--queue-timeout", "5s")...)
		var version atomic.Int64
		calm := press(p, sustained, rounds(20, 200), &version)
		before := resident(p)
		storm := press(p, 20*sustained, rounds(30, 600), &version)
		after := resident(p)
		for _, l := range []*pressure{calm, storm} {
			if len(l.wrong) > 0 {
				t.Fatalf("an answer is neither a success nor a refusal: %s", l.wrong[0])
			}
		}
		if calm.shed > 0 || storm.shed == 0 {
			t.Errorf("%d requests were refused of a load that the hub sustains, %d of too much", calm.shed, storm.shed)
		}
		// What waits has not been read: 80 bodies of 1 MB, and what is made of them, would show.
		if most := before + before/2 + 32<<20; after > most {
			t.Errorf("memory went from %d to %d MB", before>>20, after>>20)
		}
		one, many := median(calm.accepted), median(storm.accepted)
		// Eight before it, four at a time, make three times as long; the rest is for the clients, which share the processors.
		if long() && many > 20*one {
			t.Errorf("what is accepted takes %s, without overload %s", many, one)
		}
		t.Logf("%d accepted in %s each, %d refused; before it %s; memory %d MB, before it %d MB", len(storm.accepted), many, storm.shed, one, after>>20, before>>20)
		if a := p.send("GET", "/metrics", ""); !strings.Contains(string(a.body), "\nfindinghub_requests_executing 0\n") {
			t.Error("turns were lost")
		}
	})
}
