package postgres

import (
	"crypto/sha256"
	"encoding/binary"
	"net/netip"

	"github.com/findinghub/findinghub/filter"
)

// term is a value of an attribute in a hub, as 128 bits of SHA-256. The hub is part of it, so that a
// list of the index holds one hub's findings and none of its neighbours'. Attributes go
// by name: their numbers change when one is added.
//
// Two values are taken for one when their digests agree, which nobody can bring about. What a
// search finds is checked by filter.Match all the same; only counts rely on it.
type term = [16]byte

// digester makes the terms of one hub.
type digester struct {
	base []byte
	buf  []byte
}

func newDigester(h hub) *digester { return &digester{base: appendTexts(nil, h.account, h.region)} }

// The kinds of terms, so that no two of them meet.
const (
	wholeValue  = 'v'
	valuePrefix = 'p'
)

func (d *digester) digest(kind byte, a filter.Attribute, key, value []byte) term {
	d.buf = append(append(d.buf[:0], d.base...), kind)
	d.buf = appendTexts(d.buf, filter.Attributes[a].Name)
	d.buf = binary.AppendUvarint(d.buf, uint64(len(key)))
	d.buf = append(append(d.buf, key...), value...)
	sum := sha256.Sum256(d.buf)
	return term(sum[:16])
}

// value is the term of a string or of a map's entry.
func (d *digester) value(a filter.Attribute, key, text []byte) term {
	return d.digest(wholeValue, a, key, text)
}

// boolean is the term of true or false.
func (d *digester) boolean(a filter.Attribute, v bool) term {
	if v {
		return d.digest(wholeValue, a, nil, []byte{1})
	}
	return d.digest(wholeValue, a, nil, []byte{0})
}

// address is the term of an address, the same for both notations of IPv4.
func (d *digester) address(a filter.Attribute, addr netip.Addr) term {
	raw := addr.Unmap().WithZone("").As16()
	return d.digest(wholeValue, a, nil, raw[:])
}

// prefixes are the lengths at which the beginnings of an attribute's values are terms, too:
// PREFIX then finds its candidates by the longest that its value has.
var prefixes = map[filter.Attribute][]int{
	filter.ResourceId:  {16, 24, 32, 40, 48, 56, 64, 80, 96},
	filter.Id:          {32, 64, 80},
	filter.Type:        {8, 16, 32},
	filter.Title:       {12, 24},
	filter.GeneratorId: {16, 32},
}

// indexed says whether an attribute's values are terms. Long texts are not, for what few ask for
// would take most of the room; columns and the key hold others.
func indexed(a filter.Attribute) bool {
	switch a {
	case filter.AwsAccountId, filter.Region, filter.ProductArn, filter.WorkflowStatus, filter.RecordState, filter.SeverityLabel:
		return false
	}
	return !filter.Attributes[a].Text
}

// append appends the terms of a value.
func (d *digester) append(dst []term, v *filter.Value) []term {
	if !indexed(v.Attribute) {
		return dst
	}
	switch filter.Attributes[v.Attribute].Kind {
	case filter.KindString:
		dst = append(dst, d.value(v.Attribute, nil, v.Text))
		for _, n := range prefixes[v.Attribute] {
			if len(v.Text) >= n {
				dst = append(dst, d.digest(valuePrefix, v.Attribute, nil, v.Text[:n]))
			}
		}
	case filter.KindMap:
		dst = append(dst, d.value(v.Attribute, v.Key, v.Text))
	case filter.KindBoolean:
		dst = append(dst, d.boolean(v.Attribute, v.Number != 0))
	case filter.KindIP:
		if addr, err := netip.ParseAddr(string(v.Text)); err == nil {
			dst = append(dst, d.address(v.Attribute, addr))
		}
	}
	return dst
}
