package filter

import "strconv"

// Attribute names one of the filter attributes; it indexes Attributes.
type Attribute uint8

// Kind is the kind of an attribute's values, hence of its filters.
type Kind uint8

// The kinds of the API's filters.
const (
	KindString Kind = iota
	KindNumber
	KindDate
	KindIP
	KindMap
	KindBoolean
	KindKeyword
)

// Info describes one attribute.
type Info struct {
	// Name is the API's, for example ResourceAwsEc2InstanceType.
	Name string
	Kind Kind
	// Paths are where its values lie in a finding, as dotted member names; lists are
	// walked through. More than one path means that values of all of them count.
	Paths []string
	// Many is true when a finding may have several values; such an attribute cannot be sorted by.
	Many bool
	// Text is true for long free text that an index need not hold in memory.
	Text bool
	// Ranks orders an enumeration that does not sort by alphabet (SeverityLabel), lowest first.
	Ranks []string
}

// String gives the attribute's name in the API.
func (a Attribute) String() string {
	if int(a) >= len(Attributes) {
		return "Attribute(" + strconv.Itoa(int(a)) + ")"
	}
	return Attributes[a].Name
}

// rank gives the place of text in the attribute's Ranks, -1 where it has none.
func (i *Info) rank(text []byte) int {
	for r, name := range i.Ranks {
		if string(text) == name {
			return r
		}
	}
	return -1
}

// Lookup finds an attribute by its API name, which is case-sensitive.
func Lookup(name string) (Attribute, bool) {
	a, ok := byName[name]
	return a, ok
}

var byName = func() map[string]Attribute {
	names := make(map[string]Attribute, len(Attributes))
	for a := range Attributes {
		names[Attributes[a].Name] = Attribute(a)
	}
	return names
}()
