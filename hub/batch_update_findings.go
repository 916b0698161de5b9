package hub

import (
	"cmp"
	"context"

	"github.com/findinghub/findinghub/auth"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
	"github.com/go-json-experiment/json/jsontext"
)

// FindingIdentifier names a finding among those that the caller sees.
type FindingIdentifier struct {
	ID         string `json:"Id"`
	ProductArn string
}

// BatchUpdateFindingsInput is the operation's request: 1 to 100 identifiers and what to
// change, as it was sent; nil is not given.
type BatchUpdateFindingsInput struct {
	FindingIdentifiers []FindingIdentifier
	Confidence         jsontext.Value
	Criticality        jsontext.Value
	Note               jsontext.Value
	RelatedFindings    jsontext.Value
	Severity           jsontext.Value
	Types              jsontext.Value
	UserDefinedFields  jsontext.Value
	VerificationState  jsontext.Value
	Workflow           jsontext.Value
}

// BatchUpdateFindingsOutput is the operation's response. Both lists are in the request's order.
type BatchUpdateFindingsOutput struct {
	ProcessedFindings   []FindingIdentifier
	UnprocessedFindings []UnprocessedFinding
}

// UnprocessedFinding is why one finding was not updated.
type UnprocessedFinding struct {
	FindingIdentifier FindingIdentifier
	ErrorCode         string
	ErrorMessage      string
}

// BatchUpdateFindings makes a customer's change to findings. What the API's model forbids has
// failed the request before; what only the format forbids fails every finding (decisions
// 1 to 3, behaviour.md section 3).
func (h *Hub) BatchUpdateFindings(ctx context.Context, p auth.Principal, in BatchUpdateFindingsInput) (*BatchUpdateFindingsOutput, error) {
	if n := len(in.FindingIdentifiers); n > maxPage {
		return nil, invalid("Invalid parameter 'FindingIdentifiers'. Size '%d' is greater than maximum value: %d.", n, maxPage)
	} else if n == 0 {
		return nil, invalid("Invalid parameter 'FindingIdentifiers'. Size '0' is less than minimum value: 1.")
	}
	if _, err := h.requireHub(ctx, p); err != nil {
		return nil, err
	}
	u := in.update(h, p)
	results := duplicates(in.FindingIdentifiers)
	if err := u.Check(); err != nil {
		f := h.failure(err)
		for i := range results {
			results[i] = cmp.Or(results[i], &f)
		}
	} else if err := h.update(ctx, p, u, in.FindingIdentifiers, results); err != nil {
		return nil, err
	}
	return outcome(in.FindingIdentifiers, results), nil
}

// update is the change that is asked for. It is judged once and applied to every finding, and all get
// the same time.
func (in *BatchUpdateFindingsInput) update(h *Hub, p auth.Principal) *finding.Update {
	return &finding.Update{
		Now: h.now(), Source: finding.Source{Type: finding.SourceUpdate, Identity: p.ARN},
		Confidence: given(in.Confidence), Criticality: given(in.Criticality), Note: given(in.Note),
		RelatedFindings: given(in.RelatedFindings), Severity: given(in.Severity), Types: given(in.Types),
		UserDefinedFields: given(in.UserDefinedFields), VerificationState: given(in.VerificationState), Workflow: given(in.Workflow),
	}
}

// given is a member of a request, nil where null stands for absent.
func given(v jsontext.Value) []byte {
	if v.Kind() == 'n' {
		return nil
	}
	return v
}

// duplicates fails every occurrence of an identifier that occurs twice (decision 3). The
// results are index by index, nil for what has not failed.
func duplicates(ids []FindingIdentifier) []*finding.Failure {
	count := make(map[FindingIdentifier]int, len(ids))
	for _, id := range ids {
		count[id]++
	}
	results := make([]*finding.Failure, len(ids))
	for i, id := range ids {
		if count[id] > 1 {
			results[i] = finding.ErrDuplicate
		}
	}
	return results
}

// update applies the change to the findings that have no result yet.
func (h *Hub) update(ctx context.Context, p auth.Principal, u *finding.Update, ids []FindingIdentifier, results []*finding.Failure) error {
	keys, err := h.locate(ctx, p, ids)
	if err != nil {
		return err
	}
	var (
		ms    []store.Mutation
		index []int // of each mutation's identifier
	)
	for i := range ids {
		if results[i] != nil {
			continue
		}
		for _, key := range keys[i] {
			index = append(index, i)
			ms = append(ms, store.Mutation{Key: key, Apply: u.Apply})
		}
	}
	if len(ms) == 0 {
		return nil
	}
	errs, err := h.store.Apply(ctx, ms)
	if err != nil {
		return failed(err)
	}
	for j, err := range errs {
		if err != nil {
			f := h.failure(err)
			results[index[j]] = &f
		}
	}
	return nil
}

// key is where the caller's own hub keeps the finding.
func (id FindingIdentifier) key(p auth.Principal) finding.Key {
	return finding.Key{Account: p.Account, Region: p.Region, ProductArn: id.ProductArn, ID: id.ID}
}

// outcome sorts the identifiers by what became of them.
func outcome(ids []FindingIdentifier, results []*finding.Failure) *BatchUpdateFindingsOutput {
	out := &BatchUpdateFindingsOutput{ProcessedFindings: []FindingIdentifier{}, UnprocessedFindings: []UnprocessedFinding{}}
	for i, id := range ids {
		if f := results[i]; f != nil {
			out.UnprocessedFindings = append(out.UnprocessedFindings, UnprocessedFinding{id, f.Code, f.Message})
		} else {
			out.ProcessedFindings = append(out.ProcessedFindings, id)
		}
	}
	return out
}
