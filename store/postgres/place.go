package postgres

import (
	"bytes"
	"crypto/sha256"
	"strings"
	"unicode/utf8"

	"github.com/findinghub/findinghub/finding"
)

// hub is the account and region that findings lie in.
type hub struct{ account, region string }

func hubOf(k finding.Key) hub { return hub{k.Account, k.Region} }

// compare orders hubs as finding.Key does.
func (h hub) compare(o hub) int {
	return finding.Key{Account: h.account, Region: h.region}.Compare(finding.Key{Account: o.account, Region: o.region})
}

// storable says whether PostgreSQL can hold these names. An account or a region that it cannot
// hold is none that ever was: nothing is found there and nothing can be stored there.
func (h hub) storable() bool { return isText(h.account) && isText(h.region) }

func isText(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }

// maxPlace bounds a place in bytes, so that it fits the primary key's index with everything beside it.
const maxPlace = 2000

// The two bytes that end a product's ARN in a place, and those that stand for a zero byte in it:
// the end is the lesser, so that bytes order as the two texts do, one after the other.
var (
	endOfProduct = []byte{0, 1}
	zeroByte     = []byte{0, 0xff}
)

// place encodes a finding's product and id. Of keys too long to be indexed it has the beginning and
// a digest: they stay distinct, and only those that begin alike for 2,000 bytes lose their order.
func place(k finding.Key) []byte {
	p := appendProduct(make([]byte, 0, len(k.ProductArn)+len(k.ID)+2), k.ProductArn)
	p = append(append(p, endOfProduct...), k.ID...)
	if len(p) <= maxPlace {
		return p
	}
	sum := sha256.Sum256(p)
	return append(p[:maxPlace-len(sum)], sum[:]...)
}

func appendProduct(dst []byte, product string) []byte {
	return append(dst, bytes.ReplaceAll([]byte(product), []byte{0}, zeroByte)...)
}

// productRange gives the bounds of the places of one product: from <= place < to. ok is
// false where places do not hold the whole ARN.
func productRange(product string) (from, to []byte, ok bool) {
	p := appendProduct(nil, product)
	from = append(bytes.Clone(p), endOfProduct...)
	return from, append(p, 0, 2), len(from) <= maxPlace-sha256.Size
}

// after gives the least text that is greater than all that begin with prefix, nil when there is none.
func after(prefix []byte) []byte {
	next := bytes.Clone(prefix)
	for i := len(next) - 1; i >= 0; i-- {
		if next[i] < 0xff {
			next[i]++
			return next[:i+1]
		}
	}
	return nil
}

// historyKey names a finding in the history, of which there is much more.
func historyKey(place []byte) []byte {
	sum := sha256.Sum256(place)
	return sum[:]
}
