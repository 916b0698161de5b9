package api

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"time"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/auth"
	"github.com/findinghub/findinghub/hub"
	"github.com/go-json-experiment/json/jsontext"
)

// executor decodes a request and executes it. The result is encoded as JSON; nil is an
// empty body.
type executor func(context.Context, *hub.Hub, auth.Principal, *request) (any, error)

// built are the operations that the hub has; the others of the API answer 501.
var built = map[string]executor{
	"BatchImportFindings":             batchImportFindings,
	"BatchUpdateFindings":             ask((*hub.Hub).BatchUpdateFindings),
	"DescribeHub":                     ask((*hub.Hub).DescribeHub),
	"DescribeProducts":                ask((*hub.Hub).DescribeProducts),
	"DisableImportFindingsForProduct": tell((*hub.Hub).DisableImportFindingsForProduct),
	"DisableSecurityHub": tell(func(h *hub.Hub, ctx context.Context, p auth.Principal, _ struct{}) error {
		return h.DisableSecurityHub(ctx, p)
	}),
	"EnableImportFindingsForProduct": ask((*hub.Hub).EnableImportFindingsForProduct),
	"EnableSecurityHub":              tell((*hub.Hub).EnableSecurityHub),
	"GetFindingHistory":              ask(getFindingHistory),
	"GetFindings":                    ask((*hub.Hub).GetFindings),
	"ListEnabledProductsForImport":   ask((*hub.Hub).ListEnabledProductsForImport),
	"ListTagsForResource":            ask((*hub.Hub).ListTagsForResource),
	"TagResource":                    tell((*hub.Hub).TagResource),
	"UntagResource":                  tell((*hub.Hub).UntagResource),
	"UpdateFindings":                 tell((*hub.Hub).UpdateFindings),
	"UpdateSecurityHubConfiguration": tell((*hub.Hub).UpdateSecurityHubConfiguration),
}

// ask makes an executor of an operation that answers with something.
func ask[In, Out any](op func(*hub.Hub, context.Context, auth.Principal, In) (*Out, error)) executor {
	return func(ctx context.Context, h *hub.Hub, p auth.Principal, r *request) (any, error) {
		var in In
		if err := r.decode(&in); err != nil {
			return nil, err
		}
		out, err := op(h, ctx, p, in)
		if err != nil {
			return nil, err // not a nil *Out, which would be a result
		}
		return out, nil
	}
}

// tell makes an executor of an operation whose answer is empty.
func tell[In any](op func(*hub.Hub, context.Context, auth.Principal, In) error) executor {
	return func(ctx context.Context, h *hub.Hub, p auth.Principal, r *request) (any, error) {
		var in In
		if err := r.decode(&in); err != nil {
			return nil, err
		}
		return nil, op(h, ctx, p, in)
	}
}

// batchImportFindings is the hot path: its findings are cut out of the body, not decoded.
func batchImportFindings(ctx context.Context, h *hub.Hub, p auth.Principal, r *request) (any, error) {
	if _, err := r.params(); err != nil {
		return nil, err
	}
	findings, err := splitFindings(r.body)
	if err != nil {
		return nil, err
	}
	out, err := h.BatchImportFindings(ctx, p, hub.BatchImportFindingsInput{Findings: findings})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// splitFindings cuts the findings out of a request's body. They alias it.
func splitFindings(body []byte) ([]jsontext.Value, error) {
	dec := jsontext.NewDecoder(bytes.NewBuffer(body), jsontext.AllowDuplicateNames(true))
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, problem("Findings", "It is required")
	}
	if tok, err := dec.ReadToken(); err != nil {
		return nil, notJSON(err)
	} else if tok.Kind() != '{' {
		return nil, problem("", "It should be an object")
	}
	s := splitter{dec: dec, body: body}
	for dec.PeekKind() != '}' {
		if err := s.member(); err != nil {
			return nil, err
		}
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, notJSON(err)
	}
	if rest := bytes.TrimSpace(body[dec.InputOffset():]); len(rest) > 0 {
		return nil, notJSON(errTrailing)
	}
	return s.findings, s.judge()
}

// splitter reads the envelope of an import.
type splitter struct {
	dec      *jsontext.Decoder
	body     []byte
	seen     bool
	findings []jsontext.Value
	count    int
}

func (s *splitter) member() error {
	name, err := s.dec.ReadToken()
	if err != nil {
		return notJSON(err)
	}
	if member := name.String(); member != "Findings" {
		return problem(excerpt(member), "The request has no such member")
	}
	if s.seen {
		return problem("Findings", "It is given more than once")
	}
	switch s.dec.PeekKind() {
	case 'n': // null is absent
		if err := s.dec.SkipValue(); err != nil {
			return notJSON(err)
		}
		return nil
	case '[':
		s.seen = true
		return s.list()
	}
	if err := s.dec.SkipValue(); err != nil {
		return notJSON(err)
	}
	return problem("Findings", "It should be an array")
}

// list reads the findings. More than there may be are counted for the message, not kept.
func (s *splitter) list() error {
	if _, err := s.dec.ReadToken(); err != nil {
		return notJSON(err)
	}
	for s.dec.PeekKind() != ']' {
		v, err := s.dec.ReadValue()
		if err != nil {
			return notJSON(err)
		}
		if s.count++; s.count <= asff.MaxBatch {
			end := s.dec.InputOffset()
			s.findings = append(s.findings, s.body[end-int64(len(v)):end])
		}
	}
	if _, err := s.dec.ReadToken(); err != nil {
		return notJSON(err)
	}
	return nil
}

// judge applies the bounds of the batch.
func (s *splitter) judge() error {
	switch {
	case !s.seen:
		return problem("Findings", "It is required")
	case s.count == 0:
		return problem("Findings", "Size '0' is less than minimum value: 1")
	case s.count > asff.MaxBatch:
		return problem("Findings", tooMany(s.count, asff.MaxBatch))
	}
	return nil
}

// historyInput is GetFindingHistoryInput with times as the wire has them.
type historyInput struct {
	hub.GetFindingHistoryInput
	StartTime timestamp
	EndTime   timestamp
}

func getFindingHistory(h *hub.Hub, ctx context.Context, p auth.Principal, in historyInput) (*hub.GetFindingHistoryOutput, error) {
	in.GetFindingHistoryInput.StartTime = time.Time(in.StartTime)
	in.GetFindingHistoryInput.EndTime = time.Time(in.EndTime)
	return h.GetFindingHistory(ctx, p, in.GetFindingHistoryInput)
}

// timestamp is a time that a client writes in ISO 8601 or as seconds since 1970.
type timestamp time.Time

// UnmarshalJSON implements json.Unmarshaler.
func (t *timestamp) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil
	}
	if text := asff.Unquote(b); text != "" {
		parsed, err := asff.ParseTime(text)
		if err != nil {
			return &json.UnmarshalTypeError{Value: text, Field: "StartTime or EndTime"}
		}
		*t = timestamp(parsed)
		return nil
	}
	var seconds float64
	if err := json.Unmarshal(b, &seconds); err != nil {
		return err
	}
	// Beyond these years arithmetic on times overflows, and nothing happened there.
	const year9999 = 253402300799
	if math.Abs(seconds) > year9999 {
		return &json.UnmarshalTypeError{Value: string(b), Field: "StartTime or EndTime"}
	}
	whole, fraction := math.Modf(seconds)
	*t = timestamp(time.Unix(int64(whole), int64(fraction*1e9)).UTC())
	return nil
}
