package api

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/auth"
	"github.com/findinghub/findinghub/auth/identity"
	"github.com/findinghub/findinghub/auth/sigv4"
)

// incoming is a request whose body may not have been read yet.
type incoming struct {
	w     http.ResponseWriter
	r     *http.Request
	query url.Values
	// service is the one that the request must be signed for, limit bounds its body in bytes.
	service string
	limit   int64

	body *body
	read bool
}

// receive makes an incoming of a request whose query can be read.
func receive(w http.ResponseWriter, r *http.Request, service string, limit int64) (*incoming, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, findinghub.Errorf(findinghub.CodeInvalidInput, "The query cannot be read: %v", err)
	}
	return &incoming{w: w, r: r, query: query, service: service, limit: limit}, nil
}

// bytes reads the body once. It is only valid until release.
func (in *incoming) bytes() ([]byte, error) {
	if !in.read {
		var err error
		if in.body, err = readBody(in.w, in.r, in.limit); err != nil {
			return nil, err
		}
		in.read = true
	}
	return in.body.Bytes(), nil
}

// release gives the body's memory back.
func (in *incoming) release() { in.body.release() }

// hash is the SHA-256 of the body in hexadecimal.
func (in *incoming) hash() (string, error) {
	b, err := in.bytes()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// identify finds out who is calling. A stranger's body is not read.
func (h *handler) identify(c *call, in *incoming) (auth.Principal, error) {
	if h.identity == nil {
		return auth.Dev(auth.Claim{
			Authorization: in.r.Header.Get("Authorization"), Credential: in.query.Get("X-Amz-Credential"),
			DefaultRegion: h.region, Service: in.service,
		})
	}
	return h.identity.Authenticate(signedPart(in.r), in.service, identity.Environment{
		SourceIP: c.source.addr, Secure: c.source.secure, UserAgent: in.r.UserAgent(), Now: h.now(),
	}, in.hash)
}

// signedPart is what a signature may cover.
func signedPart(r *http.Request) *sigv4.Request {
	return &sigv4.Request{Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery, Host: r.Host, Header: r.Header}
}
