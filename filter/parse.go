package filter

import (
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// The service's limits on a request's filters and sort (behaviour.md section 4).
const (
	// MaxAttributes bounds the attributes of one request.
	MaxAttributes = 10
	// MaxValues bounds the entries of one attribute; an entry is one value.
	MaxValues = 20
	// MaxSortCriteria bounds the criteria of one sort; the service documents no bound.
	MaxSortCriteria = 10
)

// Parse turns the Filters member of a request into an expression (behaviour.md section 4,
// decisions 15-20): the attributes in the order of the API's alphabet, joined by AND, simplified.
// Filters that are absent, null or {} select everything; an attribute whose list is empty
// or null counts as absent. The error is a *findinghub.Error with CodeInvalidInput that
// names the member by its path and the rule it broke.
func Parse(filters jsontext.Value, o Options) (Expr, error) {
	given, err := readObject("Filters", filters)
	if err != nil {
		return nil, err
	}
	lists := make([]attributeEntries, 0, len(given))
	for _, m := range given {
		list, err := readEntries(m)
		if err != nil {
			return nil, err
		}
		if len(list.entries) > 0 {
			lists = append(lists, list)
		}
	}
	if len(lists) > MaxAttributes {
		return nil, tooMany("Filters", len(lists), MaxAttributes)
	}
	slices.SortFunc(lists, func(a, b attributeEntries) int { return int(a.attribute) - int(b.attribute) })
	return combine(lists, &o)
}

// attributeEntries is the list of filters given for one attribute.
type attributeEntries struct {
	attribute Attribute
	entries   []entry
}

// readEntries reads one member of Filters. It tells every entry's members apart but
// does not read their values yet.
func readEntries(m member) (attributeEntries, error) {
	a, ok := Lookup(m.name)
	if !ok {
		return attributeEntries{}, invalid(m.path, "There is no such filter attribute.")
	}
	values, err := readList(m.path, m.value)
	if err != nil {
		return attributeEntries{}, err
	}
	if len(values) > MaxValues {
		return attributeEntries{}, tooMany(m.path, len(values), MaxValues)
	}
	list := attributeEntries{attribute: a, entries: make([]entry, 0, len(values))}
	for i, v := range values {
		e, err := readEntry(element(m.path, i), v, entryMembers[Attributes[a].Kind])
		if err != nil {
			return attributeEntries{}, err
		}
		list.entries = append(list.entries, e)
	}
	return list, nil
}

// entryMembers are the members that an entry of each kind may have.
var entryMembers = [...][]string{
	KindString:  {"Value", "Comparison"},
	KindNumber:  {"Gte", "Lte", "Eq", "Gt", "Lt"},
	KindDate:    {"Start", "End", "DateRange"},
	KindIP:      {"Cidr"},
	KindMap:     {"Key", "Value", "Comparison"},
	KindBoolean: {"Value"},
	KindKeyword: {"Value"},
}

// combine joins the attributes by AND.
func combine(lists []attributeEntries, o *Options) (Expr, error) {
	all := make(And, 0, len(lists))
	for _, list := range lists {
		e, err := list.expr(o)
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return Simplify(all), nil
}

// expr is what the filters of one attribute mean together. Entries of text are combined
// by their comparisons; those of every other kind are OR-ed (decisions 15 and 16).
func (l attributeEntries) expr(o *Options) (Expr, error) {
	kind := Attributes[l.attribute].Kind
	if kind == KindString || kind == KindMap {
		return l.comparisons(kind, o.Strict)
	}
	any := make(Or, 0, len(l.entries))
	for i := range l.entries {
		x, err := l.entries[i].term(l.attribute, kind, o)
		if err != nil {
			return nil, err
		}
		any = append(any, x)
	}
	return any, nil
}

// term reads a filter of a kind whose entries do not depend on each other.
func (e *entry) term(a Attribute, kind Kind, o *Options) (Expr, error) {
	switch kind {
	case KindNumber:
		return e.number(a)
	case KindDate:
		return e.date(a, o.Now)
	case KindIP:
		return e.network(a)
	case KindBoolean:
		return e.boolean(a)
	}
	text, err := e.text("Value")
	return KeywordTerm{text}, err
}
