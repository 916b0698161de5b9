package hub

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/auth"
	"github.com/findinghub/findinghub/store"
	"github.com/findinghub/findinghub/store/memory"
	"github.com/go-json-experiment/json/jsontext"
)

// The callers of most tests, and their own default product.
var (
	alice = auth.Principal{Account: "111111111111", ARN: "arn:aws:iam::111111111111:role/Admin", Region: "us-east-1"}
	bob   = auth.Principal{Account: "222222222222", ARN: "arn:aws:iam::222222222222:role/Admin", Region: "us-east-1"}
)

const (
	aliceProduct = "arn:aws:securityhub:us-east-1:111111111111:product/111111111111/default"
	bobProduct   = "arn:aws:securityhub:us-east-1:222222222222:product/222222222222/default"
	prowler      = "arn:aws:securityhub:us-east-1::product/prowler/prowler"
)

// clock is a time that moves when a test says so.
type clock struct{ t time.Time }

func (c *clock) now() time.Time          { return c.t }
func (c *clock) advance(d time.Duration) { c.t = c.t.Add(d) }

// source is randomness that is the same in every run, for callers at the same time.
type source struct {
	mu     sync.Mutex
	chance io.Reader
}

func (s *source) Read(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.chance.Read(b)
}

// rig is a hub with all that it gets from outside.
type rig struct {
	*Hub
	clock *clock
	store *unreliable
}

