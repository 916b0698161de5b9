package hub

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/auth"
	"github.com/findinghub/findinghub/store"
	"github.com/findinghub/findinghub/store/memory"
	"github.com/go-json-experiment/json/jsontext"
	"pgregory.net/rapid"
)

// newProcesses makes hubs on one store, each of which is what a process has.
func newProcesses(t *testing.T, n int, change ...func(*Config)) []rig {
	t.Helper()
	engine := memory.New()
	var all []rig
	for range n {
		// Without a source of its own each hub has the system's randomness: no two are the same.
		all = append(all, newRig(t, append([]func(*Config){func(c *Config) { c.Store, c.Rand = engine, nil }}, change...)...))
	}
	return all
}

// atOnce runs all calls at the same time and gives their answers: "" or an error's code.
func atOnce(calls ...func() error) []string {
	codes := make([]string, len(calls))
	start := make(chan struct{})
	var running sync.WaitGroup
	for i, call := range calls {
		running.Go(func() {
			<-start
			codes[i] = codeOf(call())
		})
	}
	close(start)
	running.Wait()
	return codes
}

func codeOf(err error) string {
	if err == nil {
		return ""
	}
	return findinghub.AsError(err).Code
}

// refused is an account that a request did not process, as an error.
func refused(unprocessed []Result) error {
	if len(unprocessed) == 0 {
		return nil
	}
	return &findinghub.Error{Code: unprocessed[0].ProcessingResult}
}

func (r rig) creates(t *testing.T, p auth.Principal, account string) error {
	out, err := r.CreateMembers(t.Context(), p, CreateMembersInput{AccountDetails: []AccountDetails{{AccountID: account}}})
	if err != nil {
		return err
	}
	return refused(out.UnprocessedAccounts)
}

// rounds is how often races are run: one round may be over before two callers meet.
const rounds = 20

// Of many callers on two processes who ask for what only one can have, one gets it and the others the
// answer that they would have got after it.
func TestOneOfManySucceeds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, others string
		prepare      func(t *testing.T, r rig)
		do           func(t *testing.T, r rig, n int) error
	}{
		{
			"EnableSecurityHub", findinghub.CodeResourceConflict, func(*testing.T, rig) {},
			func(t *testing.T, r rig, _ int) error {
				return r.EnableSecurityHub(t.Context(), alice, EnableSecurityHubInput{})
			},
		},
		{
			"DisableSecurityHub", findinghub.CodeInvalidAccess, func(*testing.T, rig) {},
			func(t *testing.T, r rig, _ int) error {
				return r.DisableSecurityHub(t.Context(), alice, DisableSecurityHubInput{})
			},
		},
		{
			"EnableImportFindingsForProduct", findinghub.CodeResourceConflict, func(*testing.T, rig) {},
			func(t *testing.T, r rig, _ int) error {
				_, err := r.EnableImportFindingsForProduct(t.Context(), alice, EnableImportFindingsForProductInput{ProductArn: prowler})
				return err
			},
		},
		{
			"DisableImportFindingsForProduct", findinghub.CodeResourceNotFound, func(*testing.T, rig) {},
			func(t *testing.T, r rig, _ int) error {
				return r.DisableImportFindingsForProduct(t.Context(), alice, DisableImportFindingsForProductInput{prowlerSubscription})
			},
		},
		{
			"CreateFindingAggregator", findinghub.CodeLimitExceeded, func(*testing.T, rig) {},
			func(t *testing.T, r rig, n int) error {
				p := inRegion(alice, []string{"us-east-1", "eu-west-1"}[n%2])
				_, err := r.CreateFindingAggregator(t.Context(), p, CreateFindingAggregatorInput{RegionLinkingMode: linkAll})
				return err
			},
		},
		{
			"DeleteFindingAggregator", findinghub.CodeResourceNotFound,
			func(t *testing.T, r rig) {
				must[*FindingAggregatorOutput](t)(r.CreateFindingAggregator(t.Context(), alice, CreateFindingAggregatorInput{RegionLinkingMode: linkAll}))
			},
			func(t *testing.T, r rig, _ int) error {
				return r.DeleteFindingAggregator(t.Context(), alice, DeleteFindingAggregatorInput{r.onlyAggregator(t)})
			},
		},
		{
			"CreateMembers", alreadyMember, func(*testing.T, rig) {},
			func(t *testing.T, r rig, _ int) error { return r.creates(t, alice, bob.Account) },
		},
		{
			"DeleteMembers", notMember, func(t *testing.T, r rig) { ok(t, r.creates(t, alice, bob.Account)) },
			func(t *testing.T, r rig, _ int) error {
				out, err := r.DeleteMembers(t.Context(), alice, DeleteMembersInput{accountsOf(bob)})
				if err != nil {
					return err
				}
				return refused(out.UnprocessedAccounts)
			},
		},
		{
			"AcceptAdministratorInvitation", findinghub.CodeInvalidInput,
			func(t *testing.T, r rig) {
				for n := range racers {
					r.invites(t, inviter(n), bob)
				}
			},
			func(t *testing.T, r rig, n int) error { return r.accepts(t, bob, inviter(n)) },
		},
		{
			"EnableOrganizationAdminAccount", findinghub.CodeInvalidInput, func(*testing.T, rig) {},
			func(t *testing.T, r rig, n int) error {
				in := EnableOrganizationAdminAccountInput{AdminAccountID: inviter(n).Account}
				_, err := r.EnableOrganizationAdminAccount(t.Context(), principal(auth.DevAccount), in)
				return err
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for range rounds {
				processes := newProcesses(t, 2)
				tt.prepare(t, processes[0])
				var calls []func() error
				for n := range racers {
					calls = append(calls, func() error { return tt.do(t, processes[n%2], n) })
				}
				codes := atOnce(calls...)
				slices.Sort(codes)
				if codes[0] != "" || codes[1] != tt.others || codes[racers-1] != tt.others {
					t.Fatalf("got %q, want one success and %q", codes, tt.others)
				}
			}
		})
	}
}

