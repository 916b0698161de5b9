package postgres

import (
	"bytes"
	"slices"
	"strings"

	"github.com/findinghub/findinghub/filter"
)

// text compiles a comparison of text by where the attribute's values lie.
func (c *compiler) text(t filter.TextTerm) leaf {
	if filter.Attributes[t.Attribute].Kind != filter.KindString {
		return unknown() // texts, but not terms by themselves
	}
	switch t.Attribute {
	case filter.AwsAccountId:
		return c.ofHubs(t, "account", func(h hub) string { return h.account })
	case filter.Region:
		return c.ofHubs(t, "region", func(h hub) string { return h.region })
	case filter.ProductArn:
		return c.product(t)
	case filter.SeverityLabel:
		return c.severity(t)
	}
	if name := columnOf(listColumns[:], t.Attribute); name != "" {
		return c.list(t, name)
	}
	if name := columnOf(textColumns[:], t.Attribute); name != "" {
		return c.column(t, name)
	}
	if t.Op == filter.Equals && indexed(t.Attribute) {
		return c.equals(t)
	}
	return c.prefixed(t)
}

// equals asks the index for the whole value.
func (c *compiler) equals(t filter.TextTerm) leaf {
	return c.hasTerm(func(d *digester) term { return d.value(t.Attribute, nil, []byte(t.Value)) })
}

// isCommon says whether so many findings have a value that their columns are better compared one by one.
func (c *compiler) isCommon(t filter.TextTerm) bool {
	return c.common != nil && len(t.Value) <= maxColumn &&
		c.common(c.wanted(func(d *digester) term { return d.value(t.Attribute, nil, []byte(t.Value)) }))
}

// prefixed asks the index for the longest beginning that is kept of the value's length.
func (c *compiler) prefixed(t filter.TextTerm) leaf {
	longest := 0
	for _, n := range prefixes[t.Attribute] {
		if n <= len(t.Value) {
			longest = max(longest, n)
		}
	}
	if t.Op != filter.Prefix || longest == 0 {
		return unknown()
	}
	l := c.hasTerm(func(d *digester) term {
		return d.digest(valuePrefix, t.Attribute, nil, []byte(t.Value[:longest]))
	})
	return roughly(l.sql)
}

// ofHubs compares what all findings of a hub have in common, without asking any of them. A hub without
// a name is one whose findings may lack the attribute.
func (c *compiler) ofHubs(t filter.TextTerm, name string, value func(hub) string) leaf {
	var holding []string
	for _, h := range c.hubs {
		if value(h) == "" {
			return unknown()
		}
		if t.Holds(&filter.Value{Text: []byte(value(h))}) && !slices.Contains(holding, value(h)) {
			holding = append(holding, value(h))
		}
	}
	switch {
	case len(holding) == 0:
		return exactly(never)
	case !slices.ContainsFunc(c.hubs, func(h hub) bool { return !slices.Contains(holding, value(h)) }):
		return exactly(always)
	}
	return exactly(name + " = ANY(" + c.arg(holding, "text[]") + ")")
}

// product compares a key's beginning, which the primary key is ordered by.
func (c *compiler) product(t filter.TextTerm) leaf {
	from, to, ok := productRange(t.Value)
	if !ok {
		return unknown()
	}
	switch t.Op {
	case filter.Equals:
		return exactly("(place >= " + c.arg(from, "bytea") + " AND place < " + c.arg(to, "bytea") + ")")
	case filter.Prefix:
		return exactly(c.begins("place", appendProduct(nil, t.Value)))
	}
	return unknown()
}

// severity compares the label by its rank. Rows without a rank may have a label that is none of the usual.
func (c *compiler) severity(t filter.TextTerm) leaf {
	holding := []int16{}
	for rank, label := range filter.Attributes[t.Attribute].Ranks {
		if t.Holds(&filter.Value{Text: []byte(label)}) {
			holding = append(holding, int16(rank))
		}
	}
	if t.Op != filter.Equals {
		return orOdd("(severity = ANY(" + c.arg(holding, "smallint[]") + ") OR odd)")
	}
	if len(holding) == 0 {
		return orOdd("odd")
	}
	return exactly("severity = " + c.arg(holding[0], "smallint"))
}

