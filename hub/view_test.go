package hub

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/findinghub/findinghub/auth"
	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/store"
	"github.com/go-json-experiment/json/jsontext"
	"pgregory.net/rapid"
)

// join makes accounts members of an administrator by invitation, in the administrator's region.
func (r rig) join(t *testing.T, administrator auth.Principal, members ...auth.Principal) {
	t.Helper()
	for _, m := range members {
		m.Region = administrator.Region
		must[*CreateMembersOutput](t)(r.CreateMembers(t.Context(), administrator, CreateMembersInput{AccountDetails: []AccountDetails{{AccountID: m.Account}}}))
		must[*InviteMembersOutput](t)(r.InviteMembers(t.Context(), administrator, InviteMembersInput{AccountIDs: []string{m.Account}}))
		for _, i := range must[*ListInvitationsOutput](t)(r.ListInvitations(t.Context(), m, ListInvitationsInput{})).Invitations {
			if i.AccountID == administrator.Account {
				ok(t, r.AcceptAdministratorInvitation(t.Context(), m, AcceptAdministratorInvitationInput{AdministratorID: administrator.Account, InvitationID: i.InvitationID}))
			}
		}
	}
}

// of is a finding of an account's default product in its region.
func of(p auth.Principal, id string) jsontext.Value {
	return sent(id, fields{"AwsAccountId": p.Account, "ProductArn": productOf(p)})
}

func productOf(p auth.Principal) string {
	return "arn:aws:securityhub:" + p.Region + ":" + p.Account + ":product/" + p.Account + "/default"
}

// Administrators see their members' findings, members their own alone, strangers neither (behaviour.md section 4).
func TestAdministratorsSeeMembers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, p := range []auth.Principal{alice, bob, carol, dave, in(bob, "eu-west-1")} {
		r.mustImport(t, p, of(p, p.Account[:1]+p.Region[:2]))
	}
	r.join(t, alice, bob, carol)
	for _, tt := range []struct {
		p    auth.Principal
		want string
	}{{alice, "1us 2us 3us"}, {bob, "2us"}, {carol, "3us"}, {dave, "4us"}, {in(alice, "eu-west-1"), ""}, {in(bob, "eu-west-1"), "2eu"}} {
		if got := ids(r.find(t, tt.p, `{}`)); got != tt.want {
			t.Errorf("%s in %s sees %q, want %q", tt.p.Account, tt.p.Region, got, tt.want)
		}
	}
	if got := ids(r.find(t, alice, `{"AwsAccountId":[{"Value":"222222222222","Comparison":"EQUALS"}]}`)); got != "2us" {
		t.Errorf("of bob's alice sees %q", got)
	}
}

