package filter

// Simplify flattens And and Or, drops constants and duplicates, and removes double
// negation. It never changes what matches.
func Simplify(e Expr) Expr { return Map(e, simplifyNode) }

// simplifyNode simplifies a node whose operands are simple.
func simplifyNode(e Expr) Expr {
	switch e := e.(type) {
	case And:
		operands, decided := gather(e, true, func(x Expr) ([]Expr, bool) { and, ok := x.(And); return and, ok })
		return collapse(And(operands), operands, decided, true)
	case Or:
		operands, decided := gather(e, false, func(x Expr) ([]Expr, bool) { or, ok := x.(Or); return or, ok })
		return collapse(Or(operands), operands, decided, false)
	case Not:
		switch x := e.X.(type) {
		case Not:
			return x.X
		case Const:
			return !x
		}
	}
	return e
}

// gather lists the operands of an And or an Or with those of nested ones in their place,
// each once: terms that print alike are alike. neutral is the constant that changes
// nothing; the other one decides all.
func gather(operands []Expr, neutral Const, nested func(Expr) ([]Expr, bool)) (kept []Expr, decided bool) {
	seen := map[string]bool{}
	for _, x := range operands {
		inner, ok := nested(x)
		if !ok {
			inner = []Expr{x}
		}
		for _, y := range inner {
			if c, ok := y.(Const); ok {
				decided = decided || c != neutral
				continue
			}
			if name := y.String(); !seen[name] {
				seen[name] = true
				kept = append(kept, y)
			}
		}
	}
	return kept, decided
}

// collapse replaces an And or an Or that needs no operands, or one, by what it comes to.
func collapse(whole Expr, operands []Expr, decided bool, neutral Const) Expr {
	switch {
	case decided:
		return !neutral
	case len(operands) == 0:
		return neutral
	case len(operands) == 1:
		return operands[0]
	}
	return whole
}

// Map rebuilds an expression bottom-up, replacing each node by what f makes of it.
// The expression itself stays as it is.
func Map(e Expr, f func(Expr) Expr) Expr {
	switch x := e.(type) {
	case And:
		e = And(mapAll(x, f))
	case Or:
		e = Or(mapAll(x, f))
	case Not:
		e = Not{Map(x.X, f)}
	}
	return f(e)
}

// mapAll copies, and keeps nil nil, so that mapping nothing gives an equal tree.
func mapAll(operands []Expr, f func(Expr) Expr) []Expr {
	if operands == nil {
		return nil
	}
	mapped := make([]Expr, len(operands))
	for i, x := range operands {
		mapped[i] = Map(x, f)
	}
	return mapped
}
