package search

import (
	"cmp"
	"slices"

	"github.com/findinghub/findinghub/filter"
)

// Find answers a page. Hits that are not sure count towards the limit; the engine asks
// on from Last until its own page is full.
func (ix *Index) Find(q Query) Result {
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	ev := ix.evaluator()
	defer ev.done()
	q.Limit = max(q.Limit, 0)
	v := ev.eval(q.Filter, ev.scope(q.Accounts, q.Regions))
	lenses, ok := ev.lenses(q.Sort)
	if !ok {
		return unsorted(v)
	}
	s := &selection{ix: ix, lenses: lenses, limit: q.Limit + 1}
	if q.After != nil {
		s.after = ev.after(lenses, q.After)
	}
	ev.choose(s, v.maybe)
	return ev.page(s.ranked(), v, q)
}

// scope gives the findings of some hubs; it may not be changed.
func (ev *evaluator) scope(accounts, regions []string) docset {
	k := ev.ix.keys
	account, region := setOf(accounts), setOf(regions)
	var asked []list
	n := 0
	for name, h := range k.hubs {
		if account[name.account] && region[name.region] {
			asked = append(asked, k.members[h])
			n += ev.ix.postings.count(k.members[h])
		}
	}
	if n == ev.ix.n {
		return ev.ix.live
	}
	s := ev.set()
	for _, l := range asked {
		ev.ix.postings.orInto(l, s)
	}
	return s
}

// setOf is for scopes, which may name thousands of accounts.
func setOf(names []string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, name := range names {
		m[name] = true
	}
	return m
}

// unsorted gives everything: without an order no part of it is the first page.
func unsorted(v verdict) Result {
	r := Result{Unsorted: true}
	v.maybe.each(func(d Doc) bool {
		r.Hits = append(r.Hits, Hit{d, v.sure.has(d)})
		return true
	})
	return r
}

// page makes the result of what was chosen, which is one more than the page where more follows.
func (ev *evaluator) page(ranked []ranked, v verdict, q Query) Result {
	r := Result{More: len(ranked) > q.Limit}
	ranked = ranked[:min(len(ranked), q.Limit)]
	for _, c := range ranked {
		r.Hits = append(r.Hits, Hit{c.doc, v.sure.has(c.doc)})
	}
	if n := len(ranked); n > 0 {
		last := ranked[n-1].doc
		r.Last.Key = ev.ix.keys.key(last)
		for _, o := range q.Sort {
			r.Last.Sort = append(r.Last.Sort, ev.sortValue(o.Attribute, last))
		}
	}
	return r
}

// sortValue gives what filter.SortKey gives.
func (ev *evaluator) sortValue(a filter.Attribute, d Doc) filter.SortValue {
	info := &filter.Attributes[a]
	if c := ev.ix.columns[a]; c != nil {
		v, ok := c.get(d)
		switch {
		case !ok:
			return filter.SortValue{}
		case info.Kind == filter.KindDate:
			return filter.SortValue{Present: true, Micros: v}
		}
		return filter.SortValue{Present: true, Number: floatOf(v)}
	}
	f := ev.ix.fields[a]
	if f == nil || f.ids == nil || f.ids.get(d) == 0 {
		return filter.SortValue{}
	}
	id := f.ids.get(d)
	text := string(f.of(id))
	if info.Ranks == nil {
		return filter.SortValue{Present: true, Text: text}
	}
	if rank := slices.Index(info.Ranks, text); rank >= 0 {
		return filter.SortValue{Present: true, Number: float64(rank)}
	}
	return filter.SortValue{}
}

// lens shows findings as one criterion of a sort does: as a number of which the lesser
// comes first.
type lens struct {
	kind       filter.Kind
	descending bool
	column     *column
	// field and places are of an attribute that is text: places has the order of each
	// text by its number, 0 for one that counts as absent.
	field  *field
	places []uint64
	perm   []uint32 // the texts in order
}

// absent comes last in both directions.
const absent = 1<<64 - 1

// lenses prepares a sort; ok is false when texts that it needs are not held.
func (ev *evaluator) lenses(orders []filter.Order) (ls []lens, ok bool) {
	for _, o := range orders {
		l := lens{kind: filter.Attributes[o.Attribute].Kind, descending: o.Descending, column: ev.ix.columns[o.Attribute], field: ev.ix.fields[o.Attribute]}
		switch {
		case l.column != nil:
		case l.field == nil || l.field.ids == nil:
			l.field = nil // not an attribute to sort by: as if no finding had it
		case l.field.unsure > 0:
			return nil, false
		case l.field.info.Ranks != nil:
			l.rank()
		default:
			s := l.field.ordered()
			l.places, l.perm = s.places, s.perm
		}
		ls = append(ls, l)
	}
	return ls, true
}

// rank orders the texts of an enumeration by its ranks. Others count as absent.
func (l *lens) rank() {
	f := l.field
	l.places = make([]uint64, len(f.texts))
	for rank, text := range f.info.Ranks {
		if id := f.lookup(nil, []byte(text)); id != 0 {
			l.places[id] = rankPlace(rank)
			l.perm = append(l.perm, id)
		}
	}
}

// rankPlace is even and above 0, as places are.
func rankPlace(rank int) uint64 { return uint64(rank+1) * 2 }

