package finding

import (
	"bytes"
	"strconv"

	"github.com/findinghub/findinghub/asff"
	"github.com/go-json-experiment/json/jsontext"
)

// shared are the attributes that both sides may write, each with its customer's flag.
// A provider is asked to give them in FindingProviderFields; at the top level stands
// what counts.
var shared = [...]struct {
	name string
	flag Owned
}{
	{"Confidence", OwnsConfidence},
	{"Criticality", OwnsCriticality},
	{"RelatedFindings", OwnsRelatedFindings},
	{"Severity", OwnsSeverity},
	{"Types", OwnsTypes},
}

// shareAttributes fills FindingProviderFields from the top level and the top level from
// FindingProviderFields, by the table of behaviour.md section 1.3.
func (m *merge) shareAttributes() {
	provided := m.f.Get("FindingProviderFields")
	var changes [len(shared)]asff.Member
	missing := false
	for i, at := range shared {
		top, own := m.f.Get(at.name), get(provided, at.name)
		if at.flag == OwnsSeverity {
			top = m.completeSeverity(top)
		}
		switch {
		case own == nil && top != nil && !m.echoes(at.name, at.flag, top):
			changes[i] = asff.Member{Name: at.name, Value: m.providerView(at.flag, top)}
			missing = true
		case own != nil && (top == nil || m.old == nil):
			// Given in both places, a new finding takes the provider's own value.
			top = m.customerView(at.flag, own)
		}
		if m.owned&at.flag != 0 {
			top = m.was.Get(at.name)
		}
		m.put(at.name, top)
	}
	if missing {
		m.f.Set("FindingProviderFields", m.text.with(provided, changes[:]...))
	}
}

// echoes says whether a top-level value is but the customer's own coming back with what
// GetFindings returned: it does not become the provider's word for that.
func (m *merge) echoes(name string, flag Owned, top jsontext.Value) bool {
	return m.owned&flag != 0 && bytes.Equal(top, m.was.Get(name)) && get(m.was.Get("FindingProviderFields"), name) == nil
}

// providerView is a top-level value as FindingProviderFields holds it: of a severity
// only the label and the original (behaviour.md section 1.3).
func (m *merge) providerView(at Owned, top jsontext.Value) jsontext.Value {
	if at != OwnsSeverity {
		return top
	}
	return m.text.with(nil,
		asff.Member{Name: "Label", Value: get(top, "Label")},
		asff.Member{Name: "Original", Value: get(top, "Original")})
}

// customerView is a value of FindingProviderFields as it stands at the top level: a
// severity gets its normalized score.
func (m *merge) customerView(at Owned, own jsontext.Value) jsontext.Value {
	if at != OwnsSeverity {
		return own
	}
	label, normalized := get(own, "Label"), get(own, "Normalized")
	return m.text.severity(label, normalized, nil, get(own, "Original"))
}

// completeSeverity adds to a top-level severity the half of Label and Normalized that
// it lacks (behaviour.md section 2.2). With both it stays as sent (decision 11).
func (m *merge) completeSeverity(v jsontext.Value) jsontext.Value {
	label, normalized := get(v, "Label"), get(v, "Normalized")
	switch {
	case label == nil && normalized != nil:
		return m.text.with(v, asff.Member{Name: "Label", Value: m.text.label(normalized)})
	case label != nil && normalized == nil:
		return m.text.with(v, asff.Member{Name: "Normalized", Value: m.text.score(label)})
	}
	return v
}

// severity makes a top-level severity, deriving the half of label and normalized that
// is nil from the other. Members that stay nil are left out.
func (s *scratch) severity(label, normalized, product, original jsontext.Value) jsontext.Value {
	if label == nil {
		label = s.label(normalized)
	}
	if normalized == nil {
		normalized = s.score(label)
	}
	return s.with(nil,
		asff.Member{Name: "Label", Value: label}, asff.Member{Name: "Normalized", Value: normalized},
		asff.Member{Name: "Product", Value: product}, asff.Member{Name: "Original", Value: original})
}

// label is the label of a normalized score, nil for what is not a whole number from 0 to 100.
func (s *scratch) label(normalized jsontext.Value) jsontext.Value {
	n, err := strconv.Atoi(string(normalized))
	if err != nil {
		return nil
	}
	if label := asff.SeverityLabel(n); label != "" {
		return s.text(label)
	}
	return nil
}

// score is the normalized score of a label, nil for what is not a label.
func (s *scratch) score(label jsontext.Value) jsontext.Value {
	n, ok := asff.SeverityNormalized(string(bare(label)))
	if !ok {
		return nil
	}
	mark := len(s.buf)
	s.buf = strconv.AppendInt(s.buf, int64(n), 10)
	return s.since(mark)
}
