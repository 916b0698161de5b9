package hub

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/auth"
	"github.com/findinghub/findinghub/auth/policy"
	"github.com/go-json-experiment/json/jsontext"
)

// servicePrefix begins the names of the service's actions.
const servicePrefix = "securityhub:"

// The condition keys of the service and of tags (behaviour.md section 3), in lower case.
const (
	keyTargetAccount = "securityhub:targetaccount"
	keyField         = "securityhub:asffsyntaxpath/"
	keyResourceTag   = "aws:resourcetag/"
	keyRequestTag    = "aws:requesttag/"
	keyTagKeys       = "aws:tagkeys"
)

// accessor is an input that knows better than Authorize what its caller wants to do.
type accessor interface {
	// accesses are all that the caller needs; none when the operation itself asks.
	accesses(h *Hub, p auth.Principal, action string) []auth.Access
}

// Authorize fails with AccessDeniedException unless the caller may execute the operation with
// this input. Whoever serves operations asks it between decoding and executing: one place, so
// that no operation can forget it. BatchImportFindings asks for itself, because it alone
// reads the products and accounts that decide (behaviour.md section 1.1).
func (h *Hub) Authorize(ctx context.Context, p auth.Principal, operation string, in any) error {
	action := servicePrefix + operation
	accesses := []auth.Access{{Action: action, Resource: hubARN(p)}}
	if a, ok := in.(accessor); ok {
		accesses = a.accesses(h, p, action)
	}
	if p.Rights == nil {
		for _, a := range accesses {
			p.Trail.Note(a.Resource)
		}
		return nil
	}
	for _, a := range accesses {
		if err := h.tagContext(ctx, p, &a); err != nil {
			return err
		}
		if err := p.Authorize(a); err != nil {
			return err
		}
	}
	return nil
}

// tagContext adds the tags of the resource to what policies may ask about.
func (h *Hub) tagContext(ctx context.Context, p auth.Principal, a *auth.Access) error {
	r, err := h.tagged(ctx, p, a.Resource)
	if err != nil {
		// What has no tags, or does not exist, has none to ask about; the operation will say so.
		if code := findinghub.AsError(err).Code; code == findinghub.CodeInvalidInput || code == findinghub.CodeResourceNotFound {
			return nil
		}
		return err
	}
	if len(r.tags) == 0 {
		return nil
	}
	c := policy.Context{}
	maps.Copy(c, a.Context)
	for k, v := range r.tags {
		c[keyResourceTag+strings.ToLower(k)] = []string{v}
	}
	a.Context = c
	return nil
}

// tagRequest is the condition keys of tags that a request brings.
func tagRequest(tags map[string]string) policy.Context {
	c := policy.Context{keyTagKeys: slices.Sorted(maps.Keys(tags))}
	for k, v := range tags {
		c[keyRequestTag+strings.ToLower(k)] = []string{v}
	}
	return c
}

func (in EnableSecurityHubInput) accesses(_ *Hub, p auth.Principal, action string) []auth.Access {
	return []auth.Access{{Action: action, Resource: hubARN(p), Context: tagRequest(in.Tags)}}
}

func (in TagResourceInput) accesses(_ *Hub, _ auth.Principal, action string) []auth.Access {
	return []auth.Access{{Action: action, Resource: in.ResourceArn, Context: tagRequest(in.Tags)}}
}

func (in UntagResourceInput) accesses(_ *Hub, _ auth.Principal, action string) []auth.Access {
	return []auth.Access{{Action: action, Resource: in.ResourceArn, Context: policy.Context{keyTagKeys: in.TagKeys}}}
}

func (in ListTagsForResourceInput) accesses(_ *Hub, _ auth.Principal, action string) []auth.Access {
	return []auth.Access{{Action: action, Resource: in.ResourceArn}}
}

// accesses has none: which products and accounts the batch is about is known after the format
// has been read.
func (BatchImportFindingsInput) accesses(*Hub, auth.Principal, string) []auth.Access { return nil }

func (in BatchUpdateFindingsInput) accesses(_ *Hub, p auth.Principal, action string) []auth.Access {
	return []auth.Access{{Action: action, Resource: hubARN(p), Context: in.fieldContext()}}
}

// fieldContext is a condition key for each field that the request sets, by its path to the leaf,
// with the values that it is to get (behaviour.md section 3).
func (in BatchUpdateFindingsInput) fieldContext() policy.Context {
	c := policy.Context{}
	add := func(path string, values ...string) {
		key := keyField + path
		c[key] = append(c[key], values...)
	}
	for path, v := range map[string]jsontext.Value{
		"confidence": in.Confidence, "criticality": in.Criticality, "verificationstate": in.VerificationState, "types": in.Types,
	} {
		if v := given(v); v != nil {
			add(path, scalars(v)...)
		}
	}
	for name, v := range map[string]jsontext.Value{"note": in.Note, "severity": in.Severity, "workflow": in.Workflow} {
		for leaf, v := range members(v) {
			add(name+"."+strings.ToLower(leaf), scalars(v)...)
		}
	}
	for k, v := range members(in.UserDefinedFields) {
		add("userdefinedfields.key", k)
		add("userdefinedfields.value", scalars(v)...)
	}
	if given(in.RelatedFindings) != nil {
		add("relatedfindings", related(in.RelatedFindings)...)
	}
	return c
}

// Fields are the fields that the request sets, by the paths that policies name them by, sorted.
func (in BatchUpdateFindingsInput) Fields() []string {
	var paths []string
	for key := range in.fieldContext() {
		paths = append(paths, strings.TrimPrefix(key, keyField))
	}
	slices.Sort(paths)
	return paths
}

// The three below read what has been judged by the API's model; what they cannot read has no values.

// members are the members of an object.
func members(v jsontext.Value) map[string]jsontext.Value {
	var m map[string]jsontext.Value
	_ = json.Unmarshal(v, &m)
	return m
}

// scalars are the texts of a string, a number or a list of strings.
func scalars(v jsontext.Value) []string {
	if v.Kind() != '[' {
		return []string{scalar(v)}
	}
	var list []jsontext.Value
	_ = json.Unmarshal(v, &list)
	texts := make([]string, 0, len(list))
	for _, x := range list {
		texts = append(texts, scalar(x))
	}
	return texts
}

func scalar(v jsontext.Value) string {
	if v.Kind() == '"' {
		return asff.Unquote(v)
	}
	return string(v)
}

// related are the ids of related findings.
func related(v jsontext.Value) []string {
	var all []FindingIdentifier
	_ = json.Unmarshal(v, &all)
	texts := make([]string, 0, len(all))
	for _, id := range all {
		texts = append(texts, id.ID)
	}
	return texts
}
