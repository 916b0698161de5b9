package hub

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/auth"
)

// DescribeProductsInput is the operation's request.
type DescribeProductsInput struct {
	// ProductArn asks for one product only.
	ProductArn string
	MaxResults int
	NextToken  string
}

// DescribeProductsOutput is the operation's response.
type DescribeProductsOutput struct {
	Products  []Product
	NextToken string `json:",omitempty"`
}

// DescribeProducts lists the integrations that the hub knows, by name. One that it does not know is 404,
// as it is where products are enabled: an empty list would read like a product that does nothing.
func (h *Hub) DescribeProducts(ctx context.Context, p auth.Principal, in DescribeProductsInput) (*DescribeProductsOutput, error) {
	product, err := parseProductARN(in.ProductArn)
	if in.ProductArn != "" && err != nil {
		return nil, err
	}
	if _, err := h.requireHub(ctx, p); err != nil {
		return nil, err
	}
	if in.ProductArn != "" {
		e, known := catalogued(product.name)
		if !known {
			return nil, unknownProduct(in.ProductArn)
		}
		return &DescribeProductsOutput{Products: []Product{e.view(p)}}, nil
	}
	return h.pageOfProducts(p, in)
}

// pageOfProducts answers a page of the whole catalogue.
func (h *Hub) pageOfProducts(p auth.Principal, in DescribeProductsInput) (*DescribeProductsOutput, error) {
	bound := binding("DescribeProducts", p)
	after := "" // the last name told; names are unique, so that a new release may add some in between
	if _, err := h.open(in.NextToken, bound, &after); err != nil {
		return nil, err
	}
	out := &DescribeProductsOutput{Products: []Product{}}
	for _, e := range catalogue {
		if strings.Compare(e.name, after) <= 0 {
			continue
		}
		if len(out.Products) == pageSize(in.MaxResults) {
			var err error
			out.NextToken, err = h.seal(after, bound)
			return out, err
		}
		out.Products = append(out.Products, e.view(p))
		after = e.name
	}
	return out, nil
}

// unknownProduct is the service's answer to the ARN of no product (behaviour.md section 5.5).
func unknownProduct(productARN string) error {
	text, _ := json.Marshal(productARN) // strings always encode
	return findinghub.Errorf(findinghub.CodeResourceNotFound, `{"productArn":%s}`, text)
}
