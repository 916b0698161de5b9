package policy_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/findinghub/findinghub/auth/policy"
)

// Each element that can keep a statement from applying is told, in lines that people read.
func TestTrace(t *testing.T) {
	t.Parallel()
	p := policy.Policies{
		Identity: []policy.Named{
			{Name: "mine", Document: parse(t, policy.Identity, `{"Version":"2012-10-17","Statement":[`+strings.Join([]string{
				st("Allow", "securityhub:Get*", `"Sid":"Read"`),
				st("Allow", "securityhub:BatchImportFindings"),
				`{"Effect":"Deny","NotAction":"securityhub:*","Resource":"*"}`,
				`{"Effect":"Allow","Action":"*","Resource":"` + theirHubARN + `"}`,
				`{"Effect":"Deny","Action":"*","NotResource":"` + hubARN + `"}`,
				st("Deny", "*", `"Condition":{"StringEquals":{"a:b":"x","a:c":"y"},"Null":{"a:d":"true"},"ForAnyValue:BoolIfExists":{"a:d":"true"}}`),
			}, ",")+`]}`)},
			{Name: "nothing"},
		},
		Boundary: boundary(t, st("Allow", "*")),
		Session:  named(t, policy.Identity, st("Deny", "iam:*")),
		Resource: named(t, policy.Resource, rst("Allow", aws(triageRole)), rst("Allow", aws(ours))),
	}
	r := get(user)
	r.Context = context("a:b=x a:d=false")
	var got []string
	for _, s := range p.Trace(r) {
		got = append(got, s.String())
	}
	want := []string{
		`identity-based policy "mine", statement 1 (Read): Allow applies`,
		`identity-based policy "mine", statement 2: Allow does not apply, its Action does not match`,
		`identity-based policy "mine", statement 3: Deny does not apply, its NotAction does not match`,
		`identity-based policy "mine", statement 4: Allow does not apply, its Resource does not match`,
		`identity-based policy "mine", statement 5: Deny does not apply, its NotResource does not match`,
		`identity-based policy "mine", statement 6: Deny does not apply, its condition does not hold: StringEquals a:c, Null a:d, ForAnyValue:BoolIfExists a:d`,
		`permissions boundary "p1", statement 1: Allow applies`,
		`session policy "p1", statement 1: Deny does not apply, its Action does not match`,
		`resource-based policy "p1", statement 1: Allow does not apply, its Principal does not match`,
		`resource-based policy "p2", statement 1: Allow applies`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// The parts of a step that programs read.
func TestSteps(t *testing.T) {
	t.Parallel()
	steps := policy.Policies{Resource: named(t, policy.Resource,
		`{"Effect":"Deny","NotPrincipal":{"AWS":"`+alice+`"},"Action":"*","Resource":"*"}`,
		rst("Allow", `"*"`, `"Sid":"S"`, `"Condition":{"Bool":{"A:b":"true"}}`),
	)}.Trace(get(user))
	if len(steps) != 2 {
		t.Fatalf("%d steps", len(steps))
	}
	if s := steps[0]; s.Applied() || s.Unmet != "NotPrincipal" || s.Effect != policy.ExplicitDeny || s.Statement != 1 || s.Policy != "p1" {
		t.Errorf("%+v", s)
	}
	if s := steps[1]; s.Applied() || s.Unmet != "Condition" || !slices.Equal(s.Conditions, []string{"Bool A:b"}) || s.Sid != "S" || s.Effect != policy.Allow || s.Source != policy.FromResource {
		t.Errorf("%+v", s)
	}
	if steps := (policy.Policies{}).Trace(get(user)); len(steps) != 0 {
		t.Errorf("steps of nothing: %v", steps)
	}
}
