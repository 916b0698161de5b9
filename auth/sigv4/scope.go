package sigv4

import (
	"net/textproto"
	"slices"
	"strings"

	"github.com/findinghub/findinghub/auth"
)

// readCredential reads KEY/DATE/REGION/SERVICE/aws4_request.
func (s *Signature) readCredential(credential string) error {
	parts := strings.Split(credential, "/")
	if len(parts) != 5 || parts[4] != terminator {
		return incomplete("the Credential is not of the form KEY/DATE/REGION/SERVICE/%s", terminator)
	}
	s.AccessKeyID, s.Region, s.Service = parts[0], parts[2], parts[3]
	if !validKeyID(s.AccessKeyID) {
		return incomplete("the Credential's access key id is not 1 to 128 letters, digits or signs of ASCII")
	}
	if day := s.day(); parts[1] != day {
		return incomplete("the Credential's date %q is not %s, the day of the signature's time %s", excerpt(parts[1]), day, stamp(s.Time))
	}
	if !auth.ValidRegion(s.Region) {
		return incomplete("the Credential's region %q is not a region's name", excerpt(s.Region))
	}
	// Services are named as regions are; which ones there are is the caller's to know.
	if !auth.ValidRegion(s.Service) {
		return incomplete("the Credential's service %q is not a service's name", excerpt(s.Service))
	}
	return nil
}

// day is the date of the credential scope: that of the time of signing, in UTC.
func (s *Signature) day() string { return s.Time.UTC().Format("20060102") }

// scope is what the signing key is good for.
func (s *Signature) scope() string {
	return s.day() + "/" + s.Region + "/" + s.Service + "/" + terminator
}

// validKeyID says whether something may be an access key id. It ends up in logs, so that
// it must at least be readable.
func validKeyID(id string) bool {
	return id != "" && len(id) <= 128 && !strings.ContainsFunc(id, func(c rune) bool { return c <= ' ' || c > '~' })
}

// isHash says whether something looks like a SHA-256 as signatures write it.
func isHash(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == ""
}

// readSignedHeaders reads NAME;NAME;... Only one spelling is taken: lower case, sorted,
// each once.
func (s *Signature) readSignedHeaders(list string) error {
	s.signed = strings.Split(list, ";")
	for i, name := range s.signed {
		if !isHeaderName(name) {
			return incomplete("SignedHeaders has %q, which is not the name of a header in lower case", excerpt(name))
		}
		if i > 0 && s.signed[i-1] >= name {
			return incomplete("SignedHeaders is not sorted, or has %q twice", excerpt(name))
		}
	}
	return nil
}

// isHeaderName says whether a name is a token of HTTP (RFC 9110 section 5.6.2) in lower case.
func isHeaderName(name string) bool {
	return name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~") == ""
}

// covers says whether a header is among the signed ones.
func (s *Signature) covers(name string) bool {
	_, found := slices.BinarySearch(s.signed, strings.ToLower(name))
	return found
}

// checkCover demands that the signature covers what a request could be turned into another
// one by: the host, the time, and everything that speaks to the service.
func (s *Signature) checkCover(r *Request) error {
	if !s.covers("host") {
		return incomplete("SignedHeaders has no host")
	}
	if !s.Presigned && !s.covers(timeHeader(r.Header)) {
		return incomplete("SignedHeaders has no %s", strings.ToLower(timeHeader(r.Header)))
	}
	for name := range r.Header {
		if mustCover(name) && !s.covers(name) {
			return incomplete("the request has a header %q that is not in SignedHeaders", excerpt(strings.ToLower(name)))
		}
	}
	for _, name := range s.signed {
		if !r.has(name) {
			return incomplete("SignedHeaders has %q, which the request does not have", excerpt(name))
		}
	}
	return nil
}

// mustCover says whether a header must be signed. Those of the service must, but for two
// that nothing here reads: the client's name, and the number that Amazon's CDN puts on what
// it passes on, which is after signing.
func mustCover(name string) bool {
	const prefix = "X-Amz-"
	if len(name) < len(prefix) || !strings.EqualFold(name[:len(prefix)], prefix) {
		return false
	}
	return !strings.EqualFold(name, "X-Amz-User-Agent") && !strings.EqualFold(name, "X-Amz-Cf-Id")
}

// has says whether a request has a header. The SDKs also send those that are empty, so that
// one that is missing has been taken away.
func (r *Request) has(name string) bool {
	if name == "host" {
		return r.Host != ""
	}
	return len(r.values(name)) > 0
}

// values are those of a header named in lower case.
func (r *Request) values(name string) []string {
	return r.Header[textproto.CanonicalMIMEHeaderKey(name)]
}
