package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// pemPair is a certificate that vouches for itself, and its key.
type pemPair struct {
	cert, key []byte
	x509      *x509.Certificate
}

// newPair makes a pair for this machine, told from others by its name.
func newPair(t *testing.T, name string) pemPair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return pemPair{
		cert: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		key:  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), x509: cert,
	}
}

// certDir is where a certificate and its key lie.
type certDir struct{ cert, key string }

func newCertDir(t *testing.T, p pemPair) certDir {
	t.Helper()
	dir := t.TempDir()
	d := certDir{filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")}
	writeAt(t, d.cert, p.cert, time.Unix(1, 0))
	writeAt(t, d.key, p.key, time.Unix(1, 0))
	return d
}

// writeAt writes a file that was changed at a given time: clocks of disks are coarse.
func writeAt(t *testing.T, path string, data []byte, modified time.Time) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, modified, modified); err != nil {
		t.Fatal(err)
	}
}

// renewing is a certificate under a clock that the test moves.
type renewing struct {
	*certificate
	files certDir
	log   *lockedBuffer
	time  time.Time
	write int64 // the time of the next write
}

func newRenewing(t *testing.T, p pemPair) *renewing {
	t.Helper()
	r := &renewing{files: newCertDir(t, p), log: &lockedBuffer{}, write: 2}
	var err error
	if r.certificate, err = newCertificate(r.files.cert, r.files.key, slog.New(slog.NewTextHandler(r.log, nil))); err != nil {
		t.Fatal(err)
	}
	r.time = r.looked
	r.now = func() time.Time { return r.time }
	return r
}

// put writes one of the files.
func (r *renewing) put(t *testing.T, path string, data []byte) {
	t.Helper()
	writeAt(t, path, data, time.Unix(r.write, 0))
	r.write++
}

// later moves the clock on to when the files are looked at again.
func (r *renewing) later() { r.time = r.time.Add(lookInterval) }

// shown is the name that a client is shown in a handshake.
func (r *renewing) shown(t *testing.T) string {
	t.Helper()
	state, err := handshake(r.config(), &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	return state.PeerCertificates[0].Subject.CommonName
}

// handshake lets a client and a server agree and gives the client's view of it.
func handshake(server, client *tls.Config) (tls.ConnectionState, error) {
	near, far := net.Pipe()
	defer near.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer far.Close()
		_ = tls.Server(far, server).Handshake()
	}()
	c := tls.Client(near, client)
	err := c.Handshake()
	near.Close()
	<-done
	return c.ConnectionState(), err
}

func TestCertificateIsRenewed(t *testing.T) {
	t.Parallel()
	r := newRenewing(t, newPair(t, "first"))
	if got := r.shown(t); got != "first" {
		t.Fatalf("shows %q", got)
	}
	second := newPair(t, "second")
	r.put(t, r.files.cert, second.cert)
	r.put(t, r.files.key, second.key)
	// Files are not looked at for every handshake.
	if got := r.shown(t); got != "first" {
		t.Errorf("shows %q before it was time to look", got)
	}
	r.later()
	if got := r.shown(t); got != "second" {
		t.Errorf("shows %q after the renewal", got)
	}
	if !strings.Contains(r.log.String(), "the certificate was renewed") {
		t.Errorf("the log says %s", r.log)
	}
}

