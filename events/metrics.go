package events

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics counts what became of messages. Its series are by target, a fixed set.
type metrics struct {
	deliverer                       *Deliverer
	delivered, failed, deadLettered *prometheus.CounterVec
}

var (
	lagDesc     = prometheus.NewDesc("findinghub_event_lag_seconds", "Age of the oldest event that the target has not passed, 0 when there is none.", []string{"target"}, nil)
	backlogDesc = prometheus.NewDesc("findinghub_event_backlog", "Events that the target has not passed, wanted or not.", []string{"target"}, nil)
)

// newMetrics registers the metrics. A second deliverer on one registry is a mistake and panics.
func newMetrics(d *Deliverer) *metrics {
	counter := func(name, help string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{"target"})
		for i := range d.o.Targets {
			c.WithLabelValues(d.o.Targets[i].Name) // counters that start at zero can be alarmed on
		}
		return c
	}
	m := &metrics{
		deliverer:    d,
		delivered:    counter("findinghub_event_delivered_total", "Events that the target took."),
		failed:       counter("findinghub_event_failed_total", "Tries that failed, connecting included."),
		deadLettered: counter("findinghub_event_dead_lettered_total", "Events that went to the dead letters."),
	}
	if d.o.Registry != nil {
		d.o.Registry.MustRegister(m.delivered, m.failed, m.deadLettered, m)
	}
	return m
}

// Describe implements prometheus.Collector.
func (m *metrics) Describe(ch chan<- *prometheus.Desc) {
	ch <- lagDesc
	ch <- backlogDesc
}

// Collect implements prometheus.Collector. It asks the store, so that every process shows the lag of
// all targets, whoever delivers.
func (m *metrics) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), closing)
	defer cancel()
	for i := range m.deliverer.o.Targets {
		name := m.deliverer.o.Targets[i].Name
		n, lag, err := m.deliverer.Backlog(ctx, name)
		if err != nil {
			ch <- prometheus.NewInvalidMetric(lagDesc, err)
			continue
		}
		ch <- prometheus.MustNewConstMetric(lagDesc, prometheus.GaugeValue, lag.Seconds(), name)
		ch <- prometheus.MustNewConstMetric(backlogDesc, prometheus.GaugeValue, float64(n), name)
	}
}

// Backlog counts the events that a target has not passed and gives the age of the oldest, 0 for none. What
// was delivered in the last second may still be counted.
func (d *Deliverer) Backlog(ctx context.Context, target string) (int, time.Duration, error) {
	if _, err := d.target(target); err != nil {
		return 0, 0, err
	}
	p, err := loadProgress(ctx, d.o.Records, target)
	if err != nil {
		return 0, 0, err
	}
	n, oldest, err := d.o.Outbox.Backlog(ctx, p.Cursor)
	if err != nil || n == 0 {
		return 0, 0, err
	}
	return n, max(0, d.o.Now().Sub(oldest)), nil
}
