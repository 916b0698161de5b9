package sigv4

import (
	"strings"
	"testing"
	"time"

	"github.com/findinghub/findinghub/auth"
)

// plausible fails for a signature that Parse must not have let through.
func plausible(t *testing.T, s *Signature) {
	t.Helper()
	if !auth.ValidRegion(s.Region) || !auth.ValidRegion(s.Service) || s.AccessKeyID == "" || !isHash(s.signature) || !s.covers("host") ||
		s.Presigned != (s.Expires >= time.Second) || s.Expires > maxExpires {
		t.Errorf("read %+v", s)
	}
}

// reticent fails for a message that repeats too much of a request.
func reticent(t *testing.T, err error) {
	t.Helper()
	if _, message := codeOf(t, err); len(message) > 400 || strings.Contains(message, digits64) {
		t.Errorf("the message repeats too much: %s", message)
	}
}

func FuzzParseAuthorization(f *testing.F) {
	good := headerRequest().Header["Authorization"][0]
	f.Add(good, "20260102T150405Z", "", "")
	f.Add(strings.ReplaceAll(good, ", ", ","), "", "Fri, 02 Jan 2026 15:04:05 GMT", "token")
	f.Add(good+", Signature="+digits64, "20260102T150405Z", "", "")
	f.Add("AWS4-HMAC-SHA256 =,=;", "99991231T235959Z", "Mon, 01 Jan 0000 00:00:00 +2359", "")
	f.Fuzz(func(t *testing.T, authorization, amzDate, date, token string) {
		r := vanilla().with("Authorization", authorization).with("X-Amz-Date", amzDate).with("Date", date).with("X-Amz-Security-Token", token)
		if amzDate == "" {
			delete(r.Header, "X-Amz-Date")
		}
		if token == "" {
			delete(r.Header, "X-Amz-Security-Token")
		}
		s, err := Parse(r)
		if err != nil {
			reticent(t, err)
			return
		}
		plausible(t, s)
		if s.Presigned || s.SessionToken != token {
			t.Errorf("read %+v", s)
		}
	})
}

func FuzzParseQuery(f *testing.F) {
	f.Add(queryRequest().Query)
	f.Add(queryRequest("X-Amz-Date", "x-amz-date=1&X-Amz-Date").Query)
	f.Add("a=%zz&;&=&%58-Amz-Signature=")
	f.Fuzz(func(t *testing.T, query string) {
		s, err := Parse(&Request{Method: "GET", Path: "/", Query: query, Host: "hub.example.com"})
		if err != nil {
			reticent(t, err)
			return
		}
		plausible(t, s)
		if !s.Presigned {
			t.Errorf("read %+v", s)
		}
	})
}

// FuzzVerify shows requests to a secret that nobody else knows: whatever they say, they
// were not signed with it.
func FuzzVerify(f *testing.F) {
	const unknown = "a secret that signs nothing 8f1e5a"
	header, query := headerRequest(), queryRequest()
	f.Add("POST", header.Path, "a=b&a=%20", header.Host, header.Header["Authorization"][0], "20260102T150405Z", "x", "")
	f.Add("GET", query.Path, query.Query, query.Host, "", "", "  a  b ", hashOf(nil))
	f.Add("", "", "&&=&", "", headerRequest("host;", "host;x-note;").Header["Authorization"][0], "20260102T150405Z", "\n", "UNSIGNED-PAYLOAD")
	cache := NewKeyCache(4)
	f.Fuzz(func(t *testing.T, method, path, query, host, authorization, date, note, body string) {
		r := &Request{Method: method, Path: path, Query: query, Host: host, Header: map[string][]string{"X-Note": {note, note}}}
		if authorization != "" {
			r.with("Authorization", authorization).with("X-Amz-Date", date)
		}
		NormalPath(path)
		s, err := Parse(r)
		if err != nil {
			reticent(t, err)
			return
		}
		if s.CheckTime(signedAt) == nil && (s.Time.Before(signedAt.Add(-maxExpires)) || s.Time.After(signedAt.Add(skew))) {
			t.Errorf("%v is in time", s.Time)
		}
		if s.Verify(r, unknown, body) == nil || cache.Verify(s, r, unknown, body) == nil {
			t.Errorf("%+v verifies", r)
		}
	})
}
