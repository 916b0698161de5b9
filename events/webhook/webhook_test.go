package webhook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/findinghub/findinghub/events"
)

var (
	secret = []byte("0123456789abcdef")
	now    = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
)

// receive is a receiver as the package's documentation describes it, by nothing but that. It gives the events.
func receive(r *http.Request) ([]json.RawMessage, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	stamp := r.Header.Get("X-Findinghub-Timestamp")
	mac := hmac.New(sha256.New, secret)
	fmt.Fprintf(mac, "%s.%s", stamp, body)
	given, ok := strings.CutPrefix(r.Header.Get("X-Findinghub-Signature"), "v1=")
	want, err := hex.DecodeString(given)
	if !ok || err != nil || !hmac.Equal(want, mac.Sum(nil)) {
		return nil, errors.New("the signature is wrong")
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || time.Unix(seconds, 0).Sub(now).Abs() > 5*time.Minute {
		return nil, errors.New("the timestamp is far from now")
	}
	if body[0] != '[' {
		return []json.RawMessage{body}, nil
	}
	var all []json.RawMessage
	return all, json.Unmarshal(body, &all)
}

func messages(n int) []events.Message {
	all := make([]events.Message, n)
	for i := range all {
		all[i] = events.Message{ID: fmt.Sprint("e", i), Body: fmt.Appendf(nil, `{"id":"e%d"}`, i)}
	}
	return all
}

// serve starts a receiver with TLS and gives settings for it.
func serve(t *testing.T, h http.HandlerFunc) Settings {
	server := httptest.NewUnstartedServer(h)
	server.Config.ErrorLog = nil
	server.StartTLS()
	t.Cleanup(server.Close)
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	return Settings{
		URL: server.URL + "/hook?token=hush", Secret: secret, Concurrency: 4,
		TLS: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, Now: func() time.Time { return now },
	}
}

func open(t *testing.T, s Settings) events.Sender {
	sender, err := Open(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sender.Close(); err != nil {
			t.Error(err)
		}
	})
	return sender
}

// A receiver that knows the documentation gets every event, one by one or in one array.
func TestSigned(t *testing.T) {
	t.Parallel()
	for _, batch := range []bool{false, true} {
		var mu sync.Mutex
		got, requests := map[string]string{}, 0
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			all, err := receive(r)
			if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" {
				t.Errorf("%s %v: %v", r.Method, r.Header, err)
			}
			mu.Lock()
			defer mu.Unlock()
			requests++
			for _, e := range all {
				got[string(e)] = r.Header.Get("X-Findinghub-Event-Id")
			}
		})
		s.Batch = batch
		for i, err := range open(t, s).Send(t.Context(), messages(10)) {
			if err != nil {
				t.Errorf("message %d: %v", i, err)
			}
		}
		wantRequests, wantID := 10, "e7"
		if batch {
			wantRequests, wantID = 1, "e0"
		}
		if len(got) != 10 || requests != wantRequests || got[`{"id":"e7"}`] != wantID {
			t.Errorf("batch %v: %d requests brought %v", batch, requests, got)
		}
	}
}

// A body or a time that was changed on the way is noticed, and so is another secret.
func TestSignatureCovers(t *testing.T) {
	t.Parallel()
	want := sign(secret, "1", []byte("body"))
	for _, other := range []string{sign(secret, "2", []byte("body")), sign(secret, "1", []byte("bodY")), sign([]byte("0123456789abcdeg"), "1", []byte("body"))} {
		if other == want {
			t.Error("two requests have one signature")
		}
	}
	// Computed by openssl dgst -sha256 -hmac.
	if want != "v1=7dc1e25954a7e10ff20409cf9fe6e461054b517230ea91fed87cc2ad562cba9a" {
		t.Errorf("the signature is %s", want)
	}
}

