package api

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"strconv"
	"sync"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/auth"
	"github.com/findinghub/findinghub/hub"
)

// The codes of errors that only HTTP has.
const (
	codeOK               = "OK"
	codeUnknownOperation = "UnknownOperationException"     // 404
	codeUnsupportedMedia = "UnsupportedMediaTypeException" // 415
)

// typeJSON is the type of all answers but the token service's.
const typeJSON = "application/json"

// statuses are the HTTP statuses of the codes, as the API's model has them.
var statuses = map[string]int{
	findinghub.CodeAccessDenied:     http.StatusForbidden,
	findinghub.CodeInternal:         http.StatusInternalServerError,
	findinghub.CodeInvalidAccess:    http.StatusUnauthorized,
	findinghub.CodeInvalidInput:     http.StatusBadRequest,
	findinghub.CodeLimitExceeded:    http.StatusTooManyRequests,
	findinghub.CodeResourceConflict: http.StatusConflict,
	findinghub.CodeResourceNotFound: http.StatusNotFound,
	findinghub.CodeTooManyRequests:  http.StatusTooManyRequests,
	findinghub.CodeNotImplemented:   http.StatusNotImplemented,
	findinghub.CodeUnavailable:      http.StatusServiceUnavailable,
	auth.CodeMissingToken:           http.StatusForbidden,
	auth.CodeIncompleteSignature:    http.StatusForbidden,
	auth.CodeUnrecognizedClient:     http.StatusForbidden,
	auth.CodeInvalidSignature:       http.StatusForbidden,
	auth.CodeExpiredToken:           http.StatusForbidden,
	codeUnknownOperation:            http.StatusNotFound,
	codeUnsupportedMedia:            http.StatusUnsupportedMediaType,
}

// statusOf gives a code's status. A code that nobody gave one is our mistake, hence 500.
func statusOf(code string) int {
	if status, ok := statuses[code]; ok {
		return status
	}
	return http.StatusInternalServerError
}

// statusOfError gives an error's status, which is its code's unless the service says otherwise.
func statusOfError(e *findinghub.Error) int { return cmp.Or(e.Status, statusOf(e.Code)) }

// writeError writes an error as the service does, in the body and in a header, and gives
// its code. The cause stays here.
func (h *handler) writeError(w http.ResponseWriter, err error) string {
	e := findinghub.AsError(err)
	body, err := encode(struct{ Message, Code string }{e.Message, e.Code})
	if err != nil {
		body = []byte(`{}`) // two strings always encode; an answer there must be anyway
	}
	w.Header().Set("x-amzn-ErrorType", e.Code)
	if werr := writeBody(w, statusOfError(e), typeJSON, body); werr != nil {
		h.log.Debug("error response not delivered", "error", werr)
	}
	return e.Code
}

// writeResult writes what an operation answered. Findings are written as the store keeps
// them, never decoded; nil is an empty body.
func writeResult(w http.ResponseWriter, result any) error {
	switch result := result.(type) {
	case nil:
		return writeBody(w, http.StatusOK, typeJSON, nil)
	case *hub.GetFindingsOutput:
		return writeFindings(w, result)
	}
	body, err := encode(result)
	if err != nil {
		return err
	}
	return writeBody(w, http.StatusOK, typeJSON, body)
}

// encode writes JSON without disguising the characters that matter to HTML alone.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// writeBody writes a whole answer.
func writeBody(w http.ResponseWriter, status int, contentType string, body []byte) error {
	begin(w, status, contentType, len(body))
	_, err := w.Write(body)
	return err
}

// begin writes the header of an answer and sets the time for the rest.
func begin(w http.ResponseWriter, status int, contentType string, size int) {
	_ = http.NewResponseController(w).SetWriteDeadline(after(writeTime))
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(size))
	w.WriteHeader(status)
}

// writeFindings streams a page: up to 24 MB that need not be put together in memory first. Its length
// is known before, so that a client can tell a page that was cut off from one that is short.
func writeFindings(w http.ResponseWriter, page *hub.GetFindingsOutput) error {
	const head, tail = `{"Findings":[`, `]}`
	end := tail
	// Tokens are base64 for URLs, which needs no escaping in JSON.
	if page.NextToken != "" {
		end = `],"NextToken":` + strconv.Quote(page.NextToken) + `}`
	}
	size := len(head) + len(end) + max(0, len(page.Findings)-1)
	for _, f := range page.Findings {
		size += len(f)
	}
	begin(w, http.StatusOK, typeJSON, size)
	out := writers.Get().(*bufio.Writer)
	defer func() {
		out.Reset(nil)
		writers.Put(out)
	}()
	out.Reset(w)
	// A bufio.Writer keeps its first error; Flush tells it.
	_, _ = out.WriteString(head)
	for i, f := range page.Findings {
		if i > 0 {
			_ = out.WriteByte(',')
		}
		_, _ = out.Write(f)
	}
	_, _ = out.WriteString(end)
	return out.Flush()
}

// writers gather findings, which are smaller, into pieces worth a system call.
var writers = sync.Pool{New: func() any { return bufio.NewWriterSize(nil, 64<<10) }}

// panicked makes an error of a panic, with the stack for the log.
func panicked(v any) error {
	return findinghub.Internal(fmt.Errorf("panic: %v\n%s", v, debug.Stack()))
}

// requestID is a random UUID. Without randomness the request goes on without a name.
func (h *handler) requestID() string {
	var b [16]byte
	if _, err := io.ReadFull(h.rand, b[:]); err != nil {
		return "00000000-0000-4000-8000-000000000000"
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	x := hex.EncodeToString(b[:])
	return x[:8] + "-" + x[8:12] + "-" + x[12:16] + "-" + x[16:20] + "-" + x[20:]
}
