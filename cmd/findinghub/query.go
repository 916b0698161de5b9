package main

import (
	"encoding/json"
	"os"
	"strings"
)

// queryFlags choose findings. The convenience flags become filters of GetFindings: the
// values of one flag are alternatives, several flags must all hold.
type queryFlags struct {
	Filters          string   `placeholder:"JSON" help:"Filters of GetFindings as JSON, or @FILE."`
	Severity         []string `placeholder:"LABEL" help:"Severity labels, for example CRITICAL,HIGH."`
	RecordState      []string `placeholder:"STATE" help:"ACTIVE or ARCHIVED."`
	WorkflowStatus   []string `placeholder:"STATUS" help:"NEW, NOTIFIED, RESOLVED or SUPPRESSED."`
	ComplianceStatus []string `placeholder:"STATUS" help:"PASSED, WARNING, FAILED or NOT_AVAILABLE."`
	Product          []string `placeholder:"NAME" help:"Product names."`
	Type             []string `placeholder:"PREFIX" help:"Beginnings of finding types, for example \"Software and Configuration Checks\"."`
	Resource         []string `placeholder:"ID" help:"Resource ids."`
	UpdatedWithin    int      `placeholder:"DAYS" help:"Findings updated in the last DAYS days."`
	Sort             []string `placeholder:"FIELD[:desc]" help:"Sort by fields, for example SeverityLabel:desc; by default the newest update comes first."`
}

// stringFilter, dateFilter and sortCriterion are written as the API has them.
type stringFilter struct {
	Value      string
	Comparison string
}

type dateRange struct {
	Value int
	Unit  string
}

type dateFilter struct{ DateRange dateRange }

// request is the body of GetFindings.
type request struct {
	Filters      map[string]json.RawMessage `json:",omitempty"`
	SortCriteria []sortCriterion            `json:",omitempty"`
	MaxResults   int
	NextToken    string `json:",omitempty"`
}

type sortCriterion struct {
	Field     string
	SortOrder string
}

// request builds the first page's request.
func (q *queryFlags) request() (request, error) {
	r := request{MaxResults: pageSize, Filters: map[string]json.RawMessage{}}
	if err := q.given(r.Filters); err != nil {
		return r, err
	}
	for _, f := range q.conveniences() {
		if len(f.values) == 0 {
			continue
		}
		if _, twice := r.Filters[f.attribute]; twice {
			return r, usagef("--filters and --%s both filter by %s", f.flag, f.attribute)
		}
		r.Filters[f.attribute] = f.filter()
	}
	if err := q.recent(r.Filters); err != nil {
		return r, err
	}
	for _, s := range q.Sort {
		field, order, _ := strings.Cut(s, ":")
		if order != "" && order != "asc" && order != "desc" || field == "" {
			return r, usagef("--sort %q is not of the form FIELD, FIELD:asc or FIELD:desc", s)
		}
		r.SortCriteria = append(r.SortCriteria, sortCriterion{field, map[bool]string{true: "desc", false: "asc"}[order == "desc"]})
	}
	return r, nil
}

// given takes in --filters.
func (q *queryFlags) given(into map[string]json.RawMessage) error {
	if q.Filters == "" {
		return nil
	}
	data := []byte(q.Filters)
	if path, ok := strings.CutPrefix(q.Filters, "@"); ok {
		var err error
		if data, err = os.ReadFile(path); err != nil {
			return usageError{err}
		}
	}
	if err := json.Unmarshal(data, &into); err != nil || into == nil {
		return usagef("--filters is not a JSON object")
	}
	return nil
}

// convenience is a flag that stands for one attribute.
type convenience struct {
	flag, attribute, comparison string
	values                      []string
}

// conveniences says what each flag filters by. Types are compared by their beginning,
// because people know the namespace and seldom the whole path.
func (q *queryFlags) conveniences() []convenience {
	return []convenience{
		{"severity", "SeverityLabel", "EQUALS", q.Severity},
		{"record-state", "RecordState", "EQUALS", q.RecordState},
		{"workflow-status", "WorkflowStatus", "EQUALS", q.WorkflowStatus},
		{"compliance-status", "ComplianceStatus", "EQUALS", q.ComplianceStatus},
		{"product", "ProductName", "EQUALS", q.Product},
		{"type", "Type", "PREFIX", q.Type},
		{"resource", "ResourceId", "EQUALS", q.Resource},
	}
}

// filter makes alternatives of the values, as the API reads a list of EQUALS or PREFIX.
func (c *convenience) filter() json.RawMessage {
	filters := make([]stringFilter, 0, len(c.values))
	for _, v := range c.values {
		filters = append(filters, stringFilter{v, c.comparison})
	}
	return marshal(filters)
}

// recent takes in --updated-within, the only flag that is not compared as text.
func (q *queryFlags) recent(into map[string]json.RawMessage) error {
	if q.UpdatedWithin == 0 {
		return nil
	}
	if _, twice := into["UpdatedAt"]; twice {
		return usagef("--filters and --updated-within both filter by UpdatedAt")
	}
	into["UpdatedAt"] = marshal([]dateFilter{{dateRange{q.UpdatedWithin, "DAYS"}}})
	return nil
}

// marshal encodes what cannot fail to be encoded: structures of our own.
func marshal(v any) json.RawMessage {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}
