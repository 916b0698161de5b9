package sigv4

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// mutation changes one thing of a signed request; it gives nil where it does not apply.
type mutation func(t *rapid.T, r *Request) *Request

// replaced changes a text wherever a signature may stand.
func replaced(old, by string) mutation {
	return func(_ *rapid.T, r *Request) *Request {
		if len(r.Header["Authorization"]) > 0 {
			r.Header["Authorization"][0] = strings.Replace(r.Header["Authorization"][0], old, by, 1)
			return r
		}
		r.Query = strings.Replace(r.Query, url.QueryEscape(old), url.QueryEscape(by), 1)
		return r
	}
}

// another gives a character that is not c.
func another(c byte) string {
	if c == 'a' {
		return "b"
	}
	return "a"
}

var mutations = map[string]mutation{
	"method": func(_ *rapid.T, r *Request) *Request {
		r.Method = map[string]string{"GET": "POST"}[r.Method]
		if r.Method == "" {
			r.Method = "GET"
		}
		return r
	},
	"another path":      func(_ *rapid.T, r *Request) *Request { r.Path = "/findings/batchupdate"; return r },
	"a longer path":     func(_ *rapid.T, r *Request) *Request { r.Path += "/x"; return r },
	"a dot in the path": func(_ *rapid.T, r *Request) *Request { r.Path = "/." + r.Path; return r },
	"a double slash":    func(_ *rapid.T, r *Request) *Request { r.Path = "/" + r.Path; return r },
	"the path unescaped": func(_ *rapid.T, r *Request) *Request {
		old := r.Path
		r.Path = strings.Replace(r.Path, "%3A", ":", 1)
		if r.Path == old {
			return nil
		}
		return r
	},
	"the path escaped": func(_ *rapid.T, r *Request) *Request {
		r.Path = "/" + escapeAll(r.Path[1:])
		if r.Path == "/" || escapeAll(r.Path) == r.Path || !strings.Contains(r.Path, "%") {
			return nil
		}
		return r
	},
	"a query value": func(_ *rapid.T, r *Request) *Request {
		name, _, found := strings.Cut(r.Query, "=")
		if !found {
			return nil
		}
		r.Query = name + "=changed-" + r.Query[len(name)+1:]
		return r
	},
	"one more parameter": func(_ *rapid.T, r *Request) *Request { r.Query = strings.TrimPrefix(r.Query+"&x=", "&"); return r },
	"a parameter gone": func(_ *rapid.T, r *Request) *Request {
		first, rest, _ := strings.Cut(r.Query, "&")
		if first == "" {
			return nil
		}
		r.Query = rest
		return r
	},
	"a signed header": func(t *rapid.T, r *Request) *Request {
		names := signedNames(r)
		if len(names) == 0 {
			return nil
		}
		r.Header[rapid.SampledFrom(names).Draw(t, "changed header")][0] += "x"
		return r
	},
	"a signed header gone": func(t *rapid.T, r *Request) *Request {
		names := signedNames(r)
		if len(names) == 0 {
			return nil
		}
		delete(r.Header, rapid.SampledFrom(names).Draw(t, "lost header"))
		return r
	},
	"a header of the service": func(_ *rapid.T, r *Request) *Request { r.Header["X-Amz-Target"] = []string{"x"}; return r },
	"a token": func(_ *rapid.T, r *Request) *Request {
		r.Header["X-Amz-Security-Token"] = []string{"another"}
		return r
	},
	"the body declared unsigned": func(_ *rapid.T, r *Request) *Request {
		if r.Header["X-Amz-Content-Sha256"] != nil && r.Header["X-Amz-Content-Sha256"][0] == unsignedPayload {
			return nil
		}
		r.Header["X-Amz-Content-Sha256"] = []string{unsignedPayload}
		return r
	},
	"the body declared unsigned in the query": func(_ *rapid.T, r *Request) *Request {
		r.Query = strings.TrimPrefix(r.Query+"&X-Amz-Content-Sha256=UNSIGNED-PAYLOAD", "&")
		return r
	},
	"host":    func(_ *rapid.T, r *Request) *Request { r.Host = "other.example.com"; return r },
	"port":    func(_ *rapid.T, r *Request) *Request { r.Host += "1"; return r },
	"date":    replaced("/20260102/", "/20260103/"),
	"region":  replaced("/eu-west-1/", "/us-east-1/"),
	"service": replaced("/securityhub/", "/sts/"),
	"key": func(t *rapid.T, r *Request) *Request {
		if len(r.Header["Authorization"]) > 0 {
			return nil // only the secret that it leads to is signed there, not the id
		}
		return replaced(testKey+"/", testKey+"X/")(t, r)
	},
	"time": func(_ *rapid.T, r *Request) *Request {
		const old, by = "20260102T150405Z", "20260102T150406Z"
		r.Query = strings.Replace(r.Query, old, by, 1)
		for _, value := range r.Header["X-Amz-Date"] {
			r.Header["X-Amz-Date"] = []string{strings.Replace(value, old, by, 1)}
		}
		return r
	},
	"one digit of the signature": func(t *rapid.T, r *Request) *Request {
		at := rapid.IntRange(0, 63).Draw(t, "digit")
		change := func(s string) string {
			i := strings.Index(s, "Signature=") + len("Signature=") + at
			return s[:i] + another(s[i]) + s[i+1:]
		}
		if len(r.Header["Authorization"]) > 0 {
			r.Header["Authorization"][0] = change(r.Header["Authorization"][0])
		} else {
			r.Query = change(r.Query)
		}
		return r
	},
	"a name dropped from SignedHeaders": func(t *rapid.T, r *Request) *Request {
		s, _ := Parse(r)
		i := rapid.IntRange(0, len(s.signed)-1).Draw(t, "dropped")
		fewer := slices.Delete(slices.Clone(s.signed), i, i+1)
		return replaced("Headers="+strings.Join(s.signed, ";"), "Headers="+strings.Join(fewer, ";"))(t, withRawList(r, s.signed, fewer))
	},
	"longer validity": func(_ *rapid.T, r *Request) *Request {
		if len(r.Header["Authorization"]) > 0 {
			return nil
		}
		r.Query = strings.Replace(r.Query, "X-Amz-Expires=900", "X-Amz-Expires=901", 1)
		return r
	},
}

// withRawList changes SignedHeaders in a query, where the name is not escaped but the list is.
func withRawList(r *Request, old, by []string) *Request {
	r.Query = strings.Replace(r.Query, "SignedHeaders="+url.QueryEscape(strings.Join(old, ";")), "SignedHeaders="+url.QueryEscape(strings.Join(by, ";")), 1)
	return r
}

// signedNames are the headers of a request that are signed and not the host, which is none.
func signedNames(r *Request) []string {
	s, _ := Parse(r)
	var names []string
	for name := range r.Header {
		if s.covers(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func TestEveryMutationFails(t *testing.T) {
	t.Parallel()
	for name, presigned := range map[string]bool{"header": false, "query": true} {
		for _, what := range slices.Sorted(maps.Keys(mutations)) {
			t.Run(name+"/"+what, func(t *testing.T) {
				t.Parallel()
				rapid.Check(t, func(rt *rapid.T) {
					good := drawSent(rt, presigned)
					if err := check(good.Request, signedAt, testSecret, good.body); err != nil {
						rt.Fatal(err)
					}
					changed := mutations[what](rt, good.clone())
					if changed == nil {
						return
					}
					if err := check(changed, signedAt, testSecret, good.body); err == nil {
						rt.Fatalf("accepted %+v, made of %+v", changed, good.Request)
					}
				})
			})
		}
	}
}