// A page that was begun does not outlive the relation: leaving ends it at once, for both sides' ways of ending it.
func TestLeavingEndsTheViewAtOnce(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(rig) error{
		"the member leaves": func(r rig) error {
			return r.DisassociateFromAdministratorAccount(t.Context(), bob, DisassociateFromAdministratorAccountInput{})
		},
		"the administrator lets go": func(r rig) error {
			return r.DisassociateMembers(t.Context(), alice, DisassociateMembersInput{AccountIDs: []string{bob.Account}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.mustImport(t, bob, of(bob, "b1"), of(bob, "b2"))
			r.join(t, alice, bob)
			id := FindingIdentifier{ID: "b1", ProductArn: productOf(bob)}
			page := must[*GetFindingsOutput](t)(r.GetFindings(t.Context(), alice, GetFindingsInput{MaxResults: 1}))
			r.update(t, alice, id, `1`)
			r.update(t, alice, id, `2`)
			history := must[*GetFindingHistoryOutput](t)(r.GetFindingHistory(t.Context(), alice, GetFindingHistoryInput{FindingIdentifier: id, MaxResults: 1}))
			if page.NextToken == "" || len(history.Records) != 1 || history.NextToken == "" {
				t.Fatalf("got %+v and %+v", page, history)
			}
			ok(t, leave(r))
			if page = must[*GetFindingsOutput](t)(r.GetFindings(t.Context(), alice, GetFindingsInput{MaxResults: 1, NextToken: page.NextToken})); len(page.Findings) != 0 {
				t.Errorf("the next page still has %s", page.Findings)
			}
			history = must[*GetFindingHistoryOutput](t)(r.GetFindingHistory(t.Context(), alice, GetFindingHistoryInput{FindingIdentifier: id, MaxResults: 1, NextToken: history.NextToken}))
			if len(history.Records) != 0 || history.NextToken != "" {
				t.Errorf("the history still tells %+v", history)
			}
			out := must[*BatchUpdateFindingsOutput](t)(r.BatchUpdateFindings(t.Context(), alice, BatchUpdateFindingsInput{FindingIdentifiers: []FindingIdentifier{id}, Confidence: jsontext.Value(`3`)}))
			if len(out.UnprocessedFindings) != 1 || out.UnprocessedFindings[0].ErrorCode != "FindingNotFound" {
				t.Errorf("the update answers %+v", out)
			}
			if got := ids(r.find(t, bob, `{}`)); got != "b1 b2" {
				t.Errorf("bob sees %q", got)
			}
		})
	}
}

// update sets a finding's confidence, which must succeed.
func (r rig) update(t *testing.T, p auth.Principal, id FindingIdentifier, confidence string) {
	t.Helper()
	out := must[*BatchUpdateFindingsOutput](t)(r.BatchUpdateFindings(t.Context(), p, BatchUpdateFindingsInput{FindingIdentifiers: []FindingIdentifier{id}, Confidence: jsontext.Value(confidence)}))
	if len(out.ProcessedFindings) != 1 {
		t.Fatalf("got %+v", out.UnprocessedFindings)
	}
}

// Administrators update members' findings, in their own name; members do not update the administrator's,
// nor each other's (behaviour.md section 3).
func TestAdministratorsUpdateMembers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.mustImport(t, alice, of(alice, "a"))
	r.mustImport(t, bob, of(bob, "b"))
	r.mustImport(t, carol, of(carol, "c"))
	r.join(t, alice, bob, carol)
	all := []FindingIdentifier{{ID: "a", ProductArn: productOf(alice)}, {ID: "b", ProductArn: productOf(bob)}, {ID: "c", ProductArn: productOf(carol)}, {ID: "d", ProductArn: productOf(bob)}}
	for _, tt := range []struct {
		p    auth.Principal
		want string
	}{{alice, "a b c"}, {bob, "b"}, {carol, "c"}, {dave, ""}} {
		out := must[*BatchUpdateFindingsOutput](t)(r.BatchUpdateFindings(t.Context(), tt.p, BatchUpdateFindingsInput{FindingIdentifiers: all, Confidence: jsontext.Value(`7`)}))
		var done []string
		for _, id := range out.ProcessedFindings {
			done = append(done, id.ID)
		}
		if got := strings.Join(done, " "); got != tt.want || len(out.ProcessedFindings)+len(out.UnprocessedFindings) != len(all) {
			t.Errorf("%s updated %q, want %q; %+v", tt.p.Account, got, tt.want, out.UnprocessedFindings)
		}
	}
	history := must[*GetFindingHistoryOutput](t)(r.GetFindingHistory(t.Context(), bob, GetFindingHistoryInput{FindingIdentifier: all[1]}))
	if len(history.Records) < 2 || history.Records[len(history.Records)-2].UpdateSource.Identity != alice.ARN {
		t.Errorf("got %+v", history.Records)
	}
	ok(t, r.UpdateFindings(t.Context(), alice, UpdateFindingsInput{Filters: jsontext.Value(`{}`), RecordState: jsontext.Value(`"ARCHIVED"`)}))
	if got := ids(r.find(t, bob, `{"RecordState":[{"Value":"ARCHIVED","Comparison":"EQUALS"}]}`)); got != "b" {
		t.Errorf("the legacy update reached %q", got)
	}
	// Importing is not updating: it stays the account's own (decision 24).
	_, err := r.BatchImportFindings(t.Context(), alice, BatchImportFindingsInput{Findings: []jsontext.Value{of(bob, "x")}})
	wantError(t, err, "AccessDeniedException", "222222222222")
}

