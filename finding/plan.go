package finding

import (
	"bytes"
	"time"

	"github.com/findinghub/findinghub/asff"
	"github.com/go-json-experiment/json/jsontext"
)

// plan is an update made ready: all that does not depend on the finding.
type plan struct {
	now       time.Time
	members   asff.Finding // replace the finding's, whole
	severity  asff.Finding // the new Severity's members, but for Original
	processed jsontext.Value
	owned     Owned
}

// newPlan is a plan that touches nothing but ProcessedAt.
func newPlan(now time.Time) *plan {
	var s scratch
	now = now.UTC().Truncate(time.Millisecond)
	return &plan{now: now, processed: s.time(now)}
}

// part is one member of an update: what was sent, whom it makes the attribute's owner,
// and how the plan takes it in, which is false for a value that is refused.
type part struct {
	name string
	sent []byte
	flag Owned
	take func(p *plan, name string, v jsontext.Value) bool
}

// accept takes in what was sent. The first refused value refuses the update.
func (p *plan) accept(parts ...part) (*plan, error) {
	for _, t := range parts {
		if t.sent == nil {
			continue
		}
		v := jsontext.Value(bytes.Clone(t.sent))
		if asff.Normalize(&v) != nil || !t.take(p, t.name, v) {
			return nil, ErrInvalidInput
		}
		p.owned |= t.flag
	}
	return p, nil
}

// accepts says whether the format allows a top-level member to have this value. It is
// strict: what the format does not know is refused rather than stored unseen.
func accepts(name string, v jsontext.Value) bool {
	strict := asff.Validator{Strict: true}
	_, problems, err := strict.CheckMember(name, v)
	return err == nil && len(problems) == 0
}

// take plans a member as it was sent.
func (p *plan) take(name string, v jsontext.Value) bool {
	p.members = append(p.members, asff.Member{Name: name, Value: v})
	return accepts(name, v)
}

// takeFilled is take for a list, a map or an object, which must not be empty. A name that occurs
// twice is refused: which of its values was meant?
func (p *plan) takeFilled(name string, v jsontext.Value) bool {
	return len(v) > len("{}") && !repeats(v) && p.take(name, v)
}

// takeNote plans a note. The time is the hub's to set: the note is written now.
func (p *plan) takeNote(name string, v jsontext.Value) bool {
	if !holdsOnly(v, "Text", "UpdatedBy") {
		return false
	}
	var s scratch
	return p.take(name, s.with(v, asff.Member{Name: "UpdatedAt", Value: p.processed}))
}

// takeSeverity plans a severity: Label alone sets Normalized and the other way round,
// both are kept (decision 11). The format wants at least one of them (behaviour.md section 2.2).
func (p *plan) takeSeverity(name string, v jsontext.Value) bool {
	if !holdsOnly(v, "Label", "Normalized", "Product") || !accepts(name, v) {
		return false
	}
	var s scratch
	p.severity = split(s.severity(get(v, "Label"), get(v, "Normalized"), get(v, "Product"), nil))
	return true
}

// holdsOnly says whether an object has no other members than the named ones, each once.
func holdsOnly(v jsontext.Value, names ...string) bool {
	if !isObject(v) || repeats(v) {
		return false
	}
	for n := range members(v) {
		known := false
		for _, name := range names {
			known = known || string(bare(n)) == name
		}
		if !known {
			return false
		}
	}
	return true
}

// repeats says whether an object has two members of one name.
func repeats(v jsontext.Value) bool {
	seen := map[string]bool{}
	for n := range members(v) {
		if seen[string(n)] {
			return true
		}
		seen[string(n)] = true
	}
	return false
}

// replace copies the finding with the plan's members in it.
func (p *plan) replace(f asff.Finding) asff.Finding {
	f = append(make(asff.Finding, 0, len(f)+added), f...)
	for _, m := range p.members {
		f.Set(m.Name, m.Value)
	}
	return f
}

// settle ends a customer's change. A finding that the hub's own additions took past the
// limit may still change, as long as it does not grow.
func (p *plan) settle(old *Stored, f asff.Finding, c *Change) (Outcome, error) {
	f.Set("ProcessedAt", p.processed)
	if n := f.Size(); n > asff.MaxFindingSize && n > old.Finding.Size() {
		return Outcome{}, ErrSizeExceeded
	}
	s := *old
	s.Finding = f
	s.Owned |= p.owned
	return Outcome{Changed: true, Stored: s, Change: c}, nil
}

// severityOver is the new Severity. It replaces the old one whole, but for Original:
// that is the provider's word, which an update cannot carry.
func (p *plan) severityOver(old jsontext.Value) jsontext.Value {
	parts := p.severity
	if original := get(old, "Original"); original != nil {
		parts = append(parts[:len(parts):len(parts)], asff.Member{Name: "Original", Value: original})
	}
	var s scratch
	return s.with(nil, parts...)
}
