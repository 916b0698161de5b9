package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/findinghub/findinghub/asff"
)

const (
	ownProduct   = "arn:aws:securityhub:us-east-1:123456789012:product/123456789012/default"
	ownHub       = "arn:aws:securityhub:us-east-1:123456789012:hub/default"
	aggregator   = "arn:aws:securityhub:us-east-1:123456789012:finding-aggregator/a1b2c3d4-5678-90ab-cdef-EXAMPLE11111"
	subscription = "arn:aws:securityhub:us-east-1:123456789012:product-subscription/prowler/prowler"
)

// specimen is a good request of an operation: its body and the members that travel elsewhere.
type specimen struct {
	body   string
	params url.Values
	// code is what a fresh hub answers a good request with, "" for success.
	code string
}

// specimens has a request for every operation that is built, with every member of its body
// but NextToken, which only the hub can make.
var specimens = map[string]specimen{
	"AcceptAdministratorInvitation": {body: `{"AdministratorId":"111122223333","InvitationId":"7ab938c5d52d7904ad09f9e7c20cc4eb"}`, code: "ResourceNotFoundException"},
	"AcceptInvitation":              {body: `{"MasterId":"111122223333","InvitationId":"7ab938c5d52d7904ad09f9e7c20cc4eb"}`, code: "ResourceNotFoundException"},
	"BatchImportFindings":           {body: `{"Findings":[` + good + `]}`},
	"BatchUpdateFindings": {body: `{"FindingIdentifiers":[{"Id":"a","ProductArn":"` + ownProduct + `"}],"Note":{"Text":"t","UpdatedBy":"u"},
		"Severity":{"Label":"LOW","Normalized":1,"Product":1.5},"VerificationState":"UNKNOWN","Confidence":1,"Criticality":2,"Types":["Effects"],
		"UserDefinedFields":{"k":"v"},"Workflow":{"Status":"NEW"},"RelatedFindings":[{"Id":"b","ProductArn":"` + ownProduct + `"}]}`},
	"CreateFindingAggregator":              {body: `{"RegionLinkingMode":"ALL_REGIONS"}`},
	"DeleteFindingAggregator":              {params: url.Values{"FindingAggregatorArn": {aggregator}}, code: "ResourceNotFoundException"},
	"GetFindingAggregator":                 {params: url.Values{"FindingAggregatorArn": {aggregator}}, code: "ResourceNotFoundException"},
	"ListFindingAggregators":               {params: url.Values{"MaxResults": {"5"}}},
	"UpdateFindingAggregator":              {body: `{"FindingAggregatorArn":"` + aggregator + `","RegionLinkingMode":"SPECIFIED_REGIONS","Regions":["us-west-1","us-west-2"]}`, code: "ResourceNotFoundException"},
	"CreateMembers":                        {body: `{"AccountDetails":[{"AccountId":"111122223333","Email":"a@example.com"}]}`},
	"DeclineInvitations":                   {body: `{"AccountIds":["111122223333"]}`},
	"DeleteInvitations":                    {body: `{"AccountIds":["111122223333"]}`},
	"DeleteMembers":                        {body: `{"AccountIds":["111122223333"]}`},
	"DescribeOrganizationConfiguration":    {code: "InvalidAccessException"},
	"DisableOrganizationAdminAccount":      {body: `{"AdminAccountId":"111122223333","Feature":"SecurityHub"}`, code: "InvalidInputException"},
	"DisassociateFromAdministratorAccount": {code: "InvalidInputException"},
	"DisassociateFromMasterAccount":        {code: "InvalidInputException"},
	"DisassociateMembers":                  {body: `{"AccountIds":["111122223333"]}`, code: "ResourceNotFoundException"},
	"EnableOrganizationAdminAccount":       {body: `{"AdminAccountId":"111122223333","Feature":"SecurityHub"}`},
	"GetAdministratorAccount":              {},
	"GetInvitationsCount":                  {},
	"GetMasterAccount":                     {},
	"GetMembers":                           {body: `{"AccountIds":["111122223333"]}`},
	"InviteMembers":                        {body: `{"AccountIds":["111122223333"]}`},
	"ListInvitations":                      {params: url.Values{"MaxResults": {"5"}}},
	"ListMembers":                          {params: url.Values{"MaxResults": {"5"}, "OnlyAssociated": {"false"}}},
	"ListOrganizationAdminAccounts":        {params: url.Values{"MaxResults": {"5"}, "Feature": {"SecurityHub"}}},
	"UpdateOrganizationConfiguration":      {body: `{"AutoEnable":false,"AutoEnableStandards":"NONE","OrganizationConfiguration":{"ConfigurationType":"CENTRAL","Status":"ENABLED","StatusMessage":"text"}}`, code: "InvalidAccessException"},
	"DescribeHub":                          {params: url.Values{"HubArn": {ownHub}}},
	"DescribeProducts":                     {params: url.Values{"MaxResults": {"5"}, "ProductArn": {"arn:aws:securityhub:us-east-1::product/prowler/prowler"}}},
	"DisableImportFindingsForProduct":      {params: url.Values{"ProductSubscriptionArn": {subscription}}},
	"DisableSecurityHub":                   {},
	"EnableImportFindingsForProduct":       {body: `{"ProductArn":"arn:aws:securityhub:us-east-1::product/prowler/prowler"}`},
	"EnableSecurityHub":                    {body: `{"ControlFindingGenerator":"STANDARD_CONTROL","EnableDefaultStandards":true,"Tags":{"k":"v"}}`},
	"GetFindingHistory": {body: `{"FindingIdentifier":{"Id":"a","ProductArn":"` + ownProduct + `"},"StartTime":"2020-01-01T00:00:00Z",
		"EndTime":"2030-01-01T00:00:00Z","MaxResults":5}`},
	"GetFindings": {body: `{"Filters":{"Title":[{"Value":"t","Comparison":"EQUALS"}],"UserDefinedFields":[{"Key":"k","Value":"v","Comparison":"EQUALS"}],
		"UpdatedAt":[{"DateRange":{"Value":5,"Unit":"DAYS","Comparison":"WITHIN"}},{"Start":"2020-01-01T00:00:00Z","End":"2030-01-01T00:00:00Z"}],
		"Confidence":[{"Gte":1,"Lte":5}],"NetworkSourceIpV4":[{"Cidr":"10.0.0.0/8"}],"Sample":[{"Value":true}],"Keyword":[{"Value":"w"}]},
		"SortCriteria":[{"Field":"UpdatedAt","SortOrder":"asc"}],"MaxResults":5}`},
	"ListEnabledProductsForImport":   {params: url.Values{"MaxResults": {"5"}}},
	"ListTagsForResource":            {params: url.Values{"ResourceArn": {ownHub}}},
	"TagResource":                    {body: `{"Tags":{"k":"v"}}`, params: url.Values{"ResourceArn": {ownHub}}},
	"UntagResource":                  {params: url.Values{"ResourceArn": {ownHub}, "TagKeys": {"k", "l"}}},
	"UpdateFindings":                 {body: `{"Filters":{"Title":[{"Value":"t","Comparison":"EQUALS"}]},"Note":{"Text":"t","UpdatedBy":"u"},"RecordState":"ARCHIVED"}`},
	"UpdateSecurityHubConfiguration": {body: `{"AutoEnableControls":true,"ControlFindingGenerator":"SECURITY_CONTROL"}`},
}

