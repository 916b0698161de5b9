package api

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/auth"
	"github.com/findinghub/findinghub/events"
	"github.com/findinghub/findinghub/hub"
	"github.com/go-json-experiment/json/jsontext"
)

// eventsPath is where a stream of events is read. It is the hub's own: the service has no such thing.
const eventsPath = "/events"

// operationStream is what the log, the metrics and the record of calls call reading it.
const operationStream = "StreamEvents"

// The pace of a stream.
const (
	// viewTime is how long a stream goes on with what its reader saw when it was asked last: a member that leaves, and a
	// key that is revoked, is gone after it.
	viewTime = 5 * time.Second
	// streamTime bounds a stream: then its reader signs anew and goes on where it was, with the policies and the session of
	// that time.
	streamTime = 15 * time.Minute
	// emitTime bounds the writing of one event or heartbeat.
	emitTime = 30 * time.Second
)

// serveEvents streams the events of all findings that the caller sees, as server-sent events, until the caller
// leaves. Reading goes on after the header Last-Event-ID, or the parameter after; with oldest=true it begins with what is
// kept. filters is the Filters of GetFindings as JSON.
func (h *handler) serveEvents(c *call, w http.ResponseWriter, r *http.Request) {
	c.operation = operationStream
	s, err := h.openStream(c, w, r)
	h.record(c, r, err)
	code := codeOK
	if err != nil {
		code = h.writeError(w, err)
	} else if serr := s.run(r.Context()); serr != nil {
		h.log.Debug("a stream ended", "request", c.id, "error", serr)
	}
	h.finish(r.Context(), c, code, nil, err)
}

// eventStream is one reader.
type eventStream struct {
	h     *handler
	c     *call
	in    *incoming
	w     http.ResponseWriter
	query events.StreamQuery
}

// openStream finds out who reads and whether they may, which is what searching needs: an event is a finding.
func (h *handler) openStream(c *call, w http.ResponseWriter, r *http.Request) (*eventStream, error) {
	in, err := receive(w, r, auth.ServiceHub, 0)
	if err != nil {
		return nil, err
	}
	if c.principal, err = h.identify(c, in); err != nil {
		return nil, err
	}
	c.principal.Trail = &auth.Trail{}
	if err := h.quotas.Check(c.principal.Account, c.principal.Region, operationStream); err != nil {
		return nil, err
	}
	if err := h.begin(c); err != nil {
		return nil, err
	}
	if h.stream == nil {
		return nil, findinghub.Errorf(findinghub.CodeNotImplemented, "This hub keeps no events; it is started with --event-stream for that")
	}
	s := &eventStream{h: h, c: c, in: in, w: w, query: events.StreamQuery{After: r.Header.Get("Last-Event-ID")}}
	if err := s.read(in.query); err != nil {
		return nil, err
	}
	if err := s.look(r.Context()); err != nil {
		return nil, err
	}
	return s, nil
}

// read reads the parameters.
func (s *eventStream) read(query url.Values) error {
	for name, values := range query {
		switch {
		case signing(name):
		case !slices.Contains([]string{"after", "oldest", "filters"}, name):
			return problem(excerpt(name), "The request has no such member")
		case len(values) > 1:
			return problem(name, "It is given more than once")
		}
	}
	if after := query.Get("after"); after != "" && s.query.After == "" {
		s.query.After = after
	}
	s.query.FromOldest = query.Get("oldest") == "true"
	if text := query.Get("filters"); text != "" {
		return s.query.Selection.SetFilters(jsontext.Value(text))
	}
	return nil
}

// look finds out what the reader may see now.
func (s *eventStream) look(ctx context.Context) error {
	if err := s.h.hub.Authorize(ctx, s.c.principal, "GetFindings", hub.GetFindingsInput{}); err != nil {
		return err
	}
	accounts, regions, err := s.h.hub.Sees(ctx, s.c.principal)
	s.query.Selection.Accounts, s.query.Selection.Regions = accounts, regions
	return err
}

// run writes events until the reader leaves or may see no more.
func (s *eventStream) run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, streamTime)
	defer cancel()
	// A hub that stops does not wait for readers who never have enough.
	go func() {
		select {
		case <-s.h.stopping:
			cancel()
		case <-ctx.Done():
		}
	}()
	s.w.Header().Set("Content-Type", "text/event-stream")
	s.w.Header().Set("Cache-Control", "no-store")
	if err := s.write(": findinghub\n\n"); err != nil {
		return err
	}
	for {
		stretch, cancel := context.WithTimeout(ctx, s.h.viewTime)
		err := s.h.stream.Read(stretch, s.query, s.emit)
		cancel()
		if ctx.Err() != nil || err != nil && !errors.Is(err, context.DeadlineExceeded) {
			return err
		}
		// A line that says nothing finds out whether anybody still listens.
		if err := s.write(":\n\n"); err != nil {
			return err
		}
		if err := s.again(ctx); err != nil {
			return err
		}
	}
}

// again asks anew who reads and what they may see.
func (s *eventStream) again(ctx context.Context) error {
	if s.h.identity != nil && !s.h.identity.Stands(s.c.principal) {
		return errors.New("the reader's key is no longer good")
	}
	return s.look(ctx)
}

// emit writes one event.
func (s *eventStream) emit(cursor string, event []byte) error {
	s.query.After = cursor
	return s.write("id: " + cursor + "\nevent: finding\ndata: " + string(event) + "\n\n")
}

func (s *eventStream) write(text string) error {
	control := http.NewResponseController(s.w)
	_ = control.SetWriteDeadline(after(emitTime))
	if _, err := s.w.Write([]byte(text)); err != nil {
		return err
	}
	return control.Flush()
}
