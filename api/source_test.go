package api

import (
	"crypto/tls"
	"net/http"
	"net/netip"
	"testing"
)

// loopback is the network of proxies on this machine.
var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

func TestSourceOf(t *testing.T) {
	t.Parallel()
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	tests := []struct {
		name, remote, forwarded, proto string
		tls                            bool
		addr                           string
		secure                         bool
	}{
		{"a caller", "203.0.113.7:1234", "", "", false, "203.0.113.7", false},
		{"a caller over TLS", "203.0.113.7:1234", "", "", true, "203.0.113.7", true},
		{"a caller over IPv6", "[2001:db8::1]:1234", "", "", false, "2001:db8::1", false},
		{"an address mapped to IPv6", "[::ffff:203.0.113.7]:1234", "", "", false, "203.0.113.7", false},
		{"a caller who claims to be somebody else", "203.0.113.7:1234", "198.51.100.1", "https", false, "203.0.113.7", false},
		{"behind a proxy", "10.0.0.1:80", "198.51.100.1", "https", false, "198.51.100.1", true},
		{"behind a proxy without TLS before it", "10.0.0.1:80", "198.51.100.1", "http", false, "198.51.100.1", false},
		{"behind a proxy, with a claim in front", "10.0.0.1:80", "192.0.2.1, 198.51.100.1", "", false, "198.51.100.1", false},
		{"behind two proxies", "10.0.0.1:80", "192.0.2.1, 198.51.100.1, 10.9.9.9", "", false, "198.51.100.1", false},
		{"behind a proxy over IPv6", "[fd00::1]:80", "2001:db8::7", "", false, "2001:db8::7", false},
		{"with ports", "10.0.0.1:80", "198.51.100.1:4711", "", false, "198.51.100.1", false},
		{"a proxy that calls itself", "10.0.0.1:80", "", "", false, "10.0.0.1", false},
		{"a proxy that writes nonsense", "10.0.0.1:80", "198.51.100.1, unknown", "", false, "10.0.0.1", false},
		{"no address", "@", "", "", false, "invalid IP", false},
	}
	h := &handler{proxies: proxies}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := &http.Request{RemoteAddr: tt.remote, Header: http.Header{}}
			if tt.forwarded != "" {
				r.Header.Set("X-Forwarded-For", tt.forwarded)
			}
			if tt.proto != "" {
				r.Header.Set("X-Forwarded-Proto", tt.proto)
			}
			if tt.tls {
				r.TLS = &tls.ConnectionState{}
			}
			if got := h.sourceOf(r); got.addr.String() != tt.addr || got.secure != tt.secure {
				t.Errorf("got %+v, want %s, %v", got, tt.addr, tt.secure)
			}
		})
	}
}
