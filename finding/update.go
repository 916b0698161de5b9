package finding

import "time"

// Update is what BatchUpdateFindings changes. Each member is the JSON that was sent,
// nil where nothing was (behaviour.md section 3, decisions 1, 2 and 11). The members
// do not change after the first Check or Apply.
type Update struct {
	Now    time.Time
	Source Source

	Confidence        []byte
	Criticality       []byte
	Note              []byte
	RelatedFindings   []byte
	Severity          []byte
	Types             []byte
	UserDefinedFields []byte
	VerificationState []byte
	Workflow          []byte

	plan *plan // what Check found good
}

// Check judges the update's values by the format; ErrInvalidInput when they do not
// satisfy it (decision 2), when a list or a map is empty (decision 1), or when an object
// holds what an update cannot set. An Apply after it costs only the change itself, and
// may run in several goroutines. Check itself may not.
func (u *Update) Check() error {
	p, err := u.prepare()
	u.plan = p
	return err
}

// Apply makes the update. Values that the format forbids are ErrInvalidInput, whatever
// the finding (decision 2); old nil is ErrNotFound; a finding that would grow past
// asff.MaxFindingSize is ErrSizeExceeded. UpdatedAt stays the provider's; ProcessedAt
// becomes Now even when no value changes, since it is refreshed on each update
// (behaviour.md section 2.3): so the outcome is always Changed.
func (u *Update) Apply(old *Stored) (Outcome, error) {
	p, err := u.ready()
	if err != nil {
		return Outcome{}, err
	}
	if old == nil {
		return Outcome{}, ErrNotFound
	}
	f := p.replace(old.Finding)
	if len(p.severity) > 0 {
		f.Set("Severity", p.severityOver(old.Finding.Get("Severity")))
	}
	return p.settle(old, f, changeOf(old.Finding, f, p.now, u.Source))
}

// ready gives the plan that Check made, or makes one for this call alone.
func (u *Update) ready() (*plan, error) {
	if u.plan != nil {
		return u.plan, nil
	}
	return u.prepare()
}

func (u *Update) prepare() (*plan, error) {
	return newPlan(u.Now).accept(
		part{"Types", u.Types, OwnsTypes, (*plan).takeFilled},
		part{"Severity", u.Severity, OwnsSeverity, (*plan).takeSeverity},
		part{"Confidence", u.Confidence, OwnsConfidence, (*plan).take},
		part{"Criticality", u.Criticality, OwnsCriticality, (*plan).take},
		part{"UserDefinedFields", u.UserDefinedFields, 0, (*plan).takeFilled},
		part{"VerificationState", u.VerificationState, 0, (*plan).take},
		part{"Workflow", u.Workflow, 0, (*plan).takeFilled},
		part{"RelatedFindings", u.RelatedFindings, OwnsRelatedFindings, (*plan).takeFilled},
		part{"Note", u.Note, 0, (*plan).takeNote},
	)
}
