package filter

import (
	"strconv"
	"strings"

	"github.com/findinghub/findinghub/asff"
)

// node is a place in a finding that is or leads to values of attributes.
type node struct {
	attributes []Attribute // whose values lie here
	isMap      bool        // the attributes are KindMap
	edges      []edge
}

// edge is a member that leads on. Nodes have few, so that a walk along them, which compares
// lengths first, beats a map.
type edge struct {
	name string
	to   *node
}

// root has an edge for each top-level member that an attribute names, ordered by the
// first of its attributes: reading members in this order gives values nearly in order.
var (
	root    = buildTrie()
	topEdge = indexEdges(root)
)

// maxTop bounds root's edges, so that Extract can keep its place in them on the stack.
const maxTop = 64

// buildTrie makes the trie of all paths of the table. Going through the attributes in order
// puts root's edges in the order of their first attribute.
func buildTrie() *node {
	root := &node{}
	for a := range Attributes {
		for _, path := range Attributes[a].Paths {
			n := root
			for name := range strings.SplitSeq(path, ".") {
				n = n.descend(name)
			}
			n.attributes = append(n.attributes, Attribute(a))
			n.isMap = Attributes[a].Kind == KindMap
		}
	}
	return root
}

// descend gives the node behind a member, a new one where there is none.
func (n *node) descend(name string) *node {
	for _, e := range n.edges {
		if e.name == name {
			return e.to
		}
	}
	to := &node{}
	n.edges = append(n.edges, edge{name, to})
	return to
}

// indexEdges finds edges by name: root has dozens, and every member of a finding asks it.
func indexEdges(root *node) map[string]int {
	index := make(map[string]int, len(root.edges))
	for i, e := range root.edges {
		index[e.name] = i
	}
	return index
}

// Extract appends the values of a finding to dst, in order. It reads only what the
// attributes name. The values alias the finding's bytes where no character is escaped.
// Of members that are not valid JSON it gives some values or none.
func Extract(f asff.Finding, dst Values) Values {
	// Members are read in the order of root's edges rather than as they stand, because
	// Values are ordered by attribute: what is left to sort is within one member.
	var place [maxTop]int // 1 + the index in f of root's edges
	for i := range f {
		if e, ok := topEdge[f[i].Name]; ok {
			place[e] = i + 1
		}
	}
	x := extraction{values: dst}
	for e := range root.edges {
		if place[e] > 0 {
			x.data = f[place[e]-1].Value
			x.value(root.edges[e].to, space(x.data, 0))
		}
	}
	if !x.untidy {
		return x.values
	}
	own := x.values[len(dst):]
	own.order()
	return x.values[:len(dst)+len(own.lastOfSingles())]
}

// extraction is the state of one Extract.
type extraction struct {
	data   []byte // the top-level member that is being read
	values Values
	untidy bool // a value came after one of a later attribute, or twice
}

// value reads the value at i, which belongs to n, and gives the index after it.
func (x *extraction) value(n *node, i int) int {
	if i >= len(x.data) {
		return i
	}
	switch x.data[i] {
	case '{':
		return x.object(n, i)
	case '[':
		return x.list(n, i)
	case '"':
		end := stringEnd(x.data, i)
		x.text(n, i, end)
		return end
	}
	end := literalEnd(x.data, i)
	x.literal(n, x.data[i:end])
	return end
}

// object follows the members that lead to attributes and skips the others, which are most
// of a finding's bytes.
func (x *extraction) object(n *node, i int) int {
	if n.isMap {
		return x.entries(n, i)
	}
	name, at, ok := pair(x.data, i+1)
	for ok {
		if to := n.follow(name); to != nil {
			at = x.value(to, at)
		} else {
			at = valueEnd(x.data, at)
		}
		name, at, ok = pair(x.data, at)
	}
	return min(at+1, len(x.data))
}

// follow gives the node behind a member, nil where no attribute lies there.
func (n *node) follow(name []byte) *node {
	for i := range n.edges {
		if n.edges[i].name == string(name) {
			return n.edges[i].to
		}
	}
	return nil
}

// list reads the elements of a list for n. The format nests no list directly in another,
// so such an element is skipped, which keeps the recursion as shallow as the paths.
func (x *extraction) list(n *node, i int) int {
	for i = space(x.data, i+1); i < len(x.data) && x.data[i] != ']'; i = space(x.data, i) {
		switch x.data[i] {
		case ',':
			i++
		case '[':
			i = nestEnd(x.data, i)
		case '}', ':': // not JSON
			return len(x.data)
		default:
			i = x.value(n, i)
		}
	}
	return min(i+1, len(x.data))
}

// entries reads a map; entries whose value is not a string are absent.
func (x *extraction) entries(n *node, i int) int {
	key, at, ok := pair(x.data, i+1)
	for ok {
		end := valueEnd(x.data, at)
		if at < len(x.data) && x.data[at] == '"' {
			if text, valid := unquote(x.data, at, end); valid {
				x.each(n, Value{Key: key, Text: text})
			}
		}
		key, at, ok = pair(x.data, end)
	}
	return min(at+1, len(x.data))
}

// text takes the string at [i:end) as a value of n's attributes.
func (x *extraction) text(n *node, i, end int) {
	if len(n.attributes) == 0 || n.isMap {
		return
	}
	text, ok := unquote(x.data, i, end)
	if !ok {
		return
	}
	for _, a := range n.attributes {
		switch Attributes[a].Kind {
		case KindString:
			x.add(Value{Attribute: a, Text: text})
		case KindIP:
			if _, ok := parseAddr(text); ok {
				x.add(Value{Attribute: a, Text: text})
			}
		case KindDate:
			if at, err := asff.ParseTime(string(text)); err == nil {
				x.add(Value{Attribute: a, Micros: at.UnixMicro()})
			}
		}
	}
}

// literal takes a number, true or false as a value of n's attributes. A number that no
// float64 holds (1e999) is absent, so that infinities and NaN never come up.
func (x *extraction) literal(n *node, literal []byte) {
	for _, a := range n.attributes {
		switch Attributes[a].Kind {
		case KindNumber:
			if v, err := strconv.ParseFloat(string(literal), 64); err == nil {
				x.add(Value{Attribute: a, Number: v})
			}
		case KindBoolean:
			switch string(literal) {
			case "true":
				x.add(Value{Attribute: a, Number: 1})
			case "false":
				x.add(Value{Attribute: a})
			}
		}
	}
}

// each adds a value for all attributes of a node.
func (x *extraction) each(n *node, v Value) {
	for _, a := range n.attributes {
		v.Attribute = a
		x.add(v)
	}
}

// add notes in passing whether there will be anything to tidy up.
func (x *extraction) add(v Value) {
	if n := len(x.values); n > 0 {
		last := x.values[n-1].Attribute
		x.untidy = x.untidy || last > v.Attribute || last == v.Attribute && !Attributes[last].Many
	}
	x.values = append(x.values, v)
}