func TestBrokenRenewalKeepsTheOld(t *testing.T) {
	t.Parallel()
	second := newPair(t, "second")
	for name, spoil := range map[string]func(*testing.T, *renewing){
		"the key is not yet there":  func(t *testing.T, r *renewing) { r.put(t, r.files.cert, second.cert) },
		"the key comes first":       func(t *testing.T, r *renewing) { r.put(t, r.files.key, second.key) },
		"half a file":               func(t *testing.T, r *renewing) { r.put(t, r.files.cert, second.cert[:100]) },
		"an empty file":             func(t *testing.T, r *renewing) { r.put(t, r.files.key, nil) },
		"the file was taken away":   func(t *testing.T, r *renewing) { os.Remove(r.files.cert) },
		"a certificate for the key": func(t *testing.T, r *renewing) { r.put(t, r.files.key, second.cert) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRenewing(t, newPair(t, "first"))
			spoil(t, r)
			for range 3 {
				r.later()
				if got := r.shown(t); got != "first" {
					t.Errorf("shows %q", got)
				}
			}
			if n := strings.Count(r.log.String(), "cannot be used"); n != 1 {
				t.Errorf("complained %d times: %s", n, r.log)
			}
			if strings.Contains(r.log.String(), "PRIVATE") {
				t.Errorf("the log has a key: %s", r.log)
			}
			// Once both are there, they count.
			r.put(t, r.files.cert, second.cert)
			r.put(t, r.files.key, second.key)
			r.later()
			if got := r.shown(t); got != "second" {
				t.Errorf("shows %q after the renewal was done", got)
			}
		})
	}
}

// TestCertificateFromManyConnections is for the race detector: handshakes share what is renewed.
func TestCertificateFromManyConnections(t *testing.T) {
	t.Parallel()
	r := newRenewing(t, newPair(t, "first"))
	second := newPair(t, "second")
	r.put(t, r.files.cert, second.cert)
	r.put(t, r.files.key, second.key)
	r.later()
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			pair, err := r.getCertificate(nil)
			if err != nil {
				t.Error(err)
				return
			}
			if pair.Leaf.Subject.CommonName != "second" {
				t.Errorf("shows %q", pair.Leaf.Subject.CommonName)
			}
		})
	}
	group.Wait()
	if n := strings.Count(r.log.String(), "was renewed"); n != 1 {
		t.Errorf("renewed %d times", n)
	}
}

func TestTLSVersions(t *testing.T) {
	t.Parallel()
	r := newRenewing(t, newPair(t, "first"))
	for _, tt := range []struct{ most, want uint16 }{{0, tls.VersionTLS13}, {tls.VersionTLS12, tls.VersionTLS12}, {tls.VersionTLS11, 0}} {
		state, err := handshake(r.config(), &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: tt.most})
		if err != nil {
			state.Version = 0
		}
		if state.Version != tt.want {
			t.Errorf("a client that speaks at most %x gets %x, want %x (%v)", tt.most, state.Version, tt.want, err)
		}
	}
}

// trustingOnly is a client that trusts one certificate.
func trustingOnly(p pemPair, h2 bool) *http.Client {
	roots := x509.NewCertPool()
	roots.AddCert(p.x509)
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: h2}}
}

