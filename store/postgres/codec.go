package postgres

import (
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/klauspost/compress/s2"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/finding"
)

// A body is a fixed head, then a block compressed with the database's dictionary:
//
//	finding: format, owned, crc32c (4), created (8) | source, key, JSON
//	history: format, 0,     crc32c (4), time (8)    | source, updates
//
// Numbers are little endian, times nanoseconds since 1970. The checksum is over everything but itself:
// PostgreSQL does not sum its pages unless it was told to, and the block has no sum of its own.
const (
	bodyFormat = 1
	crcAt      = 2
	timeAt     = crcAt + 4
	blockAt    = timeAt + 8
)

// maxBlock bounds what a body may decompress to, in bytes; what claims more is damaged.
const maxBlock = 8 << 20

// errCorrupt is why a body cannot be read.
var errCorrupt = errors.New("the row is damaged")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// dictionaryText is typical text of findings. A database keeps the dictionary that it was created with.
//
//go:embed dictionary.txt
var dictionaryText []byte

// newDictionary is the one that new databases get.
func newDictionary() []byte {
	return s2.MakeDict(dictionaryText, []byte(`{"SchemaVersion":"2018-10-08","Id":"`)).Bytes()
}

// codec turns findings and changes into bodies and back. It is safe for concurrent use.
type codec struct{ dict *s2.Dict }

func newCodec(dictionary []byte) (*codec, error) {
	dict := s2.NewDict(dictionary)
	if dict == nil {
		return nil, fmt.Errorf("the compression dictionary: %w", errCorrupt)
	}
	return &codec{dict: dict}, nil
}

// scratch is memory for making a body: its block, and the body before its length is known.
type scratch struct{ block, body []byte }

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// encodeFinding gives a finding's body.
func (c *codec) encodeFinding(k finding.Key, s *finding.Stored) []byte {
	m := scratches.Get().(*scratch)
	defer scratches.Put(m)
	m.block = appendTexts(m.block[:0], string(s.CreatedBy.Type), s.CreatedBy.Identity, k.Account, k.Region, k.ProductArn, k.ID)
	m.block = s.Finding.AppendJSON(m.block)
	return c.seal(byte(s.Owned), s.CreatedTime, m)
}

// encodeChange gives a history record's body.
func (c *codec) encodeChange(ch *finding.Change) []byte {
	m := scratches.Get().(*scratch)
	defer scratches.Put(m)
	b := appendTexts(m.block[:0], string(ch.Source.Type), ch.Source.Identity)
	b = binary.AppendUvarint(b, uint64(len(ch.Updates)))
	for _, u := range ch.Updates {
		b = appendTexts(b, u.Field, u.Old, u.New)
	}
	m.block = b
	return c.seal(0, ch.Time, m)
}

// seal compresses the block and puts the head before it.
func (c *codec) seal(owned byte, at time.Time, m *scratch) []byte {
	m.body = slices.Grow(m.body[:0], blockAt+s2.MaxEncodedLen(len(m.block)))
	body := m.body[:blockAt]
	body[0], body[1] = bodyFormat, owned
	binary.LittleEndian.PutUint64(body[timeAt:], uint64(nanos(at)))
	body = body[:blockAt+len(c.dict.Encode(body[blockAt:cap(body)], m.block))]
	binary.LittleEndian.PutUint32(body[crcAt:], checksum(body))
	return append(make([]byte, 0, len(body)), body...)
}

// open verifies a body and decompresses its block into buf where that is large enough.
func (c *codec) open(body, buf []byte) ([]byte, error) {
	switch {
	case len(body) < blockAt:
		return nil, errCorrupt
	case body[0] != bodyFormat:
		return nil, fmt.Errorf("row format %d, this program knows %d", body[0], bodyFormat)
	case checksum(body) != binary.LittleEndian.Uint32(body[crcAt:]):
		return nil, errCorrupt
	}
	if n, err := s2.DecodedLen(body[blockAt:]); err != nil || n > maxBlock {
		return nil, errCorrupt
	}
	block, err := c.dict.Decode(buf, body[blockAt:])
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errCorrupt, err)
	}
	return block, nil
}

