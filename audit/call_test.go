package audit

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/auth"
	"github.com/findinghub/findinghub/auth/policy"
)

// TestIdentity: the kinds of CloudTrail's page on the userIdentity element, with its examples' ids.
func TestIdentity(t *testing.T) {
	t.Parallel()
	const a = "123456789012"
	issuer := SessionIssuer{Type: "Role", PrincipalID: "AROAIDPPEZS35WEXAMPLE", ARN: "arn:aws:iam::" + a + ":role/RoleToBeAssumed", AccountID: a, UserName: "RoleToBeAssumed"}
	withPath := issuer
	withPath.ARN = "arn:aws:iam::" + a + ":role/team/RoleToBeAssumed"
	const session = "arn:aws:sts::" + a + ":assumed-role/RoleToBeAssumed/MySessionName"
	context := policy.Context{"aws:tokenissuetime": {"2013-11-02T01:06:28Z"}, "aws:multifactorauthpresent": {"true"}}
	tests := []struct {
		name string
		p    auth.Principal
		want UserIdentity
	}{
		{"a user", auth.Principal{Account: a, ARN: "arn:aws:iam::" + a + ":user/Alice", UserID: "AIDAJ45Q7YFFAREXAMPLE", AccessKeyID: "AKIAIOSFODNN7EXAMPLE"},
			UserIdentity{Type: "IAMUser", PrincipalID: "AIDAJ45Q7YFFAREXAMPLE", ARN: "arn:aws:iam::" + a + ":user/Alice", AccountID: a, AccessKeyID: "AKIAIOSFODNN7EXAMPLE", UserName: "Alice"}},
		{"a user with a path", auth.Principal{Account: a, ARN: "arn:aws:iam::" + a + ":user/team/red/Alice"},
			UserIdentity{Type: "IAMUser", ARN: "arn:aws:iam::" + a + ":user/team/red/Alice", AccountID: a, UserName: "Alice"}},
		{"another partition", auth.Principal{Account: a, ARN: "arn:aws-cn:iam::" + a + ":user/dev"},
			UserIdentity{Type: "IAMUser", ARN: "arn:aws-cn:iam::" + a + ":user/dev", AccountID: a, UserName: "dev"}},
		{"a role's session", auth.Principal{Account: a, ARN: session, UserID: "AROAIDPPEZS35WEXAMPLE:MySessionName", AccessKeyID: "ASIAIOSFODNN7EXAMPLE"},
			UserIdentity{Type: "AssumedRole", PrincipalID: "AROAIDPPEZS35WEXAMPLE:MySessionName", ARN: session, AccountID: a, AccessKeyID: "ASIAIOSFODNN7EXAMPLE",
				SessionContext: &SessionContext{SessionIssuer: issuer}}},
		{"a session with what is known of it", auth.Principal{Account: a, ARN: session, UserID: "AROAIDPPEZS35WEXAMPLE:MySessionName",
			Rights: &auth.Rights{Principal: policy.Principal{RoleARN: withPath.ARN}, Context: context}},
			UserIdentity{Type: "AssumedRole", PrincipalID: "AROAIDPPEZS35WEXAMPLE:MySessionName", ARN: session, AccountID: a,
				SessionContext: &SessionContext{SessionIssuer: withPath, Attributes: &Attributes{CreationDate: "2013-11-02T01:06:28Z", MFAAuthenticated: "true"}}}},
		{"a session of another partition", auth.Principal{Account: a, ARN: "arn:aws-cn:sts::" + a + ":assumed-role/R/S"},
			UserIdentity{Type: "AssumedRole", ARN: "arn:aws-cn:sts::" + a + ":assumed-role/R/S", AccountID: a,
				SessionContext: &SessionContext{SessionIssuer: SessionIssuer{Type: "Role", ARN: "arn:aws-cn:iam::" + a + ":role/R", AccountID: a, UserName: "R"}}}},
		{"the root", auth.Principal{Account: a, ARN: "arn:aws:iam::" + a + ":root", AccessKeyID: "AKIAIOSFODNN7EXAMPLE"},
			UserIdentity{Type: "Root", PrincipalID: a, ARN: "arn:aws:iam::" + a + ":root", AccountID: a, AccessKeyID: "AKIAIOSFODNN7EXAMPLE"}},
		{"an account", auth.Principal{Account: a}, UserIdentity{Type: "AWSAccount", AccountID: a}},
		{"nobody", auth.Principal{}, UserIdentity{Type: "Unknown"}},
		{"a key that nobody has", auth.Principal{AccessKeyID: "AKIANOBODY"}, UserIdentity{Type: "Unknown", AccessKeyID: "AKIANOBODY"}},
		{"a kind that is not known", auth.Principal{Account: a, ARN: "arn:aws:sts::" + a + ":federated-user/Bob"},
			UserIdentity{Type: "Unknown", ARN: "arn:aws:sts::" + a + ":federated-user/Bob", AccountID: a}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := Identity(tt.p); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

// testTime has a fraction and a zone, neither of which is recorded.
var testTime = time.Date(2026, 1, 2, 5, 4, 5, 678, time.FixedZone("", 2*60*60))

func testCall() Call {
	return Call{
		Principal: auth.Principal{Account: "111111111111", ARN: "arn:aws:iam::111111111111:user/scanner", Region: "eu-west-1", UserID: "AIDAEXAMPLE", AccessKeyID: "AKIAEXAMPLE",
			Trail: &auth.Trail{Resources: []string{"arn:aws:securityhub:eu-west-1:111111111111:hub/default", "*", "arn:aws:securityhub:eu-west-1::product/prowler/prowler"}}},
		Operation: "BatchImportFindings", Time: testTime, Duration: 12345 * time.Microsecond,
		RequestID: "request-1", EventID: "event-1", Address: "192.0.2.7", UserAgent: `aws-cli/2.1 <"&'>`,
		Parameters: map[string]any{"findings": 100}, Status: 403,
		TLS: TLS(&tls.ConnectionState{Version: tls.VersionTLS13, CipherSuite: tls.TLS_AES_128_GCM_SHA256}, "hub.example:443"),
		Err: &findinghub.Error{Code: findinghub.CodeAccessDenied, Message: "no", Err: errors.New("the cause")},
	}
}

// TestLine: the members, their order and their forms are those of CloudTrail's documentation of record contents.
func TestLine(t *testing.T) {
	t.Parallel()
	const want = `{"eventVersion":"1.11",` +
		`"userIdentity":{"type":"IAMUser","principalId":"AIDAEXAMPLE","arn":"arn:aws:iam::111111111111:user/scanner","accountId":"111111111111","accessKeyId":"AKIAEXAMPLE","userName":"scanner"},` +
		`"eventTime":"2026-01-02T03:04:05Z","eventSource":"securityhub.amazonaws.com","eventName":"BatchImportFindings","awsRegion":"eu-west-1","sourceIPAddress":"192.0.2.7","userAgent":"aws-cli/2.1 <\"&'>",` +
		`"errorCode":"AccessDeniedException","errorMessage":"no","requestParameters":{"findings":100},"responseElements":null,"additionalEventData":{"httpStatus":403,"durationMs":12.345},` +
		`"requestID":"request-1","eventID":"event-1","readOnly":false,` +
		`"resources":[{"accountId":"111111111111","type":"AWS::SecurityHub::Hub","ARN":"arn:aws:securityhub:eu-west-1:111111111111:hub/default"},{"ARN":"arn:aws:securityhub:eu-west-1::product/prowler/prowler"}],` +
		`"eventType":"AwsApiCall","apiVersion":"2018-10-26","managementEvent":true,"recipientAccountId":"111111111111","eventCategory":"Management",` +
		`"tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"hub.example:443"}}` + "\n"
	if got := string(encode(New(testCall()))); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestNew: what a call may lack, and what differs for the token service.
func TestNew(t *testing.T) {
	t.Parallel()
	r := New(Call{STS: true, Operation: "AssumeRole", ReadOnly: true, Time: testTime, Status: 200})
	if r.EventSource != "sts.amazonaws.com" || r.APIVersion != "2011-06-15" || !r.ReadOnly || r.UserIdentity.Type != "Unknown" {
		t.Errorf("got %+v", r)
	}
	line := string(encode(r))
	for _, absent := range []string{"errorCode", "errorMessage", "resources", "tlsDetails", "recipientAccountId", "requestID", "durationMs"} {
		if strings.Contains(line, absent) {
			t.Errorf("%s is there: %s", absent, line)
		}
	}
	for _, present := range []string{`"requestParameters":null`, `"responseElements":null`, `"httpStatus":200`} {
		if !strings.Contains(line, present) {
			t.Errorf("%s is not there: %s", present, line)
		}
	}
	if r := New(Call{Err: errors.New("disk /dev/sda")}); r.ErrorCode != findinghub.CodeInternal || strings.Contains(string(encode(r)), "sda") {
		t.Errorf("an error of another type is told as %q, %q", r.ErrorCode, r.ErrorMessage)
	}
	if TLS(nil, "hub") != nil {
		t.Error("a connection without TLS has details")
	}
	if d := TLS(&tls.ConnectionState{Version: tls.VersionTLS12, CipherSuite: tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}, ""); d.TLSVersion != "TLSv1.2" || d.CipherSuite != "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256" {
		t.Errorf("got %+v", d)
	}
}

// TestResourceTypes: CloudFormation's names of resource types.
func TestResourceTypes(t *testing.T) {
	t.Parallel()
	const hub = "arn:aws:securityhub:eu-west-1:111111111111:"
	for name, want := range map[string]string{
		hub + "hub/default": "AWS::SecurityHub::Hub", hub + "hubv2/1": "AWS::SecurityHub::HubV2", hub + "insight/111111111111/custom/1": "AWS::SecurityHub::Insight",
		hub + "automation-rule/1": "AWS::SecurityHub::AutomationRule", hub + "product-subscription/a/b": "AWS::SecurityHub::ProductSubscription",
		hub + "finding-aggregator/1": "AWS::SecurityHub::FindingAggregator", hub + "configuration-policy/1": "AWS::SecurityHub::ConfigurationPolicy",
		hub + "subscription/cis/v/1": "AWS::SecurityHub::Standard", "arn:aws:iam::111111111111:role/team/R": "AWS::IAM::Role", hub + "product/a/b": "", hub: "",
	} {
		got := resources(&auth.Trail{Resources: []string{name}})
		if len(got) != 1 || got[0] != (Resource{AccountID: "111111111111", Type: want, ARN: name}) {
			t.Errorf("%s: %+v, want type %q", name, got, want)
		}
	}
	if got := resources(&auth.Trail{Resources: []string{"*", "", "arn:aws", "urn:a:b:c:d:e"}}); got != nil {
		t.Errorf("what is no ARN became %+v", got)
	}
	if got := resources(nil); got != nil {
		t.Errorf("no trail became %+v", got)
	}
}

// TestNoSecrets: whatever comes with a call, the line has neither secrets nor findings.
func TestNoSecrets(t *testing.T) {
	t.Parallel()
	const secret = "wJalrXUtnFEMI"
	c := testCall()
	c.Principal.Rights = &auth.Rights{
		Principal: policy.Principal{ARN: c.Principal.ARN},
		Policies:  policy.Policies{Identity: []policy.Named{{Name: secret}}, Session: []policy.Named{{Name: secret}}},
		Context:   policy.Context{"aws:securitytoken": {secret}, "aws:tokenissuetime": {"2026-01-02T03:04:05Z"}},
	}
	c.Err = &findinghub.Error{Code: findinghub.CodeInternal, Message: "Internal service failure", Err: errors.New(secret)}
	type credentials struct{ SecretAccessKey, SessionToken string }
	c.Parameters = map[string]any{
		"SecretAccessKey": secret, "sessionToken": secret, "X-Amz-Security-Token": secret, "Authorization": secret, "X-Amz-Signature": secret, "Password": secret,
		"Credentials": map[string]string{"a": secret}, "ExternalId": secret, "NextToken": secret, "Note": map[string]any{"Text": secret}, "Findings": []any{map[string]any{"Title": secret}},
		"deep":    map[string]any{"list": []any{map[string]any{"secret": secret}}},
		"struct":  credentials{secret, secret},
		"pointer": &credentials{secret, secret},
		"strings": map[string]string{"SessionToken": secret},
		"raw":     json.RawMessage(`{"findings":"` + secret + `"}`),
	}
	line := string(encode(New(c)))
	if strings.Contains(line, secret) {
		t.Errorf("the line tells the secret: %s", line)
	}
	if n := strings.Count(line, withheld); n != 18 {
		t.Errorf("%d values are hidden, want 18: %s", n, line)
	}
	if c.Parameters["Password"] != secret {
		t.Error("the caller's parameters were changed")
	}
	deep := any(secret)
	for range 2 * maxDepth {
		deep = map[string]any{"a": []any{deep}}
	}
	c.Parameters = map[string]any{"deep": deep}
	if line := string(encode(New(c))); strings.Contains(line, secret) || !strings.Contains(line, withheld) {
		t.Errorf("too deep to look at, and told: %s", line)
	}
}

// TestWhatIsTold: the other side of hiding: the values that say what was asked for.
func TestWhatIsTold(t *testing.T) {
	t.Parallel()
	c := testCall()
	c.Parameters = map[string]any{"findings": 7, "Findings": int64(8), "productArns": []string{"arn:a", "arn:b"}, "max": 1.5, "on": true, "none": nil, "counts": map[string]int{"a": 1},
		"html": "<&>", "": []any{}, "empty": map[string]any{}, "inf": math.Inf(-1), "channel": make(chan int), "large": 1e300, "broken\xff": "\xff"}
	var got struct{ RequestParameters map[string]any }
	if err := json.Unmarshal(encode(New(c)), &got); err != nil {
		t.Fatal(err)
	}
	const no = "map[omitted:true reason:cannot be written as JSON]"
	want := "map[:[] Findings:8 broken\uFFFD:\uFFFD channel:" + no + " counts:map[a:1] empty:map[] findings:7 html:<&> inf:" + no + ` large:1e+300 max:1.5 none:<nil> on:true productArns:[arn:a arn:b]]`
	if fmt.Sprint(got.RequestParameters) != want {
		t.Errorf("got  %v\nwant %s", got.RequestParameters, want)
	}
}
