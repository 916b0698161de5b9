package filter

import (
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Expr is a node of the expression tree: And, Or, Not, Const or one of the terms.
// The set is sealed; evaluators switch over it.
type Expr interface {
	isExpr()
	// String prints the expression for people and for comparing: trees that differ in
	// more than a time's zone print differently.
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
	// NumberTerm holds when a value v has Min <= v <= Max; an open bound itself is
	// excluded (MinOpen: Min < v). Infinities are absent bounds; one bound at least is
	// there. Min may exceed Max: then it holds for nothing. Numbers compare as float64, so
	// that integers beyond 2^53 may be taken for their neighbours.
	NumberTerm struct {
		Attribute        Attribute
		Min, Max         float64
		MinOpen, MaxOpen bool
	}
	// DateTerm holds when From <= v <= To, both inclusive, in whole microseconds; zero
	// times are absent bounds, of which there is at most one.
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
	// KeywordTerm holds when any text of the finding's Values contains it, case-insensitively:
	// when one contains the other after bytes.ToLower and strings.ToLower.
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

// String joins the operands; those that are And or Or themselves stand in parentheses.
func (e And) String() string { return join(e, "AND") }

// String joins the operands; those that are And or Or themselves stand in parentheses.
func (e Or) String() string { return join(e, "OR") }

// join prints AND() and AND(x) where there is nothing to put the word between, so that
// And{x} is told from x.
func join(operands []Expr, word string) string {
	if len(operands) < 2 {
		var inner string
		if len(operands) == 1 {
			inner = operands[0].String()
		}
		return word + "(" + inner + ")"
	}
	printed := make([]string, len(operands))
	for i, x := range operands {
		printed[i] = operand(x)
	}
	return strings.Join(printed, " "+word+" ")
}

func operand(x Expr) string {
	switch x.(type) {
	case And, Or:
		return "(" + x.String() + ")"
	}
	return x.String()
}

// String puts NOT before the operand.
func (e Not) String() string { return "NOT " + operand(e.X) }

// String is true or false.
func (e Const) String() string { return strconv.FormatBool(bool(e)) }

var textOps = [...]string{Equals: "=", Prefix: "^=", Contains: "*=", ContainsWord: "~="}

// String prints the operator: = for Equals, ^= Prefix, *= Contains, ~= ContainsWord.
func (op TextOp) String() string {
	if int(op) >= len(textOps) {
		return "TextOp(" + strconv.Itoa(int(op)) + ")"
	}
	return textOps[op]
}

// String is, for example, Title ^= "Root".
func (t TextTerm) String() string {
	return t.Attribute.String() + " " + t.Op.String() + " " + strconv.Quote(t.Value)
}

// String is, for example, ResourceTags["team"] = "blue".
func (t MapTerm) String() string {
	return t.Attribute.String() + "[" + strconv.Quote(t.Key) + "] " + t.Op.String() + " " + strconv.Quote(t.Value)
}

// String prints the interval, for example Confidence in [30, 70), or [30, +Inf].
func (t NumberTerm) String() string {
	left, right := "[", "]"
	if t.MinOpen {
		left = "("
	}
	if t.MaxOpen {
		right = ")"
	}
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	return t.Attribute.String() + " in " + left + number(t.Min) + ", " + number(t.Max) + right
}

// String prints the interval in UTC with * for an absent bound.
func (t DateTerm) String() string {
	bound := func(at time.Time) string {
		if at.IsZero() {
			return "*"
		}
		return at.UTC().Format(time.RFC3339Nano)
	}
	return t.Attribute.String() + " in [" + bound(t.From) + ", " + bound(t.To) + "]"
}

// String is, for example, NetworkSourceIpV4 in 10.0.0.0/8.
func (t IPTerm) String() string { return t.Attribute.String() + " in " + t.Network.String() }

// String is, for example, Sample = true.
func (t BoolTerm) String() string {
	return t.Attribute.String() + " = " + strconv.FormatBool(t.Value)
}

// String is, for example, ANY TEXT *= "bucket".
func (t KeywordTerm) String() string { return "ANY TEXT *= " + strconv.Quote(t.Value) }
