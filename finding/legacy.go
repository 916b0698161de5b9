package finding

import "time"

// LegacyUpdate is what UpdateFindings changes: a note, a record state, or both. The
// history does not record it and the next import undoes its record state (behaviour.md section 5.2).
// The members do not change after the first Check or Apply.
type LegacyUpdate struct {
	Now         time.Time
	Note        []byte
	RecordState []byte

	plan *plan // what Check found good
}

// Check judges the update's values by the format, as Update.Check does.
func (u *LegacyUpdate) Check() error {
	p, err := u.prepare()
	u.plan = p
	return err
}

// Apply makes the legacy update, with the errors of Update.Apply. A finding that comes
// back from the archive is new again, whoever brings it back (behaviour.md section 2.1).
func (u *LegacyUpdate) Apply(old *Stored) (Outcome, error) {
	p, err := u.ready()
	if err != nil {
		return Outcome{}, err
	}
	if old == nil {
		return Outcome{}, ErrNotFound
	}
	f := p.replace(old.Finding)
	var s scratch
	f.Set("Workflow", s.workflow(f.Get("Workflow"), old.Finding, f, resetStatus))
	return p.settle(old, f, nil)
}

func (u *LegacyUpdate) ready() (*plan, error) {
	if u.plan != nil {
		return u.plan, nil
	}
	return u.prepare()
}

func (u *LegacyUpdate) prepare() (*plan, error) {
	return newPlan(u.Now).accept(
		part{"RecordState", u.RecordState, 0, (*plan).take},
		part{"Note", u.Note, 0, (*plan).takeNote},
	)
}
