package policy

import "strings"

// quantifier says how an operator treats a key of several values.
type quantifier uint8

const (
	// single is an operator without prefix: it holds when any value of the request does, a
	// negated one when the operator it negates does not. The guide wants a set operator for
	// keys of several values and leaves open what happens without.
	single quantifier = iota
	forAllValues
	forAnyValue
)

// condition is one key under one operator. A statement's conditions must all hold.
type condition struct {
	operator
	quantifier quantifier
	ifExists   bool
	name       string // the operator as the policy spells it
	key        string // the key as the policy spells it
	lookup     string // the key in lower case
	tests      []test
}

// newCondition reads the operator's name; false when there is no such operator.
func newCondition(name string) (condition, bool) {
	c := condition{name: name}
	base := name
	if rest, ok := strings.CutPrefix(base, "ForAllValues:"); ok {
		base, c.quantifier = rest, forAllValues
	} else if rest, ok := strings.CutPrefix(base, "ForAnyValue:"); ok {
		base, c.quantifier = rest, forAnyValue
	}
	base, c.ifExists = strings.CutSuffix(base, "IfExists")
	var ok bool
	c.operator, ok = operatorNamed(base)
	// Null asks for presence itself; nothing says what it would mean with a prefix or suffix.
	return c, ok && (!c.presence || base == name)
}

// holds decides a condition (reference_policies_elements_condition_operators and
// reference_policies_condition-single-vs-multi-valued-context-keys). A key without values is
// absent. IfExists wins over a set operator: the guide lets it be added to any operator and
// says that the condition then holds of an absent key, though it is told of the service that
// ForAnyValue ignores it.
func (c *condition) holds(ctx Context) bool {
	values := ctx[c.lookup]
	if c.presence {
		return c.present(len(values) > 0)
	}
	if c.absent(values) {
		return c.ifExists || c.holdsAbsent()
	}
	switch c.quantifier {
	case forAllValues:
		for _, v := range values {
			if c.any(v, ctx) == c.negated {
				return false
			}
		}
		return true
	case forAnyValue:
		for _, v := range values {
			if c.any(v, ctx) != c.negated {
				return true
			}
		}
		return false
	}
	return c.holdsSingle(values, ctx)
}

func (c *condition) holdsSingle(values []string, ctx Context) bool {
	for _, v := range values {
		if c.any(v, ctx) {
			return !c.negated
		}
	}
	return c.negated
}

// absent says whether there is nothing to compare. To the set operators a lone empty string
// is nothing, too: the guide calls it a null data set.
func (c *condition) absent(values []string) bool {
	return len(values) == 0 || c.quantifier != single && len(values) == 1 && values[0] == ""
}

// holdsAbsent says what an absent key means: everything is true of all of no values, nothing
// of any of them, and a plain operator holds when it is negated.
func (c *condition) holdsAbsent() bool {
	switch c.quantifier {
	case forAllValues:
		return true
	case forAnyValue:
		return false
	}
	return c.negated
}

// any says whether one of the policy's values fits a value of the request.
func (c *condition) any(value string, ctx Context) bool {
	for _, t := range c.tests {
		if t.holds(value, ctx) {
			return true
		}
	}
	return false
}

// present decides Null, whose value true asks for an absent key.
func (c *condition) present(is bool) bool {
	for _, t := range c.tests {
		if absent, ok := t.(boolTest); ok && bool(absent) != is {
			return true
		}
	}
	return false
}
