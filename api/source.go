package api

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// source is where a request came from.
type source struct {
	addr netip.Addr
	// secure says that it came over TLS, to this process or to a proxy before it.
	secure bool
}

// sourceOf reads the address off the connection. What the headers of proxies say is believed
// only where the connection is from a proxy that is trusted: anybody can send a header.
func (h *handler) sourceOf(r *http.Request) source {
	s := source{addr: hostAddr(r.RemoteAddr), secure: r.TLS != nil}
	if !h.trusts(s.addr) {
		return s
	}
	// The last address that no trusted proxy wrote about another trusted proxy is the caller's; those
	// before it are what the caller claims.
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		addr := hostAddr(strings.TrimSpace(hop))
		if !addr.IsValid() {
			break
		}
		if s.addr = addr; !h.trusts(addr) {
			break
		}
	}
	s.secure = s.secure || r.Header.Get("X-Forwarded-Proto") == "https"
	return s
}

func (h *handler) trusts(addr netip.Addr) bool {
	return slices.ContainsFunc(h.proxies, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// hostAddr reads an address that may have a port; the zero address for what is none.
func hostAddr(text string) netip.Addr {
	if host, _, err := net.SplitHostPort(text); err == nil {
		text = host
	}
	addr, _ := netip.ParseAddr(strings.Trim(text, "[]"))
	return addr.Unmap().WithZone("")
}
