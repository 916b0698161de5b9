package sigv4

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestCheckTime(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		expires time.Duration // of a presigned request; 0 is a signature in the header
		after   time.Duration // how long after signing it arrives
		says    string        // "" is good
	}{
		{"at once", 0, 0, ""},
		{"five minutes late", 0, 5 * time.Minute, ""},
		{"five minutes early", 0, -5 * time.Minute, ""},
		{"later", 0, 5*time.Minute + time.Second, "Signature expired: 20260102T150405Z is now earlier than 20260102T150406Z (20260102T150906Z - 5 min.)"},
		{"earlier", 0, -5*time.Minute - time.Second, "Signature not yet current: 20260102T150405Z is still later than 20260102T150404Z (20260102T145904Z + 5 min.)"},
		{"a year late", 0, 365 * 24 * time.Hour, "Signature expired"},
		{"presigned, at once", time.Hour, 0, ""},
		{"presigned, at its end", time.Hour, time.Hour, ""},
		{"presigned, after its end", time.Hour, time.Hour + time.Second, "Signature expired: 20260102T150405Z is now earlier than 20260102T150406Z (20260102T160406Z - 1h0m0s)"},
		{"presigned, for a second", time.Second, 2 * time.Second, "(20260102T150407Z - 1s)"},
		{"presigned, five minutes early", time.Second, -5 * time.Minute, ""},
		{"presigned, earlier", time.Hour, -5*time.Minute - time.Second, "Signature not yet current"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &Signature{Time: signedAt, Presigned: tt.expires > 0, Expires: tt.expires}
			// Where the clock of the hub is set to must not matter.
			err := s.CheckTime(signedAt.Add(tt.after).In(time.FixedZone("", 5*3600)))
			if tt.says == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if code, message := codeOf(t, err); code != "InvalidSignatureException" || !strings.Contains(message, tt.says) {
				t.Errorf("got %s: %s; want %q", code, message, tt.says)
			}
		})
	}
}

func TestVerifyBody(t *testing.T) {
	t.Parallel()
	const mismatched, wrongBody = "The request signature we calculated does not match", "The body is not the one that was signed"
	tests := []struct{ name, said, signed, sent, says string }{
		{"the body's hash is not said", "", "body", "body", ""},
		{"it is said", hashOf([]byte("body")), "body", "body", ""},
		{"the body is not signed", "UNSIGNED-PAYLOAD", "body", "another", ""},
		{"another body", "", "body", "another", mismatched},
		{"another body than is said", hashOf([]byte("body")), "body", "another", wrongBody},
		{"no body where one is said", hashOf([]byte("body")), "body", "", wrongBody},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := vanilla()
			if tt.said != "" {
				r.Header["X-Amz-Content-Sha256"] = []string{tt.said}
			}
			signWith(t, r, testSecret, tt.signed)
			err := check(r, signedAt, testSecret, []byte(tt.sent))
			if tt.says == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if code, message := codeOf(t, err); code != "InvalidSignatureException" || !strings.HasPrefix(message, tt.says) {
				t.Errorf("got %s: %s; want %q", code, message, tt.says)
			}
		})
	}
}