// What each status means: the event is there, again, or never.
func TestStatuses(t *testing.T) {
	t.Parallel()
	status := make(chan int, 1)
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "https://elsewhere.example/")
		w.WriteHeader(<-status)
	})
	sender := open(t, s)
	for code, want := range map[int]string{
		200: "done", 202: "done", 204: "done", 301: "never", 302: "never", 307: "never", 308: "never", 400: "never", 401: "never",
		403: "never", 404: "never", 410: "never", 413: "never", 408: "again", 429: "again", 500: "again", 502: "again", 503: "again", 504: "again",
	} {
		status <- code
		err := sender.Send(t.Context(), messages(1))[0]
		var refusal *events.Refusal
		got := "again"
		if err == nil {
			got = "done"
		} else if errors.As(err, &refusal) {
			got = "never"
		}
		if got != want {
			t.Errorf("%d means %s: %v", code, got, err)
		}
		if err != nil && strings.Contains(err.Error(), "hush") {
			t.Errorf("%d: the error has the URL: %v", code, err)
		}
	}
}

// One request that fails does not take the others with it; in an array all share one fate.
func TestPartialFailure(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get(HeaderEventID) == "e0" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	for batch, want := range map[bool]int{false: 1, true: 3} {
		s.Batch = batch
		n := 0
		for _, err := range open(t, s).Send(t.Context(), messages(3)) {
			if err != nil {
				n++
			}
		}
		if n != want {
			t.Errorf("batch %v: %d failed, want %d", batch, n, want)
		}
	}
}

// A receiver that does not answer costs the time that a Send has, and the error does not tell the URL.
func TestTimeout(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	arrived := make(chan struct{})
	s := serve(t, func(http.ResponseWriter, *http.Request) { close(arrived); <-release })
	defer close(release)
	sender := open(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-arrived; cancel() }()
	err := sender.Send(ctx, messages(1))[0]
	if !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "hush") {
		t.Errorf("error %v", err)
	}
}

// An answer without an end is not read to the end.
func TestEndlessAnswer(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{})
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		defer close(ended)
		_, _ = io.ReadAll(r.Body)
		for chunk := make([]byte, 32<<10); ; {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	})
	if err := open(t, s).Send(t.Context(), messages(1))[0]; err != nil {
		t.Error(err)
	}
	<-ended
}

// Nobody there is "again".
func TestNobodyThere(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(nil)
	server.Close()
	err := open(t, Settings{URL: server.URL, Secret: secret, Concurrency: 1, Now: time.Now}).Send(t.Context(), messages(1))[0]
	var refusal *events.Refusal
	if err == nil || errors.As(err, &refusal) {
		t.Errorf("error %v", err)
	}
}

// A certificate that nobody vouches for ends it.
func TestUnknownCertificate(t *testing.T) {
	t.Parallel()
	s := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the request went through") })
	s.TLS = nil
	if err := open(t, s).Send(t.Context(), messages(1))[0]; err == nil {
		t.Error("no error")
	}
}

// What Open refuses. No message holds the URL.
func TestCheck(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		change func(*Settings)
		want   string
	}{
		{func(*Settings) {}, ""},
		{func(s *Settings) { s.URL = "http://127.0.0.1:80/hush" }, ""},
		{func(s *Settings) { s.URL = "http://[::1]/hush" }, ""},
		{func(s *Settings) { s.URL = "http://localhost/hush" }, ""},
		{func(s *Settings) { s.URL, s.Insecure = "http://soc.example/hush", true }, ""},
		{func(s *Settings) { s.URL = "http://soc.example/hush" }, "http is only for loopback"},
		{func(s *Settings) { s.URL = "http://127.0.0.1.soc.example/hush" }, "http is only for loopback"},
		{func(s *Settings) { s.URL = "ftp://soc.example/hush" }, "https://"},
		{func(s *Settings) { s.URL = "/hush" }, "an absolute URL"},
		{func(s *Settings) { s.URL = "https://hush\x7f" }, "an absolute URL"},
		{func(s *Settings) { s.Secret = secret[:15] }, "15 bytes, it must have 16"},
		{func(s *Settings) { s.Concurrency = 0 }, "concurrency"},
	} {
		s := Settings{URL: "https://soc.example/hush", Secret: secret, Concurrency: 1}
		test.change(&s)
		_, err := Open(s)
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "hush")) {
			t.Errorf("%s: %v does not say %q", s.URL, err, test.want)
		}
	}
}
