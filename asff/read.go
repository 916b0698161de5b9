package asff

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// maxReadSize bounds what Read holds in memory for one finding, in bytes. It is far
// above MaxFindingSize, so that findings that are merely too big still get their verdict.
const maxReadSize = 8 << 20

// ErrTooLarge is what Read stops with at a finding of more than 8 MB, before it has
// read all of it.
var ErrTooLarge = errors.New("a finding is larger than 8 MB")

// Item is one finding of a file.
type Item struct {
	// Index counts the findings before this one.
	Index int
	// Offset is where the finding begins, in bytes.
	Offset int64
	// Raw is the finding as it stands in the file. It is valid until the next one is read.
	Raw jsontext.Value
}

// Read gives the findings of a file one by one: a single finding, an array of them,
// an object whose member Findings is such an array (what GetFindings answers and
// BatchImportFindings takes), or several of these after another, as JSON lines are.
// Only one finding is in memory at a time. An item need not be an object: judging it
// is the business of Check. Read stops at the first error of the reader, of the JSON
// or of yield, which it returns as it is; the first two name the finding and the place.
func Read(r io.Reader, yield func(Item) error) error {
	budget := &budgetReader{r: r, left: maxReadSize}
	buf := bufio.NewReaderSize(budget, 64<<10)
	f := &fileReader{budget: budget, yield: yield}
	if mark, _ := buf.Peek(3); string(mark) == "\xEF\xBB\xBF" {
		// Editors put a byte order mark before JSON; the decoder would not have it.
		f.base, _ = buf.Discard(3)
	}
	f.dec = jsontext.NewDecoder(buf, jsontext.AllowDuplicateNames(true))
	for {
		if err := f.document(); err == io.EOF {
			return nil
		} else if err != nil {
			return f.place(err)
		}
	}
}

// budgetReader refuses to read on when one finding has used up its budget.
type budgetReader struct {
	r    io.Reader
	left int
}

func (b *budgetReader) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, ErrTooLarge
	}
	n, err := b.r.Read(p)
	b.left -= n
	return n, err
}

type fileReader struct {
	budget *budgetReader
	dec    *jsontext.Decoder
	yield  func(Item) error
	base   int
	index  int
	object []byte // the finding that is being put together
}

// yieldError is an error of the caller, which needs no place.
type yieldError struct{ error }

func (f *fileReader) place(err error) error {
	var y yieldError
	if errors.As(err, &y) {
		return y.error
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("finding %d, at byte %d: %w", f.index+1, int64(f.base)+f.dec.InputOffset(), err)
}

// document reads one JSON value at the top level; io.EOF says that there is none.
func (f *fileReader) document() error {
	switch f.dec.PeekKind() {
	case '[':
		if _, err := f.dec.ReadToken(); err != nil {
			return err
		}
		return f.array()
	case '{':
		return f.objectOrEnvelope()
	}
	return f.item()
}

// array reads findings up to the bracket that ends them.
func (f *fileReader) array() error {
	for f.dec.PeekKind() != ']' {
		if err := f.item(); err == io.EOF {
			return io.ErrUnexpectedEOF
		} else if err != nil {
			return err
		}
	}
	_, err := f.dec.ReadToken()
	return err
}

func (f *fileReader) item() error {
	raw, err := f.dec.ReadValue()
	if err != nil {
		return err
	}
	return f.give(raw, f.dec.InputOffset()-int64(len(raw)))
}

func (f *fileReader) give(raw jsontext.Value, offset int64) error {
	if err := f.yield(Item{Index: f.index, Offset: int64(f.base) + offset, Raw: raw}); err != nil {
		return yieldError{err}
	}
	f.index++
	f.budget.left = maxReadSize
	return nil
}

// objectOrEnvelope reads an object member by member: an array Findings that comes
// before any member of a finding makes it an envelope, whose other members say nothing.
// Anything else is a finding, which is put together again.
func (f *fileReader) objectOrEnvelope() error {
	if _, err := f.dec.ReadToken(); err != nil {
		return err
	}
	start := f.dec.InputOffset() - 1
	f.object = append(f.object[:0], '{')
	envelope, isFinding := false, false
	for f.dec.PeekKind() != '}' {
		name, err := f.memberName()
		if err != nil {
			return err
		}
		switch _, known := topLevel[name]; {
		case !isFinding && name == "Findings" && f.dec.PeekKind() == '[':
			envelope = true
			err = f.findings()
		case envelope:
			err = f.dec.SkipValue()
		default:
			isFinding = isFinding || known
			err = f.memberValue()
		}
		if err != nil {
			return noEOF(err)
		}
	}
	if _, err := f.dec.ReadToken(); err != nil || envelope {
		return err
	}
	f.object = append(f.object, '}')
	return f.give(f.object, start)
}

func (f *fileReader) findings() error {
	if _, err := f.dec.ReadToken(); err != nil {
		return err
	}
	return f.array()
}

// memberName reads a name and keeps it as it was sent.
func (f *fileReader) memberName() (string, error) {
	raw, err := f.dec.ReadValue()
	if err != nil {
		return "", noEOF(err)
	}
	if len(f.object) > 1 {
		f.object = append(f.object, ',')
	}
	f.object = append(f.object, raw...)
	f.object = append(f.object, ':')
	return Unquote(raw), nil
}

func (f *fileReader) memberValue() error {
	raw, err := f.dec.ReadValue()
	f.object = append(f.object, raw...)
	return err
}

// noEOF keeps an end inside a value from being taken for the end of the file.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