// variant is a specimen with one change.
type variant struct {
	name string
	body any
	// bad is what the error names, "" when the request is still good.
	bad string
}

// variantsOf makes the variants of a value by its shape: what is missing, too much, of the
// wrong type, outside its bounds or its enumeration. put makes the whole body around a value.
func variantsOf(id asff.ShapeID, v any, path string, put func(any) any) []variant {
	s := requestSchema.Shape(id)
	vs := []variant{}
	if s.Kind == asff.KindObject {
		return vs // somebody else judges it, and answers 200
	}
	add := func(name string, value any, bad string) {
		vs = append(vs, variant{fmt.Sprintf("%s %s", path, name), put(value), bad})
	}
	for _, wrong := range []any{"text", 7.5, true, []any{}, map[string]any{}} {
		if path != "" && !fits(s.Kind, wrong) {
			add(fmt.Sprintf("is %v", wrong), wrong, path)
		}
	}
	switch v := v.(type) {
	case map[string]any:
		vs = append(vs, objectVariants(s, v, path, put)...)
	case []any:
		vs = append(vs, listVariants(s, v, path, put)...)
	case string:
		textVariants(s, path, add)
	case float64:
		numberVariants(s, path, add)
	}
	return vs
}

func fits(k asff.Kind, v any) bool {
	switch v.(type) {
	case string:
		return k == asff.KindString
	case float64:
		return k == asff.KindNumber || k == asff.KindTimestamp // seconds are a time too
	case bool:
		return k == asff.KindBoolean
	case []any:
		return k == asff.KindList
	}
	return k == asff.KindStructure || k == asff.KindMap
}