// One identifier names every finding of the view with it: two accounts may have findings of one public product
// with the same id. The history tells the caller's own.
func TestOneIdentifierOfSeveralFindings(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, p := range []auth.Principal{bob, alice} {
		r.mustImport(t, p, sent("same", fields{"AwsAccountId": p.Account, "ProductArn": prowler}))
		r.clock.advance(1e9)
	}
	r.join(t, alice, bob)
	id := FindingIdentifier{ID: "same", ProductArn: prowler}
	r.update(t, alice, id, `42`)
	if got := r.find(t, alice, `{"Confidence":[{"Eq":42}]}`); len(got) != 2 {
		t.Errorf("the update reached %v", got)
	}
	own := must[*GetFindingHistoryOutput](t)(r.GetFindingHistory(t.Context(), alice, GetFindingHistoryInput{FindingIdentifier: id}))
	theirs := must[*GetFindingHistoryOutput](t)(r.GetFindingHistory(t.Context(), bob, GetFindingHistoryInput{FindingIdentifier: id}))
	if len(own.Records) != 2 || len(theirs.Records) != 2 || own.Records[1].UpdateTime == theirs.Records[1].UpdateTime {
		t.Errorf("got %+v and %+v", own.Records, theirs.Records)
	}
}

// With an aggregator the administrator sees the members of every linked region, which need not be the same.
func TestAdministratorsHomeRegion(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	abroad := in(alice, "eu-west-1")
	for _, p := range []auth.Principal{alice, bob, carol} {
		for _, region := range []string{"us-east-1", "eu-west-1"} {
			r.mustImport(t, in(p, region), of(in(p, region), p.Account[:1]+region[:2]))
		}
	}
	r.join(t, alice, bob)
	r.join(t, abroad, carol)
	r.linking(t, alice, "ALL_REGIONS")
	if got := ids(r.find(t, alice, `{}`)); got != "1eu 1us 2us 3eu" {
		t.Errorf("the home region sees %q", got)
	}
	if got := ids(r.find(t, abroad, `{}`)); got != "1eu 3eu" {
		t.Errorf("the linked region sees %q", got)
	}
	r.update(t, alice, FindingIdentifier{ID: "3eu", ProductArn: productOf(in(carol, "eu-west-1"))}, `5`)
	out := must[*BatchUpdateFindingsOutput](t)(r.BatchUpdateFindings(t.Context(), alice, BatchUpdateFindingsInput{
		FindingIdentifiers: []FindingIdentifier{{ID: "2eu", ProductArn: productOf(in(bob, "eu-west-1"))}}, Confidence: jsontext.Value(`5`),
	}))
	if len(out.ProcessedFindings) != 0 {
		t.Errorf("bob is no member in eu-west-1, and yet %+v", out)
	}
	// Members do not aggregate (behaviour.md section 5.8).
	_, err := r.CreateFindingAggregator(t.Context(), bob, CreateFindingAggregatorInput{RegionLinkingMode: "ALL_REGIONS"})
	wantError(t, err, "InvalidInputException", "A finding aggregator cannot be created by a member account.")
}

// Whatever the hubs of a view, narrowing selects exactly the findings of those hubs.
func TestNarrowSelectsTheView(t *testing.T) {
	t.Parallel()
	accounts, regions := []string{alice.Account, bob.Account, carol.Account}, []string{"us-east-1", "us-west-1", "eu-west-1"}
	r := newRig(t)
	for _, a := range accounts {
		for _, region := range regions {
			p := auth.Principal{Account: a, ARN: "arn:aws:iam::" + a + ":root", Region: region}
			r.mustImport(t, p, of(p, a[:1]+region))
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		var v view
		want := map[string]bool{}
		for _, region := range rapid.SliceOfNDistinct(rapid.SampledFrom(regions), 1, 3, rapid.ID).Draw(rt, "regions") {
			w := sight{region: region, accounts: rapid.SliceOfNDistinct(rapid.SampledFrom(accounts), 1, 3, rapid.ID).Draw(rt, "accounts")}
			for _, a := range w.accounts {
				want[a[:1]+region] = true
			}
			v = append(v, w)
		}
		q := store.Query{Limit: 100, Sort: []filter.Order{{Attribute: filter.Id}}}
		q.Scope, q.Filter = v.narrow(filter.Const(true))
		page, err := r.store.Find(t.Context(), q)
		if err != nil {
			rt.Fatal(err)
		}
		var got []string
		for _, k := range page.Keys {
			got = append(got, k.ID)
		}
		if len(got) != len(want) || slices.ContainsFunc(got, func(id string) bool { return !want[id] }) {
			rt.Fatalf("%v selects %v, want %v", fmt.Sprint(v), got, want)
		}
	})
}
