package api

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/auth"
	"github.com/findinghub/findinghub/events"
	"github.com/findinghub/findinghub/hub"
	"github.com/findinghub/findinghub/store/memory"
)

// streaming is a hub in --dev that keeps events.
func streaming(t *testing.T, change ...func(*Config)) *httptest.Server {
	t.Helper()
	engine := memory.NewWithEvents([16]byte{1})
	h, err := hub.New(t.Context(), hub.Config{Store: engine, Dev: true})
	if err != nil {
		t.Fatal(err)
	}
	c := Config{Hub: h, Stream: &events.Stream{Outbox: engine, Poll: time.Millisecond}, viewTime: 10 * time.Millisecond}
	for _, f := range change {
		f(&c)
	}
	s := httptest.NewServer(New(c))
	t.Cleanup(s.Close)
	return s
}

// told is one event of a stream.
type told struct {
	cursor string
	event  struct {
		Account, Region string
		DetailType      string `json:"detail-type"`
		Detail          struct{ Findings []struct{ Id string } }
	}
}

// listener reads a stream.
type listener struct {
	t      *testing.T
	resp   *http.Response
	lines  *bufio.Scanner
	cancel context.CancelFunc
}

func listen(t *testing.T, s *httptest.Server, account, query, last string) *listener {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/events?"+query, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+account+"/20260101/us-east-1/securityhub/aws4_request, SignedHeaders=host, Signature=0")
	if last != "" {
		req.Header.Set("Last-Event-ID", last)
	}
	resp, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return &listener{t: t, resp: resp, lines: bufio.NewScanner(resp.Body), cancel: cancel}
}

// next waits for the next event; false when the stream ends.
func (l *listener) next() (told, bool) {
	l.t.Helper()
	var e told
	for l.lines.Scan() {
		line := l.lines.Text()
		if id, ok := strings.CutPrefix(line, "id: "); ok {
			e.cursor = id
		}
		if data, ok := strings.CutPrefix(line, "data: "); ok {
			if err := json.Unmarshal([]byte(data), &e.event); err != nil {
				l.t.Fatalf("%s: %v", data, err)
			}
		}
		if line == "" && e.cursor != "" {
			return e, true
		}
	}
	return e, false
}

// heartbeats waits for lines that say nothing.
func (l *listener) heartbeats(n int) {
	l.t.Helper()
	for n > 0 && l.lines.Scan() {
		if l.lines.Text() == ":" {
			n--
		}
	}
}

func (l *listener) wants(ids ...string) (last string) {
	l.t.Helper()
	for _, id := range ids {
		e, ok := l.next()
		if !ok || len(e.event.Detail.Findings) != 1 || e.event.Detail.Findings[0].Id != id || e.event.DetailType != "Security Hub Findings - Imported" {
			l.t.Fatalf("got %+v, %v, want %s", e, ok, id)
		}
		last = e.cursor
	}
	return last
}

// imports imports one finding as an account.
func importAs(t *testing.T, s *httptest.Server, account, id string) {
	t.Helper()
	body := strings.ReplaceAll(strings.Replace(good, `"Id":"a"`, `"Id":"`+id+`"`, 1), "123456789012", account)
	r := send(t, s, "POST", "/findings/import", `{"Findings":[`+body+`]}`, "Authorization", "AWS4-HMAC-SHA256 Credential="+account+"/20260101/us-east-1/securityhub/aws4_request, SignedHeaders=host, Signature=0")
	if r.status != http.StatusOK || !strings.Contains(r.body, `"SuccessCount":1`) {
		t.Fatalf("got %d %s", r.status, r.body)
	}
}

// A reader gets the events of its own account in order, those kept and those to come, and goes on after the last it got.
func TestStream(t *testing.T) {
	t.Parallel()
	s := streaming(t)
	importAs(t, s, "123456789012", "a")
	importAs(t, s, "210987654321", "another account's")
	importAs(t, s, "123456789012", "b")
	l := listen(t, s, "123456789012", "oldest=true", "")
	if got := l.resp.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("the type is %s", got)
	}
	l.wants("a")
	last := l.wants("b")
	importAs(t, s, "123456789012", "c")
	l.wants("c")
	l.cancel()
	importAs(t, s, "123456789012", "d")
	listen(t, s, "123456789012", "", last).wants("c", "d")
	listen(t, s, "123456789012", "after="+url.QueryEscape(last), "").wants("c", "d")
	filtered := listen(t, s, "123456789012", "oldest=true&filters="+url.QueryEscape(`{"Id":[{"Value":"d","Comparison":"EQUALS"}]}`), "")
	filtered.wants("d")
}

