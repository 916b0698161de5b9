// Package api speaks the Security Hub API over HTTP: REST-JSON as the API's model has
// it. It finds the operation, says who calls, reads the request, and writes what the
// hub answers. It is the only package that knows HTTP.
package api

import (
	"cmp"
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/audit"
	"github.com/findinghub/findinghub/auth"
	"github.com/findinghub/findinghub/auth/identity"
	"github.com/findinghub/findinghub/events"
	"github.com/findinghub/findinghub/hub"
	"github.com/findinghub/findinghub/quota"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"
)

// Config is what the API is built from. Only Hub is required.
type Config struct {
	Hub *hub.Hub
	// DefaultRegion is addressed by requests that name no region, us-east-1 by default.
	DefaultRegion string
	// Registry gets the metrics that /metrics shows. Whoever has metrics of its own, as an
	// engine has, registers them there too. By default the API makes one.
	Registry *prometheus.Registry
	// Logger gets one line for each request, and what callers must not see; nothing by default.
	Logger *slog.Logger
	// Identity finds out who signed a request. Without it callers are taken at their word (--dev).
	Identity *identity.Authenticator
	// Audit is the record of calls, none by default.
	Audit *audit.Log
	// Quotas bound how often each operation may be called, not at all by default.
	Quotas *quota.Limiter
	// Stream lets callers read events along; nil where the engine keeps none.
	Stream *events.Stream
	// Letters are the events that targets did not take; nil where nobody is told of any.
	Letters Letters
	// Limits bound what is under way at once; by default nothing does. Streams of events do not count.
	Limits Limits
	// Stopping is closed when the hub begins to stop; streams end with it. Nil never is.
	Stopping <-chan struct{}
	// TrustedProxies are the networks whose X-Forwarded-For and X-Forwarded-Proto are believed.
	TrustedProxies []netip.Prefix
	// Now is the clock, time.Now by default.
	Now func() time.Time
	// Rand gives request ids, crypto/rand by default.
	Rand io.Reader

	viewTime time.Duration // see viewTime; in tests
}

// handler answers the operations of the API.
type handler struct {
	hub      *hub.Hub
	identity *identity.Authenticator
	audit    *audit.Log
	quotas   *quota.Limiter
	stream   *events.Stream
	letters  Letters
	stopping <-chan struct{}
	viewTime time.Duration
	// strangers bounds how many requests that nobody known has signed go on record.
	strangers *rate.Limiter
	region    string
	log       *slog.Logger
	now       func() time.Time
	rand      io.Reader
	routes    *router
	proxies   []netip.Prefix
	metrics   *metrics
	limiter   *limiter
}

// New makes the handler of everything that the hub serves: the API's operations,
// /healthz (the process serves), /readyz (the store answers) and /metrics.
func New(c Config) http.Handler {
	h := &handler{
		hub: c.Hub, region: cmp.Or(c.DefaultRegion, "us-east-1"),
		log: cmp.Or(c.Logger, slog.New(slog.DiscardHandler)),
		now: c.Now, rand: cmp.Or[io.Reader](c.Rand, rand.Reader),
		routes: newRouter(operations[:]), proxies: c.TrustedProxies,
		identity: c.Identity, audit: c.Audit, quotas: c.Quotas, stream: c.Stream, letters: c.Letters, viewTime: cmp.Or(c.viewTime, viewTime), stopping: c.Stopping, strangers: rate.NewLimiter(strangersRate, strangersBurst),
	}
	if h.now == nil {
		h.now = time.Now //nolint:forbidigo // the default of a clock that is passed in
	}
	registry := cmp.Or(c.Registry, prometheus.NewRegistry())
	h.metrics = newMetrics(registry, c.Hub)
	h.limiter = newLimiter(c.Limits, registry)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { healthy(w) })
	mux.HandleFunc("GET /readyz", h.ready)
	mux.Handle("GET /metrics", metricsHandler(registry))
	return dispatcher{own: mux, api: h}
}

// dispatcher sends the hub's own paths to their handlers and everything else to the
// API. The mux alone would answer paths that it would rather see written differently
// with redirects, which clients of the API do not follow.
type dispatcher struct{ own, api http.Handler }

// ServeHTTP implements http.Handler.
func (d dispatcher) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/healthz", "/readyz", "/metrics":
		_ = http.NewResponseController(w).SetWriteDeadline(after(writeTime))
		d.own.ServeHTTP(w, r)
	default:
		d.api.ServeHTTP(w, r)
	}
}

