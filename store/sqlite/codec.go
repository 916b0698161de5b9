package sqlite

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"slices"
	"time"

	"github.com/klauspost/compress/s2"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
)

// A row's body is a fixed head that the writer can patch and the start can read
// without decompressing, then a block compressed with the database's dictionary:
//
//	finding: 2, owned, crc32c (4), newest history id (8), created (8) | source, key, JSON
//	history: 2, 0,     crc32c (4), time (8)                           | source, updates
//	event:   2, 0,     crc32c (4), time (8)                           | as the finding's, copied; see eventrow.go
//
// Numbers are little endian, times nanoseconds since 1970. The checksum is over everything but itself: the
// compressed block has none, and a flipped bit must be an error, never another finding. Rows of
// format 2 are bound: their checksum is also over the numbers in the columns beside the body, which say
// whose they are. Rows that were written in layout 1 have format 1 and are not.
const (
	rowFormat   = 1
	boundFormat = 2
	crcAt       = 2
	bodyAt      = crcAt + 4
	findingHead = bodyAt + 16
	historyHead = bodyAt + 8
)

// maxBlock bounds what a row may decompress to, in bytes. A finding has at most
// asff.MaxFindingSize and a history record repeats parts of two: what claims more is damaged.
const maxBlock = 8 << 20

// errCorrupt is why a row cannot be read.
var errCorrupt = errors.New("the row is damaged")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// codec turns findings and changes into rows and back. It is safe for concurrent use.
type codec struct {
	dict     *s2.Dict
	splitter splitter
}

// newCodec reads the dictionary that the database was created with.
func newCodec(dictionary []byte) (*codec, error) {
	dict := s2.NewDict(dictionary)
	if dict == nil {
		return nil, fmt.Errorf("the compression dictionary: %w", errCorrupt)
	}
	return &codec{dict: dict}, nil
}

// appendFinding appends a finding's row to dst; seal must follow once its history is
// known. scratch is overwritten.
func (c *codec) appendFinding(dst []byte, k finding.Key, s *finding.Stored, scratch *[]byte) []byte {
	dst = append(dst, boundFormat, byte(s.Owned))
	dst = append(dst, make([]byte, findingHead-crcAt)...)
	putTime(dst[len(dst)-8:], s.CreatedTime)
	b := appendTexts((*scratch)[:0], string(s.CreatedBy.Type), s.CreatedBy.Identity, k.Account, k.Region, k.ProductArn, k.ID)
	// The JSON is last, so that reading it needs no length, and repeats most of what was
	// said before: source and key cost a few bytes after compression.
	b = s.Finding.AppendJSON(b)
	*scratch = b
	return c.compress(dst, b)
}

// appendChange appends a history record's row to dst; bind must follow once its place is
// known. scratch is overwritten.
func (c *codec) appendChange(dst []byte, ch *finding.Change, scratch *[]byte) []byte {
	start := len(dst)
	dst = append(dst, boundFormat, 0)
	dst = append(dst, make([]byte, historyHead-crcAt)...)
	putTime(dst[len(dst)-8:], ch.Time)
	b := appendTexts((*scratch)[:0], string(ch.Source.Type), ch.Source.Identity)
	b = binary.AppendUvarint(b, uint64(len(ch.Updates)))
	for _, u := range ch.Updates {
		b = appendTexts(b, u.Field, u.Old, u.New)
	}
	*scratch = b
	dst = c.compress(dst, b)
	sum(dst[start:])
	return dst
}

// appendEvent appends an event's row to dst, with the block of a finding's row as it is: what is
// compressed already need not be again. bind must follow once its place is known.
func appendEvent(dst, findingRow []byte, t time.Time) []byte {
	start := len(dst)
	dst = append(dst, boundFormat, 0)
	dst = append(dst, make([]byte, historyHead-crcAt)...)
	putTime(dst[len(dst)-8:], t)
	dst = append(dst, findingRow[findingHead:]...)
	sum(dst[start:])
	return dst
}

// appendTexts appends texts with their lengths, for texts.next to read.
func appendTexts[T string | []byte](b []byte, texts ...T) []byte {
	for _, t := range texts {
		b = binary.AppendUvarint(b, uint64(len(t)))
		b = append(b, t...)
	}
	return b
}

