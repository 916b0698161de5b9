package proof

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
)

// gauge is something that must not grow while the load stays the same.
type gauge struct {
	name string // of the metric
	// share and more are how much it may be above what it was: chance, not growth.
	share, more float64
}

// SQLite's caches (64 MB of the writer, 16 MB of each reader) count as resident memory and are full only after some minutes: what
// shorter runs may show of growth is theirs.
const (
	cachesFull = 20 * time.Minute
	caches     = 160 << 20
)

var gauges = []gauge{
	{"process_resident_memory_bytes", 0.15, 24 << 20},
	{"go_memstats_heap_alloc_bytes", 0.25, 24 << 20},
	{"findinghub_index_bytes", 0.1, 1 << 20},
	{"go_goroutines", 0.2, 10},
	{"process_open_fds", 0.2, 10},
	{`findinghub_event_lag_seconds{target="lines"}`, 0.5, 3},
}

// soak is one run of mixed load with the samples of it.
type soak struct {
	p       *process
	samples map[string][]float64
	mu      sync.Mutex
	took    map[string][]time.Duration
	failed  []string
}

// soakTime is how long the load lasts: SOAK, or long enough to see that the test works.
func soakTime(t *testing.T) time.Duration {
	text := os.Getenv("SOAK")
	if text == "" {
		return time.Duration(rounds(4, 60)) * time.Second
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < time.Second {
		t.Fatalf("SOAK=%s is no time of a second or more", text)
	}
	return d
}

// TestSoak: under the same mixed load for a long time nothing grows, and every call succeeds.
func TestSoak(t *testing.T) {
	onEachEngine(t, func(t *testing.T, e engine) {
		dir := t.TempDir()
		targets := filepath.Join(dir, "events.yaml")
		text := "retention: 1m\ntargets:\n  - name: lines\n    kind: file\n    path: " + filepath.Join(dir, "events.jsonl") + "\n    max-bytes: 10000000\n    keep: 1\n"
		if err := os.WriteFile(targets, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s := &soak{p: start(t, append(e.place(t), "--events", targets)...), samples: map[string][]float64{}, took: map[string][]time.Duration{}}
		length := soakTime(t)
		s.run(t, length)
		for _, text := range s.failed {
			t.Errorf("a call failed: %s", text)
		}
		for kind, all := range s.took {
			slices.Sort(all)
			t.Logf("%-8s %7d calls, p50 %s, p99 %s", kind, len(all), all[len(all)/2], all[len(all)*99/100])
		}
		for _, g := range gauges {
			if g.name == "process_resident_memory_bytes" && length < cachesFull {
				g.more += caches
			}
			g.check(t, s.samples[g.name], length >= time.Minute)
		}
		s.p.stop(t)
	})
}

// check compares the second quarter with the last; the first is for what a hub has to get used to.
func (g gauge) check(t *testing.T, all []float64, strict bool) {
	t.Helper()
	if len(all) < 8 {
		t.Errorf("%s was seen %d times", g.name, len(all))
		return
	}
	n := len(all)
	early, late := middle(all[n/4:n/2]), middle(all[3*n/4:])
	t.Logf("%s: %.4g in the second quarter, %.4g in the last", g.name, early, late)
	// In a few seconds the first quarter is all there is to get used to.
	if most := early*(1+g.share) + g.more; strict && late > most {
		t.Errorf("%s grows from %.4g to %.4g", g.name, early, late)
	}
}

func middle(all []float64) float64 {
	all = slices.Clone(all)
	slices.Sort(all)
	return all[len(all)/2]
}

// run loads the hub for a time, over four connections, and takes 80 samples.
func (s *soak) run(t *testing.T, length time.Duration) {
	over := make(chan struct{})
	var wg sync.WaitGroup
	for c := range 4 {
		wg.Go(func() { s.load(c, over) })
	}
	tick := time.NewTicker(length / 80)
	defer tick.Stop()
	for range 80 {
		<-tick.C
		s.sample(t)
	}
	close(over)
	wg.Wait()
}

// sample reads all gauges.
func (s *soak) sample(t *testing.T) {
	a := s.p.send("GET", "/metrics", "")
	for _, g := range gauges {
		text, ok := metric(string(a.body), g.name)
		if !ok {
			continue
		}
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			t.Errorf("%s is %q", g.name, text)
		}
		s.samples[g.name] = append(s.samples[g.name], v)
	}
}

// load calls in turns, on the same 500 findings again and again, so that nothing has a reason to grow but the history, which
// is on the disk.
func (s *soak) load(c int, over <-chan struct{}) {
	random := rand.New(rand.NewPCG(61, uint64(c)))
	for n := 1; ; n++ {
		select {
		case <-over:
			return
		default:
		}
		ids := make([]string, 0, 10)
		for i := range 10 {
			ids = append(ids, fmt.Sprintf("s%d-%d", c, (random.IntN(12)*10+i)%125))
		}
		kind, began, err := [...]string{"import", "update", "get", "history"}[n%4], time.Now(), error(nil)
		switch kind {
		case "import":
			if got := s.p.importAll(ids, n); got[0] != applied {
				err = fmt.Errorf("an import ends with %v", got)
			}
		case "update":
			if got := s.p.updateAll(ids, n); slices.Contains(got, unknown) {
				err = fmt.Errorf("an update ends with %v", got)
			}
		case "get":
			_, err = s.p.get(ids...)
		case "history":
			a := s.p.send("POST", "/findingHistory/get", `{"FindingIdentifier":{"Id":"`+ids[0]+`","ProductArn":"`+product+`"},"MaxResults":20}`)
			err = a.read(&struct{}{})
		}
		s.note(kind, time.Since(began), err)
	}
}

// note takes in one call.
func (s *soak) note(kind string, took time.Duration, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.took[kind] = append(s.took[kind], took)
	if err != nil && len(s.failed) < 10 {
		s.failed = append(s.failed, err.Error())
	}
}
