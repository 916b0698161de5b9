// Package findinghub holds what every layer of the hub shares and nothing else:
// the one error type. Each part of the hub has a package of its own; docs/design.md
// names them and the direction in which they may import each other.
package findinghub

import (
	"errors"
	"fmt"
)

// The error codes of the Security Hub API that the hub answers with. The HTTP
// status of each is the model's.
const (
	CodeAccessDenied     = "AccessDeniedException"     // 403
	CodeInternal         = "InternalException"         // 500
	CodeInvalidAccess    = "InvalidAccessException"    // 401
	CodeInvalidInput     = "InvalidInputException"     // 400
	CodeLimitExceeded    = "LimitExceededException"    // 429
	CodeResourceConflict = "ResourceConflictException" // 409
	CodeResourceNotFound = "ResourceNotFoundException" // 404
	CodeTooManyRequests  = "TooManyRequestsException"  // 429
	CodeNotImplemented   = "NotImplementedException"   // 501, ours: an operation that the hub does not have yet
	CodeUnavailable      = "ServiceUnavailable"        // 503, ours: the hub is starting, stopping or its store is lost
)

// Error is what every operation of the hub fails with: a code of the API, a
// message that the caller may read, and the cause, which only the log sees.
type Error struct {
	Code    string
	Message string
	Err     error
	// Status is the HTTP status where the service answers with another than the code's own, else 0.
	Status int
}

// Errorf makes an error with a code and a public message.
func Errorf(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Internal wraps a cause that the caller must not see.
func Internal(err error) *Error {
	return &Error{Code: CodeInternal, Message: "Internal service failure", Err: err}
}

// Error gives the log's view: the code, the public message and the cause.
func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %s: %v", e.Code, e.Message, e.Err)
	}
	return e.Code + ": " + e.Message
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// AsError finds the Error in a chain; an error of any other type is internal.
func AsError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return Internal(err)
}