// compress appends the compressed block to dst.
func (c *codec) compress(dst, block []byte) []byte {
	dst = slices.Grow(dst, s2.MaxEncodedLen(len(block)))
	return dst[:len(dst)+len(c.dict.Encode(dst[len(dst):cap(dst)], block))]
}

// decompress uses buf where it is large enough.
func (c *codec) decompress(buf, block []byte) ([]byte, error) {
	if n, err := s2.DecodedLen(block); err != nil || n > maxBlock {
		return nil, errCorrupt
	}
	b, err := c.dict.Decode(buf, block)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errCorrupt, err)
	}
	return b, nil
}

// seal puts the id of the newest history row (0: none) into a finding's row and binds it to its own.
func seal(row []byte, id, newest int64) {
	binary.LittleEndian.PutUint64(row[bodyAt:], uint64(newest))
	sum(row)
	bind(row, id)
}

// sum writes a row's checksum. Whatever changes a row afterwards must sum it again.
func sum(row []byte) { binary.LittleEndian.PutUint32(row[crcAt:], checksum(row)) }

func checksum(row []byte) uint32 {
	return crc32.Update(crc32.Checksum(row[:crcAt], castagnoli), castagnoli, row[bodyAt:])
}

// bind makes the checksum of a row that has been summed also one of the columns beside it. Only the
// writer knows them, and it has better things to do than to sum the whole row again.
func bind(row []byte, columns ...int64) {
	crc := extend(binary.LittleEndian.Uint32(row[crcAt:]), columns)
	binary.LittleEndian.PutUint32(row[crcAt:], crc)
}

func extend(crc uint32, columns []int64) uint32 {
	var b [8]byte
	for _, n := range columns {
		binary.LittleEndian.PutUint64(b[:], uint64(n))
		crc = crc32.Update(crc, castagnoli, b[:])
	}
	return crc
}

// check verifies a row's head before anything in it is believed. columns are those that the row
// is bound to, if it is.
func check(row []byte, head int, columns ...int64) error {
	if len(row) < head {
		return errCorrupt
	}
	crc := checksum(row)
	switch {
	case row[0] == boundFormat:
		crc = extend(crc, columns)
	case row[0] != rowFormat:
		return fmt.Errorf("row format %d, this program knows %d and %d", row[0], rowFormat, boundFormat)
	}
	if crc != binary.LittleEndian.Uint32(row[crcAt:]) {
		return errCorrupt
	}
	return nil
}

// record is a finding's row taken apart. Its JSON aliases the buffer it was decompressed into.
type record struct {
	owned   finding.Owned
	newest  int64 // id of the newest history row, 0: none
	created time.Time
	by      finding.Source
	key     finding.Key
	json    []byte
	block   []byte // what json is a part of
	space   []byte // of an event: what lies before json in its array
}

// finding reads a finding's row, decompressing into buf where that is large enough.
func (c *codec) finding(id int64, row, buf []byte) (record, error) {
	if err := check(row, findingHead, id); err != nil {
		return record{}, err
	}
	block, err := c.decompress(buf, row[findingHead:])
	if err != nil {
		return record{}, err
	}
	r, err := readBlock(block)
	r.owned = finding.Owned(row[1])
	r.newest = int64(binary.LittleEndian.Uint64(row[bodyAt:]))
	r.created = getTime(row[bodyAt+8:])
	return r, err
}

// readBlock takes apart what is compressed of a finding's row.
func readBlock(block []byte) (r record, err error) {
	t := texts{rest: block}
	r.by = finding.Source{Type: finding.SourceType(t.next()), Identity: t.next()}
	r.key = finding.Key{Account: t.next(), Region: t.next(), ProductArn: t.next(), ID: t.next()}
	r.json, r.block = t.rest, block
	return r, t.err
}

// An event's document repeats the key, which lies before the finding already. With so many bytes more before it and some
// behind, the finding need not be copied into it.
const (
	eventSpace = 320
	eventRest  = 8
)

