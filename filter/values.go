package filter

import (
	"cmp"
	"slices"
	"sort"
)

// Value is one value that a finding has for an attribute. Which fields count
// follows from the attribute's kind.
type Value struct {
	Attribute Attribute
	Key       []byte  // KindMap: the map's key
	Text      []byte  // KindString, KindMap, KindIP: unquoted; may alias the finding's bytes
	Number    float64 // KindNumber; KindBoolean as 0 or 1
	Micros    int64   // KindDate: microseconds since 1970 UTC
}

// Values are a finding's values ordered by attribute, then as they stand in the finding.
// Values that are not of their attribute's kind (a date that cannot be read) are absent.
// KindKeyword has none: it searches the strings, IPs and map values of all attributes.
// An attribute that is not Many has at most one value.
type Values []Value

// Of gives the values of one attribute. They share vs's memory, but appending to them does
// not reach into it.
func (vs Values) Of(a Attribute) Values {
	from := sort.Search(len(vs), func(i int) bool { return vs[i].Attribute >= a })
	to := from
	for to < len(vs) && vs[to].Attribute == a {
		to++
	}
	return vs[from:to:to]
}

// insertionLimit is where insertion sort stops being the faster one: values come nearly
// in order, but a finding with dozens of resources has thousands of them.
const insertionLimit = 64

// order sorts values by attribute; those of one stay as they stand in the finding.
func (vs Values) order() {
	if len(vs) > insertionLimit {
		slices.SortStableFunc(vs, func(a, b Value) int { return cmp.Compare(a.Attribute, b.Attribute) })
		return
	}
	for i := 1; i < len(vs); i++ {
		v, j := vs[i], i
		for j > 0 && vs[j-1].Attribute > v.Attribute {
			j--
		}
		if j < i {
			copy(vs[j+1:i+1], vs[j:i])
			vs[j] = v
		}
	}
}

// lastOfSingles drops all but the last value of attributes that have one: a name that
// occurs twice in a JSON object means its last value, as in asff.Parse.
func (vs Values) lastOfSingles() Values {
	n := 0
	for i := range vs {
		if n > 0 && vs[n-1].Attribute == vs[i].Attribute && !Attributes[vs[i].Attribute].Many {
			n--
		}
		if n < i {
			vs[n] = vs[i]
		}
		n++
	}
	return vs[:n]
}
