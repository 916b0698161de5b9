// Package filter is the query language of the hub: the 104 attributes by which
// findings are searched, the expression tree that a request's filters become, and
// Match, which decides whether a finding satisfies it. Match is the oracle: every
// engine must select the same findings. The package is pure.
package filter

import (
	"net/netip"
	"time"

	"github.com/findinghub/findinghub/asff"
	"github.com/go-json-experiment/json/jsontext"
)

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
	// Ranks orders an enumeration that does not sort by alphabet (SeverityLabel).
	Ranks []string
}

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
type Values []Value

// Extract appends the values of a finding to dst, in order. It reads only what the attributes name.
func Extract(f asff.Finding, dst Values) Values { panic("filter: Extract is being written") }

// Lookup finds an attribute by its API name.
func Lookup(name string) (Attribute, bool) { panic("filter: Lookup is being written") }

// Of gives the values of one attribute.
func (vs Values) Of(a Attribute) Values { panic("filter: Of is being written") }

// Expr is a node of the expression tree: And, Or, Not, Const or one of the terms.
// The set is sealed; evaluators switch over it.
type Expr interface {
	isExpr()
	// String prints the expression for people and for comparing.
	String() string
}

// The inner nodes. An empty And is true, an empty Or is false.
type (
	And   []Expr
	Or    []Expr
	Not   struct{ X Expr }
	Const bool
)

// TextOp compares text, case-sensitively.
type TextOp uint8

// ContainsWord needs the value's words (runs of letters and digits) next to each other, whole.
const (
	Equals TextOp = iota
	Prefix
	Contains
	ContainsWord
)

// The terms. Each is true when at least one of the finding's values for the attribute
// satisfies it; negatives are Not of these, so that they hold for an absent attribute
// and need that no element of a list matches (decision 17).
type (
	// TextTerm compares a KindString attribute.
	TextTerm struct {
		Attribute Attribute
		Op        TextOp
		Value     string
	}
	// MapTerm compares the value under one key of a KindMap attribute; Op is Equals or Contains.
	MapTerm struct {
		Attribute Attribute
		Key       string
		Op        TextOp
		Value     string
	}
	// NumberTerm holds when a value v has Min <= v <= Max, without the bound where it is open.
	// No bound at all is not allowed; infinities are absent bounds.
	NumberTerm struct {
		Attribute        Attribute
		Min, Max         float64
		MinOpen, MaxOpen bool
	}
	// DateTerm holds when From <= v <= To, both inclusive; zero times are absent bounds.
	DateTerm struct {
		Attribute Attribute
		From, To  time.Time
	}
	// IPTerm holds when an address lies in the network.
	IPTerm struct {
		Attribute Attribute
		Network   netip.Prefix
	}
	// BoolTerm compares a KindBoolean attribute.
	BoolTerm struct {
		Attribute Attribute
		Value     bool
	}
	// KeywordTerm holds when any text of the finding's Values contains it, case-insensitively.
	KeywordTerm struct{ Value string }
)

func (And) isExpr()         {}
func (Or) isExpr()          {}
func (Not) isExpr()         {}
func (Const) isExpr()       {}
func (TextTerm) isExpr()    {}
func (MapTerm) isExpr()     {}
func (NumberTerm) isExpr()  {}
func (DateTerm) isExpr()    {}
func (IPTerm) isExpr()      {}
func (BoolTerm) isExpr()    {}
func (KeywordTerm) isExpr() {}

// Options are what Parse needs to know besides the filters.
type Options struct {
	// Now is what date ranges count back from.
	Now time.Time
	// Strict refuses CONTAINS, NOT_CONTAINS and CONTAINS_WORD as the service does (decision 18).
	Strict bool
}

// Parse turns the Filters member of a request into an expression (behaviour.md section 4,
// decisions 15-20). The error is a *findinghub.Error with CodeInvalidInput that names the
// member by its path and the rule it broke.
func Parse(filters jsontext.Value, o Options) (Expr, error) { panic("filter: Parse is being written") }

// Simplify flattens And and Or, drops constants and duplicates, and removes double
// negation. It never changes what matches.
func Simplify(e Expr) Expr { panic("filter: Simplify is being written") }

// Map rebuilds an expression bottom-up, replacing each node by what f makes of it.
func Map(e Expr, f func(Expr) Expr) Expr { panic("filter: Map is being written") }

// Match decides whether a finding with these values satisfies the expression.
func Match(e Expr, vs Values) bool { panic("filter: Match is being written") }

// Order is one criterion of a sort.
type Order struct {
	Attribute  Attribute
	Descending bool
}

// ParseSort turns the SortCriteria member of a request into a sort. No criteria is the
// default: UpdatedAt descending (decision 14). A criterion's order is ascending unless it
// says desc. Unknown and multi-valued fields are CodeInvalidInput, named (decision 19).
func ParseSort(criteria jsontext.Value) ([]Order, error) {
	panic("filter: ParseSort is being written")
}

// SortValue is what a finding sorts by for one attribute. Its fields are exported so
// that a page token can carry it.
type SortValue struct {
	// Present is false when the finding has no value: it sorts last in both directions (decision 27).
	Present bool    `json:"p,omitempty"`
	Text    string  `json:"t,omitempty"` // KindString, KindIP: compared by bytes; a rank if the attribute has Ranks
	Number  float64 `json:"n,omitempty"` // KindNumber, KindBoolean; the rank where the attribute has Ranks
	Micros  int64   `json:"m,omitempty"` // KindDate
}

// SortKey gives the values by which a finding is sorted.
func SortKey(orders []Order, vs Values) []SortValue { panic("filter: SortKey is being written") }

// CompareSort orders two sort keys under the orders; ties are 0 and broken by finding.Key.
func CompareSort(orders []Order, a, b []SortValue) int {
	panic("filter: CompareSort is being written")
}
