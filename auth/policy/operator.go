package policy

import (
	"strings"
)

// operator is a condition operator without prefix and suffix.
type operator struct {
	compile func(value string, variables bool) (test, error)
	// negated operators hold when the test holds of no value of the policy.
	negated bool
	// presence is Null, which looks at no value.
	presence bool
}

// test is one value of the policy, ready to be compared with one value of the request. It is
// given the context for the variables in it and not the whole request, which would have to
// leave the stack for that.
type test interface {
	holds(value string, c Context) bool
}

// operatorNamed finds an operator (reference_policies_elements_condition_operators). Names
// are case-sensitive.
func operatorNamed(name string) (operator, bool) {
	if o, ok := textOperator(name); ok {
		return o, true
	}
	switch name {
	case "Bool":
		return operator{compile: compileBool}, true
	case "BinaryEquals":
		return operator{compile: compileBinary}, true
	case "IpAddress":
		return operator{compile: compileNetwork}, true
	case "NotIpAddress":
		return operator{compile: compileNetwork, negated: true}, true
	case "Null":
		return operator{compile: compileBool, presence: true}, true
	}
	return orderOperator(name)
}

// textOperator finds the operators for strings and ARNs. ArnEquals and ArnLike do the same.
func textOperator(name string) (operator, bool) {
	switch name {
	case "StringEquals", "StringNotEquals":
		return operator{compile: compileText, negated: name != "StringEquals"}, true
	case "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase":
		return operator{compile: compileFolded, negated: name != "StringEqualsIgnoreCase"}, true
	case "StringLike", "StringNotLike":
		return operator{compile: compileLike, negated: name != "StringLike"}, true
	case "ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike":
		return operator{compile: compileARNTest, negated: strings.HasPrefix(name, "ArnNot")}, true
	}
	return operator{}, false
}

// orderOperator finds the operators for numbers and dates. Both come in the same six: five
// relations and NotEquals, which is no relation but the negation of one, so that it holds for
// a value that is no number at all.
func orderOperator(name string) (operator, bool) {
	compile := compileNumber
	how, ok := strings.CutPrefix(name, "Numeric")
	if !ok {
		compile = compileDate
		if how, ok = strings.CutPrefix(name, "Date"); !ok {
			return operator{}, false
		}
	}
	if how == "NotEquals" {
		return operator{compile: compile(equal), negated: true}, true
	}
	o, ok := orderNamed(how)
	return operator{compile: compile(o)}, ok
}

// order is a relation between a value of the request and one of the policy.
type order uint8

const (
	equal order = iota
	less
	lessEqual
	greater
	greaterEqual
)

func orderNamed(name string) (order, bool) {
	switch name {
	case "Equals":
		return equal, true
	case "LessThan":
		return less, true
	case "LessThanEquals":
		return lessEqual, true
	case "GreaterThan":
		return greater, true
	case "GreaterThanEquals":
		return greaterEqual, true
	}
	return 0, false
}

// holds says whether a comparison's result (-1, 0, 1) satisfies the relation.
func (o order) holds(result int) bool {
	switch o {
	case less:
		return result < 0
	case lessEqual:
		return result <= 0
	case greater:
		return result > 0
	case greaterEqual:
		return result >= 0
	}
	return result == 0
}
