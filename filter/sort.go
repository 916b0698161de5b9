package filter

import (
	"cmp"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// Order is one criterion of a sort.
type Order struct {
	Attribute  Attribute
	Descending bool
}

// SortValue is what a finding sorts by for one attribute. Its fields are exported so
// that a page token can carry it.
type SortValue struct {
	// Present is false when the finding has no value: it sorts last in both directions (decision 27).
	Present bool    `json:"p,omitempty"`
	Text    string  `json:"t,omitempty"` // KindString, KindIP without Ranks: compared by bytes
	Number  float64 `json:"n,omitempty"` // KindNumber, KindBoolean; the rank where the attribute has Ranks
	Micros  int64   `json:"m,omitempty"` // KindDate
}

// SortKey gives the values by which a finding is sorted. A text that its attribute's
// Ranks do not know counts as absent.
func SortKey(orders []Order, vs Values) []SortValue {
	key := make([]SortValue, len(orders))
	for i, o := range orders {
		if of := vs.Of(o.Attribute); len(of) > 0 {
			key[i] = of[0].sortValue()
		}
	}
	return key
}

// sortValue fills in the one field that the attribute sorts by, and leaves the others zero,
// on which compare relies.
func (v *Value) sortValue() SortValue {
	info := &Attributes[v.Attribute]
	if info.Ranks != nil {
		if rank := info.rank(v.Text); rank >= 0 {
			return SortValue{Present: true, Number: float64(rank)}
		}
		return SortValue{}
	}
	s := SortValue{Present: true}
	switch info.Kind {
	case KindNumber, KindBoolean:
		s.Number = v.Number
	case KindDate:
		s.Micros = v.Micros
	default:
		s.Text = string(v.Text)
	}
	return s
}

// CompareSort orders two sort keys under the orders; ties are 0 and broken by
// finding.Key. Both keys are SortKey's for the same orders.
func CompareSort(orders []Order, a, b []SortValue) int {
	for i, o := range orders {
		if c := a[i].compare(&b[i], o.Descending); c != 0 {
			return c
		}
	}
	return 0
}

// compare looks at all fields: those that the attribute does not use are zero on both sides.
func (v *SortValue) compare(w *SortValue, descending bool) int {
	switch {
	case v.Present != w.Present:
		if v.Present {
			return -1
		}
		return 1
	case descending:
		v, w = w, v
	}
	return cmp.Or(cmp.Compare(v.Text, w.Text), cmp.Compare(v.Number, w.Number), cmp.Compare(v.Micros, w.Micros))
}

// defaultSort is decision 14's: newest first.
var defaultSort = Order{Attribute: UpdatedAt, Descending: true}

// ParseSort turns the SortCriteria member of a request into a sort. No criteria is the
// default: UpdatedAt descending (decision 14). A criterion's order is ascending unless it
// says desc. Fields that are unknown, given twice, or that findings have several values of
// are CodeInvalidInput, named (decision 19).
func ParseSort(criteria jsontext.Value) ([]Order, error) {
	const path = "SortCriteria"
	values, err := readList(path, criteria)
	switch {
	case err != nil:
		return nil, err
	case len(values) == 0:
		return []Order{defaultSort}, nil
	case len(values) > MaxSortCriteria:
		return nil, tooMany(path, len(values), MaxSortCriteria)
	}
	orders := make([]Order, 0, len(values))
	for i, v := range values {
		e, err := readEntry(element(path, i), v, []string{"Field", "SortOrder"})
		if err != nil {
			return nil, err
		}
		if orders, err = e.order(orders); err != nil {
			return nil, err
		}
	}
	return orders, nil
}

// order appends the criterion to those before it.
func (e *entry) order(orders []Order) ([]Order, error) {
	field, err := e.text("Field")
	if err != nil {
		return nil, err
	}
	path := e.path + ".Field"
	a, ok := Lookup(field)
	switch {
	case !ok:
		return nil, invalid(path, "Value %s is not a filter attribute.", quote(field))
	case Attributes[a].Many || Attributes[a].Kind == KindKeyword:
		return nil, invalid(path, "Findings cannot be sorted by '%s', of which one finding may have several values.", field)
	case slices.ContainsFunc(orders, func(o Order) bool { return o.Attribute == a }):
		return nil, invalid(path, "Value '%s' is given twice.", field)
	}
	direction := 0
	if e.has("SortOrder") {
		if direction, err = e.enum("SortOrder", []string{"asc", "desc"}); err != nil {
			return nil, err
		}
	}
	return append(orders, Order{Attribute: a, Descending: direction == 1}), nil
}
