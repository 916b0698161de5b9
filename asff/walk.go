package asff

import (
	"bytes"
	"errors"
	"io"
	"sync"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Walk goes once through a JSON document and the shapes below root together and
// reports every broken rule. Rules about a whole object or list are reported at its
// end; Violation.Offset restores document order. A duplicate member is judged each
// time. err is not nil only when data is not one JSON value.
func (s *Schema) Walk(data []byte, root ShapeID, report func(*Violation)) error {
	w := walkers.Get().(*walker)
	defer w.release()
	w.schema, w.report = s, report
	return w.document(data, root)
}

// WalkText judges a value that travels as bare text, as parameters in a path or a
// query do: its path is empty. A list takes the text as its only item.
func (s *Schema) WalkText(text string, id ShapeID, report func(*Violation)) {
	shape := s.Shape(id)
	var data []byte
	switch shape.Kind {
	case KindString, KindTimestamp, KindAny:
		data, _ = jsontext.AppendQuote(nil, text)
	case KindList:
		s.WalkText(text, shape.Elem, report)
		return
	default:
		// What is not JSON is no number or boolean either, but a string can say so.
		if data = []byte(text); !jsontext.Value(data).IsValid() {
			data, _ = jsontext.AppendQuote(nil, text)
		}
	}
	// Always JSON by now, and Walk has no other error.
	_ = s.Walk(data, id, report)
}

// walkers keeps the buffers of finished walks; a walk would otherwise allocate them anew.
var walkers = sync.Pool{New: func() any { return &walker{dec: jsontext.NewDecoder(bytes.NewReader(nil))} }}

// walker is one pass through one document.
type walker struct {
	schema *Schema
	// report is told what is wrong; without it the collector is.
	report func(*Violation)
	collector
	data  []byte
	dec   *jsontext.Decoder
	in    bytes.Buffer
	trail []footprint
	text  []byte // room for strings with escapes

	// keep asks for a copy of the document in out, as Normalize would leave it.
	keep bool
	out  []byte
	// finding collects the members of the root, which alias out; known are those of them
	// that the schema knows.
	finding Finding
	known   uint64
	places  namePlaces
}

// footprint is a Step as the walk remembers it: without pointers, because a walk
// leaves hundreds and nearly all walks have nothing to report.
type footprint struct {
	kind  StepKind
	shape ShapeID // the structure of a member
	field int16   // the member's place in it
	index int     // an item's place, or where a name begins in the document
	end   int     // where a name ends
}

// path makes the trail readable.
func (w *walker) path() Path {
	p := make(Path, len(w.trail))
	for i, f := range w.trail {
		p[i].Kind = f.kind
		switch f.kind {
		case StepMember:
			p[i].Name = w.schema.Shapes[f.shape].Fields[f.field].Name
		case StepItem:
			p[i].Index = f.index
		default:
			p[i].Name = Unquote(w.data[f.index:f.end])
		}
	}
	return p
}

// release gives the walker back without what belongs to its caller.
func (w *walker) release() {
	*w = walker{dec: w.dec, trail: w.trail[:0], text: w.text[:0]}
	if cap(w.text) > MaxFieldSize {
		w.text = nil
	}
	w.dec.Reset(&w.in)
	walkers.Put(w)
}

func (w *walker) document(data []byte, root ShapeID) error {
	w.data, w.in = data, *bytes.NewBuffer(data)
	w.dec.Reset(&w.in, jsontext.AllowDuplicateNames(true))
	if err := w.value(root); err != nil {
		return err
	}
	_, err := w.dec.ReadToken()
	if err == io.EOF {
		return nil
	}
	if err == nil {
		err = errTrailing
	}
	return err
}

var errTrailing = errors.New("data after the JSON value")

// value judges the next value. Its cost is what a batch of findings costs: scalars
// are read as raw bytes, so that nothing is unquoted that needs no unquoting.
func (w *walker) value(id ShapeID) error {
	s := &w.schema.Shapes[id]
	switch w.dec.PeekKind() {
	case '{':
		switch s.Kind {
		case KindStructure:
			return w.structure(id)
		case KindMap:
			return w.mapping(s)
		}
	case '[':
		if s.Kind == KindList {
			return w.list(s)
		}
	default:
		return w.scalar(s)
	}
	return w.opaque(s)
}

// opaque passes an object or list into which the schema does not look.
func (w *walker) opaque(s *Shape) error {
	raw, err := w.skip()
	if err == nil && s.Kind != KindAny && (s.Kind != KindObject || raw.Kind() != '{') {
		w.broken(s, RuleType, 0, 0, raw)
	}
	return err
}

// read gives the next value or name as it was sent. It is a slice of the document,
// which lives longer than what the decoder gives.
func (w *walker) read() (jsontext.Value, error) {
	v, err := w.dec.ReadValue()
	if err != nil {
		return nil, err
	}
	end := w.dec.InputOffset()
	return w.data[end-int64(len(v)) : end], nil
}

// open reads the { or [ that begins a composite and gives its offset.
func (w *walker) open(c byte) (offset int64, err error) {
	if _, err = w.dec.ReadToken(); err != nil {
		return 0, err
	}
	w.put(c)
	return w.dec.InputOffset() - 1, nil
}

func (w *walker) close(c byte) error {
	_, err := w.dec.ReadToken()
	w.put(c)
	return err
}

func (w *walker) put(c byte) {
	if w.keep {
		w.out = append(w.out, c)
	}
}

func (w *walker) push(f footprint) { w.trail = append(w.trail, f) }
func (w *walker) pop()             { w.trail = w.trail[:len(w.trail)-1] }

// pushName leaves a footprint for the name that has just been read.
func (w *walker) pushName(kind StepKind, raw []byte) {
	end := int(w.dec.InputOffset())
	w.push(footprint{kind: kind, index: end - len(raw), end: end})
}

func (w *walker) structure(id ShapeID) error {
	s := &w.schema.Shapes[id]
	offset, err := w.open('{')
	if err != nil {
		return err
	}
	var seen uint32
	for n := 0; ; n++ {
		kind := w.dec.PeekKind()
		if kind == '}' {
			break
		}
		bit, err := w.member(id, n)
		if err != nil {
			return err
		}
		seen |= bit
	}
	if err := w.close('}'); err != nil {
		return err
	}
	w.members(s, seen, offset)
	return nil
}

// member judges one member of a structure and gives its bit.
func (w *walker) member(id ShapeID, n int) (bit uint32, err error) {
	s := &w.schema.Shapes[id]
	name, raw, err := w.name(n)
	if err != nil {
		return 0, err
	}
	i := s.field(name)
	if i < 0 {
		return 0, w.unknown(s, raw)
	}
	f := &s.Fields[i]
	if w.schema.NullAbsent && w.dec.PeekKind() == 'n' {
		return 0, w.dec.SkipValue()
	}
	w.push(footprint{kind: StepMember, shape: id, field: int16(i)})
	begin := len(w.out)
	err = w.value(f.Shape)
	w.pop()
	if w.keep && len(w.trail) == 0 {
		w.add(f.Name, i, begin)
	}
	return f.Bit, err
}

// unknown passes a member that the schema does not know.
func (w *walker) unknown(s *Shape, raw []byte) error {
	w.pushName(StepUnknown, raw)
	w.violate(Violation{Rule: RuleUnknown, Shape: s, Offset: w.dec.InputOffset()})
	begin := len(w.out)
	_, err := w.skip()
	w.pop()
	if w.keep && len(w.trail) == 0 {
		w.add(Unquote(raw), unknownField, begin)
	}
	return err
}

// unknownField is the place of a member that is in no structure.
const unknownField = 64

// add puts a member of the root into the finding; i is its place in the root's Fields.
// A look at a bit replaces the search for an earlier member of the same name.
func (w *walker) add(name string, i, begin int) {
	value := jsontext.Value(w.out[begin:len(w.out):len(w.out)])
	if bit := uint64(1) << (i % 64); i < 64 && w.known&bit == 0 {
		w.known |= bit
		w.finding = w.places.add(w.finding, name, value)
		return
	}
	w.finding = w.places.set(w.finding, name, value)
}

// members judges which members a structure has.
func (w *walker) members(s *Shape, seen uint32, offset int64) {
	for i, name := range s.Required {
		if seen&(1<<i) == 0 {
			w.violate(Violation{Rule: RuleRequired, Shape: s, Member: name, Offset: offset})
		}
	}
	if s.AnyOf == nil {
		return
	}
	for _, set := range s.AnyOf {
		if seen&set == set {
			return
		}
	}
	w.violate(Violation{Rule: RuleAnyOf, Shape: s, Offset: w.dec.InputOffset()})
}

// name reads a member's name: its text, and as JSON as it was sent.
func (w *walker) name(n int) (text, raw []byte, err error) {
	if raw, err = w.read(); err != nil {
		return nil, nil, err
	}
	if n > 0 {
		w.put(',')
	}
	text = w.unquote(raw)
	w.put(':')
	return text, raw, nil
}

// unquote gives a string's text and copies it. The text is valid until the next call.
func (w *walker) unquote(raw []byte) []byte {
	if bytes.IndexByte(raw, '\\') < 0 {
		if w.keep {
			w.out = append(w.out, raw...)
		}
		return raw[1 : len(raw)-1]
	}
	w.text, _ = jsontext.AppendUnquote(w.text[:0], raw)
	if w.keep {
		w.out, _ = jsontext.AppendQuote(w.out, w.text)
	}
	return w.text
}

func (w *walker) mapping(s *Shape) error {
	offset, err := w.open('{')
	if err != nil {
		return err
	}
	n, own := 0, 0
	for ; w.dec.PeekKind() != '}'; n++ {
		name, raw, err := w.name(n)
		if err != nil {
			return err
		}
		if w.hubsOwn(name) {
			own++
		}
		w.mapName(s, name)
		w.pushName(StepKey, raw)
		err = w.value(s.Elem)
		w.pop()
		if err != nil {
			return err
		}
	}
	if err := w.close('}'); err != nil {
		return err
	}
	if n > own {
		n -= own
	}
	w.count(s, n, RuleMinProperties, offset)
	return nil
}

// hubsOwn says whether a name is one of the pairs that the hub itself adds to
// ProductFields: they do not count towards its limit, or a finding with as many pairs as
// it may have could not be imported again as GetFindings returns it.
func (w *walker) hubsOwn(name []byte) bool {
	if len(w.trail) != 1 || len(name) < len(hubPrefix) || string(name[:len(hubPrefix)]) != hubPrefix {
		return false
	}
	at := w.trail[0]
	if at.kind != StepMember || w.schema != &findingSchema || findingSchema.Shape(at.shape).Fields[at.field].Name != "ProductFields" {
		return false
	}
	switch string(name[len(hubPrefix):]) {
	case "FindingId", "ProductName", "CompanyName":
		return true
	}
	return false
}

// hubPrefix begins the names of the pairs that the hub adds to ProductFields.
const hubPrefix = "aws/securityhub/"

// mapName judges a name in a map by the rules of a string, of which only one is reported.
func (w *walker) mapName(s *Shape, name []byte) {
	key := &w.schema.Shapes[s.Key]
	n := utf8.RuneCount(name)
	short := key.Limits&HasMin != 0 && n < int(key.Min)
	long := key.Limits&HasMax != 0 && n > int(key.Max)
	blank := key.Limits&NonBlank != 0 && !notBlank(name)
	if short || long || blank || key.Pattern != PatternNone && !key.Pattern.Match(name) {
		w.violate(Violation{Rule: RuleName, Shape: key, Member: string(name), Offset: w.dec.InputOffset()})
	}
}

func (w *walker) list(s *Shape) error {
	offset, err := w.open('[')
	if err != nil {
		return err
	}
	n := 0
	w.push(footprint{kind: StepItem})
	for ; w.dec.PeekKind() != ']'; n++ {
		if n > 0 {
			w.put(',')
		}
		w.trail[len(w.trail)-1].index = n
		if err := w.value(s.Elem); err != nil {
			return err
		}
	}
	w.pop()
	if err := w.close(']'); err != nil {
		return err
	}
	w.count(s, n, RuleMinItems, offset)
	return nil
}

// count judges how many items or pairs there are; the rule for too many follows the
// rule for too few.
func (w *walker) count(s *Shape, n int, tooFew Rule, offset int64) {
	if s.Limits&HasMin != 0 && n < int(s.Min) {
		w.violate(Violation{Rule: tooFew, Shape: s, Bound: int64(s.Min), Size: int64(n), Offset: offset})
	}
	if s.Limits&HasMax != 0 && n > int(s.Max) {
		w.violate(Violation{Rule: tooFew + 1, Shape: s, Bound: int64(s.Max), Size: int64(n), Offset: offset})
	}
}

// skip passes a value that nobody judges. A copy is still brought into its shortest form.
func (w *walker) skip() (jsontext.Value, error) {
	raw, err := w.read()
	if err != nil || !w.keep {
		return raw, err
	}
	if len(raw) >= MaxFieldSize && hasHugeString(raw) {
		w.broken(nil, RuleFieldSize, MaxFieldSize, 0, raw)
	}
	w.out, err = jsontext.AppendFormat(w.out, raw, jsontext.AllowDuplicateNames(true), jsontext.PreserveRawStrings(false))
	return raw, err
}

// violate reports what is wrong where the walk stands.
func (w *walker) violate(v Violation) {
	if w.report == nil {
		w.collect(&v)
		return
	}
	v.Path = w.path()
	w.report(&v)
}