func objectVariants(s *asff.Shape, v map[string]any, path string, put func(any) any) []variant {
	vs := []variant{}
	with := func(name string, value any) any {
		c := maps.Clone(v)
		if c[name] = value; value == nil {
			delete(c, name)
		}
		return put(c)
	}
	if s.Kind == asff.KindMap {
		return append(vs, mapVariants(s, path, put, v, with)...)
	}
	vs = append(vs, variant{path + " has a member too many", with("Bogus", 1), join(path, "Bogus")})
	for _, f := range s.Fields {
		value, ok := v[f.Name]
		if !ok {
			continue
		}
		bad := ""
		if slices.Contains(s.Required, f.Name) || stricter[join(path, f.Name)] {
			bad = join(path, f.Name)
		}
		// A filter may not be empty in places where the model asks for nothing; filters have tests of their own.
		if !strings.HasPrefix(path, "Filters.") || bad != "" {
			c := maps.Clone(v)
			c[f.Name] = nil
			vs = append(vs, variant{path + " lacks " + f.Name, with(f.Name, nil), bad}, variant{join(path, f.Name) + " is null", put(c), bad})
		}
		vs = append(vs, variantsOf(f.Shape, value, join(path, f.Name), func(x any) any { return with(f.Name, x) })...)
	}
	return vs
}

// stricter are members that the model calls optional and that mean nothing when they are missing.
var stricter = map[string]bool{"SortCriteria[0].Field": true}

func mapVariants(s *asff.Shape, path string, put func(any) any, v map[string]any, with func(string, any) any) []variant {
	vs := []variant{}
	sized := func(n int) map[string]any {
		m := map[string]any{}
		for i := range n {
			m[fmt.Sprint("key", i)] = "v"
		}
		return m
	}
	vs = append(vs, sizeVariants(s, path, func(n int) any { return put(sized(n)) })...)
	for key := range v {
		vs = append(vs, variantsOf(s.Elem, v[key], path+"['"+key+"']", func(x any) any { return with(key, x) })...)
	}
	if key := requestSchema.Shape(s.Key); key.Limits&asff.HasMax != 0 {
		vs = append(vs, variant{path + " has a long name", with(strings.Repeat("k", int(key.Max)+1), "v"), path})
	}
	return append(vs, variant{path + " has a blank name", with(" ", "v"), path})
}

func listVariants(s *asff.Shape, v []any, path string, put func(any) any) []variant {
	vs := sizeVariants(s, path, func(n int) any {
		c := []any{}
		for range n {
			c = append(c, v[0])
		}
		return put(c)
	})
	for i := range v {
		vs = append(vs, variantsOf(s.Elem, v[i], fmt.Sprintf("%s[%d]", path, i), func(x any) any {
			c := slices.Clone(v)
			c[i] = x
			return put(c)
		})...)
	}
	return vs
}

// sizeVariants are at the bounds of a size and just outside them.
func sizeVariants(s *asff.Shape, path string, make func(int) any) []variant {
	vs := []variant{}
	if s.Limits&asff.HasMin != 0 {
		vs = append(vs, variant{path + " is at its minimum", make(int(s.Min)), ""}, variant{path + " is too small", make(int(s.Min) - 1), path})
	}
	if s.Limits&asff.HasMax != 0 {
		vs = append(vs, variant{path + " is at its maximum", make(int(s.Max)), ""}, variant{path + " is too large", make(int(s.Max) + 1), path})
	}
	return vs
}

func textVariants(s *asff.Shape, path string, add func(string, any, string)) {
	if s.Limits&asff.NonBlank != 0 {
		add("is empty", "", path)
		add("is blank", " \t", path)
	}
	for _, word := range s.Enum {
		// The filter language refuses words that the model has, in places; filters have tests of their own.
		if !strings.HasPrefix(path, "Filters.") {
			add("is "+word, word, "")
		}
	}
	if s.Enum != nil {
		add("is no word of the enumeration", "BOGUS", path)
		add("is in another case", strings.ToLower(s.Enum[0])+"X", path)
	}
	if s.Limits&asff.HasMax != 0 {
		add("is at its maximum", strings.Repeat("x", int(s.Max)), "")
		add("is too long", strings.Repeat("x", int(s.Max)+1), path)
	}
	if s.Kind == asff.KindTimestamp {
		add("is no time", "yesterday", path)
	}
}

