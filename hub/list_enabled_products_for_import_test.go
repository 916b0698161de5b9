package hub

import (
	"slices"
	"testing"

	"github.com/findinghub/findinghub/auth"
)

// subscriptions lists what is enabled, two at a time.
func (r rig) subscriptions(t *testing.T, p auth.Principal) []string {
	t.Helper()
	var all []string
	in := ListEnabledProductsForImportInput{MaxResults: 2}
	for {
		page := must[*ListEnabledProductsForImportOutput](t)(r.ListEnabledProductsForImport(t.Context(), p, in))
		all = append(all, page.ProductSubscriptions...)
		if in.NextToken = page.NextToken; in.NextToken == "" {
			return all
		}
	}
}

func TestListEnabledProductsForImport(t *testing.T) {
	t.Parallel()
	r := newRig(t, guarded)
	ok(t, r.EnableSecurityHub(t.Context(), alice, EnableSecurityHubInput{}))
	for _, name := range []string{"prowler/prowler", "aquasecurity/aquasecurity", "snyk/snyk"} {
		_, err := r.EnableImportFindingsForProduct(t.Context(), alice, EnableImportFindingsForProductInput{ProductArn: "arn:aws:securityhub:us-east-1::product/" + name})
		ok(t, err)
	}
	const arn = "arn:aws:securityhub:us-east-1:111111111111:product-subscription/"
	want := []string{arn + "aquasecurity/aquasecurity", arn + "prowler/prowler", arn + "snyk/snyk", arn + "111111111111/default"}
	if got := r.subscriptions(t, alice); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Prowler looks for its own subscription on the first page (behaviour.md section 9); findings
// of a product that no catalogue knows make it one of the list.
func TestListEnabledProductsForImportInDev(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.mustImport(t, alice, sent("a", fields{"ProductArn": "arn:aws:securityhub:us-east-1::product/acme/scanner"}))
	page := must[*ListEnabledProductsForImportOutput](t)(r.ListEnabledProductsForImport(t.Context(), alice, ListEnabledProductsForImportInput{}))
	for _, name := range []string{"prowler/prowler", "111111111111/default", "acme/scanner"} {
		if !slices.Contains(page.ProductSubscriptions, own(alice, kindSubscription, name).String()) {
			t.Errorf("%s is not on the first page: %v", name, page.ProductSubscriptions)
		}
	}
	if all := r.subscriptions(t, alice); !slices.Equal(all, page.ProductSubscriptions) {
		t.Error("page by page the list is another one")
	}
}