// Requests that nobody known has signed go on record at this rate, in a second, after the burst.
const (
	strangersRate  = 10
	strangersBurst = 100
)

// call is one request on its way through the handler: what the log, the metrics and the record of
// calls tell of it.
type call struct {
	id         string
	operation  string
	principal  auth.Principal // the zero Principal until the caller is known
	source     source
	start      time.Time
	sts        bool           // it is for the token service
	begun      bool           // the record of calls has set room aside
	parameters map[string]any // what the record tells of the input
}

// unknownOperation is what requests count as that ask for nothing the API has.
const unknownOperation = "UnknownOperation"

// ServeHTTP implements http.Handler for the API's operations.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{id: h.requestID(), operation: unknownOperation, start: h.now(), source: h.sourceOf(r)}
	w.Header().Set("x-amzn-RequestId", c.id)
	if r.Method == http.MethodGet && r.URL.Path == eventsPath {
		h.serveEvents(c, w, r) // a stream may last for minutes and does little
		return
	}
	c.sts = isSTS(r)
	leave, err := h.limiter.enter(r.Context())
	if err != nil {
		h.turnAway(c, w, r, err)
		return
	}
	defer leave()
	if c.sts {
		h.serveSTS(c, w, r)
		return
	}
	h.serveAPI(c, w, r)
}

// serveAPI answers a request to the API, or about dead letters.
func (h *handler) serveAPI(c *call, w http.ResponseWriter, r *http.Request) {
	attempt := h.attempt
	if op := lettersRequest(r); op != "" {
		c.operation, attempt = op, h.attemptLetters
	}
	result, err := attempt(c, w, r)
	h.record(c, r, err)
	code := codeOK
	if err != nil {
		code = h.writeError(w, err)
	} else if werr := writeResult(w, result); werr != nil {
		// The caller is gone; what was asked is done.
		h.log.Debug("response not delivered", "request", c.id, "error", werr)
	}
	h.finish(r.Context(), c, code, result, err)
}

// attempt executes a request. A panic becomes an error, so that a mistake in one
// operation neither ends the process nor leaves its caller without an answer.
func (h *handler) attempt(c *call, w http.ResponseWriter, r *http.Request) (result any, err error) {
	defer recovered(&result, &err)
	op, label := h.routes.find(r.Method, r.URL.EscapedPath())
	if op == nil {
		return nil, findinghub.Errorf(codeUnknownOperation, "There is no operation %s %s", r.Method, excerpt(r.URL.EscapedPath()))
	}
	c.operation = op.Name
	in, err := receive(w, r, auth.ServiceHub, limitOf(op))
	if err != nil {
		return nil, err
	}
	defer in.release()
	if c.principal, err = h.identify(c, in); err != nil {
		return nil, err
	}
	c.principal.Trail = &auth.Trail{}
	if err := h.quotas.Check(c.principal.Account, c.principal.Region, op.Name); err != nil {
		return nil, err
	}
	if err := h.begin(c); err != nil {
		return nil, err
	}
	body, err := in.bytes()
	if err != nil {
		return nil, err
	}
	return h.serve(r.Context(), c, &request{operation: op, label: label, query: in.query, body: body})
}

// recovered makes an error of a panic.
func recovered(result *any, err *error) {
	if v := recover(); v != nil {
		*result, *err = nil, panicked(v)
	}
}

// finish tells the log and the metrics how a request went: never what was in it.
func (h *handler) finish(ctx context.Context, c *call, code string, result any, err error) {
	took := h.now().Sub(c.start)
	h.metrics.observe(c.operation, code, took, result)
	level, attrs := slog.LevelDebug, []slog.Attr{
		slog.String("operation", c.operation), slog.String("code", code), slog.Duration("took", took),
		slog.String("request", c.id), slog.String("account", c.principal.Account),
	}
	if err != nil {
		level = slog.LevelInfo
		if e := findinghub.AsError(err); statusOf(e.Code) >= http.StatusInternalServerError && e.Code != findinghub.CodeNotImplemented {
			level, attrs = slog.LevelError, append(attrs, slog.Any("error", e))
		}
	}
	h.log.LogAttrs(ctx, level, "request", attrs...)
}

// ready answers 200 while the store takes writes.
func (h *handler) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
	defer cancel()
	if err := h.hub.Ready(ctx); err != nil {
		h.log.Error("not ready", "error", err)
		http.Error(w, "the store cannot be written: the hub answers reads, or nothing", http.StatusServiceUnavailable)
		return
	}
	healthy(w)
}

func healthy(w http.ResponseWriter) { _, _ = io.WriteString(w, "ok\n") }