// racers is how many callers there are on both processes together.
const racers = 6

const prowlerSubscription = "arn:aws:securityhub:us-east-1:111111111111:product-subscription/prowler/prowler"

// inviter is one of many administrators.
func inviter(n int) auth.Principal { return principal(fmt.Sprintf("8000000000%02d", n)) }

// onlyAggregator is the ARN of alice's aggregator; one that nobody has when there is none any more.
func (r rig) onlyAggregator(t *testing.T) string {
	t.Helper()
	out, err := r.ListFindingAggregators(t.Context(), alice, ListFindingAggregatorsInput{})
	if err != nil || len(out.FindingAggregators) == 0 {
		return own(alice, kindAggregator, "00000000-0000-4000-8000-000000000000").String()
	}
	return out.FindingAggregators[0].FindingAggregatorArn
}

// Changes of different parts of one record are all there.
func TestEditsOfOneRecordAddUp(t *testing.T) {
	t.Parallel()
	for range rounds {
		processes := newProcesses(t, 2)
		off := false
		calls := []func() error{
			func() error {
				return processes[0].UpdateSecurityHubConfiguration(t.Context(), alice, UpdateSecurityHubConfigurationInput{AutoEnableControls: &off})
			},
			func() error {
				return processes[1].UpdateSecurityHubConfiguration(t.Context(), alice, UpdateSecurityHubConfigurationInput{ControlFindingGenerator: "STANDARD_CONTROL"})
			},
		}
		resources := []string{hubARN(alice), prowlerSubscription}
		for n := range racers {
			in := TagResourceInput{ResourceArn: resources[n/2%2], Tags: map[string]string{fmt.Sprint("key-", n): "v"}}
			calls = append(calls, func() error { return processes[n%2].TagResource(t.Context(), alice, in) })
		}
		for _, code := range atOnce(calls...) {
			if code != "" {
				t.Fatal(code)
			}
		}
		tags := 0
		for _, resource := range resources {
			tags += len(must[*ListTagsForResourceOutput](t)(processes[0].ListTagsForResource(t.Context(), alice, ListTagsForResourceInput{resource})).Tags)
		}
		d := must[*DescribeHubOutput](t)(processes[1].DescribeHub(t.Context(), alice, DescribeHubInput{}))
		if tags != racers || d.AutoEnableControls || d.ControlFindingGenerator != "STANDARD_CONTROL" {
			t.Fatalf("there are %d tags, and the hub is %+v", tags, d)
		}
	}
}

// Limits hold however many ask at once (behaviour.md sections 5.7 and 5.10).
func TestLimitsHoldUnderRaces(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		limit int
		code  string
		do    func(t *testing.T, r rig, n int) error
	}{
		{"members", 4, findinghub.CodeLimitExceeded, func(t *testing.T, r rig, n int) error { return r.creates(t, alice, inviter(n).Account) }},
		{"invitations", 3, findinghub.CodeLimitExceeded, func(t *testing.T, r rig, n int) error {
			out, err := r.InviteMembers(t.Context(), bob, InviteMembersInput{accountsOf(inviter(n))})
			if err != nil {
				return err
			}
			return refused(out.UnprocessedAccounts)
		}},
		{"tags", maxTags, findinghub.CodeInvalidInput, func(t *testing.T, r rig, n int) error {
			return r.TagResource(t.Context(), alice, TagResourceInput{hubARN(alice), map[string]string{fmt.Sprint(n): "v"}})
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			processes := newProcesses(t, 2)
			for n := range tt.limit + 4 {
				ok(t, processes[0].creates(t, bob, inviter(n).Account))
			}
			for i := range processes {
				processes[i] = processes[i].bounded(4, 3)
			}
			var calls []func() error
			for n := range tt.limit + 4 {
				calls = append(calls, func() error { return tt.do(t, processes[n%2], n) })
			}
			codes := atOnce(calls...)
			slices.Sort(codes)
			if codes[tt.limit-1] != "" || codes[tt.limit] != tt.code || codes[len(codes)-1] != tt.code {
				t.Errorf("got %q, want %d successes", codes, tt.limit)
			}
		})
	}
}

