package hub

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/auth"
	"github.com/findinghub/findinghub/auth/policy"
	"github.com/go-json-experiment/json/jsontext"
)

// under is a caller with rights: those of the policies alone.
func under(t *testing.T, p auth.Principal, policies ...string) auth.Principal {
	t.Helper()
	p.Rights = &auth.Rights{Principal: policy.Principal{ARN: p.ARN, Account: p.Account}, Context: policy.Context{}}
	for i, text := range policies {
		d, err := policy.Parse([]byte(text), policy.Identity)
		if err != nil {
			t.Fatal(err)
		}
		p.Rights.Policies.Identity = append(p.Rights.Policies.Identity, policy.Named{Name: fmt.Sprintf("policy-%d", i+1), Document: d})
	}
	return p
}

// statement makes a policy of one statement.
func statement(effect, action, resource, condition string) string {
	if condition != "" {
		condition = `,"Condition":` + condition
	}
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":{"Effect":%q,"Action":%q,"Resource":%q%s}}`, effect, action, resource, condition)
}

var anything = statement("Allow", "*", "*", "")

// updating is an update of one finding.
func updating(change BatchUpdateFindingsInput) BatchUpdateFindingsInput {
	change.FindingIdentifiers = []FindingIdentifier{{ID: "a", ProductArn: aliceProduct}}
	return change
}

func TestAuthorizeWithoutRights(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := alice
	p.Trail = &auth.Trail{}
	ok(t, r.Authorize(t.Context(), p, "GetFindings", GetFindingsInput{}))
	if !slices.Equal(p.Trail.Resources, []string{hubARN(alice)}) {
		t.Errorf("the trail has %v", p.Trail.Resources)
	}
}

// The two example policies of the user guide, as they are written there (behaviour.md section 3), and what a
// refusal says: the user, the action, the resource, that it was a deny, and the field.
func TestExamplePolicies(t *testing.T) {
	t.Parallel()
	anyChange := statement("Deny", "securityhub:BatchUpdateFindings", "*", `{"Null":{"securityhub:ASFFSyntaxPath/Workflow.Status":"false"}}`)
	oneValue := statement("Deny", "securityhub:BatchUpdateFindings", "*", `{"StringEquals":{"securityhub:ASFFSyntaxPath/Workflow.Status":["SUPPRESSED"]}}`)
	status := func(s string) BatchUpdateFindingsInput {
		return updating(BatchUpdateFindingsInput{Workflow: jsontext.Value(`{"Status":"` + s + `"}`)})
	}
	note := updating(BatchUpdateFindingsInput{Note: jsontext.Value(`{"Text":"t","UpdatedBy":"u"}`)})
	tests := []struct {
		name, policy string
		in           BatchUpdateFindingsInput
		allowed      bool
	}{
		{"no status may be set: a status", anyChange, status("NOTIFIED"), false},
		{"no status may be set: a note", anyChange, note, true},
		{"one status may not be set: that one", oneValue, status("SUPPRESSED"), false},
		{"one status may not be set: another", oneValue, status("RESOLVED"), true},
		{"one status may not be set: a note", oneValue, note, true},
	}
	r := newRig(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := r.Authorize(t.Context(), under(t, alice, anything, tt.policy), "BatchUpdateFindings", tt.in)
			if tt.allowed {
				ok(t, err)
				return
			}
			wantError(t, err, findinghub.CodeAccessDenied, "User: arn:aws:iam::111111111111:role/Admin is not authorized to perform: securityhub:BatchUpdateFindings on resource: "+
				"arn:aws:securityhub:us-east-1:111111111111:hub/default with an explicit deny in an identity-based policy (field Workflow.Status)")
		})
	}
}

