package postgres

import (
	"math"
	"math/bits"
	"slices"
	"strings"

	"github.com/findinghub/findinghub/filter"
)

// strategy chooses how hubs are asked: byTerms and byCandidates collect what matches, at most so many, by the index on
// terms and that on titles, and sort it; ordered reads each hub in the order of the sort until enough was found.
//
// To collect costs as many findings as match. To read in order costs a page divided by the share that matches: where
// both are alike lies the bound. It holds whatever the statistics say, for what they do not know may be much.
func (e *Engine) strategy(hubs []hub, expr filter.Expr, limit int) (how asking, most int) {
	k := e.statistics.get()
	switch {
	case e.o.ask != nil:
		return e.o.ask()
	case k.citus:
		return ordered, 0
	}
	most = roundUp(max(leastCollected, int(math.Sqrt(inOrderCost*float64(limit+1)*k.findings))))
	switch share := k.share(newCompiler(hubs), expr); {
	case share < 1 && share*k.findings <= float64(most):
		return byTerms, most
	case k.trigrams && ofTitles(expr):
		return byCandidates, most
	}
	return ordered, 0
}

// roundUp gives the next power of two: bounds are part of a statement's text, of which the database is to keep few.
func roundUp(n int) int { return 1 << bits.Len(uint(n-1)) }

const (
	// inOrderCost is what reading a finding in order costs more than collecting it.
	inOrderCost = 4
	// leastCollected is what it does not pay to think about.
	leastCollected = 1024
)

// share is how large a part of the findings the index on terms will give for an expression, as if what is asked for had
// nothing to do with each other; 1 where that index cannot help.
func (k *known) share(c *compiler, e filter.Expr) float64 {
	share := 1.0
	switch e := e.(type) {
	case filter.And:
		for _, x := range e {
			share *= k.share(c, x)
		}
	case filter.Or:
		share = 0
		for _, x := range e {
			share += k.share(c, x)
		}
	case filter.Const:
		if !e {
			share = 0
		}
	case filter.Not, filter.KeywordTerm:
	case filter.Term:
		mark := len(c.terms)
		if c.leaf(e).sql == never {
			return 0
		}
		for _, of := range c.terms[mark:] {
			share *= k.of(of)
		}
	}
	return min(share, 1)
}

// ofTitles says whether the index on titles' trigrams can select what an expression holds of.
func ofTitles(e filter.Expr) bool {
	switch e := e.(type) {
	case filter.And:
		return slices.ContainsFunc(e, ofTitles)
	case filter.Or:
		return len(e) > 0 && !slices.ContainsFunc(e, func(x filter.Expr) bool { return !ofTitles(x) })
	case filter.TextTerm:
		return e.Attribute == filter.Title && (e.Op == filter.Contains || e.Op == filter.ContainsWord) && hasTrigram(e.Value)
	}
	return false
}

// hasTrigram says whether a text has three letters or digits in a row.
func hasTrigram(text string) bool {
	return slices.ContainsFunc(strings.FieldsFunc(text, notAlphanumeric), func(word string) bool { return len(word) >= 3 })
}

func notAlphanumeric(r rune) bool { return r >= 0x80 || !isAlphanumeric(byte(r)) }
