package api

import (
	"net/http"
	"time"
)

// Server makes an HTTP server for a handler with the limits that a hub needs in the open:
// headers within 10 s and 64 KB, connections idle for at most two minutes. The time of bodies and
// answers is bounded request by request, because some operations rightly take long in between.
func Server(addr string, h http.Handler) *http.Server {
	return &http.Server{
		Addr: addr, Handler: h,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
}