// ofDoc gives a finding's number.
func (l *lens) ofDoc(d Doc) uint64 {
	if l.column != nil {
		v, ok := l.column.get(d)
		if !ok {
			return absent
		}
		return l.ofInt(v)
	}
	if l.field == nil {
		return absent
	}
	return l.ofPlace(l.places[l.field.ids.get(d)])
}

// ofInt keeps clear of the number that means absent; no date or number of a finding is that extreme.
func (l *lens) ofInt(v int64) uint64 {
	n := uint64(v) ^ 1<<63
	if l.descending {
		n = ^n
	}
	return min(n, absent-1)
}

// ofPlace turns places around their middle, so that odd ones stay between their neighbours.
func (l *lens) ofPlace(place uint64) uint64 {
	switch {
	case place == 0:
		return absent
	case l.descending:
		return 2*lastPlace - place
	}
	return place
}

// ofValue gives the number of a sort value, which no finding need have.
func (l *lens) ofValue(v *filter.SortValue) uint64 {
	switch {
	case !v.Present || l.column == nil && l.field == nil:
		return absent
	case l.column == nil && l.field.info.Ranks != nil:
		return l.ofPlace(rankPlace(int(v.Number)))
	case l.column == nil:
		return l.ofPlace(l.field.placeOf(&l.field.sorted, []byte(v.Text)))
	case l.kind == filter.KindDate:
		return l.ofInt(v.Micros)
	}
	return l.ofInt(orderedFloat(v.Number))
}

// selection keeps the first findings of an order, of those it is offered.
type selection struct {
	ix     *Index
	lenses []lens
	limit  int
	after  *mark
	// heap has the last of the chosen on top.
	heap []ranked
}

// ranked is a chosen finding and its numbers under the first two lenses. Sorts by more
// are rare, and their further numbers are looked up at each comparison.
type ranked struct {
	first, second uint64
	doc           Doc
}

// mark is a position that findings must come after.
type mark struct {
	numbers []uint64
	key     landmark
}

// after prepares a position for being compared with. It needs no finding to be there:
// what it came from may have changed or gone since.
func (ev *evaluator) after(ls []lens, p *Position) *mark {
	m := &mark{key: ev.ix.keys.landmark(p.Key)}
	for i := range ls {
		v := filter.SortValue{}
		if i < len(p.Sort) {
			v = p.Sort[i]
		}
		m.numbers = append(m.numbers, ls[i].ofValue(&v))
	}
	return m
}

// first gives the least number under the first lens that the mark lets through.
func (m *mark) first() uint64 {
	if m == nil || len(m.numbers) == 0 {
		return 0
	}
	return m.numbers[0]
}

// full says whether a finding must beat one that was chosen.
func (s *selection) full() bool { return len(s.heap) >= s.limit }

// offer considers a finding with its number under the first lens.
func (s *selection) offer(first uint64, d Doc) {
	if s.full() && first > s.heap[0].first || first < s.after.first() {
		return
	}
	if s.after != nil && !s.passed(first, d) {
		return
	}
	c := ranked{first: first, doc: d}
	if len(s.lenses) > 1 {
		c.second = s.lenses[1].ofDoc(d)
	}
	if !s.full() {
		s.heap = append(s.heap, c)
		s.up(len(s.heap) - 1)
		return
	}
	if s.compare(c, s.heap[0]) < 0 {
		s.heap[0] = c
		s.down()
	}
}

// passed says whether a finding comes strictly after the mark.
func (s *selection) passed(first uint64, d Doc) bool {
	for i := range s.lenses {
		n := first
		if i > 0 {
			n = s.lenses[i].ofDoc(d)
		}
		if n != s.after.numbers[i] {
			return n > s.after.numbers[i]
		}
	}
	return s.ix.keys.compareTo(d, &s.after.key) > 0
}

// compare is the total order: the sort, then the key (decision 14).
func (s *selection) compare(a, b ranked) int {
	if a.first != b.first {
		return cmp.Compare(a.first, b.first)
	}
	if a.second != b.second {
		return cmp.Compare(a.second, b.second)
	}
	for i := 2; i < len(s.lenses); i++ {
		if c := cmp.Compare(s.lenses[i].ofDoc(a.doc), s.lenses[i].ofDoc(b.doc)); c != 0 {
			return c
		}
	}
	return s.ix.keys.compare(a.doc, b.doc)
}

// up moves an entry towards the top of the heap.
func (s *selection) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if s.compare(s.heap[i], s.heap[parent]) <= 0 {
			return
		}
		s.heap[i], s.heap[parent] = s.heap[parent], s.heap[i]
		i = parent
	}
}

// down moves the top to where it belongs.
func (s *selection) down() {
	for i := 0; ; {
		last := i
		for _, child := range [...]int{2*i + 1, 2*i + 2} {
			if child < len(s.heap) && s.compare(s.heap[child], s.heap[last]) > 0 {
				last = child
			}
		}
		if last == i {
			return
		}
		s.heap[i], s.heap[last] = s.heap[last], s.heap[i]
		i = last
	}
}

// ranked gives the chosen in order.
func (s *selection) ranked() []ranked {
	slices.SortFunc(s.heap, s.compare)
	return s.heap
}