// Administrators read their members' events, until a member leaves.
func TestStreamOfMembers(t *testing.T) {
	t.Parallel()
	s := streaming(t)
	as := func(account, method, path, body string) string {
		t.Helper()
		r := send(t, s, method, path, body, "Authorization", "AWS4-HMAC-SHA256 Credential="+account+"/20260101/us-east-1/securityhub/aws4_request, SignedHeaders=host, Signature=0")
		if r.status != http.StatusOK {
			t.Fatalf("%s %s: got %d %s", method, path, r.status, r.body)
		}
		return r.body
	}
	const admin, member = "111111111111", "222222222222"
	as(admin, "POST", "/members", `{"AccountDetails":[{"AccountId":"`+member+`"}]}`)
	as(admin, "POST", "/members/invite", `{"AccountIds":["`+member+`"]}`)
	var list struct {
		Invitations []struct{ InvitationId string }
	}
	if err := json.Unmarshal([]byte(as(member, "GET", "/invitations", "")), &list); err != nil || len(list.Invitations) != 1 {
		t.Fatalf("%+v %v", list, err)
	}
	as(member, "POST", "/administrator", `{"AdministratorId":"`+admin+`","InvitationId":"`+list.Invitations[0].InvitationId+`"}`)
	l := listen(t, s, admin, "oldest=true", "")
	importAs(t, s, member, "member's")
	importAs(t, s, admin, "own")
	l.wants("member's", "own")
	as(member, "POST", "/administrator/disassociate", `{}`)
	l.heartbeats(2) // after the second the view was made anew
	importAs(t, s, member, "no longer")
	importAs(t, s, admin, "own again")
	l.wants("own again")
}

// What is wrong is told before the stream begins.
func TestStreamRefuses(t *testing.T) {
	t.Parallel()
	s := streaming(t)
	for query, says := range map[string]string{
		"filters=" + url.QueryEscape(`{"Nonsense":[]}`): "Nonsense", "since=1": "'since'", "after=1&after=2": "more than once",
	} {
		l := listen(t, s, "123456789012", query, "")
		body, _ := bufio.NewReader(l.resp.Body).ReadString(0)
		if l.resp.StatusCode != http.StatusBadRequest || !strings.Contains(body, says) {
			t.Errorf("%s: got %d %s", query, l.resp.StatusCode, body)
		}
	}
	if r := send(t, server(t), "GET", "/events", ""); r.status != http.StatusNotImplemented || !strings.Contains(r.message, "--event-stream") {
		t.Errorf("without events: got %d %s", r.status, r.body)
	}
}

// Without --dev a reader signs, and needs what searching needs.
func TestStreamNeedsRights(t *testing.T) {
	t.Parallel()
	engine := memory.NewWithEvents([16]byte{1})
	g := newGuarded(t, identities, func(c *Config) { c.Stream = &events.Stream{Outbox: engine} })
	g.mustSend(t, by(adminKey), "POST", "/accounts", `{}`)
	for _, tt := range []struct {
		s    signature
		code string
	}{{signature{}, auth.CodeMissingToken}, {by(nobodyKey), findinghub.CodeAccessDenied}, {by(otherKey), findinghub.CodeInvalidAccess}} {
		if r := g.send(t, tt.s, "GET", "/events", ""); r.code != tt.code {
			t.Errorf("got %d %s, want %s", r.status, r.code, tt.code)
		}
	}
}

// A hub that stops ends its streams, however much their readers want to go on.
func TestStreamEndsWithTheHub(t *testing.T) {
	t.Parallel()
	stopping, stop := context.WithCancel(t.Context())
	s := streaming(t, func(c *Config) { c.Stopping = stopping.Done() })
	l := listen(t, s, "123456789012", "", "")
	stop()
	if e, ok := l.next(); ok {
		t.Errorf("got %+v", e)
	}
}

// Slow readers and those who leave cost nothing but their connection.
func TestStreamReadersLeave(t *testing.T) {
	t.Parallel()
	s := streaming(t)
	for range 20 {
		listen(t, s, "123456789012", "oldest=true", "").cancel()
	}
	for i := range 50 {
		importAs(t, s, "123456789012", fmt.Sprint(i))
	}
	l := listen(t, s, "123456789012", "oldest=true", "")
	for i := range 50 {
		l.wants(fmt.Sprint(i))
	}
}
