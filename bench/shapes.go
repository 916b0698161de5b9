package bench

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/filter"
)

// shape is one kind of question: the filters as a client writes them and the same
// question in SQL. Both are made anew for every run from a sampled finding, so that
// no answer is only remembered.
type shape struct {
	name string
	// ask gives the filters; SQL is empty where PostgreSQL is not asked.
	ask func(s sample) question
	// group is the attribute to count by; then no findings are fetched.
	group []filter.Attribute
	// limit bounds the groups.
	limit int
	// page is how many pages to walk before the timed one.
	page int
	// ahead is how many times ahead of PostgreSQL the hub must be, 0 where nobody asked.
	ahead int
}

// question is one shape with its values filled in.
type question struct {
	filters  string
	accounts []string
	sql      string
	args     []any
}

// sample is a finding's values, from which questions about it are made.
type sample struct {
	n   int
	now time.Time
	f   asff.Finding
	vs  filter.Values
}

func (s sample) text(attribute string) string {
	a, _ := filter.Lookup(attribute)
	if vs := s.vs.Of(a); len(vs) > 0 {
		return string(vs[0].Text)
	}
	return ""
}

// account gives three accounts around the sample's.
func (s sample) three() []string {
	return []string{Account(s.n % Accounts), Account((s.n + 5) % Accounts), Account((s.n + 11) % Accounts)}
}

// where prints Filters from pairs of attribute and entry.
func where(pairs ...string) string {
	var b strings.Builder
	for i := 0; i < len(pairs); i += 2 {
		fmt.Fprintf(&b, `,%q:[%s]`, pairs[i], pairs[i+1])
	}
	return "{" + strings.TrimPrefix(b.String(), ",") + "}"
}

// is, begins and has are filter entries.
func is(v string) string     { return compare("EQUALS", v) }
func begins(v string) string { return compare("PREFIX", v) }
func has(v string) string    { return compare("CONTAINS", v) }
func isNot(v string) string  { return compare("NOT_EQUALS", v) }

func compare(op, v string) string {
	q, _ := json.Marshal(v) // a string always marshals
	return fmt.Sprintf(`{"Value":%s,"Comparison":%q}`, q, op)
}

func attributes(names ...string) []filter.Attribute {
	var as []filter.Attribute
	for _, n := range names {
		a, ok := filter.Lookup(n)
		if !ok {
			panic("bench: no attribute " + n)
		}
		as = append(as, a)
	}
	return as
}

// newest is the end of every statement that asks for findings.
const newest = ` ORDER BY updated_at DESC, id LIMIT 100`

// shapes are the questions of the design, five facets over one filter, each kind of
// filter alone and a page far down.
func shapes() []shape {
	return append(designShapes(), kindShapes()...)
}

