package migrate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"hash"

	"golang.org/x/sync/errgroup"
)

// Comparison is what two sides hold, in the order of keys.
type Comparison struct {
	Source, Target Side
	// Missing is what the target lacks, Differing what it has otherwise, Extra what only it has.
	Missing, Differing, Extra int
}

// Same says that both sides hold the same, by number and by sum.
func (c *Comparison) Same() bool {
	return c.Missing+c.Differing+c.Extra == 0 && c.Source == c.Target
}

// Side is what one engine holds.
type Side struct {
	Count int
	// Sum is a SHA-256 over everything in the order of keys, in hexadecimal.
	Sum string
}

// scan reads what comes after an item (nil: from the start), at most limit; last says that there is no more.
type scan[T any] func(ctx context.Context, after *T, limit int) (page []T, last bool, err error)

// sides are two engines' items of one kind, each in the order of compare.
type sides[T any] struct {
	compare        func(a, b *T) int
	digest         func(*T) digest
	source, target scan[T]
	// write and erase change the target.
	write, erase func(context.Context, []T) error
	// compared, if not nil, is told how many items of the source are done.
	compared func(n int)
}

// how says what is to be done about differences.
type how struct {
	write, erase bool
	page         int
}

// run goes through both sides at once. Each is read ahead by its own goroutine, which is never further than two
// pages: nothing behind an item that has not been compared is written, so that what is read ahead is not stale.
func (s *sides[T]) run(ctx context.Context, h how) (Comparison, error) {
	group, ctx := errgroup.WithContext(ctx)
	source, target := newFeed[T](), newFeed[T]()
	group.Go(func() error { return source.fill(ctx, s.source, s.digest, h.page) })
	group.Go(func() error { return target.fill(ctx, s.target, s.digest, h.page) })
	j := &join[T]{sides: s, how: h, from: source, to: target}
	group.Go(func() error { return j.run(ctx) })
	err := group.Wait()
	j.Source, j.Target = source.side(), target.side()
	return j.Comparison, err
}

// join is one run over both sides.
type join[T any] struct {
	*sides[T]
	how
	Comparison
	from, to *feed[T]
	// pending and doomed wait to be written and erased, at most a page of each: engines like few large writes.
	pending, doomed []T
}

func (j *join[T]) run(ctx context.Context) error {
	for {
		a, err := j.from.head()
		if err != nil {
			return err
		}
		b, err := j.to.head()
		if err != nil {
			return err
		}
		if a == nil && b == nil {
			return j.flush(ctx, 1)
		}
		j.settle(a, b)
		if err := j.flush(ctx, j.page); err != nil {
			return err
		}
		if j.compared != nil && j.from.count%j.page == 0 {
			j.compared(j.from.count)
		}
	}
}

// settle decides about the lesser of two items, nil where a side has come to its end.
func (j *join[T]) settle(a, b *entry[T]) {
	var order int
	switch {
	case a == nil:
		order = 1
	case b == nil:
		order = -1
	default:
		order = j.compare(&a.item, &b.item)
	}
	switch {
	case order < 0:
		j.Missing++
		j.pending = append(j.pending, a.item)
	case order > 0:
		j.Extra++
		j.doomed = append(j.doomed, b.item)
	case a.sum != b.sum:
		j.Differing++
		j.pending = append(j.pending, a.item)
	}
	if order <= 0 {
		j.from.next()
	}
	if order >= 0 {
		j.to.next()
	}
}

// flush writes and erases what waits if it is as much as least.
func (j *join[T]) flush(ctx context.Context, least int) error {
	if len(j.pending) >= least {
		if j.how.write {
			if err := j.sides.write(ctx, j.pending); err != nil {
				return err
			}
		}
		clear(j.pending)
		j.pending = j.pending[:0]
	}
	if len(j.doomed) >= least {
		if j.how.erase {
			if err := j.sides.erase(ctx, j.doomed); err != nil {
				return err
			}
		}
		clear(j.doomed)
		j.doomed = j.doomed[:0]
	}
	return nil
}

// entry is an item with its sum.
type entry[T any] struct {
	item T
	sum  digest
}

// feed is one side's items, read page by page ahead of whoever takes them.
type feed[T any] struct {
	pages chan []entry[T]
	// err is why pages ended before their end; it is set before they do.
	err   error
	page  []entry[T]
	count int
	all   hash.Hash
}

func newFeed[T any]() *feed[T] { return &feed[T]{pages: make(chan []entry[T]), all: sha256.New()} }

// fill reads a side to its end. Whoever takes the pages must not take a failure for the end: what the target has
// beyond the source's end may be erased.
func (f *feed[T]) fill(ctx context.Context, read scan[T], sum func(*T) digest, limit int) error {
	defer close(f.pages)
	f.err = f.readAll(ctx, read, sum, limit)
	return f.err
}

func (f *feed[T]) readAll(ctx context.Context, read scan[T], sum func(*T) digest, limit int) error {
	var after *T
	for {
		items, last, err := read(ctx, after, limit)
		if err != nil {
			return err
		}
		page := make([]entry[T], len(items))
		for i := range items {
			page[i] = entry[T]{items[i], sum(&items[i])}
		}
		if len(page) > 0 {
			select {
			case f.pages <- page:
			case <-ctx.Done():
				return ctx.Err()
			}
			after = &items[len(items)-1]
		}
		if last {
			return nil
		}
	}
}

// head gives the next item, nil at the end.
func (f *feed[T]) head() (*entry[T], error) {
	if len(f.page) == 0 {
		f.page = <-f.pages
	}
	if len(f.page) == 0 {
		return nil, f.err
	}
	return &f.page[0], nil
}

// next goes past the head.
func (f *feed[T]) next() {
	f.all.Write(f.page[0].sum[:])
	f.count++
	f.page = f.page[1:]
}

func (f *feed[T]) side() Side { return Side{Count: f.count, Sum: hex.EncodeToString(f.all.Sum(nil))} }
