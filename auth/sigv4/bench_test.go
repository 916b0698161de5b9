package sigv4

import (
	"bytes"
	"testing"
)

// BenchmarkVerify measures what a signature costs: of a request with 100 findings, some 380 KB.
// Apart from the body's hash, the size does not matter.
func BenchmarkVerify(b *testing.B) {
	body := bytes.Repeat([]byte(`{"SchemaVersion":"2018-10-08"},`), 380_000/31)
	r := vanilla().with("Content-Type", "application/json").with("Content-Length", "380000").with("X-Amz-Security-Token", suiteToken)
	signWith(b, r, testSecret, string(body))
	hash := hashOf(body)
	run := func(name string, cache *KeyCache, hash func() string) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s, err := Parse(r)
				if err == nil {
					err = cache.Verify(s, r, testSecret, hash())
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	run("signature", nil, func() string { return hash })
	run("signature with a remembered key", NewKeyCache(1), func() string { return hash })
	run("signature and hash", NewKeyCache(1), func() string { return hashOf(body) })
}
