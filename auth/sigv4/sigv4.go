// Package sigv4 checks AWS Signature Version 4, in the Authorization header and in the
// query. It knows neither HTTP servers nor where secrets come from.
package sigv4

import "time"

// Request is what of an HTTP request a signature covers.
type Request struct {
	Method string
	// Path is the path as it came over the wire, escaped.
	Path string
	// Query is the query as it came over the wire, escaped, without the question mark.
	Query string
	Host  string
	// Header has canonical MIME names, as http.Header has.
	Header map[string][]string
}

// Signature is what a request says about who signed it, before anybody has checked it.
type Signature struct {
	AccessKeyID  string
	Region       string
	Service      string
	Time         time.Time
	SessionToken string
	// Presigned says that the signature is in the query.
	Presigned bool
	// Expires is how long a presigned request is good for from Time.
	Expires time.Duration
	// Unsigned says that the signature does not cover the body (UNSIGNED-PAYLOAD).
	Unsigned bool
}

// Parse reads the signature of a request.
func Parse(r *Request) (*Signature, error) { return nil, nil }

// CheckTime fails when the signature is too old, or too far in the future.
func (s *Signature) CheckTime(now time.Time) error { return nil }

// Verify fails unless the request was signed with this secret. bodyHash is the SHA-256 of the
// body in lower-case hexadecimal.
func (s *Signature) Verify(r *Request, secret, bodyHash string) error { return nil }
