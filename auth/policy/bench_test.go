package policy_test

import (
	"testing"

	"github.com/findinghub/findinghub/auth/policy"
)

// BenchmarkDecide measures the decisions that are on the way of every call.
func BenchmarkDecide(b *testing.B) {
	provider, _ := policy.Managed("FindingProvider")
	developer, _ := policy.Managed("Developer")
	full := []policy.Named{{Name: "all", Document: parse(b, policy.Identity, `{"Version":"2012-10-17","Statement":[`+
		st("Allow", "securityhub:*", `"Condition":{"IpAddress":{"aws:SourceIp":["10.0.0.0/8","2001:db8::/32"]},"Bool":{"aws:SecureTransport":"true"},"DateLessThan":{"aws:CurrentTime":"2030-01-01T00:00:00Z"},"StringLike":{"aws:PrincipalArn":"arn:aws:iam::*:user/${aws:username}"}}`)+`]}`)}}
	imports := policy.Request{Principal: user, Action: "securityhub:BatchImportFindings", Resource: "arn:aws:securityhub:eu-west-1:111111111111:product/111111111111/default", Context: policy.Context{"securityhub:targetaccount": {ours}}}
	conditional := imports
	conditional.Context = policy.Context{"aws:sourceip": {"10.1.2.3"}, "aws:securetransport": {"true"}, "aws:currenttime": {"2026-01-02T03:04:05Z"}, "aws:principalarn": {alice}, "aws:username": {"alice"}}
	for _, c := range []struct {
		name     string
		policies policy.Policies
		request  policy.Request
		allowed  bool
	}{
		{"import", policy.Policies{Identity: []policy.Named{{Document: provider}}}, imports, true},
		{"comment", policy.Policies{Identity: []policy.Named{{Document: developer}}}, update("Note.Text=x", "Note.UpdatedBy=me"), true},
		{"suppress", policy.Policies{Identity: []policy.Named{{Document: developer}}}, update("Workflow.Status=SUPPRESSED"), false},
		{"conditions", policy.Policies{Identity: full, Boundary: &full[0]}, conditional, true},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if c.policies.Decide(c.request).Allowed() != c.allowed {
					b.Fatal("wrong")
				}
			}
		})
	}
}
