package search

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/finding"
)

// fleet makes findings as several scanners would write them: about 34 values each, of
// which an id is unique, texts and resources recur, and most are one of a few.
type fleet struct {
	accounts int
	start    time.Time
}

var fleetStart = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func (f fleet) key(i int) finding.Key {
	account := fmt.Sprintf("%012d", i/100%f.accounts)
	return finding.Key{
		Account: account, Region: "us-east-1", ProductArn: "arn:aws:securityhub:us-east-1::product/vendor/" + [...]string{"control", "scanner", "posture"}[i%3],
		ID: fmt.Sprintf("arn:aws:securityhub:us-east-1:%s:control/C.%d/finding/%016x", account, i%320, rand.New(rand.NewPCG(uint64(i), 1)).Uint64()),
	}
}

// values gives finding i as it is in a round of imports; a later one differs in its times.
func (f fleet) values(i, round int) filter.Values {
	r := rand.New(rand.NewPCG(uint64(i), 2))
	k, vs := f.key(i), make(filter.Values, 0, 40)
	text := func(a filter.Attribute, format string, args ...any) {
		vs = append(vs, filter.Value{Attribute: a, Text: fmt.Appendf(nil, format, args...)})
	}
	pair := func(a filter.Attribute, key, format string, args ...any) {
		vs = append(vs, filter.Value{Attribute: a, Key: []byte(key), Text: fmt.Appendf(nil, format, args...)})
	}
	date := func(a filter.Attribute, at time.Time) {
		vs = append(vs, filter.Value{Attribute: a, Micros: at.UnixMicro()})
	}
	seen := f.start.Add(time.Duration(i) * 7 * time.Second)
	resource, control := r.IntN(5_000), i%320
	severity := [...]string{"CRITICAL", "HIGH", "MEDIUM", "MEDIUM", "MEDIUM", "LOW", "LOW", "INFORMATIONAL"}[r.IntN(8)]
	text(filter.AwsAccountId, "%s", k.Account)
	text(filter.CompanyName, "Vendor")
	text(filter.ComplianceAssociatedStandardsId, "standards/a")
	text(filter.ComplianceAssociatedStandardsId, "standards/b/%d", control%7)
	text(filter.ComplianceSecurityControlId, "C.%d", control)
	text(filter.ComplianceStatus, "%s", [...]string{"FAILED", "FAILED", "PASSED"}[r.IntN(3)])
	if i%20 == 0 {
		vs = append(vs, filter.Value{Attribute: filter.Confidence, Number: float64(r.IntN(100))})
	}
	date(filter.CreatedAt, seen)
	text(filter.Description, "This control checks number %d of the %s in the account. It fails when it is weaker than required.", r.IntN(1_000)*control, [...]string{"buckets", "Instances", "keys"}[i%3])
	text(filter.FindingProviderFieldsSeverityLabel, "%s", severity)
	text(filter.FindingProviderFieldsTypes, "Software and Configuration Checks/%d", control%5)
	date(filter.FirstObservedAt, seen)
	text(filter.GeneratorId, "control/C.%d", control)
	text(filter.Id, "%s", k.ID)
	date(filter.LastObservedAt, seen.Add(time.Duration(round)*time.Hour))
	text(filter.NetworkSourceIpV4, "10.%d.%d.%d", r.IntN(4), r.IntN(20), r.IntN(250))
	text(filter.ProductArn, "%s", k.ProductArn)
	pair(filter.ProductFields, "ControlId", "C.%d", control)
	pair(filter.ProductFields, "RelatedAWSResources:0/name", "rule-%d", control)
	pair(filter.ProductFields, aliasKey, "%s/%s", k.ProductArn, k.ID)
	pair(filter.ProductFields, "aws/securityhub/ProductName", "Product %d", i%3)
	text(filter.ProductName, "Product %d", i%3)
	text(filter.RecordState, "%s", [...]string{"ACTIVE", "ACTIVE", "ACTIVE", "ARCHIVED"}[r.IntN(4)])
	text(filter.Region, "us-east-1")
	text(filter.ResourceId, "arn:aws:ec2:us-east-1:%s:instance/i-%08x", k.Account, resource*2654435761)
	pair(filter.ResourceTags, "Name", "app-%d", resource%900)
	pair(filter.ResourceTags, "Environment", "%s", [...]string{"prod", "dev"}[resource%2])
	text(filter.ResourceType, "%s", [...]string{"AwsEc2Instance", "AwsS3Bucket"}[resource%2])
	text(filter.SeverityLabel, "%s", severity)
	vs = append(vs, filter.Value{Attribute: filter.SeverityNormalized, Number: float64(len(severity) * 10)})
	text(filter.Title, "C.%d Resources should be looked after", control)
	text(filter.Type, "Software and Configuration Checks/%d", control%5)
	date(filter.UpdatedAt, seen.Add(time.Duration(round)*time.Hour))
	if i%20 == 0 {
		pair(filter.UserDefinedFields, "team", "team-%d", r.IntN(200))
	}
	text(filter.WorkflowState, "NEW")
	text(filter.WorkflowStatus, "%s", [...]string{"NEW", "NEW", "NOTIFIED", "RESOLVED"}[r.IntN(4)])
	return vs
}

