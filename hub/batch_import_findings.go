package hub

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/auth"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
	"github.com/go-json-experiment/json/jsontext"
)

// BatchImportFindingsInput is the operation's request: 1 to 100 findings as they were sent.
type BatchImportFindingsInput struct{ Findings []jsontext.Value }

// BatchImportFindingsOutput is the operation's response.
type BatchImportFindingsOutput struct {
	FailedCount    int
	SuccessCount   int
	FailedFindings []ImportFindingsError
	// Unchanged counts the successes that changed nothing, for metrics.
	Unchanged int `json:"-"`
}

// ImportFindingsError is why one finding was not imported.
type ImportFindingsError struct {
	ID           string `json:"Id"`
	ErrorCode    string
	ErrorMessage string
}

// The per-finding error codes of an import (behaviour.md section 1.4, decision 5).
const (
	codeInvalidInput  = "InvalidInput"
	codeInvalidAccess = "InvalidAccess"
)

// arrival is one finding on its way into the store.
type arrival struct {
	finding asff.Finding
	failure *finding.Failure
	lane    *lane // nil for one whose product or account cannot be read
	// changed is what the last run of the mutation said; engines may run it on any goroutine.
	changed atomic.Bool
}

// fail records why the finding is not imported; the first reason stays.
func (a *arrival) fail(code, message string) {
	if a.failure == nil {
		a.failure = &finding.Failure{Code: code, Message: message}
	}
}

// BatchImportFindings takes findings from a provider. What is wrong with the request, the
// hub or the caller's rights fails it whole, in the order of behaviour.md section 1.5;
// what is wrong with a finding fails that finding. Successful findings are durable.
func (h *Hub) BatchImportFindings(ctx context.Context, p auth.Principal, in BatchImportFindingsInput) (*BatchImportFindingsOutput, error) {
	arrivals := make([]arrival, len(in.Findings))
	for i, raw := range in.Findings {
		if err := h.examine(&arrivals[i], raw); err != nil {
			return nil, invalid("Invalid parameter 'Findings[%d]'. It is not JSON: %v.", i, err)
		}
	}
	lanes, err := lanesOf(p, arrivals)
	if err != nil {
		return nil, err
	}
	if err := h.mayImportAll(ctx, p, lanes); err != nil {
		return nil, err
	}
	if err := h.admit(ctx, arrivals, lanes); err != nil {
		return nil, err
	}
	if err := h.keep(ctx, arrivals); err != nil {
		return nil, err
	}
	return answer(arrivals), nil
}

// examine judges one finding by the format. err is not nil when raw is not JSON.
func (h *Hub) examine(a *arrival, raw jsontext.Value) error {
	f, problems, err := h.validator.Check(raw)
	if err != nil {
		return err
	}
	a.finding = f
	if len(problems) > 0 {
		a.fail(codeInvalidInput, asff.Message(problems))
	}
	return nil
}

// keep hands the findings that have not failed to the store, in the order in which they were sent.
func (h *Hub) keep(ctx context.Context, arrivals []arrival) error {
	ms := make([]store.Mutation, 0, len(arrivals))
	sent := make([]*arrival, 0, len(arrivals))
	now := h.now()
	for i := range arrivals {
		if a := &arrivals[i]; a.failure == nil {
			ms = append(ms, a.mutation(now))
			sent = append(sent, a)
		}
	}
	if len(ms) == 0 {
		return nil
	}
	// One call for the whole batch: the engine commits it, and others that wait, together.
	errs, err := h.store.Apply(ctx, ms)
	if err != nil {
		return failed(err)
	}
	for i, err := range errs {
		if err != nil {
			f := h.failure(err)
			if f.Code == finding.ErrSizeExceeded.Code {
				f.Code = codeInvalidInput // an import has no code of its own for it (decision 5)
			}
			sent[i].failure = &f
		}
	}
	return nil
}

// mutation is the finding's way into the store.
func (a *arrival) mutation(now time.Time) store.Mutation {
	l := a.lane
	arriving := finding.Arrival{Now: now, Region: l.owner.Region, Source: finding.Source{Type: finding.SourceImport, Identity: l.productARN}}
	arriving.Product, arriving.Company = l.product.names()
	return store.Mutation{
		Key: finding.Key{Account: l.owner.Account, Region: l.owner.Region, ProductArn: l.productARN, ID: a.finding.Text("Id")},
		Apply: func(old *finding.Stored) (finding.Outcome, error) {
			out, err := finding.Import(old, a.finding, arriving)
			a.changed.Store(err == nil && out.Changed)
			return out, err
		},
	}
}

// failure is what one finding of a batch failed with. What is not for the caller's eyes
// goes to the log.
func (h *Hub) failure(err error) finding.Failure {
	var f *finding.Failure
	if errors.As(err, &f) {
		return *f
	}
	h.log.Error("a finding could not be changed", "error", err)
	return *finding.ErrInternal
}

// answer counts what became of a batch.
func answer(arrivals []arrival) *BatchImportFindingsOutput {
	out := &BatchImportFindingsOutput{FailedFindings: []ImportFindingsError{}}
	for i := range arrivals {
		a := &arrivals[i]
		switch {
		case a.failure != nil:
			out.FailedFindings = append(out.FailedFindings, ImportFindingsError{a.id(), a.failure.Code, a.failure.Message})
		case !a.changed.Load():
			out.Unchanged++
		}
	}
	out.FailedCount = len(out.FailedFindings)
	out.SuccessCount = len(arrivals) - out.FailedCount
	return out
}

// id is what FailedFindings calls the finding; the API wants a word there even for a
// finding that has no id.
func (a *arrival) id() string {
	if id := a.finding.Text("Id"); id != "" {
		return id
	}
	return "Unknown"
}
