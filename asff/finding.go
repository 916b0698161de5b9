// Package asff is the AWS Security Finding Format: what a finding may hold, what
// the real service says when it does not, and the values that follow from others.
// It is pure and depends on no other package of the hub, so that a scanner can use
// it alone.
package asff

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// The service's limits on size. KB are 1,024 bytes.
const (
	// MaxFindingSize bounds one finding as compact UTF-8 JSON, in bytes.
	MaxFindingSize = 240 << 10
	// MaxFieldSize bounds one string of a finding, in bytes: it must be smaller.
	MaxFieldSize = 32 << 10
	// MaxBatchSize bounds the body of one BatchImportFindings request, in bytes.
	MaxBatchSize = 6 << 20
	// MaxBatch bounds the findings, and the identifiers, of one request.
	MaxBatch = 100
)

// Member is one top-level member of a finding: its name and its value as compact
// JSON with strings in their shortest form.
type Member struct {
	Name  string
	Value jsontext.Value
}

// Finding is a finding's top-level members in the order in which they were sent.
// Values are bytes that nobody changes in place: merging replaces whole members,
// and what the hub does not understand survives untouched. The zero value is a
// finding without members.
type Finding []Member

// Parse reads one finding without judging it: any JSON object will do. It
// normalises white space and string escapes, so that equal values are equal bytes.
// Of a name that occurs twice the last value counts, at the first one's place.
func Parse(data []byte) (Finding, error) {
	v := jsontext.Value(bytes.Clone(data))
	if err := Normalize(&v); err != nil {
		return nil, err
	}
	return split(v)
}

// Normalize rewrites a JSON value in place to its compact form with strings in
// their shortest form. Numbers and the order of members stay as they are.
func Normalize(v *jsontext.Value) error {
	return v.Format(jsontext.AllowDuplicateNames(true), jsontext.PreserveRawStrings(false))
}

// ParseStored reads a finding that AppendJSON wrote. The members alias data.
func ParseStored(data []byte) (Finding, error) { return split(data) }

func split(data []byte) (Finding, error) {
	dec := jsontext.NewDecoder(bytes.NewBuffer(data), jsontext.AllowDuplicateNames(true))
	tok, err := dec.ReadToken()
	if err != nil {
		return nil, err
	}
	if tok.Kind() != '{' {
		return nil, fmt.Errorf("a finding is a JSON object, not %s", tok.Kind())
	}
	f := make(Finding, 0, 32)
	var at namePlaces
	for dec.PeekKind() != '}' {
		if f, err = readMember(dec, data, f, &at); err != nil {
			return nil, err
		}
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, err
	}
	if _, err := dec.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("data after the finding: %w", err)
	}
	return f, nil
}

func readMember(dec *jsontext.Decoder, data []byte, f Finding, at *namePlaces) (Finding, error) {
	tok, err := dec.ReadToken()
	if err != nil {
		return nil, err
	}
	name := memberName(tok)
	v, err := dec.ReadValue()
	if err != nil {
		return nil, err
	}
	// A slice of data rather than the decoder's, so that its life is the caller's to know.
	end := dec.InputOffset()
	return at.set(f, name, jsontext.Value(data[end-int64(len(v)):end:end])), nil
}

// namePlaces finds the members of a finding that is being read once there are more than any
// honest one has: looking through all of them for each would take seconds for a finding
// that is nothing but names.
type namePlaces struct{ byName map[string]int }

// manyMembers is how many members are looked through rather than remembered.
const manyMembers = 64

func (p *namePlaces) set(f Finding, name string, v jsontext.Value) Finding {
	if len(f) < manyMembers {
		f.Set(name, v)
		return f
	}
	if p.byName == nil {
		p.byName = make(map[string]int, 2*len(f))
		for i := range f {
			p.byName[f[i].Name] = i
		}
	}
	if i, ok := p.byName[name]; ok {
		f[i].Value = v
		return f
	}
	return p.add(f, name, v)
}

