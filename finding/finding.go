// Package finding is the life of a finding: who it is, what an import or a
// customer's update makes of it, and what the history says about the change.
// It is pure: (old, change, now) -> (new, record). It knows no principal, no store
// and no clock.
package finding

import (
	"cmp"
	"time"

	"github.com/findinghub/findinghub/asff"
)

// Key identifies a finding: the account and the region whose hub holds it, the
// product that made it and the product's own id for it (behaviour.md section 1.2).
type Key struct {
	Account    string
	Region     string
	ProductArn string
	ID         string
}

// Compare orders keys member by member; it is the tie-break of every sort.
func (k Key) Compare(o Key) int {
	return cmp.Or(cmp.Compare(k.Account, o.Account), cmp.Compare(k.Region, o.Region),
		cmp.Compare(k.ProductArn, o.ProductArn), cmp.Compare(k.ID, o.ID))
}

// Owned is the set of attributes that a customer has taken over with
// BatchUpdateFindings: imports no longer touch them (behaviour.md section 1.3).
type Owned uint8

// One flag for each attribute that both sides may write.
const (
	OwnsConfidence Owned = 1 << iota
	OwnsCriticality
	OwnsRelatedFindings
	OwnsSeverity
	OwnsTypes
)

// SourceType says which operation changed a finding, in the API's words.
type SourceType string

// The API knows no other sources.
const (
	SourceImport SourceType = "BATCH_IMPORT_FINDINGS"
	SourceUpdate SourceType = "BATCH_UPDATE_FINDINGS"
)

// Source is who changed a finding: the product's ARN for an import, the caller's for an update.
type Source struct {
	Type     SourceType
	Identity string
}

// Stored is a finding as the hub keeps it. Engines persist every field.
type Stored struct {
	// Finding is what GetFindings returns.
	Finding asff.Finding
	// Owned is what customers have taken over.
	Owned Owned
	// CreatedTime and CreatedBy are when and by whom the hub first got the finding:
	// the last record of its history (GetFindingHistory's FindingCreated).
	CreatedTime time.Time
	CreatedBy   Source
}

// Key reads the identity off the finding's own members. Region is the hub's, which
// Import puts there.
func (s *Stored) Key() Key {
	f := s.Finding
	return Key{Account: f.Text("AwsAccountId"), Region: f.Text("Region"), ProductArn: f.Text("ProductArn"), ID: f.Text("Id")}
}

// FieldUpdate is one changed field: its dotted ASFF path and its values as the
// history shows them: strings bare, everything else as JSON, "" for absent.
type FieldUpdate struct {
	Field string
	Old   string
	New   string
}

// Change is one record of a finding's history. A creation has none: Stored tells it.
type Change struct {
	Time    time.Time
	Source  Source
	Updates []FieldUpdate
}

// Outcome is what a mutation makes of a finding.
type Outcome struct {
	// Changed is false when nothing is to be written (an import that is not newer):
	// then the other fields say nothing.
	Changed bool
	// Stored is the new state.
	Stored Stored
	// Change is the history record, nil when the history does not mention the change.
	Change *Change
}

// Failure is why one finding of a batch was not changed: the API's per-finding code and message.
type Failure struct {
	Code    string
	Message string
}

// Error gives both.
func (f *Failure) Error() string { return f.Code + ": " + f.Message }

// The failures of BatchUpdateFindings, in the words of its documentation.
var (
	ErrConcurrentUpdate = &Failure{"ConcurrentUpdateError", "Concurrent finding updates detected"}
	ErrDuplicate        = &Failure{"DuplicatedFindingIdentifier", "Finding Identifier is duplicated"}
	ErrNotFound         = &Failure{"FindingNotFound", "Finding Not Found"}
	ErrSizeExceeded     = &Failure{"FindingSizeExceeded", "Finding size exceeded 240 KB"}
	ErrInternal         = &Failure{"InternalFailure", "Internal service failure"}
	ErrInvalidInput     = &Failure{"InvalidInput", "Invalid Input"}
)

// Arrival is what an import brings besides the finding.
type Arrival struct {
	// Now becomes ProcessedAt and the time of the history record.
	Now time.Time
	// Region is the hub's; it replaces the finding's Region.
	Region string
	// Product and Company are the registered names; "" where the product is not registered.
	Product string
	Company string
	// Source is recorded in the history.
	Source Source
}
