// Package filtertest generates findings, expressions, requests and sorts at random, for
// the tests of everything that evaluates filters. The vocabulary is small, so that
// matches, ties and near misses happen; filter.Match says what is right:
//
//	findings := filtertest.Findings(1, 20).Draw(t, "findings")
//	e := filtertest.Expr(findings).Draw(t, "expr")
package filtertest

import (
	"slices"
	"strconv"
	"strings"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/filter"
	"github.com/go-json-experiment/json/jsontext"
	"pgregory.net/rapid"
)

// The vocabularies, by kind. Each has what is easily got wrong: quotes and other
// characters that JSON escapes, letters beyond ASCII and of both cases, values that are
// another's prefix or hold it inside a word, values that are not of the kind.
var (
	texts = []string{
		"alpha", "Alpha", "alpha beta", "alphabet", "beta", "beta-1", "be", "a.b/c", "arn:aws:s3:::alpha",
		`say "beta"`, `back\slash`, "line\nbeta", "tab\tend", "naïve Été", "日本語 beta", "🙂", "100%", "under_score", " alpha ",
	}
	labels = []string{"INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL", "HIGH", "high", "SEVERE"}
	keys   = []string{"alpha", "Alpha", "team", `k"ey`, "clé", "aws/securityhub/ProductName"}
	// numbers has neighbours that only whole bits tell apart, and two ways to write one number.
	numbers = []string{"0", "1", "2", "2.5", "3", "40", "70", "100", "443", "-1", "1e2", "9007199254740992", "9007199254740993", "0.1"}
	times   = []string{
		"2024-02-29T23:59:59Z", "2024-03-01T00:00:00Z", "2024-03-01T00:00:00.000Z", "2024-03-01T01:00:00+01:00",
		"2024-03-01T00:00:00.001Z", "2024-03-01T00:00:00.000001Z", "2024-03-01t00:00:00.123456789z",
		"2024-02-29T19:00:00-05", "2024-03-02T12:30:00+0530", "1969-12-31T23:59:59.999999Z", "2030-01-01T00:00:00Z",
	}
	badTimes  = []string{"2023-02-29T00:00:00Z", "yesterday", "2024-03-01", "2024-03-01T00:00:00"}
	addresses = []string{
		"10.0.0.1", "10.0.0.2", "10.0.1.1", "192.168.7.7", "255.255.255.255", "::ffff:10.0.0.1", "2001:db8::1",
		"2001:db8::1:0", "2001:DB8:0:0:0:0:0:1", "::1", "fe80::1%eth0",
	}
	badAddresses = []string{"10.0.0.256", "localhost", "10.0.0.0/8"}
)

// lists are the paths of the table behind which the format has a list: the table does not
// say, because Extract walks through lists wherever they are.
var lists = []string{
	"Compliance.AssociatedStandards", "Compliance.SecurityControlParameters", "Compliance.SecurityControlParameters.Value",
	"FindingProviderFields.RelatedFindings", "FindingProviderFields.Types", "Malware", "RelatedFindings", "Resources",
	"Resources.Details.AwsEc2Instance.IpV4Addresses", "Resources.Details.AwsEc2Instance.IpV6Addresses",
	"ThreatIntelIndicators", "Types", "Vulnerabilities",
}

// Findings generates between least and most findings that differ in their Id.
func Findings(least, most int) *rapid.Generator[[]asff.Finding] {
	return rapid.Custom(func(t *rapid.T) []asff.Finding {
		fs := rapid.SliceOfN(Finding(), least, most).Draw(t, "findings")
		for i := range fs {
			fs[i].SetText("Id", "finding-"+strconv.Itoa(i))
		}
		return fs
	})
}

// Finding generates a finding with values for some of the attributes. SchemaVersion, Id,
// ProductArn, AwsAccountId, Region, CreatedAt and UpdatedAt are always there and of their
// kind, so that an engine can store it; the rest need not satisfy the validator.
func Finding() *rapid.Generator[asff.Finding] {
	return rapid.Custom(func(t *rapid.T) asff.Finding {
		f := asff.Finding{}
		f.SetText("SchemaVersion", "2018-10-08")
		f.SetText("Id", "finding-"+pick(t, []string{"0", "1", "2"}))
		account := pick(t, []string{"111111111111", "222222222222"})
		f.SetText("AwsAccountId", account)
		f.SetText("Region", pick(t, []string{"us-east-1", "eu-west-1"}))
		f.SetText("ProductArn", "arn:aws:securityhub:us-east-1:"+account+":product/"+account+"/default")
		f.SetText("CreatedAt", pick(t, times))
		f.SetText("UpdatedAt", pick(t, times))
		for _, top := range tree {
			if f.Get(top.name) == nil && chance(t, 2) {
				f.Set(top.name, jsontext.Value(top.draw(t, nil)))
			}
		}
		return f
	})
}