// An update's condition keys: every leaf that it sets, with its values (behaviour.md section 3).
func TestFieldContext(t *testing.T) {
	t.Parallel()
	in := updating(BatchUpdateFindingsInput{
		Confidence: jsontext.Value(`42`), Criticality: jsontext.Value(`null`), VerificationState: jsontext.Value(`"UNKNOWN"`),
		Types: jsontext.Value(`["Effects","TTPs/a"]`), Note: jsontext.Value(`{"Text":"a \"note\"","UpdatedBy":"me"}`),
		Severity: jsontext.Value(`{"Label":"LOW","Normalized":1,"Product":2.5}`), Workflow: jsontext.Value(`{"Status":"NEW"}`),
		UserDefinedFields: jsontext.Value(`{"team":"blue"}`), RelatedFindings: jsontext.Value(`[{"Id":"x","ProductArn":"p"},{"Id":"y","ProductArn":"p"}]`),
	})
	want := policy.Context{
		"confidence": {"42"}, "verificationstate": {"UNKNOWN"}, "types": {"Effects", "TTPs/a"}, "note.text": {`a "note"`}, "note.updatedby": {"me"},
		"severity.label": {"LOW"}, "severity.normalized": {"1"}, "severity.product": {"2.5"}, "workflow.status": {"NEW"},
		"userdefinedfields.key": {"team"}, "userdefinedfields.value": {"blue"}, "relatedfindings": {"x", "y"},
	}
	got := in.fieldContext()
	for leaf, values := range want {
		if !slices.Equal(got["securityhub:asffsyntaxpath/"+leaf], values) {
			t.Errorf("%s is %q, want %q", leaf, got["securityhub:asffsyntaxpath/"+leaf], values)
		}
	}
	if len(got) != len(want) {
		t.Errorf("got %v", got)
	}
	if fields := in.Fields(); !slices.Equal(fields, slices.Sorted(maps.Keys(want))) {
		t.Errorf("the fields are %v", fields)
	}
	if got := updating(BatchUpdateFindingsInput{}).fieldContext(); len(got) != 0 {
		t.Errorf("an update of nothing sets %v", got)
	}
}

// Every leaf can be forbidden alone, and is named in the refusal.
func TestEveryFieldCanBeForbidden(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	updates := map[string]BatchUpdateFindingsInput{
		"Confidence": {Confidence: jsontext.Value(`1`)}, "Criticality": {Criticality: jsontext.Value(`1`)},
		"Note.Text": {Note: jsontext.Value(`{"Text":"t"}`)}, "Note.UpdatedBy": {Note: jsontext.Value(`{"UpdatedBy":"u"}`)},
		"RelatedFindings": {RelatedFindings: jsontext.Value(`[{"Id":"x","ProductArn":"p"}]`)}, "Severity.Label": {Severity: jsontext.Value(`{"Label":"LOW"}`)},
		"Severity.Normalized": {Severity: jsontext.Value(`{"Normalized":1}`)}, "Severity.Product": {Severity: jsontext.Value(`{"Product":1}`)},
		"Types": {Types: jsontext.Value(`["Effects"]`)}, "UserDefinedFields.key": {UserDefinedFields: jsontext.Value(`{"k":"v"}`)},
		"UserDefinedFields.value": {UserDefinedFields: jsontext.Value(`{"k":"v"}`)}, "VerificationState": {VerificationState: jsontext.Value(`"UNKNOWN"`)},
		"Workflow.Status": {Workflow: jsontext.Value(`{"Status":"NEW"}`)},
	}
	for forbidden := range updates {
		deny := statement("Deny", "securityhub:BatchUpdateFindings", "*", `{"Null":{"securityhub:ASFFSyntaxPath/`+forbidden+`":"false"}}`)
		p := under(t, alice, anything, deny)
		for leaf, change := range updates {
			err := r.Authorize(t.Context(), p, "BatchUpdateFindings", updating(change))
			same := leaf == forbidden || strings.HasPrefix(leaf, "UserDefinedFields") && strings.HasPrefix(forbidden, "UserDefinedFields")
			if !same {
				ok(t, err)
				continue
			}
			wantError(t, err, findinghub.CodeAccessDenied, "(field "+forbidden+")")
		}
	}
}

// An allowance that is bound to a field says in the refusal which one it was.
func TestConditionalAllowNamesTheField(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := under(t, alice, statement("Allow", "securityhub:BatchUpdateFindings", "*", `{"StringEqualsIfExists":{"securityhub:ASFFSyntaxPath/Workflow.Status":["NOTIFIED"]}}`))
	ok(t, r.Authorize(t.Context(), p, "BatchUpdateFindings", updating(BatchUpdateFindingsInput{Workflow: jsontext.Value(`{"Status":"NOTIFIED"}`)})))
	err := r.Authorize(t.Context(), p, "BatchUpdateFindings", updating(BatchUpdateFindingsInput{Workflow: jsontext.Value(`{"Status":"SUPPRESSED"}`)}))
	wantError(t, err, findinghub.CodeAccessDenied, "because no identity-based policy allows the securityhub:BatchUpdateFindings action (field Workflow.Status)")
}