// raced is what two that race are answered and what is then so.
type raced struct {
	one, two string
	members  int
}

// Of two changes of one relation at the same time on two processes, the answers and the result are those
// of one after the other, and both processes and both sides see the same.
func TestRelationRacesAreSerial(t *testing.T) {
	t.Parallel()
	const gone = findinghub.CodeResourceNotFound
	accept := func(t *testing.T, r rig) error {
		// Not from bob's list: his hub may be off by now.
		invitation, err := r.member(t.Context(), alice.Account, alice.Region, bob.Account)
		if err != nil {
			return err
		}
		return r.AcceptAdministratorInvitation(t.Context(), bob, AcceptAdministratorInvitationInput{alice.Account, invitation.InvitationID})
	}
	invited := func(t *testing.T, r rig) { r.invites(t, alice, bob) }
	member := func(t *testing.T, r rig) { r.admits(t, alice, bob) }
	disassociate := func(t *testing.T, r rig) error {
		return r.DisassociateMembers(t.Context(), alice, DisassociateMembersInput{accountsOf(bob)})
	}
	for _, tt := range []struct {
		name     string
		prepare  func(t *testing.T, r rig)
		one, two func(t *testing.T, r rig) error
		allowed  []raced
	}{
		{"accept and disassociate", invited, accept, disassociate, []raced{{"", "", 0}, {gone, "", 0}}},
		{"accept and decline", invited, accept, func(t *testing.T, r rig) error {
			out, err := r.DeclineInvitations(t.Context(), bob, DeclineInvitationsInput{accountsOf(alice)})
			if err != nil {
				return err
			}
			return refused(out.UnprocessedAccounts)
		}, []raced{{"", notInvited, 1}, {gone, "", 0}}},
		{"accept and delete", invited, accept, func(t *testing.T, r rig) error {
			out, err := r.DeleteMembers(t.Context(), alice, DeleteMembersInput{accountsOf(bob)})
			if err != nil {
				return err
			}
			return refused(out.UnprocessedAccounts)
		}, []raced{{"", "The request is rejected because the given account ID is a member. Disassociate it first.", 1}, {gone, "", 0}}},
		{"disassociate and leave", member, disassociate, func(t *testing.T, r rig) error {
			return r.DisassociateFromAdministratorAccount(t.Context(), bob, DisassociateFromAdministratorAccountInput{})
		}, []raced{{"", "", 0}, {"", findinghub.CodeInvalidInput, 0}}},
		{"accept and switch the member off", invited, accept, func(t *testing.T, r rig) error {
			return r.DisableSecurityHub(t.Context(), bob, DisableSecurityHubInput{})
		}, []raced{{"", findinghub.CodeInvalidInput, 1}, {findinghub.CodeInvalidAccess, "", 0}}},
		{"accept and become an administrator", func(t *testing.T, r rig) { r.invites(t, alice, bob); r.invites(t, bob, carol) }, accept,
			func(t *testing.T, r rig) error { return r.accepts(t, carol, bob) },
			[]raced{{"", findinghub.CodeInvalidInput, 1}, {findinghub.CodeInvalidInput, "", 0}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for range rounds {
				r := newProcesses(t, 2)
				tt.prepare(t, r[0])
				must[[]string](t)(r[1].memberAccounts(t.Context(), alice.Account, alice.Region)) // remembered
				codes := atOnce(func() error { return tt.one(t, r[0]) }, func() error { return tt.two(t, r[1]) })
				for _, process := range r {
					got := raced{codes[0], codes[1], len(must[[]string](t)(process.memberAccounts(t.Context(), alice.Account, alice.Region)))}
					if !slices.Contains(tt.allowed, got) {
						t.Fatalf("got %+v, want one of %+v", got, tt.allowed)
					}
					if a := must[string](t)(process.administratorOf(t.Context(), bob.Account, bob.Region)); (a != "") != (got.members == 1) {
						t.Fatalf("the administrator is %q, and there are %d members", a, got.members)
					}
					process.wantRoster(t, alice)
				}
			}
		})
	}
}

