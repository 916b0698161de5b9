package main

import (
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

// certificate is what the hub proves itself with: a pair of files that somebody renews.
// They are looked at during handshakes, so that nothing runs and nothing needs to be told.
// It is safe for concurrent use.
type certificate struct {
	certFile, keyFile string
	log               *slog.Logger
	now               func() time.Time

	mu     sync.Mutex
	looked time.Time
	seen   [2]fileState
	pair   *tls.Certificate
}

// lookInterval is how often the files are looked at, at most: a scan for open ports should
// not become one of the disk.
const lookInterval = time.Second

// fileState tells a file from what it was before; the zero value is one that is not there.
type fileState struct{ modified, size int64 }

// newCertificate reads the pair for the first time.
func newCertificate(certFile, keyFile string, log *slog.Logger) (*certificate, error) {
	c := &certificate{certFile: certFile, keyFile: keyFile, log: log, now: time.Now}
	c.looked, c.seen = c.now(), c.look()
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, err
	}
	c.pair = &pair
	return c, nil
}

// getCertificate gives the pair as it is now. One that cannot be used, because it is being
// written or is broken, does not take the place of one that can; it is complained about once.
func (c *certificate) getCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if now.Sub(c.looked) < lookInterval {
		return c.pair, nil
	}
	c.looked = now
	// The look comes before the reading: a change in between is seen by the next look.
	if seen := c.look(); seen != c.seen {
		c.seen = seen
		c.renew()
	}
	return c.pair, nil
}

// renew reads the pair again.
func (c *certificate) renew() {
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		c.log.Error("the renewed certificate cannot be used; the old one stays in use", "tls_cert", c.certFile, "tls_key", c.keyFile, "error", err)
		return
	}
	c.pair = &pair
	c.log.Info("the certificate was renewed", "tls_cert", c.certFile, "not_after", pair.Leaf.NotAfter)
}

// look says in which state the two files are.
func (c *certificate) look() (seen [2]fileState) {
	for i, name := range []string{c.certFile, c.keyFile} {
		if info, err := os.Stat(name); err == nil {
			seen[i] = fileState{info.ModTime().UnixNano(), info.Size()}
		}
	}
	return seen
}

// config is how the hub speaks TLS: 1.3 where the client can, else 1.2. The HTTP server adds
// h2 and HTTP/1.1.
func (c *certificate) config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.getCertificate}
}

// checkTransport refuses half a pair, and to send what must not be read or changed on the
// way over a network. --dev has a rule of its own, because it protects nothing anyway.
func (c *serveCommand) checkTransport(host string) error {
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return usagef("--tls-cert and --tls-key are of use only together")
	}
	if !c.Dev && c.TLSCert == "" && !c.InsecureHTTP && !isLoopback(host) {
		return usagef("--listen %s can be reached from other machines, and without TLS anybody on the way can read and change what is sent; add --tls-cert and --tls-key, or --insecure-http if that is meant", c.Listen)
	}
	return nil
}

// certificate reads the pair that the flags name; nil without TLS.
func (c *serveCommand) certificate(log *slog.Logger) (*certificate, error) {
	if c.TLSCert == "" {
		return nil, nil
	}
	cert, err := newCertificate(c.TLSCert, c.TLSKey, log)
	if err != nil {
		return nil, usagef("--tls-cert %s and --tls-key %s cannot be used: %w", c.TLSCert, c.TLSKey, err)
	}
	return cert, nil
}

// scheme is how the hub is spoken to.
func (s *serving) scheme() string {
	if s.cert != nil {
		return "https"
	}
	return "http"
}

// serve answers on a listener until the server is closed.
func (s *serving) serve(server *http.Server, listener net.Listener) error {
	if s.cert == nil {
		return server.Serve(listener)
	}
	server.TLSConfig = s.cert.config()
	return server.ServeTLS(listener, "", "")
}

// trusting is how a tool speaks TLS when it trusts the authorities in a file only.
func trusting(caFile string) (*tls.Config, error) {
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, usagef("--ca-file cannot be read: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, usagef("--ca-file %s has no certificate in PEM", caFile)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}, nil
}
