package api

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/asff"
)

// The bounds of what travels, and for how long it may.
const (
	// maxBody bounds the body of every request but an import's, in bytes.
	maxBody = 1 << 20
	// maxDrain bounds what is read, to be thrown away, of a body that is too large: a client
	// that is still sending would otherwise see a broken connection instead of the answer.
	maxDrain = 16 << 20
	// readTime and writeTime bound the reading of one body and the writing of one answer,
	// so that no slow or vanished client holds a connection and its memory for long.
	readTime  = time.Minute
	writeTime = 2 * time.Minute
	// maxPooled bounds the buffers that are kept for the next request, in bytes.
	maxPooled = 1 << 20
)

// after is a deadline for a connection, which knows no clock but the world's.
func after(d time.Duration) time.Time {
	return time.Now().Add(d) //nolint:forbidigo // not a time that anything remembers
}

// limitOf is the largest body of an operation, in bytes.
func limitOf(op *operation) int64 {
	if op.Name == "BatchImportFindings" {
		return asff.MaxBatchSize
	}
	return maxBody
}

// body is a request's body in a buffer that is used again. A nil body is empty.
type body struct{ bytes.Buffer }

var bodies = sync.Pool{New: func() any { return new(body) }}

// release gives the buffer back; nothing may alias it any more.
func (b *body) release() {
	if b != nil && b.Cap() <= maxPooled {
		b.Reset()
		bodies.Put(b)
	}
}

// Bytes gives what was read.
func (b *body) Bytes() []byte {
	if b == nil {
		return nil
	}
	return b.Buffer.Bytes()
}

// readBody reads the whole body of a request, if it is not larger than limit bytes.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) (*body, error) {
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return nil, findinghub.Errorf(codeUnsupportedMedia, "The Content-Encoding %s is not supported: send the body as it is", excerpt(encoding))
	}
	// Where the server has no deadlines to set, as in some tests, it has no slow clients either.
	// The deadline must not outlast the body: the server goes on reading, to see the client leave.
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(after(readTime))
	defer func() { _ = control.SetReadDeadline(time.Time{}) }()
	if r.ContentLength > limit {
		discard(r, limit)
		return nil, tooLarge(strconv.FormatInt(r.ContentLength, 10), limit)
	}
	b := bodies.Get().(*body)
	if r.ContentLength > 0 {
		// No more than is kept anyway on the word of a client that has sent nothing yet.
		b.Grow(int(min(r.ContentLength, maxPooled-bytes.MinRead)) + bytes.MinRead)
	}
	n, err := b.ReadFrom(io.LimitReader(r.Body, limit+1))
	if err != nil {
		return b, unread(err)
	}
	if n > limit {
		discard(r, limit)
		return b, tooLarge("more than "+strconv.FormatInt(limit, 10), limit)
	}
	return b, nil
}

// discard reads on where a body is too large. A client that waits for leave to send has
// sent nothing yet.
func discard(r *http.Request, limit int64) {
	if r.Header.Get("Expect") == "" && r.ContentLength <= limit+maxDrain {
		_, _ = io.CopyN(io.Discard, r.Body, maxDrain)
	}
}

// tooLarge is the error of a body over its limit, in the pattern of all request errors
// (decision 4).
func tooLarge(size string, limit int64) error {
	return findinghub.Errorf(findinghub.CodeInvalidInput, "Invalid parameter 'request body'. Size '%s' is greater than maximum value: %d bytes.", size, limit)
}

// unread is the error of a body that ends too early or comes too slowly.
func unread(err error) error {
	return &findinghub.Error{Code: findinghub.CodeInvalidInput, Message: "The request body could not be read to its end", Err: errors.Join(errBody, err)}
}

var errBody = errors.New("reading the request body")