// event reads an event's row, of which only the time, the key and the JSON are told. last is the key of the event before,
// whose texts serve again where they are the same.
func (c *codec) event(row []byte, place int64, last *finding.Key) (r record, err error) {
	if err := check(row, historyHead, place); err != nil {
		return r, err
	}
	n, err := s2.DecodedLen(row[historyHead:])
	if err != nil || n > maxBlock {
		return r, errCorrupt
	}
	memory := eventMemory(n)
	block, err := c.decompress(memory[eventSpace:], row[historyHead:])
	if err != nil {
		return r, err
	}
	return readEvent(memory, block, last)
}

// eventMemory is for an event whose block has so many bytes.
func eventMemory(n int) []byte { return make([]byte, eventSpace+n+eventRest) }

// readEvent takes apart an event's block, which lies in memory behind the space for its document.
func readEvent(memory, block []byte, last *finding.Key) (r record, err error) {
	t := texts{rest: block}
	t.bytes() // who made the finding
	t.bytes()
	r.key = finding.Key{Account: t.like(last.Account), Region: t.like(last.Region), ProductArn: t.like(last.ProductArn), ID: t.like(last.ID)}
	r.json, r.block, r.space = t.rest, block, memory[:eventSpace+len(block)-len(t.rest)]
	return r, t.err
}

// sumRecord is the checksum of one of the hub's own documents, its name included.
func sumRecord(r *store.Record) int64 {
	named := appendTexts(nil, r.Collection, r.Account, r.Region, r.Name)
	return int64(crc32.Update(crc32.Checksum(named, castagnoli), castagnoli, r.Body))
}

// parse takes a record's finding apart into f's memory where that is large enough; its
// members alias the record's JSON.
func (c *codec) parse(f asff.Finding, r *record) (asff.Finding, error) {
	if f, ok := c.splitter.split(f[:0], r.json); ok {
		return f, nil
	}
	f, err := asff.ParseStored(r.json)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errCorrupt, err)
	}
	return f, nil
}

// stored is the finding of a record with all that is kept of it.
func (c *codec) stored(r *record) (*finding.Stored, error) {
	f, err := c.parse(make(asff.Finding, 0, 32), r)
	if err != nil {
		return nil, err
	}
	return &finding.Stored{Finding: f, Owned: r.owned, CreatedTime: r.created, CreatedBy: r.by}, nil
}

// changeTime reads a history row's time without decompressing it. The columns are its id, its
// finding's and that of the row before.
func changeTime(row []byte, id, doc, prev int64) (time.Time, error) {
	if err := check(row, historyHead, id, doc, prev); err != nil {
		return time.Time{}, err
	}
	return getTime(row[bodyAt:]), nil
}

// change reads a history row that changeTime has accepted.
func (c *codec) change(row []byte) (finding.Change, error) {
	block, err := c.decompress(nil, row[historyHead:])
	if err != nil {
		return finding.Change{}, err
	}
	ch := finding.Change{Time: getTime(row[bodyAt:])}
	t := texts{rest: block}
	ch.Source = finding.Source{Type: finding.SourceType(t.next()), Identity: t.next()}
	for n := t.length(); n > 0 && t.err == nil; n-- {
		ch.Updates = append(ch.Updates, finding.FieldUpdate{Field: t.next(), Old: t.next(), New: t.next()})
	}
	return ch, t.err
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
func (t *texts) next() string { return string(t.bytes()) }

// like reads a text that is probably the one given, which then is its memory, too.
func (t *texts) like(last string) string {
	if b := t.bytes(); string(b) != last {
		return string(b)
	}
	return last
}

// bytes reads a text where it lies.
func (t *texts) bytes() []byte {
	n := t.length()
	if n > uint64(len(t.rest)) {
		t.rest, t.err = nil, errCorrupt
		return nil
	}
	b := t.rest[:n]
	t.rest = t.rest[n:]
	return b
}

// noTime stands for the zero time, whose nanoseconds do not fit.
const noTime = math.MinInt64

func putTime(b []byte, t time.Time) {
	n := int64(noTime)
	if !t.IsZero() {
		n = t.UnixNano()
	}
	binary.LittleEndian.PutUint64(b, uint64(n))
}

func getTime(b []byte) time.Time {
	n := int64(binary.LittleEndian.Uint64(b))
	if n == noTime {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}
