package hub

import (
	"strings"
	"testing"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/auth"
	"github.com/go-json-experiment/json/jsontext"
)

// crowdstrike is the partner of the catalogue's product that has an account in its ARN.
var crowdstrike = auth.Principal{Account: "517716713836", ARN: "arn:aws:iam::517716713836:user/falcon", Region: "us-east-1"}

const falcon = "arn:aws:securityhub:us-east-1:517716713836:product/crowdstrike/crowdstrike-falcon"

// falconFinding is a finding that the partner made of an account.
func falconFinding(id, account string) jsontext.Value {
	return sent(id, fields{"ProductArn": falcon, "AwsAccountId": account})
}

// subscribed is a hub without --dev where alice and bob have subscribed to the partner's product.
func subscribed(t *testing.T, callers ...auth.Principal) rig {
	t.Helper()
	r := newRig(t, guarded)
	for _, p := range callers {
		ok(t, r.EnableSecurityHub(t.Context(), p, EnableSecurityHubInput{}))
		must[*EnableImportFindingsForProductOutput](t)(r.EnableImportFindingsForProduct(t.Context(), p, EnableImportFindingsForProductInput{falcon}))
	}
	return r
}

func (r rig) tryImport(t *testing.T, p auth.Principal, findings ...jsontext.Value) error {
	t.Helper()
	out, err := r.BatchImportFindings(t.Context(), p, BatchImportFindingsInput{Findings: findings})
	if err == nil && out.FailedCount > 0 {
		t.Errorf("failed: %+v", out.FailedFindings)
	}
	return err
}

// An allow-listed partner may mix the findings of several customers in a batch, and each goes to its own
// hub (behaviour.md section 1.1). The partner needs no hub of its own.
func TestPartnersImport(t *testing.T) {
	t.Parallel()
	r := subscribed(t, alice, bob)
	ok(t, r.tryImport(t, under(t, crowdstrike, anything), falconFinding("a", alice.Account), falconFinding("b", bob.Account), falconFinding("c", alice.Account)))
	if got := ids(r.find(t, alice, `{}`)); got != "a c" {
		t.Errorf("alice sees %s", got)
	}
	if got := ids(r.find(t, bob, `{}`)); got != "b" {
		t.Errorf("bob sees %s", got)
	}
	out := must[*GetFindingHistoryOutput](t)(r.GetFindingHistory(t.Context(), alice, GetFindingHistoryInput{FindingIdentifier: FindingIdentifier{ID: "a", ProductArn: falcon}}))
	if len(out.Records) != 1 || out.Records[0].UpdateSource.Identity != falcon {
		t.Errorf("got %+v", out.Records)
	}
}

// Nobody else sends other accounts' findings, and the partner only where it is wanted; one such
// finding refuses the batch (decision 24, behaviour.md section 1.1).
func TestForeignImportsAreRefused(t *testing.T) {
	t.Parallel()
	carol := auth.Principal{Account: "333333333333", ARN: "arn:aws:iam::333333333333:user/carol", Region: "us-east-1"}
	tests := []struct {
		name    string
		caller  auth.Principal
		finding jsontext.Value
	}{
		{"a stranger", under(t, bob, anything), falconFinding("x", alice.Account)},
		{"the partner, of an account that did not subscribe", under(t, crowdstrike, anything), falconFinding("x", carol.Account)},
		{"the partner, of what is no account", under(t, crowdstrike, anything), falconFinding("x", "nobody")},
		{"the partner, with another product", under(t, crowdstrike, anything), sent("x", fields{"ProductArn": prowler})},
		{"the partner, with the customer's own product", under(t, crowdstrike, anything), sent("x")},
		{"the partner, without a policy", under(t, crowdstrike), falconFinding("x", alice.Account)},
		{"the partner, in another region", under(t, in(crowdstrike, "eu-west-1"), anything), falconFinding("x", alice.Account)},
		{"the partner, denied this customer", under(t, crowdstrike, anything, statement("Deny", "*", "*", `{"StringEquals":{"securityhub:TargetAccount":"111111111111"}}`)), falconFinding("x", alice.Account)},
		{"in --dev, too, an account is its own", bob, sent("x")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := subscribed(t, alice, bob)
			err := r.tryImport(t, tt.caller, falconFinding("good", tt.caller.Account), tt.finding)
			if tt.caller.Account == crowdstrike.Account {
				err = r.tryImport(t, tt.caller, falconFinding("good", bob.Account), tt.finding)
			}
			wantError(t, err, findinghub.CodeAccessDenied, "User: "+tt.caller.ARN+" is not authorized to perform: securityhub:BatchImportFindings on resource: arn:aws:securityhub:")
			if got := ids(r.find(t, alice, `{}`)) + ids(r.find(t, bob, `{}`)); got != "" {
				t.Errorf("something was stored: %s", got)
			}
		})
	}
}

// A customer that switches product or hub off ends the partner's way in.
func TestPartnersLoseAccess(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(rig) error{
		"the subscription": func(r rig) error {
			return r.DisableImportFindingsForProduct(t.Context(), alice, DisableImportFindingsForProductInput{subscriptionOf("crowdstrike/crowdstrike-falcon")})
		},
		"the hub": func(r rig) error { return r.DisableSecurityHub(t.Context(), alice, DisableSecurityHubInput{}) },
	} {
		r := subscribed(t, alice)
		p := under(t, crowdstrike, anything)
		ok(t, r.tryImport(t, p, falconFinding("a", alice.Account)))
		ok(t, end(r))
		t.Log(name)
		wantError(t, r.tryImport(t, p, falconFinding("b", alice.Account)), findinghub.CodeAccessDenied, "not authorized")
	}
}

// Policies on imports: by product, by account, and what the trail tells.
func TestImportPolicies(t *testing.T) {
	t.Parallel()
	r := subscribed(t, alice)
	tests := []struct {
		name, policy string
		allowed      bool
	}{
		{"the product", statement("Allow", "securityhub:BatchImportFindings", falcon, ""), true},
		{"another product", statement("Allow", "securityhub:BatchImportFindings", aliceProduct, ""), false},
		{"every product", statement("Allow", "securityhub:BatchImportFindings", "arn:aws:securityhub:*:*:product/*", ""), true},
		{"the account", statement("Allow", "securityhub:BatchImportFindings", "*", `{"StringEquals":{"securityhub:TargetAccount":"111111111111"}}`), true},
		{"another account", statement("Allow", "securityhub:BatchImportFindings", "*", `{"StringEquals":{"securityhub:TargetAccount":"222222222222"}}`), false},
		{"another action", statement("Allow", "securityhub:BatchUpdateFindings", "*", ""), false},
		{"the hub, which is not the resource", statement("Allow", "securityhub:BatchImportFindings", hubARN(alice), ""), false},
	}
	for _, tt := range tests {
		p := under(t, alice, tt.policy)
		p.Trail = &auth.Trail{}
		err := r.tryImport(t, p, falconFinding("a", alice.Account))
		t.Log(tt.name)
		if !tt.allowed {
			wantError(t, err, findinghub.CodeAccessDenied, "on resource: "+falcon+" because no identity-based policy allows the securityhub:BatchImportFindings action")
		} else {
			ok(t, err)
		}
		if strings.Join(p.Trail.Resources, " ") != falcon {
			t.Errorf("the trail has %v", p.Trail.Resources)
		}
	}
}
