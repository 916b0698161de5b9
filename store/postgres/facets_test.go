package postgres_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/store"
	"github.com/findinghub/findinghub/store/memory"
)

// random is a text that PostgreSQL cannot compress to make it fit.
func random(r *rand.Rand, n int) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	var b strings.Builder
	for range n {
		b.WriteByte(alphabet[r.IntN(len(alphabet))])
	}
	return b.String()
}

// largeFinding draws one whose facets are up to three times as large as the index has room for.
func largeFinding(t *rapid.T, account, region string) asff.Finding {
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	length := rapid.OneOf(rapid.IntRange(0, 4), rapid.IntRange(5, 100), rapid.IntRange(500, 520))
	text := func(what string) string { return random(r, length.Draw(t, what)) }
	f := asff.Finding{}
	for _, m := range [][2]string{{"AwsAccountId", account}, {"Region", region}, {"ProductArn", "p"}, {"Id", random(r, 8)}, {"ProductName", text("product")}} {
		f.SetText(m[0], m[1])
	}
	f.Set("Compliance", quoted("Status", text("compliance")))
	f.Set("Workflow", quoted("Status", random(r, rapid.IntRange(60, 66).Draw(t, "workflow"))))
	f.Set("RecordState", []byte(`"`+random(r, rapid.IntRange(60, 66).Draw(t, "state"))+`"`))
	var types, resources []string
	for range rapid.IntRange(0, 6).Draw(t, "types") {
		types = append(types, `"`+text("type")+`"`)
	}
	for range rapid.IntRange(0, 12).Draw(t, "resources") {
		var resource asff.Finding
		resource.SetText("Id", text("resource"))
		resource.SetText("Type", text("resource type"))
		resources = append(resources, string(resource.AppendJSON(nil)))
	}
	f.Set("Types", []byte("["+strings.Join(types, ",")+"]"))
	f.Set("Resources", []byte("["+strings.Join(resources, ",")+"]"))
	parsed, err := asff.ParseStored(f.AppendJSON(nil))
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// TestLargeFacets: however much a finding has of what is grouped by, and however long the names of its hub are, it can be stored and
// is counted as the model counts it, by columns and by bodies together.
func TestLargeFacets(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	e := open(t, t.TempDir(), false)
	var trials atomic.Int64
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "names"), 1))
		account := name("%012d", trials.Add(1)) + random(r, rapid.SampledFrom([]int{0, 0, 300, 1000, 2200}).Draw(t, "account"))
		region := random(r, rapid.SampledFrom([]int{9, 9, 100, 250}).Draw(t, "region"))
		var ms []store.Mutation
		for range rapid.IntRange(1, 8).Draw(t, "findings") {
			ms = append(ms, put(largeFinding(t, account, region)))
		}
		model := memory.New()
		for _, engine := range []store.Engine{e, model} {
			if errs, err := engine.Apply(ctx, ms); err != nil || slices.ContainsFunc(errs, func(err error) bool { return err != nil }) {
				t.Fatalf("Apply: %v, %v", errs, err)
			}
		}
		s := store.Scope{Accounts: []string{account}, Regions: []string{region}}
		for _, by := range []filter.Attribute{filter.Type, filter.ResourceId, filter.ResourceType, filter.ProductName, filter.ComplianceStatus, filter.WorkflowStatus} {
			limit := rapid.IntRange(1, 200).Draw(t, "limit")
			got, err := e.GroupBy(ctx, s, filter.And{}, by, limit)
			if want, _ := model.GroupBy(ctx, s, filter.And{}, by, limit); err != nil || !slices.Equal(got, want) {
				t.Fatalf("by %v: %d groups, %v; want %d", by, len(got), err, len(want))
			}
		}
	})
}