func TestServeTLS(t *testing.T) {
	t.Parallel()
	pair := newPair(t, "hub")
	files := newCertDir(t, pair)
	hub := startHub(t, t.TempDir(), "--tls-cert", files.cert, "--tls-key", files.key)
	if !strings.HasPrefix(hub.url, "https://") {
		t.Fatalf("the greeting says %s", hub.url)
	}
	for _, h2 := range []bool{true, false} {
		hub.client = trustingOnly(pair, h2)
		resp, err := hub.client.Get(hub.url + "/healthz")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if want := map[bool]int{true: 2, false: 1}[h2]; resp.StatusCode != http.StatusOK || resp.ProtoMajor != want {
			t.Errorf("answers %s in HTTP/%d, want HTTP/%d", resp.Status, resp.ProtoMajor, want)
		}
		hub.client.CloseIdleConnections()
	}
	resp, err := newHTTPClient().Get("http" + strings.TrimPrefix(hub.url, "https") + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusBadRequest {
		t.Errorf("HTTP without TLS is answered with %s", resp.Status)
	}
}

// TestToolsOverTLS: import and export reach a hub whose authority they are told.
func TestToolsOverTLS(t *testing.T) {
	t.Parallel()
	pair := newPair(t, "hub")
	files, others := newCertDir(t, pair), newCertDir(t, newPair(t, "other"))
	hub := startHub(t, t.TempDir(), "--tls-cert", files.cert, "--tls-key", files.key)
	call{args: []string{"import", "--endpoint", hub.url, "--ca-file", files.cert, stdin}, stdin: manyFindings(3, "a", alice)}.run(t).
		wants(t, exitOK, "3 findings imported")
	call{args: []string{"export", "--endpoint", hub.url, "--account", alice}, env: map[string]string{"AWS_CA_BUNDLE": files.cert}}.run(t).
		wants(t, exitOK, "3 findings exported")
	var waits []time.Duration
	call{args: []string{"export", "--endpoint", hub.url}, waits: &waits}.run(t).wants(t, exitFailed, "unknown authority")
	call{args: []string{"export", "--endpoint", hub.url, "--ca-file", others.cert}, waits: &waits}.run(t).wants(t, exitFailed, "certificate")
	if len(waits) > 0 {
		t.Errorf("the tools waited for a certificate to become good: %v", waits)
	}
}

func TestTLSUsage(t *testing.T) {
	t.Parallel()
	pair := newPair(t, "hub")
	files, others := newCertDir(t, pair), newCertDir(t, newPair(t, "other"))
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"serve", "--dev", "--tls-cert", files.cert}, "--tls-key"},
		{[]string{"serve", "--dev", "--tls-key", files.key}, "--tls-cert"},
		{[]string{"serve", "--dev", "--tls-cert", files.cert, "--tls-key", others.key}, "does not match"},
		{[]string{"serve", "--dev", "--tls-cert", files.key, "--tls-key", files.key}, "cannot be used"},
		{[]string{"serve", "--dev", "--tls-cert", files.cert, "--tls-key", "no-such-key"}, "no-such-key"},
		// TLS does not make up for signatures that nobody checks.
		{[]string{"serve", "--dev", "--listen", "0.0.0.0:0", "--tls-cert", files.cert, "--tls-key", files.key}, "--insecure-dev-listen"},
		{[]string{"serve", "--dev", "--listen", "0.0.0.0:0", "--insecure-http"}, "--insecure-dev-listen"},
		{[]string{"export", "--endpoint", "https://127.0.0.1:1", "--ca-file", "no-such-file"}, "no-such-file"},
		{[]string{"export", "--endpoint", "https://127.0.0.1:1", "--ca-file", files.key}, "no certificate"},
	} {
		r := program(t, c.args...)
		r.wants(t, exitUsage, c.says)
		if strings.Count(r.stderr, "\n") != 1 || strings.Contains(r.stderr, "PRIVATE") {
			t.Errorf("%q: %q", c.args, r.stderr)
		}
	}
}

func TestCheckTransport(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		c    serveCommand
		host string
		says string
	}{
		"this machine":               {serveCommand{}, "127.0.0.1", ""},
		"this machine by name":       {serveCommand{}, "localhost", ""},
		"a network":                  {serveCommand{}, "0.0.0.0", "--insecure-http"},
		"every interface":            {serveCommand{}, "", "--tls-cert"},
		"a name":                     {serveCommand{}, "hub.example.com", "--tls-cert"},
		"a network, meant":           {serveCommand{InsecureHTTP: true}, "0.0.0.0", ""},
		"a network with TLS":         {serveCommand{TLSCert: "c", TLSKey: "k"}, "0.0.0.0", ""},
		"half a pair":                {serveCommand{TLSCert: "c", InsecureHTTP: true}, "0.0.0.0", "together"},
		"--dev has its own rule":     {serveCommand{Dev: true, InsecureDevListen: true}, "0.0.0.0", ""},
		"half a pair does not count": {serveCommand{TLSKey: "k"}, "127.0.0.1", "together"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := tt.c.checkTransport(tt.host)
			if (err == nil) != (tt.says == "") || err != nil && !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want %q", err, tt.says)
			}
		})
	}
}
