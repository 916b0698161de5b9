package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/auth"
	"github.com/findinghub/findinghub/events"
	"github.com/go-json-experiment/json/jsontext"
)

// Letters are the dead letters of events' targets; *events.Deliverer has them.
type Letters interface {
	DeadLetters(ctx context.Context, target, after string, limit int) ([]events.DeadLetter, error)
	Replay(ctx context.Context, target string, ids ...string) (int, error)
}

// The operations on dead letters, which are the hub's own, and where they are asked for. They are about the events of
// all accounts, so that their action is not one of the service's: AdministratorAccess has it, full access to the service has not.
const (
	deadLettersPath = "/events/dead-letters"
	replayPath      = "/events/replay"

	operationDeadLetters = "ListDeadLetters"
	operationReplay      = "ReplayDeadLetters"

	actionEvents = "findinghub:ManageEvents"
)

// lettersInput is the request of both.
type lettersInput struct {
	Target string
	// After is the id to list after.
	After string
	// IDs are the letters to send again; none means all.
	IDs []string `json:"Ids"`
}

// DeadLettersOutput is a page of dead letters.
type DeadLettersOutput struct{ DeadLetters []DeadLetter }

// DeadLetter is one event that a target did not take.
type DeadLetter struct {
	ID        string `json:"Id"`
	Reason    string
	Tries     int
	DiedAt    string
	FindingID string `json:"FindingId"`
	Event     jsontext.Value
}

// ReplayOutput tells how many letters have arrived, and why the others did not.
type ReplayOutput struct {
	Sent   int
	Failed string `json:",omitempty"`
}

// pageOfLetters bounds a listing: each may be as large as a finding.
const pageOfLetters = 20

// lettersRequest says whether a request is about dead letters, and which.
func lettersRequest(r *http.Request) string {
	if r.Method != http.MethodPost {
		return ""
	}
	switch r.URL.Path {
	case deadLettersPath:
		return operationDeadLetters
	case replayPath:
		return operationReplay
	}
	return ""
}

// attemptLetters answers both.
func (h *handler) attemptLetters(c *call, w http.ResponseWriter, r *http.Request) (result any, err error) {
	defer recovered(&result, &err)
	in, err := receive(w, r, auth.ServiceHub, maxBody)
	if err != nil {
		return nil, err
	}
	defer in.release()
	if c.principal, err = h.identify(c, in); err != nil {
		return nil, err
	}
	c.principal.Trail = &auth.Trail{}
	if err := h.begin(c); err != nil {
		return nil, err
	}
	if err := c.principal.Authorize(auth.Access{Action: actionEvents, Resource: "*"}); err != nil {
		return nil, err
	}
	if h.letters == nil {
		return nil, findinghub.Errorf(findinghub.CodeNotImplemented, "This hub tells nobody of events; it is started with --events for that")
	}
	body, err := in.bytes()
	if err != nil {
		return nil, err
	}
	var asked lettersInput
	if err := json.Unmarshal(body, &asked); err != nil {
		return nil, findinghub.Errorf(findinghub.CodeInvalidInput, "The request body is not valid JSON: %v", err)
	}
	c.parameters = map[string]any{"target": asked.Target}
	if c.operation == operationReplay {
		return h.replay(r.Context(), asked)
	}
	return h.listLetters(r.Context(), asked)
}

func (h *handler) listLetters(ctx context.Context, asked lettersInput) (any, error) {
	letters, err := h.letters.DeadLetters(ctx, asked.Target, asked.After, pageOfLetters)
	if err != nil {
		return nil, err
	}
	out := &DeadLettersOutput{DeadLetters: []DeadLetter{}}
	for i := range letters {
		l := &letters[i]
		out.DeadLetters = append(out.DeadLetters, DeadLetter{
			ID: l.ID, Reason: l.Reason, Tries: l.Tries, DiedAt: l.Time.UTC().Format(time.RFC3339), FindingID: l.Key.ID, Event: jsontext.Value(l.Event),
		})
	}
	return out, nil
}

// replay sends letters again. That some did not arrive is no error of the request.
func (h *handler) replay(ctx context.Context, asked lettersInput) (any, error) {
	sent, err := h.letters.Replay(ctx, asked.Target, asked.IDs...)
	out := &ReplayOutput{Sent: sent}
	if err != nil {
		if code := findinghub.AsError(err).Code; code == findinghub.CodeResourceNotFound {
			return nil, err
		}
		out.Failed = excerpt(err.Error())
	}
	return out, nil
}
