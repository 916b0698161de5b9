package hub

import (
	"encoding/json"
	"testing"

	"github.com/findinghub/findinghub"
)

func TestDescribeProducts(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	all := must[*DescribeProductsOutput](t)(r.DescribeProducts(t.Context(), alice, DescribeProductsInput{}))
	if len(all.Products) != len(catalogue) || all.NextToken != "" {
		t.Fatalf("got %d products of %d, token %q", len(all.Products), len(catalogue), all.NextToken)
	}
	var paged []Product
	in := DescribeProductsInput{MaxResults: 7}
	for pages := 1; ; pages++ {
		page := must[*DescribeProductsOutput](t)(r.DescribeProducts(t.Context(), alice, in))
		paged = append(paged, page.Products...)
		if in.NextToken = page.NextToken; in.NextToken == "" {
			if want := (len(catalogue) + 6) / 7; pages != want {
				t.Errorf("got %d pages, want %d", pages, want)
			}
			break
		}
	}
	for i := range all.Products {
		if paged[i].ProductArn != all.Products[i].ProductArn {
			t.Fatalf("product %d is %s on the pages, %s in the list", i, paged[i].ProductArn, all.Products[i].ProductArn)
		}
	}
}

func TestDescribeOneProduct(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	got := must[*DescribeProductsOutput](t)(r.DescribeProducts(t.Context(), alice, DescribeProductsInput{
		ProductArn: "arn:aws:securityhub:us-east-1:517716713836:product/crowdstrike/crowdstrike-falcon",
	}))
	if len(got.Products) != 1 {
		t.Fatalf("got %+v", got)
	}
	p := got.Products[0]
	if p.ProductName != "CrowdStrike Falcon" || p.CompanyName != "CrowdStrike" || p.IntegrationTypes[0] != "SEND_FINDINGS_TO_SECURITY_HUB" ||
		p.ProductArn != "arn:aws:securityhub:us-east-1:517716713836:product/crowdstrike/crowdstrike-falcon" {
		t.Errorf("got %+v", p)
	}
	// behaviour.md section 1.1: who may import, and for whose account.
	var policy struct {
		Statement []struct {
			Principal struct{ AWS string }
			Resource  string
			Condition map[string]map[string]string
		}
	}
	if err := json.Unmarshal([]byte(p.ProductSubscriptionResourcePolicy), &policy); err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct{ principal, resource string }{
		{alice.Account, p.ProductArn},
		{"517716713836", "arn:aws:securityhub:us-east-1:111111111111:product-subscription/crowdstrike/crowdstrike-falcon"},
	} {
		s := policy.Statement[i]
		if s.Principal.AWS != want.principal || s.Resource != want.resource || s.Condition["StringEquals"]["securityhub:TargetAccount"] != alice.Account {
			t.Errorf("statement %d: %+v", i, s)
		}
	}
	_, err := r.DescribeProducts(t.Context(), alice, DescribeProductsInput{ProductArn: "arn:aws:securityhub:us-east-1::product/nobody/nothing"})
	wantError(t, err, findinghub.CodeResourceNotFound, `{"productArn":"arn:aws:securityhub:us-east-1::product/nobody/nothing"}`)
	_, err = r.DescribeProducts(t.Context(), alice, DescribeProductsInput{ProductArn: "nonsense"})
	wantError(t, err, findinghub.CodeInvalidInput, `productArn: "nonsense"`)
}
