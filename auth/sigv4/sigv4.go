// Package sigv4 checks AWS Signature Version 4, in the Authorization header and in the
// query. It knows neither HTTP servers nor where secrets come from.
//
// A caller of this package refuses a path that is not its own NormalPath, then does Parse,
// CheckTime, finds the secret of the access key, and does Verify. The order matters: what
// Parse answers is a claim of the sender's, and nothing of it is true before Verify.
//
// The service itself tells an unknown key (UnrecognizedClientException) from a wrong secret
// (InvalidSignatureException). Hence no effort is made here to let the two take the same
// time: whoever asks is told anyway.
package sigv4

import (
	"strings"
	"time"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/auth"
)

// Request is what of an HTTP request a signature covers.
type Request struct {
	Method string
	// Path is the path as it came over the wire, escaped.
	Path string
	// Query is the query as it came over the wire, escaped, without the question mark.
	Query string
	Host  string
	// Header has canonical MIME names, as http.Header has. Content-Length must be in it where
	// the request has one, because some clients sign it.
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
	// Unsigned says that the signature does not cover the body (UNSIGNED-PAYLOAD). The sender
	// chose that and signed for it; only TLS keeps the body as it was then.
	Unsigned bool

	// signed are the names in SignedHeaders, in lower case, sorted.
	signed []string
	// payload is what the request says that its body's hash is, "" where it says nothing.
	payload string
	// signature is 64 lower-case hexadecimal digits.
	signature string
}

const (
	// algorithm is the one way of signing that clients of this service use.
	algorithm = "AWS4-HMAC-SHA256"
	// terminator ends every credential scope of this version.
	terminator = "aws4_request"
	// unsignedPayload stands for the hash of a body that is not signed.
	unsignedPayload = "UNSIGNED-PAYLOAD"
	// isoBasic is how times are written in signatures, in UTC.
	isoBasic = "20060102T150405Z"
	// skew is how far the clocks of caller and hub may be apart.
	skew = 5 * time.Minute
	// maxExpires is how long a presigned request can be good for.
	maxExpires = 7 * 24 * time.Hour
)

// Parse reads the signature of a request, from the Authorization header or the query. It
// fails with CodeMissingToken when there is none, with CodeIncompleteSignature and a message
// that names the part when there is one that cannot be checked or leaves out what it must
// cover, and with CodeInvalidSignature when the body is signed in a way that the service
// does not take.
func Parse(r *Request) (*Signature, error) {
	query, err := parseQuery(r.Query)
	if err != nil {
		return nil, err
	}
	authorization, presigned := r.Header["Authorization"], query.signed()
	switch {
	case len(authorization) == 0 && !presigned:
		return nil, findinghub.Errorf(auth.CodeMissingToken, "Missing Authentication Token")
	case len(authorization) > 0 && presigned:
		return nil, incomplete("the request has an Authorization header and a signature in the query; it must say once who signed it")
	}
	s := &Signature{Presigned: presigned}
	if presigned {
		err = s.readQuery(r, query)
	} else {
		err = s.readHeader(r)
	}
	if err != nil {
		return nil, err
	}
	if err := s.readPayload(r, query); err != nil {
		return nil, err
	}
	if err := s.checkCover(r); err != nil {
		return nil, err
	}
	return s, nil
}

// CheckTime fails with CodeInvalidSignature when the signature is too old, or too far in
// the future: more than five minutes from now; a presigned request may be older by Expires.
func (s *Signature) CheckTime(now time.Time) error {
	if earliest := now.Add(skew); s.Time.After(earliest) {
		return invalid("Signature not yet current: %s is still later than %s (%s + 5 min.)", stamp(s.Time), stamp(earliest), stamp(now))
	}
	good, text := skew, "5 min."
	if s.Presigned {
		good = s.Expires
		text = s.Expires.String()
	}
	if latest := now.Add(-good); s.Time.Before(latest) {
		return invalid("Signature expired: %s is now earlier than %s (%s - %s)", stamp(s.Time), stamp(latest), stamp(now), text)
	}
	return nil
}

// Verify fails with CodeInvalidSignature unless the request was signed with this secret.
// bodyHash is the SHA-256 of the body in lower-case hexadecimal; it is not looked at when
// the signature is Unsigned, so that nobody needs to compute it then.
func (s *Signature) Verify(r *Request, secret, bodyHash string) error {
	var none *KeyCache
	return none.Verify(s, r, secret, bodyHash)
}

// stamp writes a time as signatures do.
func stamp(t time.Time) string { return t.UTC().Format(isoBasic) }

func incomplete(format string, args ...any) error {
	return findinghub.Errorf(auth.CodeIncompleteSignature, format, args...)
}

func invalid(format string, args ...any) error {
	return findinghub.Errorf(auth.CodeInvalidSignature, format, args...)
}

// excerpt cuts what a message repeats of the request.
func excerpt(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}
