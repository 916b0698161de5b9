package finding

import (
	"bytes"
	"cmp"

	"github.com/findinghub/findinghub/asff"
	"github.com/go-json-experiment/json/jsontext"
)

// name sets ProductName and CompanyName: the caller's are kept, then come the names
// that the product is registered with, then the words of its ARN (decision 26).
func (m *merge) name() {
	if m.f.Get("ProductName") != nil && m.f.Get("CompanyName") != nil {
		return
	}
	product, company := m.a.Product, m.a.Company
	if product == "" || company == "" {
		// An ARN that cannot be read never gets here; it would have no words.
		arn, _ := asff.ParseProductArn(m.f.Text("ProductArn"))
		p, c := arn.Names()
		product, company = cmp.Or(product, p), cmp.Or(company, c)
	}
	m.nameTo("ProductName", product)
	m.nameTo("CompanyName", company)
}

func (m *merge) nameTo(name, text string) {
	if text != "" {
		m.defaultTo(name, text)
	}
}

// productFields writes the hub's three entries of ProductFields: the finding's id
// under its product, and copies of the two names, which always equal the top level
// (behaviour.md section 2.3, decision 26). They replace whatever was sent under their
// keys, at its place.
func (m *merge) productFields() {
	m.f.Set("ProductFields", m.text.with(m.f.Get("ProductFields"),
		asff.Member{Name: "aws/securityhub/FindingId", Value: m.findingID()},
		asff.Member{Name: "aws/securityhub/ProductName", Value: m.f.Get("ProductName")},
		asff.Member{Name: "aws/securityhub/CompanyName", Value: m.f.Get("CompanyName")}))
}

// findingID is ProductArn/Id. Both are JSON strings in their shortest form, so that
// what stands between their quotes can be joined as it is.
func (m *merge) findingID() jsontext.Value {
	arn, id := bare(m.f.Get("ProductArn")), bare(m.f.Get("Id"))
	mark := len(m.text.buf)
	buf := append(append(append(m.text.buf, '"'), arn...), '/')
	m.text.buf = append(append(buf, id...), '"')
	return m.text.since(mark)
}

// isControl says whether a finding comes from the hub's own standards, whose passing
// checks resolve their findings (behaviour.md section 2.1, decision 12).
func isControl(f asff.Finding) bool {
	return bytes.HasSuffix(bare(f.Get("ProductArn")), []byte(":product/aws/securityhub"))
}