// column compares a column; values that did not fit into it are only in the body.
func (c *compiler) column(t filter.TextTerm, name string) leaf {
	switch {
	case t.Op == filter.Equals && indexed(t.Attribute) && c.isCommon(t):
		return orOdd("(" + name + " = " + c.arg([]byte(t.Value), "bytea") + " OR odd)")
	case t.Op == filter.Equals && indexed(t.Attribute):
		return c.equals(t)
	case t.Op == filter.Equals && len(t.Value) <= maxShort:
		return exactly(name + " = " + c.arg([]byte(t.Value), "bytea"))
	case t.Op == filter.Equals:
		return orOdd("odd")
	case t.Op == filter.Prefix:
		return c.also(whole(t, c.begins(name, []byte(t.Value))), c.prefixed(t))
	}
	return whole(t, c.contains(t, name))
}

// whole is a condition on a column that has every title, but of others only what fits.
func whole(t filter.TextTerm, sql string) leaf {
	word := t.Op == filter.ContainsWord
	if t.Attribute != filter.Title {
		return leaf{"(" + sql + " OR odd)", false, !word}
	}
	return leaf{"(" + sql + ")", !word, !word}
}

// list compares the elements of a column.
func (c *compiler) list(t filter.TextTerm, name string) leaf {
	switch t.Op {
	case filter.Equals:
		if c.isCommon(t) {
			return orOdd("(" + c.arg([]byte(t.Value), "bytea") + " = ANY(" + name + ") OR odd)")
		}
		return c.equals(t)
	case filter.Prefix:
		// Most lists have one element, which is asked without making a table of them.
		first, some := c.begins(name+"[1]", []byte(t.Value)), c.begins("v", []byte(t.Value))
		return c.also(orOdd("("+first+" OR EXISTS (SELECT FROM unnest("+name+") v WHERE "+some+") OR odd)"), c.prefixed(t))
	}
	sql := "(EXISTS (SELECT FROM unnest(" + name + ") v WHERE " + c.contains(t, "v") + ") OR odd)"
	return leaf{sql, false, t.Op != filter.ContainsWord}
}

// also adds a condition that holds of everything that matches, to be quicker.
func (c *compiler) also(l, hint leaf) leaf {
	if hint.sql != always {
		l.sql = "(" + hint.sql + " AND " + l.sql + ")"
	}
	return l
}

// begins compares by range, which indexes can answer. Every text begins with the empty one.
func (c *compiler) begins(name string, prefix []byte) string {
	if len(prefix) == 0 {
		return name + " IS NOT NULL"
	}
	sql := name + " >= " + c.arg(prefix, "bytea")
	if next := after(prefix); next != nil {
		sql = "(" + sql + " AND " + name + " < " + c.arg(next, "bytea") + ")"
	}
	return sql
}

// contains looks for the value's bytes, or for each of its words: whether these stand side by side is
// for Match to say. Titles are asked by their trigrams first.
func (c *compiler) contains(t filter.TextTerm, name string) string {
	parts := []string{t.Value}
	if t.Op == filter.ContainsWord {
		parts = strings.FieldsFunc(t.Value, func(r rune) bool { return r < 0x80 && !isAlphanumeric(byte(r)) })
	}
	sql := []string{name + " IS NOT NULL"}
	for _, p := range parts {
		if p == "" || !isPlain(p) && t.Op == filter.ContainsWord {
			continue
		}
		if name == "title" {
			sql = append(sql, "encode(title, 'escape') LIKE "+c.arg(likeEscaped(p), "text"))
		}
		sql = append(sql, "position("+c.arg([]byte(p), "bytea")+" IN "+name+") > 0")
	}
	return strings.Join(sql, " AND ")
}

func isAlphanumeric(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}

// isPlain is true for words of which Go's and our notion agree.
func isPlain(s string) bool {
	for i := range len(s) {
		if !isAlphanumeric(s[i]) {
			return false
		}
	}
	return true
}

// likeEscaped is the pattern that finds the value's bytes in what encode(_, 'escape') makes of a text:
// zero and what is not ASCII become octal, and a backslash two. Each byte is encoded by itself, so
// that what is contained stays contained.
func likeEscaped(value string) string {
	var b bytes.Buffer
	b.WriteByte('%')
	for i := range len(value) {
		switch ch := value[i]; {
		case ch == 0 || ch >= 0x80:
			b.WriteString(`\\`)
			b.WriteByte('0' + ch>>6)
			b.WriteByte('0' + ch>>3&7)
			b.WriteByte('0' + ch&7)
		case ch == '\\':
			b.WriteString(`\\\\`)
		case ch == '%' || ch == '_':
			b.WriteByte('\\')
			b.WriteByte(ch)
		default:
			b.WriteByte(ch)
		}
	}
	b.WriteByte('%')
	return b.String()
}
