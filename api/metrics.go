package api

import (
	"context"
	"net/http"
	"time"

	"github.com/findinghub/findinghub/hub"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics counts what the API does.
type metrics struct {
	requests *prometheus.CounterVec
	latency  *prometheus.HistogramVec
	findings *prometheus.CounterVec
	// strangers counts requests that nobody known has signed and that are not on record.
	strangers prometheus.Counter
}

// The outcomes of findings.
const (
	outcomeImported    = "imported"
	outcomeUnchanged   = "unchanged"
	outcomeFailed      = "failed"
	outcomeUpdated     = "updated"
	outcomeUnprocessed = "unprocessed"
)

// newMetrics registers the API's metrics. A second API on one registry is a mistake and panics.
func newMetrics(r *prometheus.Registry, h *hub.Hub) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "findinghub_requests_total", Help: "Requests by operation and error code, OK for success.",
		}, []string{"operation", "code"}),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "findinghub_request_duration_seconds", Help: "Time from the request's first byte to the answer's last, by operation.",
			// Half a millisecond is an answer from the index, 10 s a legacy update of a large hub.
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}, []string{"operation"}),
		strangers: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "findinghub_audit_strangers_total", Help: "Requests without a valid signature that were too many to go on record.",
		}),
		findings: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "findinghub_findings_total", Help: "Findings in imports and updates, by what became of them.",
		}, []string{"outcome"}),
	}
	// Counters that start at zero can be added up and alarmed on before the first event.
	for _, outcome := range []string{outcomeImported, outcomeUnchanged, outcomeFailed, outcomeUpdated, outcomeUnprocessed} {
		m.findings.WithLabelValues(outcome)
	}
	r.MustRegister(m.requests, m.latency, m.findings, m.strangers, sizes{h})
	return m
}

// observe counts one request. Operations and codes come from fixed sets, never from the request
// itself, so that no caller can make the number of series grow.
func (m *metrics) observe(operation, code string, took time.Duration, result any) {
	m.requests.WithLabelValues(operation, code).Inc()
	m.latency.WithLabelValues(operation).Observe(took.Seconds())
	switch out := result.(type) {
	case *hub.BatchImportFindingsOutput:
		m.count(outcomeImported, out.SuccessCount-out.Unchanged)
		m.count(outcomeUnchanged, out.Unchanged)
		m.count(outcomeFailed, out.FailedCount)
	case *hub.BatchUpdateFindingsOutput:
		m.count(outcomeUpdated, len(out.ProcessedFindings))
		m.count(outcomeUnprocessed, len(out.UnprocessedFindings))
	}
}

// count adds findings to an outcome.
func (m *metrics) count(outcome string, n int) {
	m.findings.WithLabelValues(outcome).Add(float64(n))
}

// sizes asks the store how large it is whenever somebody asks for the metrics.
type sizes struct{ hub *hub.Hub }

var (
	findingsStored = prometheus.NewDesc("findinghub_findings_stored", "Findings in the store.", nil, nil)
	indexBytes     = prometheus.NewDesc("findinghub_index_bytes", "Estimate of the memory that the search index holds.", nil, nil)
)

// Describe implements prometheus.Collector.
func (sizes) Describe(ch chan<- *prometheus.Desc) {
	ch <- findingsStored
	ch <- indexBytes
}

// Collect implements prometheus.Collector.
func (s sizes) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	stats, err := s.hub.Stats(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(findingsStored, err)
		return
	}
	ch <- prometheus.MustNewConstMetric(findingsStored, prometheus.GaugeValue, float64(stats.Findings))
	ch <- prometheus.MustNewConstMetric(indexBytes, prometheus.GaugeValue, float64(stats.IndexBytes))
}

// metricsHandler shows a registry. One metric that cannot be had does not hide the others.
func metricsHandler(r *prometheus.Registry) http.Handler {
	return promhttp.HandlerFor(r, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
}