func numberVariants(s *asff.Shape, path string, add func(string, any, string)) {
	if s.Limits&asff.HasMin != 0 {
		add("is at its minimum", s.Min, "")
		add("is too small", s.Min-1, path)
	}
	if s.Limits&asff.HasMax != 0 {
		add("is at its maximum", s.Max, "")
		add("is too large", s.Max+1, path)
	}
	if s.Kind == asff.KindInteger {
		add("is beyond 32 bits", 1e10, path)
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// target is where a request goes: the path with its label, and the query.
func (op *operation) target(params url.Values) string {
	path, query := op.URI, url.Values{}
	for _, p := range op.Params {
		if p.Query {
			if v, ok := params[p.Member]; ok {
				query[p.Name] = v
			}
			continue
		}
		i := strings.IndexByte(path, '{')
		path = path[:i] + url.PathEscape(params.Get(p.Member))
	}
	return path + "?" + query.Encode()
}

// ask sends a request straight to a handler, which is thousands of times in these tests.
func (op *operation) ask(h http.Handler, target string, body []byte) reply {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(op.Method, target, bytes.NewReader(body)))
	r := reply{status: w.Code, header: w.Header(), body: w.Body.String()}
	var e struct{ Code, Message string }
	if json.Unmarshal(w.Body.Bytes(), &e) == nil {
		r.code, r.message = e.Code, e.Message
	}
	return r
}

// Every variant of every request that is built: a good one is answered, a bad one is 400
// InvalidInputException that names the member.
func TestVariants(t *testing.T) {
	t.Parallel()
	for _, op := range operations {
		if built[op.Name] == nil {
			continue
		}
		sample, ok := specimens[op.Name]
		if !ok {
			t.Errorf("%s has no specimen", op.Name)
			continue
		}
		t.Run(op.Name, func(t *testing.T) {
			t.Parallel()
			var body any = map[string]any{}
			if sample.body != "" {
				if err := json.Unmarshal([]byte(sample.body), &body); err != nil {
					t.Fatal(err)
				}
			}
			vs := append(variantsOf(op.Input, body, "", func(v any) any { return v }), variant{"as it is", body, ""})
			for _, v := range vs {
				op.check(t, sample, v)
			}
			op.checkParams(t, sample)
		})
	}
}

// check sends one variant to a fresh hub, so that no variant depends on those before.
func (op *operation) check(t *testing.T, sample specimen, v variant) {
	t.Helper()
	body, err := json.Marshal(v.body)
	if err != nil {
		t.Fatal(err)
	}
	sample.verdict(t, v.name, op.ask(handlerInDev(t), op.target(sample.params), body), v.bad)
}

// verdict judges the answer to a variant; bad is what the error should name, "" where the request is good.
func (s specimen) verdict(t *testing.T, name string, r reply, bad string) {
	t.Helper()
	switch {
	case bad == "" && (r.code != s.code || s.code == "" && r.status != http.StatusOK):
		t.Errorf("%s: got %d %s %q, want %q", name, r.status, r.code, r.message, s.code)
	case bad != "" && (r.status != http.StatusBadRequest || r.code != "InvalidInputException" || !strings.Contains(r.message, "'"+bad)):
		t.Errorf("%s: got %d %s %q, want 400 that names %s", name, r.status, r.code, r.message, bad)
	}
	wellFormed(t, r)
}

// checkParams varies what travels in the path and the query.
func (op *operation) checkParams(t *testing.T, sample specimen) {
	t.Helper()
	for _, p := range op.Params {
		if !p.Query {
			continue // a path without its label is another path
		}
		with := func(texts ...string) string {
			params := maps.Clone(sample.params)
			if params[p.Member] = texts; len(texts) == 0 {
				delete(params, p.Member)
			}
			return op.target(params)
		}
		bad := ""
		if p.Required {
			bad = p.Member
		}
		sample.verdict(t, p.Member+" is missing", op.ask(handlerInDev(t), with(), []byte(sample.body)), bad)
		for text, bad := range paramVariants(p) {
			sample.verdict(t, p.Member+" is "+text, op.ask(handlerInDev(t), with(text), []byte(sample.body)), bad)
		}
	}
}

// paramVariants gives texts for a parameter and whether they are bad.
func paramVariants(p param) map[string]string {
	s := requestSchema.Shape(p.Shape)
	if s.Kind == asff.KindList {
		s = requestSchema.Shape(s.Elem)
	}
	switch {
	case s.Kind == asff.KindInteger:
		largest := int(s.Max)
		return map[string]string{"1": "", strconv.Itoa(largest): "", "0": p.Member, strconv.Itoa(largest + 1): p.Member, "x": p.Member, "1.5": p.Member, "": p.Member}
	case s.Kind == asff.KindBoolean:
		return map[string]string{"true": "", "false": "", "yes": p.Member, "1": p.Member, "": p.Member}
	case s.Enum != nil:
		return map[string]string{s.Enum[0]: "", "BOGUS": p.Member, "": p.Member}
	case s.Limits&asff.NonBlank != 0, s.Pattern != asff.PatternNone:
		return map[string]string{"": p.Member, " ": p.Member}
	}
	return nil
}
