package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"sync"
)

// source is one file of findings, or standard input as "-".
type source struct {
	name string
	size int64 // in bytes; 0 where it is not known
	base int64 // sizes of the sources before it

	// The hub has answered for every finding before acknowledged, failed of them with a
	// refusal, and for those in ahead, true where it was a refusal: batches of several
	// accounts and connections are answered out of order.
	acknowledged int
	failed       int
	ahead        map[int]bool
	skip         int // findings that an earlier run has done
}

// answered marks a finding as done.
func (s *source) answered(index int, failed bool) {
	if s.ahead == nil {
		s.ahead = map[int]bool{}
	}
	s.ahead[index] = failed
	for {
		failed, ok := s.ahead[s.acknowledged]
		if !ok {
			return
		}
		if failed {
			s.failed++
		}
		delete(s.ahead, s.acknowledged)
		s.acknowledged++
	}
}

// failure is a finding that the hub refused.
type failure struct {
	File    string `json:"file"`
	Number  int    `json:"number"` // in the file, from 1
	ID      string `json:"id"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// ledger keeps account of what became of every finding. It is safe for concurrent use.
type ledger struct {
	mu       sync.Mutex
	imported int
	failed   int
	hubs     map[caller]int // imported, by where they went
	reasons  map[string]*reason
	file     io.Writer // takes failures as JSON lines; nil for none
	fileErr  error
	broken   []error // sources that could not be read to their end
}

// reason is one kind of failure.
type reason struct {
	text  string
	count int
	first failure
}

// maxReasons bounds the kinds of failure that are told apart.
const maxReasons = 1000

// newLedger makes a ledger that writes each failure to file.
func newLedger(file io.Writer) *ledger {
	return &ledger{hubs: map[caller]int{}, reasons: map[string]*reason{}, file: file}
}

// settle takes in the answers for a batch: failures by the item's place in it.
func (l *ledger) settle(b *batch, failures map[int]failure) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, it := range b.items {
		f, failed := failures[i]
		if failed {
			l.fail(it, f)
		} else {
			l.imported++
			l.hubs[b.as]++
		}
		it.source.answered(it.index, failed)
	}
}

// fail notes one failure. A disk that is full must not end an import that goes well
// otherwise, so that the file's first error is kept for the end.
func (l *ledger) fail(it item, f failure) {
	f.File, f.Number, f.ID = it.source.name, it.index+1, it.id
	l.failed++
	text := f.Code + ": " + indexes.ReplaceAllString(f.Message, "[]")
	r := l.reasons[text]
	if r == nil && len(l.reasons) >= maxReasons {
		text = "other reasons"
		r = l.reasons[text]
	}
	if r == nil {
		r = &reason{text: text, first: f}
		l.reasons[text] = r
	}
	r.count++
	if l.file != nil && l.fileErr == nil {
		l.fileErr = json.NewEncoder(l.file).Encode(f)
	}
}

// indexes are list positions in messages: failures that differ in nothing else are one kind.
var indexes = regexp.MustCompile(`\[\d+\]`)

// totals are the findings of this run; those of earlier ones are in the sources.
func (l *ledger) totals() (imported, failed int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.imported, l.failed
}

// unreadable notes the sources that could not be read to their end.
func (l *ledger) unreadable(errs []error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.broken = append(l.broken, errs...)
}

// save writes how far every source is. Saves wait for each other, so that an older
// state never replaces a newer one.
func (l *ledger) save(state *resumeState, sources []*source, path string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := state.record(sources); err != nil {
		return err
	}
	return state.save(path)
}

// report prints where findings went and why others did not, most frequent first.
func (l *ledger) report(w io.Writer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, as := range slices.SortedFunc(maps.Keys(l.hubs), compareCallers) {
		fmt.Fprintf(w, "  %s in the hub of %s in %s\n", thousands(l.hubs[as]), cmp.Or(as.account, "the caller's account"), as.region)
	}
	reasons := slices.SortedFunc(maps.Values(l.reasons), func(a, b *reason) int {
		return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.text, b.text))
	})
	for _, r := range reasons {
		fmt.Fprintf(w, "  %s failed: %s\n    first: %s:#%d (%s)\n", thousands(r.count), r.text, r.first.File, r.first.Number, r.first.ID)
	}
}

// compareCallers orders callers for people: by account, then by region.
func compareCallers(a, b caller) int {
	return cmp.Or(cmp.Compare(a.account, b.account), cmp.Compare(a.region, b.region))
}

// thousands prints a count with separators, as people read it.
func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