func checksum(body []byte) uint32 {
	return crc32.Update(crc32.Checksum(body[:crcAt], castagnoli), castagnoli, body[timeAt:])
}

// document is a finding's body taken apart. Its JSON is memory of its own.
type document struct {
	key     finding.Key
	owned   finding.Owned
	created time.Time
	by      finding.Source
	json    []byte
}

// decodeFinding reads a finding's body, which it does not hold on to.
func (c *codec) decodeFinding(body []byte) (document, error) {
	block, err := c.open(body, nil)
	if err != nil {
		return document{}, err
	}
	d := document{owned: finding.Owned(body[1]), created: bodyTime(body)}
	t := texts{rest: block}
	d.by = finding.Source{Type: finding.SourceType(t.next()), Identity: t.next()}
	d.key = finding.Key{Account: t.next(), Region: t.next(), ProductArn: t.next(), ID: t.next()}
	d.json = t.rest
	return d, t.err
}

// parse takes the finding apart; its members alias the document's JSON.
func (d *document) parse() (asff.Finding, error) {
	f, err := asff.ParseStored(d.json)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errCorrupt, err)
	}
	return f, nil
}

// stored is the finding with all that is kept of it.
func (c *codec) stored(body []byte) (*finding.Stored, error) {
	d, err := c.decodeFinding(body)
	if err != nil {
		return nil, err
	}
	f, err := d.parse()
	if err != nil {
		return nil, err
	}
	return &finding.Stored{Finding: f, Owned: d.owned, CreatedTime: d.created, CreatedBy: d.by}, nil
}

// change reads a history record's body.
func (c *codec) change(body []byte) (finding.Change, error) {
	block, err := c.open(body, nil)
	if err != nil {
		return finding.Change{}, err
	}
	ch := finding.Change{Time: bodyTime(body)}
	t := texts{rest: block}
	ch.Source = finding.Source{Type: finding.SourceType(t.next()), Identity: t.next()}
	for n := t.length(); n > 0 && t.err == nil; n-- {
		ch.Updates = append(ch.Updates, finding.FieldUpdate{Field: t.next(), Old: t.next(), New: t.next()})
	}
	return ch, t.err
}

// appendTexts appends texts with their lengths, for texts.next to read.
func appendTexts(b []byte, texts ...string) []byte {
	for _, t := range texts {
		b = binary.AppendUvarint(b, uint64(len(t)))
		b = append(b, t...)
	}
	return b
}

// texts reads what appendTexts wrote; after an error everything is empty.
type texts struct {
	rest []byte
	err  error
}

// length reads a length or a count, which cannot be more than the bytes that are left.
func (t *texts) length() uint64 {
	n, size := binary.Uvarint(t.rest)
	if size <= 0 || n > uint64(len(t.rest)) {
		t.rest, t.err = nil, errCorrupt
		return 0
	}
	t.rest = t.rest[size:]
	return n
}

// next reads a text, "" after an error.
func (t *texts) next() string {
	n := t.length()
	if n > uint64(len(t.rest)) {
		t.rest, t.err = nil, errCorrupt
		return ""
	}
	s := string(t.rest[:n])
	t.rest = t.rest[n:]
	return s
}

// noTime stands for the zero time, whose nanoseconds do not fit.
const noTime = math.MinInt64

func nanos(t time.Time) int64 {
	if t.IsZero() {
		return noTime
	}
	return t.UnixNano()
}

func fromNanos(n int64) time.Time {
	if n == noTime {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}

func bodyTime(body []byte) time.Time {
	return fromNanos(int64(binary.LittleEndian.Uint64(body[timeAt:])))
}
