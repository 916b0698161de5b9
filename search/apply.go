package search

import (
	"bytes"

	"github.com/findinghub/findinghub/filter"
)

// Apply takes a batch of changes in; readers see all of it or none.
func (ix *Index) Apply(batch []Entry) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	for i := range batch {
		ix.apply(&batch[i])
	}
	ix.keys.refresh()
	for a, f := range ix.fields {
		if ix.touched[a] {
			f.tidy()
		}
	}
	clear(ix.touched[:])
}

// apply takes one change in. The values go first when a finding comes, because the key
// refers to its Id, and last when it goes.
func (ix *Index) apply(e *Entry) {
	known := ix.live.has(e.Doc)
	if e.New == nil && !known {
		return
	}
	old := e.Old
	if !known {
		old = nil
	}
	if e.New == nil {
		ix.keys.unbind(e.Doc)
		ix.live.remove(e.Doc)
		ix.n--
	}
	ix.diff(e, old)
	if e.New != nil && !known {
		ix.n++
		ix.live.put(e.Doc)
		ix.keys.bind(e.Doc, e.Key, ix.n)
	}
}

// diff walks old and new values side by side and touches the attributes that differ.
// Most imports repeat a finding with a newer time, so finding that out must be cheap.
func (ix *Index) diff(e *Entry, old filter.Values) {
	now := e.New
	for len(old) > 0 || len(now) > 0 {
		var a filter.Attribute
		switch {
		case len(old) == 0:
			a = now[0].Attribute
		case len(now) == 0:
			a = old[0].Attribute
		default:
			a = min(old[0].Attribute, now[0].Attribute)
		}
		n, m := run(old, a), run(now, a)
		if !equal(old[:n], now[:m]) {
			ix.change(e, a, old[:n], now[:m])
		}
		old, now = old[n:], now[m:]
	}
}

// run counts the leading values of an attribute.
func run(vs filter.Values, a filter.Attribute) int {
	n := 0
	for n < len(vs) && vs[n].Attribute == a {
		n++
	}
	return n
}

// equal compares fields that the attribute may not use as well: those are zero on both sides.
func equal(a, b filter.Values) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		v, w := &a[i], &b[i]
		if v.Micros != w.Micros || v.Number != w.Number || !bytes.Equal(v.Text, w.Text) || !bytes.Equal(v.Key, w.Key) {
			return false
		}
	}
	return true
}

// change gives a finding other values for an attribute.
func (ix *Index) change(e *Entry, a filter.Attribute, old, now filter.Values) {
	if c := ix.columns[a]; c != nil {
		if len(now) == 0 {
			c.clear(e.Doc)
			return
		}
		c.set(e.Doc, integer(filter.Attributes[a].Kind, &now[0]))
		return
	}
	f := ix.fields[a]
	if f == nil {
		return
	}
	if len(old) > 0 {
		ix.touched[a] = true
	}
	if f.ids != nil {
		ix.changeOne(e, f, now)
		return
	}
	ix.olds, ix.news = ix.olds[:0], ix.news[:0]
	for i := range old {
		if id := ix.known(e, f, &old[i]); id != 0 {
			ix.olds = append(ix.olds, id)
		}
	}
	for i := range now {
		ix.news = append(ix.news, ix.intern(e, f, &now[i]))
	}
	f.setMany(e.Doc, ix.olds, ix.news)
}

// changeOne knows the old text from the column and need not look it up.
func (ix *Index) changeOne(e *Entry, f *field, now filter.Values) {
	id := uint32(0)
	if len(now) > 0 {
		id = f.intern(nil, now[0].Text, ix.n)
	}
	f.setOne(e.Doc, id)
	if f.attribute == filter.Id && e.New != nil && ix.live.has(e.Doc) {
		ix.keys.bindID(e.Doc, []byte(e.Key.ID), ix.n)
	}
}

// known gives the number under which an old value was taken in, 0 for a value that the
// index has never seen: it is then ignored, for there is nothing to take out.
func (ix *Index) known(e *Entry, f *field, v *filter.Value) uint32 {
	if ix.isAlias(e, v) {
		return ix.alias
	}
	var eight [8]byte
	return f.lookup(v.Key, f.text(v, &eight))
}

// intern gives the number of a new value.
func (ix *Index) intern(e *Entry, f *field, v *filter.Value) uint32 {
	if ix.isAlias(e, v) {
		return ix.alias
	}
	var eight [8]byte
	return f.intern(v.Key, f.text(v, &eight), ix.n)
}