func (f fleet) fill(ix *Index, from, to, batch int) {
	for ; from < to; from += batch {
		ix.Apply(f.batch(from, min(to, from+batch)))
	}
}

func (f fleet) batch(from, to int) []Entry {
	var es []Entry
	for i := from; i < to; i++ {
		es = append(es, Entry{Doc: Doc(i), Key: f.key(i), New: f.values(i, 0)})
	}
	return es
}

// asked are questions about a fleet, one for each way in which the index answers.
func asked(f fleet, i int) []Query {
	text := func(a filter.Attribute, op filter.TextOp, v string) filter.Expr {
		return filter.TextTerm{Attribute: a, Op: op, Value: v}
	}
	id, all := f.key(i).ID, filter.Const(true)
	newest := []filter.Order{{Attribute: filter.UpdatedAt, Descending: true}}
	by := func(e filter.Expr, orders ...filter.Order) Query {
		if orders == nil {
			orders = newest
		}
		return Query{Filter: e, Sort: orders}
	}
	return []Query{
		by(filter.And{text(filter.SeverityLabel, filter.Equals, "CRITICAL"), text(filter.WorkflowStatus, filter.Equals, "NEW"), text(filter.RecordState, filter.Equals, "ACTIVE")}),
		by(text(filter.Id, filter.Prefix, id[:len(id)-3])),
		by(text(filter.Id, filter.Contains, id[len(id)-9:])),
		by(filter.And{filter.Not{X: text(filter.SeverityLabel, filter.Equals, "LOW")}, filter.DateTerm{Attribute: filter.CreatedAt, From: f.start.Add(time.Duration(i) * 7 * time.Second)}}),
		by(filter.MapTerm{Attribute: filter.UserDefinedFields, Key: "team", Value: fmt.Sprintf("team-%d", i%200)}),
		by(filter.MapTerm{Attribute: filter.ProductFields, Key: aliasKey, Op: filter.Contains, Value: "scanner/" + id[:20]}),
		by(text(filter.Description, filter.ContainsWord, fmt.Sprintf("number %d", i%500))),
		by(filter.NumberTerm{Attribute: filter.Confidence, Min: 20, Max: 60, MaxOpen: true}),
		by(filter.NumberTerm{Attribute: filter.SeverityNormalized, Min: 50, Max: math.Inf(1)}),
		by(filter.IPTerm{Attribute: filter.NetworkSourceIpV4, Network: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 2, byte(i % 20), 0}), 24)}),
		by(filter.KeywordTerm{Value: "instances"}),
		by(filter.KeywordTerm{Value: id[len(id)-9:]}),
		by(filter.KeywordTerm{Value: "SCANNER/arn:"}),
		by(all, filter.Order{Attribute: filter.SeverityLabel, Descending: true}),
		by(all, filter.Order{Attribute: filter.ComplianceStatus}, filter.Order{Attribute: filter.Confidence}),
		by(all, filter.Order{Attribute: filter.Confidence, Descending: true}, filter.Order{Attribute: filter.Title}, newest[0]),
		by(all, filter.Order{Attribute: filter.Id}),
		by(text(filter.SeverityLabel, filter.Equals, "CRITICAL"), filter.Order{Attribute: filter.Id, Descending: true}),
		by(filter.Or{text(filter.Id, filter.Equals, id), all}, filter.Order{Attribute: filter.Description, Descending: true}),
		by(text(filter.GeneratorId, filter.Equals, "control/C.7"), filter.Order{Attribute: filter.Id}),
	}
}

