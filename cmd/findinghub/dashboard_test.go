package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// dashboardFiles are what docs/operations.md has people load into Grafana and Prometheus.
const dashboardFiles = "../../docs/grafana/"

var (
	// metricName finds names in queries; ours and the process's own begin alike.
	metricName = regexp.MustCompile(`\b(findinghub|go|process)_[a-z0-9_]+\b`)
	// quotedText is a label's value, which may be anything.
	quotedText = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	seriesName = regexp.MustCompile(`^[a-z0-9_]+`)
	// ofHistogram ends the names of a histogram's series.
	ofHistogram = regexp.MustCompile(`_(bucket|sum|count)$`)
)

// exposed are the names of all metrics that hubs show: one without --dev, one with the embedded engine and targets.
func exposed(t *testing.T) map[string]bool {
	t.Helper()
	targets := eventsFile(t, "targets:\n  - name: lines\n    kind: file\n    path: "+filepath.Join(t.TempDir(), "lines")+"\n")
	hub := startHub(t, t.TempDir(), "--events", targets)
	hub.post(t, alice, "/findings/import", `{"Findings":[`+wholeFinding("a", alice, "us-east-1")+`]}`)
	guarded, _ := startGuarded(t, t.TempDir())
	names := map[string]bool{}
	for _, r := range []*running{hub, guarded} {
		_, text := r.get(t, "/metrics")
		for line := range strings.Lines(text) {
			if name := seriesName.FindString(line); name != "" {
				names[name] = true
			}
		}
	}
	return names
}

// dashboard is the part of Grafana's model that has queries.
type dashboard struct {
	UID        string
	Templating struct {
		List []struct{ Query json.RawMessage }
	}
	Panels []struct {
		ID      int
		Title   string
		Targets []struct{ Expr string }
	}
}

// dashboardQueries reads the queries of the dashboard.
func dashboardQueries(t *testing.T) (queries []string) {
	t.Helper()
	text, err := os.ReadFile(dashboardFiles + "findinghub.json")
	if err != nil {
		t.Fatal(err)
	}
	var d dashboard
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	ids := map[int]bool{}
	for _, p := range d.Panels {
		if ids[p.ID] || p.Title == "" {
			t.Errorf("panel %d %q is there twice or has no title", p.ID, p.Title)
		}
		ids[p.ID] = true
		for _, target := range p.Targets {
			queries = append(queries, target.Expr)
		}
	}
	for _, v := range d.Templating.List {
		queries = append(queries, string(v.Query))
	}
	return queries
}

// alertQueries reads the rules' expressions.
func alertQueries(t *testing.T) (queries []string) {
	t.Helper()
	text, err := os.ReadFile(dashboardFiles + "alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var rules struct {
		Groups []struct {
			Name  string
			Rules []struct {
				Alert, Expr, For    string
				Labels, Annotations map[string]string
			}
		}
	}
	if err := yaml.UnmarshalWithOptions(text, &rules, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	for _, g := range rules.Groups {
		for _, r := range g.Rules {
			if r.Alert == "" || r.Labels["severity"] == "" || r.Annotations["summary"] == "" {
				t.Errorf("the alert %q lacks a name, a severity or a summary", r.Alert)
			}
			queries = append(queries, r.Expr)
		}
	}
	return queries
}

// metricsIn are the names of metrics in a query, without the values of labels.
func metricsIn(query string) []string {
	if !strings.HasPrefix(query, "{") { // a variable's query is JSON: a text of its own
		query = quotedText.ReplaceAllString(query, "")
	}
	return metricName.FindAllString(query, -1)
}

// TestDashboardsKnowTheMetrics: what the dashboard shows and alerts watch a hub really has, and the dashboard leaves
// nothing of the hub's own out.
func TestDashboardsKnowTheMetrics(t *testing.T) {
	t.Parallel()
	names, shown := exposed(t), map[string]bool{}
	panels, alerts := dashboardQueries(t), alertQueries(t)
	if len(panels) < 10 || len(alerts) < 5 {
		t.Fatalf("%d queries and %d alerts", len(panels), len(alerts))
	}
	for _, q := range slices.Concat(panels, alerts) {
		for _, name := range metricsIn(q) {
			if !names[name] {
				t.Errorf("no hub has the metric %s of %s", name, q)
			}
		}
	}
	for _, q := range panels {
		for _, name := range metricsIn(q) {
			shown[family(name)] = true
		}
	}
	for name := range names {
		if strings.HasPrefix(name, "findinghub_") && !shown[family(name)] {
			t.Errorf("the dashboard does not show %s", name)
		}
	}
}

// family is what a histogram's series have in common.
func family(name string) string {
	return ofHistogram.ReplaceAllString(name, "")
}

// TestMetricsIn: the reader of queries sees names, and would see one that does not exist.
func TestMetricsIn(t *testing.T) {
	t.Parallel()
	for query, want := range map[string][]string{
		`sum by (code) (rate(findinghub_requests_total{code!="go_away"}[5m]))`:          {"findinghub_requests_total"},
		`process_open_fds / process_max_fds`:                                            {"process_open_fds", "process_max_fds"},
		`{"query":"label_values(findinghub_findings_stored{job=~\"$job\"}, instance)"}`: {"findinghub_findings_stored"},
		`vector(1)`: nil,
	} {
		if got := metricsIn(query); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", query, got, want)
		}
	}
}