func designShapes() []shape {
	openCritical := where("SeverityLabel", is("CRITICAL"), "WorkflowStatus", is("NEW"), "RecordState", is("ACTIVE"))
	return []shape{
		{name: "CRITICAL & NEW & ACTIVE, newest 100", ask: func(sample) question {
			return question{filters: openCritical, sql: `severity='CRITICAL' AND workflow='NEW' AND record_state='ACTIVE'` + newest}
		}},
		{name: "resource id equals", ask: func(s sample) question {
			return question{filters: where("ResourceId", is(s.text("ResourceId"))), sql: `resources @> ARRAY[$1]` + newest, args: []any{s.text("ResourceId")}}
		}},
		{name: "resource id prefix", ask: func(s sample) question {
			id := s.text("ResourceId")
			return question{filters: where("ResourceId", begins(id[:len(id)-2])),
				sql:  `id IN (SELECT finding FROM resource WHERE resource_id LIKE $1)` + newest,
				args: []any{id[:len(id)-2] + "%"}}
		}},
		{name: "title contains a rare word", ask: func(s sample) question {
			word := []string{"cryptominer", "graphics", fmt.Sprintf("-%d ", 1000+s.n%20_000)}[s.n%3]
			return question{filters: where("Title", has(word)), sql: `title LIKE $1` + newest, args: []any{"%" + word + "%"}}
		}},
		{name: "not this product & last 7 days", ask: func(s sample) question {
			return question{filters: where("ProductArn", isNot(s.text("ProductArn")), "UpdatedAt", `{"DateRange":{"Value":7,"Unit":"DAYS"}}`),
				sql: `product<>$1 AND updated_at>=$2` + newest, args: []any{s.text("ProductArn"), s.now.Add(-7 * 24 * time.Hour)}}
		}},
		{name: "a user-defined field equals", ahead: 10, ask: func(s sample) question {
			team := fmt.Sprintf("team-%d", s.n%200)
			return question{filters: where("UserDefinedFields", fmt.Sprintf(`{"Key":"team","Value":%q,"Comparison":"EQUALS"}`, team)),
				sql: `udf @> $1` + newest, args: []any{map[string]string{"team": team}}}
		}},
		{name: "account in 3 & type prefix", ahead: 10, ask: func(s sample) question {
			a := s.three()
			return question{accounts: a, filters: where("Type", begins("TTPs/Command")),
				sql: `account=ANY($1) AND type LIKE 'TTPs/Command%'` + newest, args: []any{a}}
		}},
		{name: "four common terms, rare together", ahead: 10, ask: func(s sample) question {
			region, kind, arch := Region, "AwsEc2Instance", "t3.medium"
			return question{filters: where("SeverityLabel", is("CRITICAL"), "ComplianceStatus", is("WARNING"), "ResourceAwsEc2InstanceType", is(arch), "WorkflowStatus", is("SUPPRESSED"), "ResourceType", is(kind), "ResourceRegion", is(region)),
				sql: `severity='CRITICAL' AND terms @> ARRAY['ComplianceStatus=WARNING','ResourceAwsEc2InstanceType=t3.medium','WorkflowStatus=SUPPRESSED']` + newest}
		}},
		{name: "count by severity", ahead: 10, group: attributes("SeverityLabel"), limit: 10, ask: func(sample) question {
			return question{filters: "{}", sql: `SELECT severity, count(*) FROM finding GROUP BY severity ORDER BY 2 DESC`}
		}},
		{name: "top 100 resources by count", ahead: 10, group: attributes("ResourceId"), limit: 100, ask: func(sample) question {
			return question{filters: "{}", sql: `SELECT resource_id, count(*) FROM resource GROUP BY resource_id ORDER BY 2 DESC LIMIT 100`}
		}},
		{name: "five facets over one filter", group: attributes("SeverityLabel", "WorkflowStatus", "RecordState", "ProductName", "ResourceType"), limit: 20, ask: func(sample) question {
			return question{filters: where("ComplianceStatus", is("FAILED"))}
		}},
		{name: "page 500 of everything", page: 499, ask: func(sample) question { return question{filters: "{}"} }},
		{name: "page 500 of ACTIVE", page: 499, ask: func(sample) question { return question{filters: where("RecordState", is("ACTIVE"))} }},
	}
}

func kindShapes() []shape {
	alone := func(attribute string, entry func(s sample) string) func(sample) question {
		return func(s sample) question { return question{filters: where(attribute, entry(s))} }
	}
	return []shape{
		{name: "string equals: Id", ask: alone("Id", func(s sample) string { return is(s.text("Id")) })},
		{name: "string prefix: Id", ask: alone("Id", func(s sample) string { id := s.text("Id"); return begins(id[:len(id)-4]) })},
		{name: "string not equals: SeverityLabel", ask: alone("SeverityLabel", func(sample) string { return isNot("LOW") })},
		{name: "string contains: Description", ask: alone("Description", func(s sample) string { return has(fmt.Sprintf("number %d ", s.n%50_000)) })},
		{name: "number: DestinationPort range", ask: alone("NetworkDestinationPort", func(s sample) string { return fmt.Sprintf(`{"Gte":%d,"Lte":500}`, s.n%400) })},
		{name: "date: CreatedAt one day", ask: alone("CreatedAt", func(s sample) string {
			from := s.now.Add(-time.Duration(s.n%80+1) * 24 * time.Hour)
			return fmt.Sprintf(`{"Start":%q,"End":%q}`, from.Format(timeFormat), from.Add(24*time.Hour).Format(timeFormat))
		})},
		{name: "ip: destination in /16", ask: alone("NetworkDestinationIpV4", func(s sample) string { return fmt.Sprintf(`{"Cidr":"%d.%d.0.0/16"}`, 20+s.n%180, s.n%256) })},
		{name: "map: resource tag", ask: alone("ResourceTags", func(s sample) string {
			return fmt.Sprintf(`{"Key":"Name","Value":"app-%d","Comparison":"EQUALS"}`, s.n%900)
		})},
		{name: "boolean: Sample", ask: alone("Sample", func(sample) string { return `{"Value":true}` })},
		{name: "keyword", ask: alone("Keyword", func(s sample) string { return fmt.Sprintf(`{"Value":"profile-%d"}`, s.n%30) })},
		{name: "keyword, rare", ask: alone("Keyword", func(sample) string { return `{"Value":"cryptominer"}` })},
	}
}