// add appends a member that the finding does not have.
func (p *namePlaces) add(f Finding, name string, v jsontext.Value) Finding {
	if p.byName != nil {
		p.byName[name] = len(f)
	}
	return append(f, Member{Name: name, Value: v})
}

// memberName interns the names of the format, which nearly all members have.
func memberName(tok jsontext.Token) string {
	name := tok.String()
	if known, ok := topLevel[name]; ok {
		return known
	}
	return name
}

// Get returns the value of a member, nil when the finding has none.
func (f Finding) Get(name string) jsontext.Value {
	for i := range f {
		if f[i].Name == name {
			return f[i].Value
		}
	}
	return nil
}

// Text returns the value of a string member unquoted, "" when it is absent or not a string.
func (f Finding) Text(name string) string { return Unquote(f.Get(name)) }

// Unquote returns the text of a JSON string, "" for anything else.
func Unquote(v jsontext.Value) string {
	if len(v) < 2 || v[0] != '"' {
		return ""
	}
	b, err := jsontext.AppendUnquote(nil, v)
	if err != nil {
		return ""
	}
	return string(b)
}

// Set replaces a member's value where it stands, or appends the member.
func (f *Finding) Set(name string, v jsontext.Value) {
	for i := range *f {
		if (*f)[i].Name == name {
			(*f)[i].Value = v
			return
		}
	}
	*f = append(*f, Member{Name: name, Value: v})
}

// SetText is Set with a string.
func (f *Finding) SetText(name, text string) {
	// Text that is not UTF-8 gets U+FFFD in place of what is broken; that is the only error.
	v, _ := jsontext.AppendQuote(nil, text)
	f.Set(name, v)
}

// Delete removes a member if the finding has it.
func (f *Finding) Delete(name string) {
	*f = slices.DeleteFunc(*f, func(m Member) bool { return m.Name == name })
}

// Clone copies the list of members; the values, which nobody changes, are shared.
func (f Finding) Clone() Finding { return slices.Clone(f) }

// AppendJSON appends the finding as one compact JSON object.
func (f Finding) AppendJSON(dst []byte) []byte {
	dst = append(dst, '{')
	for i, m := range f {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst, _ = jsontext.AppendQuote(dst, m.Name)
		dst = append(dst, ':')
		dst = append(dst, m.Value...)
	}
	return append(dst, '}')
}

// Size is the length in bytes of the finding as compact JSON, which is what the
// limit of 240 KB counts (MaxFindingSize).
func (f Finding) Size() int {
	n := 2 + max(0, len(f)-1)
	for _, m := range f {
		n += len(`"":`) + len(m.Name) + len(m.Value)
		if _, known := topLevel[m.Name]; !known {
			// A name of somebody else's may need escapes.
			quoted, _ := jsontext.AppendQuote(nil, m.Name)
			n += len(quoted) - len(`""`) - len(m.Name)
		}
	}
	return n
}

// topLevel is the set of the format's top-level members.
var topLevel = func() map[string]string {
	set := map[string]string{}
	for _, name := range []string{
		"SchemaVersion", "Id", "ProductArn", "ProductName", "CompanyName", "Region", "GeneratorId",
		"AwsAccountId", "AwsAccountName", "Types", "FirstObservedAt", "LastObservedAt", "CreatedAt",
		"UpdatedAt", "ProcessedAt", "Severity", "Confidence", "Criticality", "Title", "Description",
		"Remediation", "SourceUrl", "ProductFields", "UserDefinedFields", "Malware", "Network",
		"NetworkPath", "Process", "Threats", "ThreatIntelIndicators", "Resources", "Compliance",
		"VerificationState", "WorkflowState", "Workflow", "RecordState", "RelatedFindings", "Note",
		"Vulnerabilities", "PatchSummary", "Action", "FindingProviderFields", "Sample",
		"GeneratorDetails", "Detection",
	} {
		set[name] = name
	}
	return set
}()
