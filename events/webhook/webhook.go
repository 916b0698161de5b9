// Package webhook sends events by HTTPS POST.
//
// A request's body is the event, or a JSON array of events in batch mode. It carries
//
//	X-Findinghub-Event-Id:  the event's id; in batch mode the first event's
//	X-Findinghub-Timestamp: seconds since 1970, when this request was made
//	X-Findinghub-Signature: v1=hex(HMAC-SHA256(secret, timestamp + "." + body))
//
// A receiver checks the signature, refuses timestamps that are far from its own clock, and answers 2xx
// once it has the events for good. 408, 429, 5xx and no answer mean "again"; any other status
// sends the event to the dead letters.
package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"time"

	"github.com/findinghub/findinghub/events"
	"golang.org/x/sync/errgroup"
)

// The headers of a request.
const (
	HeaderEventID   = "X-Findinghub-Event-Id"
	HeaderTimestamp = "X-Findinghub-Timestamp"
	HeaderSignature = "X-Findinghub-Signature"
)

// maxAnswer is how much of an answer's body is read, in bytes: enough to use the connection again.
const maxAnswer = 64 << 10

// MinSecret is the least length of a secret in bytes.
const MinSecret = 16

// Settings is what a webhook needs.
type Settings struct {
	// URL is https, or http to a loopback address; Insecure allows http to anywhere.
	URL      string
	Insecure bool
	// Secret signs; MinSecret bytes or more.
	Secret []byte
	// Batch sends all messages of a Send as one JSON array.
	Batch bool
	// Concurrency is how many requests are under way at once when Batch is off, 1 or more.
	Concurrency int
	// TLS is the client's side of TLS; nil for Go's defaults.
	TLS *tls.Config
	// Now is the clock of timestamps.
	Now func() time.Time
}

// sender is an events.Sender.
type sender struct {
	s      Settings
	client *http.Client
}

// Check says what is wrong with settings, nil for nothing. Errors do not hold the URL: it may be a secret.
func (s *Settings) Check() error {
	u, err := url.Parse(s.URL)
	switch {
	case err != nil || u.Host == "":
		return errors.New("url: it must be an absolute URL")
	case u.Scheme != "https" && u.Scheme != "http":
		return errors.New("url: it must begin with https://")
	case u.Scheme == "http" && !s.Insecure && !loopback(u.Hostname()):
		return errors.New("url: http is only for loopback addresses; use https, or insecure: true")
	case len(s.Secret) < MinSecret:
		return fmt.Errorf("secret: it has %d bytes, it must have %d or more", len(s.Secret), MinSecret)
	case s.Concurrency < 1:
		return errors.New("concurrency: it must be 1 or more")
	}
	return nil
}

// loopback takes names other than localhost for far away: what they resolve to may change.
func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// Open makes the sender. Connections are made when they are needed.
func Open(s Settings) (events.Sender, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	transport := &http.Transport{
		DialContext: dialer.DialContext, TLSClientConfig: s.TLS, ForceAttemptHTTP2: true,
		Proxy:               http.ProxyFromEnvironment,
		MaxIdleConnsPerHost: s.Concurrency, MaxConnsPerHost: s.Concurrency,
		IdleConnTimeout: 90 * time.Second, MaxResponseHeaderBytes: maxAnswer,
	}
	return &sender{s: s, client: &http.Client{
		Transport: transport,
		// A redirect could take signed findings anywhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Send implements events.Sender.
func (w *sender) Send(ctx context.Context, batch []events.Message) []error {
	errs := make([]error, len(batch))
	if w.s.Batch {
		err := w.post(ctx, batch[0].ID, array(batch))
		for i := range errs {
			errs[i] = err
		}
		return errs
	}
	var g errgroup.Group
	g.SetLimit(w.s.Concurrency)
	for i := range batch {
		g.Go(func() error {
			errs[i] = w.post(ctx, batch[i].ID, batch[i].Body)
			return nil
		})
	}
	_ = g.Wait() // the functions return nil
	return errs
}

// array joins events to a JSON array.
func array(batch []events.Message) []byte {
	n := 1
	for i := range batch {
		n += len(batch[i].Body) + 1
	}
	body := append(make([]byte, 0, n), '[')
	for i := range batch {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, batch[i].Body...)
	}
	return append(body, ']')
}

// post makes one request and judges the answer.
func (w *sender) post(ctx context.Context, id string, body []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.s.URL, bytes.NewReader(body))
	if err != nil {
		return withoutURL(err)
	}
	timestamp := strconv.FormatInt(w.s.Now().Unix(), 10)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "findinghub")
	r.Header.Set(HeaderEventID, id)
	r.Header.Set(HeaderTimestamp, timestamp)
	r.Header.Set(HeaderSignature, sign(w.s.Secret, timestamp, body))
	answer, err := w.client.Do(r)
	if err != nil {
		return withoutURL(err)
	}
	defer answer.Body.Close()
	// The status decides; a body that breaks off costs the connection, not the event.
	_, _ = io.CopyN(io.Discard, answer.Body, maxAnswer)
	return judge(answer.StatusCode)
}

// judge says what a status means.
func judge(status int) error {
	if status >= 200 && status < 300 {
		return nil
	}
	err := fmt.Errorf("the webhook answered %d %s", status, http.StatusText(status))
	if status >= 500 || status == http.StatusRequestTimeout || status == http.StatusTooManyRequests {
		return err
	}
	return &events.Refusal{Err: err}
}

// sign makes the signature header.
func sign(secret []byte, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(timestamp + "."))
	mac.Write(body)
	return "v1=" + hex.EncodeToString(mac.Sum(nil))
}

// withoutURL drops the URL from the client's errors: people put tokens into them.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// Close implements events.Sender.
func (w *sender) Close() error {
	w.client.CloseIdleConnections()
	return nil
}
