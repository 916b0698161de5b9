package api

import (
	"net/url"
	"slices"
	"strings"
)

// router finds the operation that a request asks for. It works on the escaped path: the
// ARNs in paths arrive with their colons and slashes encoded, or not, as the client likes.
type router struct {
	// fixed are the operations whose path has no label, by method and path.
	fixed map[string]*operation
	// labelled are the others, longest literal part first, so that the most specific wins.
	labelled []labelled
}

type labelled struct {
	*operation
	prefix string // the path up to the label, with its slash
}

// newRouter builds the routing table. Labels of the model are always the last part of a path.
func newRouter(operations []operation) *router {
	r := &router{fixed: map[string]*operation{}}
	for i := range operations {
		op := &operations[i]
		prefix, _, ok := strings.Cut(op.URI, "{")
		if !ok {
			r.fixed[op.Method+" "+op.URI] = op
			continue
		}
		r.labelled = append(r.labelled, labelled{op, prefix})
	}
	slices.SortStableFunc(r.labelled, func(a, b labelled) int { return len(b.prefix) - len(a.prefix) })
	return r
}

// find gives the operation and the unescaped value of its label, nil when there is no
// such operation. A label takes the rest of the path, whether the model calls it greedy
// or not: clients that leave the slashes of an ARN unescaped mean the same resource.
func (r *router) find(method, escapedPath string) (op *operation, label string) {
	if op, ok := r.fixed[method+" "+escapedPath]; ok {
		return op, ""
	}
	for _, l := range r.labelled {
		rest, ok := strings.CutPrefix(escapedPath, l.prefix)
		if !ok || rest == "" || method != l.Method {
			continue
		}
		if label, err := url.PathUnescape(rest); err == nil {
			return l.operation, label
		}
	}
	return nil, ""
}

// Operation is one operation of the API, for those who tell what the hub can do.
type Operation struct {
	Name   string
	Method string
	// URI is the path as the model has it, with labels in braces.
	URI string
	// Built is false while the operation answers 501.
	Built bool
}

// Operations lists the API's operations by name.
func Operations() []Operation {
	all := make([]Operation, 0, len(operations))
	for _, op := range &operations {
		all = append(all, Operation{Name: op.Name, Method: op.Method, URI: op.URI, Built: built[op.Name] != nil})
	}
	return all
}
