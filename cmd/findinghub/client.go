package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// hubFlags are how a tool reaches a hub.
type hubFlags struct {
	Endpoint      string `shared:"" also:"AWS_ENDPOINT_URL_SECURITYHUB,AWS_ENDPOINT_URL" default:"${endpoint}" placeholder:"URL" help:"Where the hub is."`
	CAFile        string `shared:"" name:"ca-file" also:"AWS_CA_BUNDLE" placeholder:"FILE" help:"The certificate authorities, in PEM, that may vouch for a hub that is reached by https, instead of the system's."`
	NoSignRequest bool   `shared:"" help:"Send requests without a signature."`
	DevAccounts   bool   `shared:"" help:"Sign with account ids as access keys, which is how a hub started with --dev tells accounts apart; on by itself when the hub says that it is one."`
	Retries       int    `shared:"" default:"8" help:"How often a request is repeated when the hub is busy, starting or out of reach."`
}

// caller is on whose behalf a request is made: the account, where the hub takes our
// word for it, and the region of the hub that is addressed.
type caller struct {
	account string
	region  string
}

// client sends operations to a hub. It is safe for concurrent use.
type client struct {
	http     *http.Client
	endpoint string
	sign     signer
	retries  int
	dev      bool // the hub takes our word for the account
	// wait sleeps between tries; tests replace it.
	wait func(context.Context, time.Duration) error
}

// apiError is an answer that is not a success.
type apiError struct {
	status  int
	code    string
	message string
	// after is what Retry-After asks for, 0 where the answer has none.
	after time.Duration
}

// Error gives the code and the message as the AWS clients print them.
func (e *apiError) Error() string {
	if e.message == "" {
		return cmp.Or(e.code, "HTTP "+strconv.Itoa(e.status))
	}
	return cmp.Or(e.code, "HTTP "+strconv.Itoa(e.status)) + ": " + e.message
}

// dial makes a client and finds out how it is to sign.
func (f *hubFlags) dial(ctx context.Context, m *Main, connections int) (*client, error) {
	u, err := url.Parse(f.Endpoint)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, usagef("--endpoint %q is not of the form http://HOST:PORT", f.Endpoint)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = connections
	transport.DisableCompression = true // the hub is near; compressing would cost more than it saves
	if u.Scheme == "https" && f.CAFile != "" {
		if transport.TLSClientConfig, err = trusting(f.CAFile); err != nil {
			return nil, err
		}
	}
	c := &client{
		http:     &http.Client{Transport: transport, Timeout: 5 * time.Minute},
		endpoint: strings.TrimSuffix(f.Endpoint, "/"),
		retries:  f.Retries,
		wait:     sleep,
	}
	if m.wait != nil {
		c.wait = m.wait
	}
	c.sign, err = f.signer(ctx, c)
	return c, err
}

// close gives up the connections, which a hub that is stopping would wait for.
func (c *client) close() { c.http.CloseIdleConnections() }

// call sends one operation and gives the body of a successful answer. It repeats what
// may succeed later, which is safe because imports of the same finding are one import
// and everything else that is called reads.
func (c *client) call(ctx context.Context, as caller, path string, body []byte) ([]byte, error) {
	for try := 0; ; try++ {
		answer, err := c.try(ctx, as, path, body)
		if err == nil || try >= c.retries || !repeatable(err) || ctx.Err() != nil {
			return answer, err
		}
		if err := c.wait(ctx, backoff(try, err)); err != nil {
			return nil, err
		}
	}
}

// try sends an operation once. The signature is made anew each time, because hubs refuse
// one that is some minutes old, and pauses may add up to that.
func (c *client) try(ctx context.Context, as caller, path string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoint+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	if err := c.sign(ctx, req, body, as); err != nil {
		return nil, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, shorten(err)
	}
	defer resp.Body.Close()
	answer, err := readBody(resp)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, answerError(resp, answer)
	}
	return answer, nil
}

// readBody reads a whole answer in one allocation where its length is announced.
func readBody(resp *http.Response) ([]byte, error) {
	var b bytes.Buffer
	if resp.ContentLength > 0 {
		b.Grow(int(resp.ContentLength) + bytes.MinRead)
	}
	_, err := b.ReadFrom(resp.Body)
	return b.Bytes(), err
}

// answerError reads the API's error body; anything else (a proxy's page) is told by its status.
func answerError(resp *http.Response, body []byte) error {
	var said struct{ Message, Code string }
	e := &apiError{status: resp.StatusCode}
	if json.Unmarshal(body, &said) == nil {
		e.message = said.Message
		e.code = cmp.Or(said.Code, resp.Header.Get("X-Amzn-ErrorType"))
	}
	if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && s > 0 {
		e.after = time.Duration(s) * time.Second
	}
	return e
}

// repeatable says whether the same request may succeed later: the hub is throttling,
// starting or stopping, or the connection broke.
func repeatable(err error) bool {
	var e *apiError
	if errors.As(err, &e) {
		return e.status == http.StatusTooManyRequests || e.status >= 500 && e.status != http.StatusNotImplemented
	}
	var n net.Error
	return errors.As(err, &n) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// The pause before the first repetition, doubled for each further one, and its bound.
const (
	firstPause = 200 * time.Millisecond
	maxPause   = 20 * time.Second
)

// backoff is how long to wait after a failed try: a random part of the pause, so that
// connections which failed together do not return together, or what the hub asks for.
func backoff(try int, err error) time.Duration {
	pause := min(maxPause, firstPause<<min(try, 10))
	pause = pause/2 + rand.N(pause/2)
	var e *apiError
	if errors.As(err, &e) {
		return max(pause, min(e.after, maxPause))
	}
	return pause
}

// sleep waits, but not beyond the end of the context.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// shorten drops the method and address that net/http puts before every cause; what is
// left is still a net.Error where the cause was one.
func shorten(err error) error {
	var u *url.Error
	if errors.As(err, &u) && !u.Timeout() {
		return u.Err
	}
	return err
}

// isDev asks the hub whether it was started with --dev. A hub that cannot be reached
// yet is waited for like any other request; one that says nothing of the kind is not,
// and one whose certificate is not trusted will not be trusted later.
func (c *client) isDev(ctx context.Context) (bool, error) {
	for try := 0; ; try++ {
		said, err := c.health(ctx)
		if err == nil || try >= c.retries || !repeatable(err) || ctx.Err() != nil {
			return said.Dev, err
		}
		if err := c.wait(ctx, backoff(try, err)); err != nil {
			return false, err
		}
	}
}

// health reads /healthz whatever its status is: a hub that is starting says what it is, too.
func (c *client) health(ctx context.Context) (health, error) {
	var said health
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.endpoint+"/healthz", nil)
	if err != nil {
		return said, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return said, fmt.Errorf("the hub cannot be reached at %s: %w", c.endpoint, shorten(err))
	}
	defer resp.Body.Close()
	// Somebody else's answer need not be JSON: then it is no hub in development.
	_ = json.NewDecoder(io.LimitReader(resp.Body, 1<<16)).Decode(&said)
	return said, nil
}