// scoped asks in the hubs of some accounts.
func (f fleet) scoped(q Query, n int) Query {
	q.Regions = []string{"us-east-1"}
	for i := range n {
		q.Accounts = append(q.Accounts, fmt.Sprintf("%012d", i))
	}
	return q
}

// TestFleet compares with the model at a size where dictionaries are large, bitmaps are
// bitmaps and blocks are skipped, after a part has been imported again and a part deleted.
func TestFleet(t *testing.T) {
	t.Parallel()
	f, ix, m := fleet{accounts: 7, start: fleetStart}, New(), model{}
	const n = 9_000
	apply := func(es []Entry) {
		ix.Apply(es)
		for _, e := range es {
			m.apply(e)
		}
	}
	for i := 0; i < n; i += 1000 {
		apply(f.batch(i, i+1000))
	}
	for i := 3000; i < n; i += 4 {
		now := f.values(i, 1+i%3)
		if i%64 == 0 {
			now = nil
		}
		apply([]Entry{{Doc: Doc(i), Key: f.key(i), Old: m[Doc(i)].values, New: now}})
	}
	for i, q := range asked(f, 5002) {
		q = f.scoped(q, 7-i%2)
		q.Limit = 4000
		checkPages(t, ix, m, q)
		checkCount(t, ix, m, q)
		q.Limit = 20
		checkGroup(t, ix, m, q, filter.Id)
		checkGroup(t, ix, m, q, filter.ResourceId)
		checkGroup(t, ix, m, q, filter.SeverityLabel)
	}
}

const benchSize = 100_000

// BenchmarkApply inserts findings into an index that has some.
func BenchmarkApply(b *testing.B) {
	f, ix := fleet{accounts: 20, start: fleetStart}, New()
	before := heap()
	for n := 0; n < b.N; {
		b.StopTimer()
		es := f.batch(n, min(b.N, n+400))
		b.StartTimer()
		ix.Apply(es)
		n += len(es)
	}
	b.StopTimer()
	b.ReportMetric(float64(heap()-before)/float64(b.N), "heap-B/finding")
	b.ReportMetric(float64(ix.Bytes())/float64(b.N), "index-B/finding")
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// BenchmarkReimport changes the times of findings, as most imports do.
func BenchmarkReimport(b *testing.B) {
	f, ix := fleet{accounts: 20, start: fleetStart}, New()
	f.fill(ix, 0, benchSize, 1000)
	var es []Entry
	for n := 0; b.Loop(); n++ {
		if n%400 != 0 {
			continue
		}
		b.StopTimer()
		es = es[:0]
		for j := n; j < n+400; j++ {
			i, round := j%benchSize, j/benchSize
			es = append(es, Entry{Doc: Doc(i), Key: f.key(i), Old: f.values(i, round), New: f.values(i, round+1)})
		}
		b.StartTimer()
		ix.Apply(es)
	}
}

// BenchmarkFind asks for the first hundred of every kind of question.
func BenchmarkFind(b *testing.B) {
	f, ix := fleet{accounts: 20, start: fleetStart}, New()
	f.fill(ix, 0, benchSize, 1000)
	for i, q := range asked(f, 5000) {
		q = f.scoped(q, 20)
		q.Limit = 100
		b.Run(fmt.Sprintf("%02d %v by %v", i, q.Filter, q.Sort), func(b *testing.B) {
			for b.Loop() {
				ix.Find(q)
			}
		})
	}
}

// BenchmarkGroupBy counts resources in all findings and in a part of them.
func BenchmarkGroupBy(b *testing.B) {
	f, ix := fleet{accounts: 20, start: fleetStart}, New()
	f.fill(ix, 0, benchSize, 1000)
	for _, e := range []filter.Expr{filter.Const(true), filter.TextTerm{Attribute: filter.ComplianceStatus, Value: "FAILED"}} {
		q := f.scoped(Query{Filter: e}, 20)
		b.Run(e.String(), func(b *testing.B) {
			for b.Loop() {
				ix.GroupBy(q.Accounts, q.Regions, q.Filter, filter.ResourceId, 100)
			}
		})
	}
}
