package api

import (
	"net/url"
	"strings"
	"testing"
)

// Every operation of the model is found under its own method and path.
func TestEveryOperationHasARoute(t *testing.T) {
	t.Parallel()
	if len(operations) != 109 {
		t.Errorf("the model has 109 operations, the table %d", len(operations))
	}
	r := newRouter(operations[:])
	const label = "arn:aws:securityhub:us-east-1:123456789012:thing/a/b"
	for _, op := range operations {
		path, wants := op.URI, ""
		if i := strings.IndexByte(path, '{'); i >= 0 {
			path, wants = path[:i]+url.PathEscape(label), label
		}
		got, value := r.find(op.Method, path)
		if got == nil || got.Name != op.Name || value != wants {
			t.Errorf("%s %s: got %v with %q, want %s with %q", op.Method, path, got, value, op.Name, wants)
		}
	}
}

func TestRoute(t *testing.T) {
	t.Parallel()
	const subscription = "arn:aws:securityhub:us-east-1:123456789012:product-subscription/prowler/prowler"
	tests := []struct{ name, method, path, operation, label string }{
		{"an ARN as SDKs send it in a greedy label", "DELETE", "/productSubscriptions/arn%3Aaws%3Asecurityhub%3Aus-east-1%3A123456789012%3Aproduct-subscription/prowler/prowler", "DisableImportFindingsForProduct", subscription},
		{"with raw colons", "DELETE", "/productSubscriptions/" + subscription, "DisableImportFindingsForProduct", subscription},
		{"with everything encoded", "DELETE", "/productSubscriptions/" + strings.ReplaceAll(url.PathEscape(subscription), ":", "%3a"), "DisableImportFindingsForProduct", subscription},
		{"an ARN in a label that is not greedy", "GET", "/tags/arn%3Aaws%3Asecurityhub%3Aus-east-1%3A123456789012%3Aproduct-subscription%2Fprowler%2Fprowler", "ListTagsForResource", subscription},
		{"the same with raw slashes", "GET", "/tags/" + subscription, "ListTagsForResource", subscription},
		{"a fixed path goes before a label", "GET", "/automationrulesv2/list", "ListAutomationRulesV2", ""},
		{"the longer literal goes first", "GET", "/configurationPolicy/get/x", "GetConfigurationPolicy", "x"},
		{"the method decides", "PATCH", "/findings", "UpdateFindings", ""},
		{"an encoded percent sign", "GET", "/tags/a%2525b", "ListTagsForResource", "a%25b"},
		{"an unknown path", "GET", "/nothing", "", ""},
		{"a known path, another method", "PUT", "/findings", "", ""},
		{"a label's path without the label", "GET", "/tags/", "", ""},
		{"a slash too many", "POST", "/findings/", "", ""},
		{"another case", "POST", "/Findings", "", ""},
		{"an encoded literal", "POST", "/%66indings", "", ""},
		{"a broken escape", "GET", "/tags/%zz", "", ""},
		{"nothing", "GET", "", "", ""},
	}
	r := newRouter(operations[:])
	for _, tt := range tests {
		op, label := r.find(tt.method, tt.path)
		name := ""
		if op != nil {
			name = op.Name
		}
		if name != tt.operation || label != tt.label {
			t.Errorf("%s: got %q with %q, want %q with %q", tt.name, name, label, tt.operation, tt.label)
		}
	}
}

// What is built must be in the model, or nobody could ask for it.
func TestBuiltOperationsExist(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, op := range operations {
		known[op.Name] = true
	}
	for name := range built {
		if !known[name] {
			t.Errorf("the model has no operation %s", name)
		}
	}
	n := 0
	for _, op := range Operations() {
		if op.Built {
			n++
		}
	}
	if n != len(built) || n != 37 {
		t.Errorf("%d operations say that they are built, %d are, and the issues ask for 37", n, len(built))
	}
}