// A token is good on every process: the key is in the store, also where both were the first to want one.
func TestTokensAreOfAllProcesses(t *testing.T) {
	t.Parallel()
	for range rounds {
		engine := memory.New()
		var hubs [2]*Hub
		starts := make([]func() error, 2)
		for i := range hubs {
			starts[i] = func() (err error) {
				hubs[i], err = New(t.Context(), Config{Store: engine, Dev: true})
				return err
			}
		}
		if codes := atOnce(starts...); codes[0] != "" || codes[1] != "" {
			t.Fatal(codes)
		}
		one, two := rig{Hub: hubs[0]}, rig{Hub: hubs[1]}
		one.mustImport(t, alice, sent("a"), sent("b"), sent("c"))
		in := GetFindingsInput{SortCriteria: jsontext.Value(`[{"Field":"Id"}]`), MaxResults: 1}
		var read []string
		for _, r := range []rig{one, two, one} {
			out := must[*GetFindingsOutput](t)(r.GetFindings(t.Context(), alice, in))
			for _, f := range out.Findings {
				read = append(read, string(f))
			}
			in.NextToken = out.NextToken
		}
		if len(read) != 3 || in.NextToken != "" || !strings.Contains(read[1], `"Id":"b"`) || !strings.Contains(read[2], `"Id":"c"`) {
			t.Fatalf("read %q, then %q", read, in.NextToken)
		}
	}
}

// A region that one process has noted is linked on the other, and one that is known already costs nothing.
func TestRegionsAreOfAllProcesses(t *testing.T) {
	t.Parallel()
	r := newProcesses(t, 2)
	must[*FindingAggregatorOutput](t)(r[0].CreateFindingAggregator(t.Context(), alice, CreateFindingAggregatorInput{RegionLinkingMode: linkAll}))
	for _, region := range []string{"eu-west-1", "eu-west-2"} {
		ok(t, r[1].EnableSecurityHub(t.Context(), inRegion(alice, region), EnableSecurityHubInput{}))
		linked := must[[]string](t)(r[0].linkedRegions(t.Context(), alice))
		if !slices.Contains(linked, region) {
			t.Errorf("%s is not among %v", region, linked)
		}
	}
}

// Two processes take turns in everything that concerns relations.
func TestRelationsOfProcessesFollowTheirModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		m := newRelationMachine(t)
		m.turns = func() {
			if rapid.Bool().Draw(rt, "the other process") {
				m.Hub, m.other = m.other, m.Hub
			}
		}
		if rapid.Bool().Draw(rt, "organised") {
			m.delegates(t, alice)
			m.autoEnables(t, alice, true)
			model := m.model[alice.Region]
			agree(rt, nil, model.designate(alice.Account) && model.configure(alice.Account, true, m.accounts))
		}
		rt.Repeat(m.actions(t))
	})
}

// Errors that an edit decides on reach the caller as they are, those of the store do not.
func TestEditErrors(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	decided := findinghub.Errorf(findinghub.CodeResourceConflict, "decided")
	edited := func() error {
		return edit(t.Context(), r.Hub, alice, hubRecords, "x", func(hubRecord, bool) (*hubRecord, error) { return nil, decided })
	}
	if err := edited(); err != error(decided) {
		t.Errorf("got %v", err)
	}
	ok(t, r.store.PutRecord(t.Context(), store.Record{Collection: hubRecords, Account: alice.Account, Region: alice.Region, Name: "x", Body: []byte(`[]`)}, false))
	wantError(t, edited(), findinghub.CodeInternal, "Internal service failure")
	r.store.err = errors.New("disk")
	wantError(t, edited(), findinghub.CodeInternal, "Internal service failure")
}

// An edit that makes nothing of a record removes it, and leaves no trace where there was none.
func TestEditRemoves(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, was := range []bool{true, false} {
		ok(t, edit(t.Context(), r.Hub, alice, aggregatorRecords, "x", func(a aggregatorRecord, found bool) (*aggregatorRecord, error) {
			if found || a.ID != "" {
				t.Error("there is a record")
			}
			if was {
				return &aggregatorRecord{ID: "1"}, nil
			}
			return nil, nil
		}))
		ok(t, edit(t.Context(), r.Hub, alice, aggregatorRecords, "x", func(a aggregatorRecord, found bool) (*aggregatorRecord, error) {
			if found != was {
				t.Errorf("found %v", found)
			}
			return nil, nil
		}))
		if _, err := r.store.GetRecord(t.Context(), aggregatorRecords, alice.Account, alice.Region, "x"); !errors.Is(err, store.ErrNoRecord) {
			t.Errorf("got %v", err)
		}
	}
}