// newRig makes a hub in --dev; change may make it another.
func newRig(t *testing.T, change ...func(*Config)) rig {
	t.Helper()
	r := rig{clock: &clock{time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}, store: &unreliable{Engine: memory.New()}}
	c := Config{Store: r.store, Dev: true, Now: r.clock.now, Rand: &source{chance: rand.NewChaCha8([32]byte{1})}}
	for _, f := range change {
		f(&c)
	}
	var err error
	if r.Hub, err = New(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return r
}

func guarded(c *Config) { c.Dev = false }
func strict(c *Config)  { c.Strict = true }

// unreliable is an engine that fails when a test says so.
type unreliable struct {
	store.Engine
	err error
	// mutations are the errors of an Apply by index.
	mutations map[int]error
}

func (u *unreliable) Apply(ctx context.Context, ms []store.Mutation) ([]error, error) {
	if u.err != nil {
		return nil, u.err
	}
	errs, err := u.Engine.Apply(ctx, ms)
	for i, e := range u.mutations {
		errs[i] = e
	}
	return errs, err
}

func (u *unreliable) Find(ctx context.Context, q store.Query) (store.Page, error) {
	if u.err != nil {
		return store.Page{}, u.err
	}
	return u.Engine.Find(ctx, q)
}

func (u *unreliable) History(ctx context.Context, q store.HistoryQuery) (store.HistoryPage, error) {
	if u.err != nil {
		return store.HistoryPage{}, u.err
	}
	return u.Engine.History(ctx, q)
}

func (u *unreliable) PutRecord(ctx context.Context, r store.Record, create bool) error {
	if u.err != nil {
		return u.err
	}
	return u.Engine.PutRecord(ctx, r, create)
}

func (u *unreliable) EditRecord(ctx context.Context, collection, account, region, name string, edit func([]byte) ([]byte, error)) error {
	if u.err != nil {
		return u.err
	}
	return u.Engine.EditRecord(ctx, collection, account, region, name, edit)
}

// save writes a record, whatever it was.
func (h *Hub) save(ctx context.Context, p auth.Principal, collection, name string, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return h.store.PutRecord(ctx, store.Record{Collection: collection, Account: p.Account, Region: p.Region, Name: name, Body: body}, false)
}

// fields are members of a finding that a test gives other values than good ones; nil
// leaves the member out.
type fields map[string]any

// sent is a good finding of alice's default product, with a test's changes.
func sent(id string, change ...fields) jsontext.Value {
	f := fields{
		"SchemaVersion": "2018-10-08", "Id": id, "ProductArn": aliceProduct, "GeneratorId": "check-1",
		"AwsAccountId": alice.Account, "Types": []string{"Software and Configuration Checks"},
		"CreatedAt": "2026-01-01T00:00:00.000Z", "UpdatedAt": "2026-01-01T00:00:00.000Z",
		"Severity": fields{"Label": "HIGH"}, "Title": "A title", "Description": "A description",
		"Resources": []fields{{"Type": "AwsS3Bucket", "Id": "arn:aws:s3:::bucket"}},
	}
	for _, c := range change {
		maps.Copy(f, c)
	}
	maps.DeleteFunc(f, func(_ string, v any) bool { return v == nil })
	text, err := json.Marshal(f)
	if err != nil {
		panic(err)
	}
	return text
}

// mustImport imports findings that must all succeed.
func (r rig) mustImport(t *testing.T, p auth.Principal, findings ...jsontext.Value) *BatchImportFindingsOutput {
	t.Helper()
	out, err := r.BatchImportFindings(t.Context(), p, BatchImportFindingsInput{Findings: findings})
	if err != nil {
		t.Fatal(err)
	}
	if out.FailedCount != 0 {
		t.Fatalf("failed findings: %+v", out.FailedFindings)
	}
	return out
}

// find gives the findings of a principal that filters select, by id, in order.
func (r rig) find(t *testing.T, p auth.Principal, filters string) []map[string]any {
	t.Helper()
	in := GetFindingsInput{Filters: jsontext.Value(filters), SortCriteria: jsontext.Value(`[{"Field":"Id"}]`)}
	out, err := r.GetFindings(t.Context(), p, in)
	if err != nil {
		t.Fatal(err)
	}
	found := make([]map[string]any, len(out.Findings))
	for i, f := range out.Findings {
		if err := json.Unmarshal(f, &found[i]); err != nil {
			t.Fatal(err)
		}
	}
	return found
}

func ids(found []map[string]any) string {
	var all []string
	for _, f := range found {
		all = append(all, fmt.Sprint(f["Id"]))
	}
	return strings.Join(all, " ")
}

// wantError checks an error's code and that its message says something.
func wantError(t *testing.T, err error, code, says string) {
	t.Helper()
	var e *findinghub.Error
	if !errors.As(err, &e) {
		t.Fatalf("got error %v, want %s", err, code)
	}
	if e.Code != code || !strings.Contains(e.Message, says) {
		t.Errorf("got %s: %q, want %s that says %q", e.Code, e.Message, code, says)
	}
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestNewNeedsAStore(t *testing.T) {
	t.Parallel()
	if _, err := New(t.Context(), Config{}); err == nil {
		t.Error("made a hub without a store")
	}
}

func TestNewRefusesAShortKey(t *testing.T) {
	t.Parallel()
	if _, err := New(t.Context(), Config{Store: memory.New(), TokenKey: []byte("short")}); err == nil {
		t.Error("took a key of 5 bytes")
	}
}

// A store that is closing is a reason to try again; anything else is the hub's own fault,
// of which callers learn nothing.
func TestStoreFailures(t *testing.T) {
	t.Parallel()
	secret := errors.New("disk /dev/sda1 is full")
	for _, tt := range []struct {
		err        error
		code, says string
	}{
		{secret, findinghub.CodeInternal, "Internal service failure"},
		{fmt.Errorf("wrapped: %w", store.ErrClosed), findinghub.CodeUnavailable, "stopping"},
	} {
		r := newRig(t)
		r.mustImport(t, alice, sent("a"))
		r.store.err = tt.err
		id := FindingIdentifier{ID: "a", ProductArn: aliceProduct}
		calls := map[string]func() error{
			"BatchImportFindings": func() error {
				_, err := r.BatchImportFindings(t.Context(), alice, BatchImportFindingsInput{Findings: []jsontext.Value{sent("b")}})
				return err
			},
			"BatchUpdateFindings": func() error {
				_, err := r.BatchUpdateFindings(t.Context(), alice, BatchUpdateFindingsInput{FindingIdentifiers: []FindingIdentifier{id}, Confidence: jsontext.Value("1")})
				return err
			},
			"GetFindings": func() error {
				_, err := r.GetFindings(t.Context(), alice, GetFindingsInput{})
				return err
			},
			"GetFindingHistory": func() error {
				_, err := r.GetFindingHistory(t.Context(), alice, GetFindingHistoryInput{FindingIdentifier: id})
				return err
			},
			"UpdateFindings": func() error {
				return r.UpdateFindings(t.Context(), alice, UpdateFindingsInput{Filters: jsontext.Value(`{}`), RecordState: jsontext.Value(`"ARCHIVED"`)})
			},
			"EnableSecurityHub": func() error { return r.EnableSecurityHub(t.Context(), alice, EnableSecurityHubInput{}) },
		}
		for name, call := range calls {
			err := call()
			wantError(t, err, tt.code, tt.says)
			if e := findinghub.AsError(err); bytes.Contains([]byte(e.Message), []byte("sda1")) || !errors.Is(err, tt.err) {
				t.Errorf("%s: the caller reads %q, the log %v", name, e.Message, err)
			}
		}
	}
}