// Tags of the hub and tags in the request are there for conditions; tag keys whatever their case.
func TestTagConditions(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ok(t, r.EnableSecurityHub(t.Context(), alice, EnableSecurityHubInput{Tags: map[string]string{"Env": "prod"}}))
	hubTag := under(t, alice, statement("Allow", "securityhub:*", "*", `{"StringEquals":{"aws:ResourceTag/env":"prod"}}`))
	ok(t, r.Authorize(t.Context(), hubTag, "GetFindings", GetFindingsInput{}))
	wantError(t, r.Authorize(t.Context(), in(hubTag, "eu-west-1"), "GetFindings", GetFindingsInput{}), findinghub.CodeAccessDenied, "GetFindings")
	requestTag := under(t, alice, statement("Allow", "securityhub:*", "*", `{"StringEquals":{"aws:RequestTag/team":"blue"},"ForAllValues:StringEquals":{"aws:TagKeys":["team"]}}`))
	for _, tt := range []struct {
		tags    map[string]string
		allowed bool
	}{{map[string]string{"team": "blue"}, true}, {map[string]string{"team": "red"}, false}, {map[string]string{"team": "blue", "x": "y"}, false}, {nil, false}} {
		err := r.Authorize(t.Context(), requestTag, "TagResource", TagResourceInput{ResourceArn: hubARN(alice), Tags: tt.tags})
		if (err == nil) != tt.allowed {
			t.Errorf("tags %v: %v", tt.tags, err)
		}
	}
	// What has no tags, and what is no resource, can be asked about.
	for _, arn := range []string{"nonsense", "arn:aws:securityhub:us-east-1:111111111111:insight/x", hubARN(bob)} {
		ok(t, r.Authorize(t.Context(), under(t, alice, anything), "ListTagsForResource", ListTagsForResourceInput{arn}))
	}
}

// Resources are what policies name them by.
func TestAccessResources(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	arn := "arn:aws:securityhub:us-east-1:111111111111:finding-aggregator/x"
	for _, tt := range []struct {
		operation string
		in        any
		want      string
	}{
		{"GetFindings", GetFindingsInput{}, hubARN(alice)},
		{"BatchUpdateFindings", updating(BatchUpdateFindingsInput{}), hubARN(alice)},
		{"CreateInsight", nil, hubARN(alice)},
		{"TagResource", TagResourceInput{ResourceArn: subscriptionOf("prowler/prowler")}, subscriptionOf("prowler/prowler")},
		{"UntagResource", UntagResourceInput{ResourceArn: hubARN(alice)}, hubARN(alice)},
		{"GetFindingAggregator", GetFindingAggregatorInput{arn}, arn},
		{"UpdateFindingAggregator", UpdateFindingAggregatorInput{FindingAggregatorArn: arn}, arn},
		{"DeleteFindingAggregator", DeleteFindingAggregatorInput{arn}, arn},
	} {
		ok(t, r.Authorize(t.Context(), under(t, alice, statement("Allow", "securityhub:"+tt.operation, tt.want, "")), tt.operation, tt.in))
		other := statement("Allow", "securityhub:"+tt.operation, strings.Replace(tt.want, "111111111111", "222222222222", 1), "")
		wantError(t, r.Authorize(t.Context(), under(t, alice, other), tt.operation, tt.in), findinghub.CodeAccessDenied, tt.want)
	}
}

func subscriptionOf(product string) string { return own(alice, kindSubscription, product).String() }

// A store that fails is no reason to let anybody in.
func TestAuthorizeWithoutAStore(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ok(t, r.store.Close())
	err := r.Authorize(t.Context(), under(t, alice, anything), "GetFindings", GetFindingsInput{})
	wantError(t, err, findinghub.CodeUnavailable, "")
}