// place is a place in a finding: a member and what may lie in it.
type place struct {
	name      string
	list      bool
	attribute filter.Attribute // where there are no members
	members   []*place
}

// tree is the table of attributes as the shape of a finding, so that a new attribute is
// generated, and with it tested in every engine, without a change here.
var tree = func() []*place {
	root := &place{}
	for a := range filter.Attributes {
		for _, path := range filter.Attributes[a].Paths {
			root.grow(path, filter.Attribute(a))
		}
	}
	return root.members
}()

// grow adds the members on the way to an attribute's values.
func (p *place) grow(path string, a filter.Attribute) {
	names := strings.Split(path, ".")
	for i, name := range names {
		at := slices.IndexFunc(p.members, func(m *place) bool { return m.name == name })
		if at < 0 {
			list := slices.Contains(lists, strings.Join(names[:i+1], "."))
			p.members = append(p.members, &place{name: name, list: list, attribute: a})
			at = len(p.members) - 1
		}
		p = p.members[at]
	}
}

// draw appends a value for the place. Objects have a member that no attribute names, too.
func (p *place) draw(t *rapid.T, dst []byte) []byte {
	if !p.list {
		return p.element(t, dst)
	}
	dst = append(dst, '[')
	for i := range rapid.IntRange(0, 3).Draw(t, "elements") {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = p.element(t, dst)
	}
	return append(dst, ']')
}

// element appends what stands at the place, or in each element of its list.
func (p *place) element(t *rapid.T, dst []byte) []byte {
	if p.members == nil {
		return leaf(t, p.attribute, dst)
	}
	dst = append(dst, `{"Unknown":{"Id":["alpha",1,{}]}`...)
	for _, m := range p.members {
		if chance(t, 2) {
			dst = append(dst, `,"`+m.name+`":`...)
			dst = m.draw(t, dst)
		}
	}
	return append(dst, '}')
}

// leaf draws a value of the attribute's kind, now and then one that is not.
func leaf(t *rapid.T, a filter.Attribute, dst []byte) []byte {
	info := &filter.Attributes[a]
	switch info.Kind {
	case filter.KindNumber:
		return append(dst, pick(t, numbers)...)
	case filter.KindBoolean:
		return strconv.AppendBool(dst, chance(t, 2))
	case filter.KindDate:
		return quoted(dst, mostly(t, times, badTimes))
	case filter.KindIP:
		return quoted(dst, mostly(t, addresses, badAddresses))
	case filter.KindMap:
		return drawMap(t, dst)
	}
	if info.Ranks != nil {
		return quoted(dst, pick(t, labels))
	}
	return quoted(dst, pick(t, texts))
}

// drawMap has keys that differ, and now and then an empty value, which the format allows
// in maps (decision 7).
func drawMap(t *rapid.T, dst []byte) []byte {
	dst = append(dst, '{')
	for i, key := range rapid.SliceOfNDistinct(rapid.SampledFrom(keys), 0, 3, rapid.ID).Draw(t, "keys") {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(quoted(dst, key), ':')
		dst = quoted(dst, mostly(t, texts, []string{""}))
	}
	return append(dst, '}')
}

// quoted appends text as a JSON string in its shortest form, as a stored finding has it.
func quoted(dst []byte, text string) []byte {
	dst, _ = jsontext.AppendQuote(dst, text) // only invalid UTF-8 is an error
	return dst
}

// pick draws one of a list.
func pick[T any](t *rapid.T, from []T) T { return rapid.SampledFrom(from).Draw(t, "pick") }

// mostly picks from rare once in eight times.
func mostly(t *rapid.T, usual, rare []string) string {
	if chance(t, 8) {
		return pick(t, rare)
	}
	return pick(t, usual)
}

// chance is true once in n times.
func chance(t *rapid.T, n int) bool { return rapid.IntRange(0, n-1).Draw(t, "chance") == n-1 }