// The hash of an unsigned body need not be known.
func TestVerifyUnsignedWithoutHash(t *testing.T) {
	t.Parallel()
	r := vanilla().with("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
	signWith(t, r, testSecret, "")
	s, err := Parse(r)
	if err != nil || !s.Unsigned {
		t.Fatalf("%+v, %v", s, err)
	}
	if err := s.Verify(r, testSecret, ""); err != nil {
		t.Error(err)
	}
}

// What is not from Parse has no signature, and none must not equal none.
func TestVerifyZero(t *testing.T) {
	t.Parallel()
	if err := new(Signature).Verify(vanilla(), "", ""); err == nil {
		t.Error("accepted a signature of nothing")
	}
}

// A value that looks like the next header cannot be used to move the border between them.
func TestVerifyRefusesLineBreaks(t *testing.T) {
	t.Parallel()
	r := vanilla().with("X-A", "1").with("X-B", "2")
	signWith(t, r, testSecret, "")
	for _, value := range []string{"1\nx-b:2", "1\r\n", "\n"} {
		c := r.clone().with("X-A", value)
		s, err := Parse(c)
		if err != nil {
			t.Fatal(err)
		}
		if code, message := codeOf(t, s.Verify(c, testSecret, hashOf(nil))); code != "IncompleteSignatureException" || !strings.Contains(message, `"x-a" has a line break`) {
			t.Errorf("%q: %s: %s", value, code, message)
		}
	}
}

func TestNormalPath(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]bool{
		"/": true, "/findings": true, "/findings/import": true, "/findings/": true, "/tags/arn:aws:x::1:a": true,
		"/tags/arn%3Aaws%3Ax%2Fy": true, "/a%2e": true, "/.a": true, "/...": true, "/..a/b..": true, "/a;b,c=d@e!$&'()*+~_-": true, "/%2F%2F": true, "/%C3%BC": true, "/%252e%252e": true,
		"": false, "findings": false, "*": false, "//": false, "//findings": false, "/findings//import": false, "/findings//": false,
		"/.": false, "/..": false, "/./findings": false, "/findings/..": false, "/findings/../import": false, "/a/%2e%2e/b": false, "/a/.%2E/b": false, "/a/%2E": false,
		"/%": false, "/%4": false, "/%zz": false, "/a%": false, "/a b": false, "/ü": false, "/a\\b": false, "/a?b": false, "/a#b": false, "/a\x00": false, "/[a]": false, "/<a>": false, "/\"": false, "/a\x7f": false,
	} {
		if got := NormalPath(path); got != want {
			t.Errorf("NormalPath(%q) = %v", path, got)
		}
	}
}

// cached verifies one request with a cache.
func cached(t *testing.T, c *KeyCache, key, secret, with string) error {
	t.Helper()
	r := vanilla()
	signWith(t, r, secret, "")
	r.Header["Authorization"][0] = strings.Replace(r.Header["Authorization"][0], testKey, key, 1)
	s, err := Parse(r)
	if err != nil {
		t.Fatal(err)
	}
	return c.Verify(s, r, with, hashOf(nil))
}

func TestKeyCache(t *testing.T) {
	t.Parallel()
	c := NewKeyCache(8)
	for range 2 {
		if err := cached(t, c, "a", "secret", "secret"); err != nil {
			t.Fatal(err)
		}
	}
	if len(c.keys) != 1 {
		t.Fatalf("%d keys are remembered", len(c.keys))
	}
	if err := cached(t, c, "a", "secret", "another"); err == nil {
		t.Error("a remembered key verifies for another secret")
	}
	// After a key was rotated, the new secret counts and the old one does not.
	if err := cached(t, c, "a", "rotated", "rotated"); err != nil {
		t.Error(err)
	}
	if err := cached(t, c, "a", "secret", "rotated"); err == nil {
		t.Error("a signature with the old secret verifies after the key was rotated")
	}
	if err := cached(t, c, "b", "secret", "secret"); err != nil || len(c.keys) != 2 {
		t.Errorf("%v, %d keys", err, len(c.keys))
	}
}

// The remembered key must be what is used, or remembering would be for nothing.
func TestKeyCacheIsUsed(t *testing.T) {
	t.Parallel()
	c := NewKeyCache(1)
	if err := cached(t, c, "a", "secret", "secret"); err != nil {
		t.Fatal(err)
	}
	for name, key := range c.keys {
		if key.secret != sha256.Sum256([]byte("secret")) {
			t.Error("the digest is not the secret's")
		}
		key.key[0] ^= 1
		c.keys[name] = key
	}
	if err := cached(t, c, "a", "secret", "secret"); err == nil {
		t.Error("the key was derived again")
	}
}

// Nobody who has no secret gets anything remembered, or could push others out.
func TestKeyCacheOfFailures(t *testing.T) {
	t.Parallel()
	c := NewKeyCache(2)
	if err := cached(t, c, "good", "secret", "secret"); err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		if err := cached(t, c, fmt.Sprint("bad", i), "guess", "secret"); err == nil {
			t.Fatal("accepted a guess")
		}
	}
	if len(c.keys) != 1 {
		t.Errorf("%d keys are remembered", len(c.keys))
	}
}

func TestKeyCacheIsBounded(t *testing.T) {
	t.Parallel()
	for _, size := range []int{-1, 0, 1, 3} {
		c := NewKeyCache(size)
		var group sync.WaitGroup
		for i := range 20 {
			group.Go(func() {
				if err := cached(t, c, fmt.Sprint("key", i), "secret", "secret"); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if len(c.keys) != max(size, 0) {
			t.Errorf("%d keys are remembered in a cache of %d", len(c.keys), size)
		}
	}
}
