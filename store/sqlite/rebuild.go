package sqlite

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/search"
)

const (
	// scanDocs is how many findings one worker reads at a time at start.
	scanDocs = 1024
	// maxDocs is how many numbers there may be.
	maxDocs = 1 << 30
	// progressDocs is how many findings pass between two messages about the progress.
	progressDocs = 100 * scanDocs
)

// scan is a range of findings on its way into the index.
type scan struct {
	after, last int64 // rows after < doc <= last
	entries     []search.Entry
	holes       []span
	values      filter.Values
	ends        []int        // of each entry's values
	json        []byte       // what the values point into
	finding     asff.Finding // the one being read
	err         error
	done        chan struct{}
}

// rebuild fills the index from the rows: every processor reads, decompresses and
// extracts, and the index is told in the order of the rows.
func (e *Engine) rebuild(ctx context.Context) error {
	last, err := e.findEnds(ctx)
	if err != nil || last == 0 {
		return err
	}
	e.log.Info("building the index", "findings", last)
	n := runtime.GOMAXPROCS(0)
	ahead := 2 * n
	todo := make(chan *scan, ahead)
	var workers sync.WaitGroup
	ctx, cancel := context.WithCancel(ctx)
	defer workers.Wait()
	defer close(todo)
	defer cancel()
	for range n {
		workers.Go(func() {
			for s := range todo {
				s.err = e.scan(ctx, s)
				s.done <- struct{}{}
			}
		})
	}
	return e.indexScans(last, ahead, todo)
}

// indexScans hands out the ranges, a few ahead, and takes them into the index one after the other.
func (e *Engine) indexScans(last int64, ahead int, todo chan<- *scan) error {
	var queue, free []*scan
	for next := int64(0); next < last || len(queue) > 0; {
		for len(queue) < ahead && next < last {
			s := &scan{done: make(chan struct{}, 1)}
			if n := len(free); n > 0 {
				s, free = free[n-1], free[:n-1]
			}
			s.after, s.last = next, min(next+scanDocs, last)
			queue = append(queue, s)
			todo <- s
			next = s.last
		}
		s := queue[0]
		queue = queue[1:]
		<-s.done
		if s.err != nil {
			return s.err
		}
		e.index.Apply(s.entries)
		for _, hole := range s.holes {
			e.writer.free.add(hole)
		}
		free = append(free, s)
		if s.last%progressDocs == 0 || s.last == last {
			e.log.Info("building the index", "done", s.last, "findings", last)
		}
	}
	return nil
}

// findEnds reads where the writer goes on, and gives the last finding's row number.
func (e *Engine) findEnds(ctx context.Context) (last int64, err error) {
	err = e.readers.with(ctx, func(r *reader) error {
		if _, err := r.ends.Step(); err != nil {
			return err
		}
		if last = r.ends.ColumnInt64(0); last < 0 || last > maxDocs {
			return fmt.Errorf("finding %d: %w", last, errors.Join(errCorrupt, r.ends.Reset()))
		}
		e.writer.nextDoc, e.writer.lastChange = search.Doc(last), r.ends.ColumnInt64(1)
		er, err := r.eventRange("")
		e.writer.lastEvent, e.writer.trimmed = er.last, er.after
		if err = errors.Join(err, r.ends.Reset()); err != nil || last == 0 {
			return err
		}
		// A number that is damaged could make the index huge before its row is met.
		_, err = e.read(ctx, r, search.Doc(last-1))
		return err
	})
	return last, err
}

// scan reads a range of rows.
func (e *Engine) scan(ctx context.Context, s *scan) error {
	s.entries, s.values, s.ends, s.json = s.entries[:0], s.values[:0], s.ends[:0], s.json[:0]
	s.holes = s.holes[:0]
	next := search.Doc(s.after)
	err := e.readers.with(ctx, func(r *reader) error {
		r.scan.BindInt64(1, s.after)
		r.scan.BindInt64(2, s.last)
		for {
			row, err := r.scan.Step()
			if err != nil {
				return fmt.Errorf("reading findings from %d: %w", s.after, err)
			}
			if !row {
				s.holes = append(s.holes, span{next, search.Doc(s.last)})
				return r.scan.Reset()
			}
			if doc := search.Doc(r.scan.ColumnInt64(0) - 1); doc > next {
				s.holes = append(s.holes, span{next, doc})
			}
			next = search.Doc(r.scan.ColumnInt64(0))
			r.row = appendColumn(r.row[:0], r.scan, 1)
			if err := e.scanRow(s, r.scan.ColumnInt64(0), r.row); err != nil {
				return fmt.Errorf("finding %d: %w", r.scan.ColumnInt64(0), err)
			}
		}
	})
	// Only now: the list of values may have moved as it grew.
	start := 0
	for i, end := range s.ends {
		s.entries[i].New = s.values[start:end:end]
		start = end
	}
	return err
}

// scanRow adds one row to a scan. The JSON is decompressed to where the values may point to
// it until the index has them; a buffer for each finding would keep the collector busy.
func (e *Engine) scanRow(s *scan, id int64, row []byte) error {
	r, err := e.codec.finding(id, row, s.json[len(s.json):])
	if err != nil {
		return err
	}
	if len(r.block) <= cap(s.json)-len(s.json) {
		s.json = s.json[:len(s.json)+len(r.block)]
	} else {
		// It had no room; what is full stays with the values that point into it.
		s.json = make([]byte, 0, max(2*cap(s.json), 1<<20))
	}
	if s.finding, err = e.codec.parse(s.finding, &r); err != nil {
		return err
	}
	s.values = filter.Extract(s.finding, s.values)
	s.ends = append(s.ends, len(s.values))
	s.entries = append(s.entries, search.Entry{Doc: search.Doc(id - 1), Key: r.key})
	return nil
}
