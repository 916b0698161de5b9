package nats

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/findinghub/findinghub/events"
	"github.com/findinghub/findinghub/finding"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// run starts NATS with JetStream in this process, on a port of its own unless one is given.
func run(t *testing.T, o server.Options) *server.Server {
	t.Helper()
	o.Host, o.JetStream, o.NoLog, o.NoSigs = "127.0.0.1", true, true, true
	if o.Port == 0 {
		o.Port = -1
	}
	s, err := server.NewServer(&o)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(time.Minute) {
		t.Fatal("NATS does not start")
	}
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	return s
}

// stream makes a stream and gives a connection to look at it with.
func stream(t *testing.T, s *server.Server, c jetstream.StreamConfig) jetstream.Stream {
	t.Helper()
	conn, err := nats.Connect(s.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	c.Name, c.Storage = "events", jetstream.FileStorage
	made, err := js.CreateOrUpdateStream(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func open(t *testing.T, s *server.Server, subject string) events.Sender {
	t.Helper()
	sender, err := Open(Settings{URLs: []string{s.ClientURL()}, Subject: subject, Timeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sender.Close() })
	return sender
}

func messages(n, size int) []events.Message {
	all := make([]events.Message, n)
	for i := range all {
		all[i] = events.Message{
			ID: fmt.Sprint("e", i), Body: []byte(strings.Repeat("x", size)),
			Key: finding.Key{Account: "111122223333", Region: "eu-west-1", ProductArn: "arn:aws:securityhub:eu-west-1::product/acme/scan.it"},
		}
	}
	return all
}

func failures(errs []error) (failed, refused int) {
	for _, err := range errs {
		var r *events.Refusal
		if errors.As(err, &r) {
			refused++
		} else if err != nil {
			failed++
		}
	}
	return failed, refused
}

// Every message is in the stream once, on its finding's subject, though it is sent twice.
func TestPublish(t *testing.T) {
	t.Parallel()
	s := run(t, server.Options{StoreDir: t.TempDir()})
	kept := stream(t, s, jetstream.StreamConfig{Subjects: []string{"findings.>"}})
	sender := open(t, s, "findings.{account}.{region}.{company}.{product}")
	for range 2 {
		if failed, refused := failures(sender.Send(t.Context(), messages(500, 100))); failed+refused > 0 {
			t.Fatalf("%d failed, %d refused", failed, refused)
		}
	}
	info, err := kept.Info(t.Context())
	if err != nil || info.State.Msgs != 500 {
		t.Fatalf("%d messages in the stream, error %v", info.State.Msgs, err)
	}
	m, err := kept.GetMsg(t.Context(), 7)
	if err != nil || m.Subject != "findings.111122223333.eu-west-1.acme.scan_it" || m.Header.Get("Nats-Msg-Id") != "e6" || len(m.Data) != 100 {
		t.Errorf("message %+v, error %v", m, err)
	}
}

// Without a stream nobody keeps the message: again later, when somebody has made one.
func TestNoStream(t *testing.T) {
	t.Parallel()
	s := run(t, server.Options{StoreDir: t.TempDir()})
	sender := open(t, s, "findings.{account}")
	if failed, refused := failures(sender.Send(t.Context(), messages(2, 1))); failed != 2 || refused != 0 {
		t.Errorf("%d failed, %d refused", failed, refused)
	}
	stream(t, s, jetstream.StreamConfig{Subjects: []string{"findings.>"}})
	if errs := sender.Send(t.Context(), messages(2, 1)); errs[0] != nil || errs[1] != nil {
		t.Errorf("errors %v", errs)
	}
}

// A message that is too large for the stream or the server will always be.
func TestTooLarge(t *testing.T) {
	t.Parallel()
	s := run(t, server.Options{StoreDir: t.TempDir(), MaxPayload: 100_000})
	stream(t, s, jetstream.StreamConfig{Subjects: []string{"findings"}, MaxMsgSize: 1000})
	sender := open(t, s, "findings")
	for _, size := range []int{5000, 200_000} {
		if errs := sender.Send(t.Context(), messages(1, size)); true {
			if _, refused := failures(errs); refused != 1 {
				t.Errorf("%d bytes: %v", size, errs)
			}
		}
	}
	if errs := sender.Send(t.Context(), messages(1, 10)); errs[0] != nil {
		t.Errorf("the next one: %v", errs)
	}
}

// While the server is gone messages fail; when it is back the same connection goes on.
func TestServerRestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := run(t, server.Options{StoreDir: dir})
	stream(t, s, jetstream.StreamConfig{Subjects: []string{"findings"}})
	sender := open(t, s, "findings")
	if errs := sender.Send(t.Context(), messages(1, 1)); errs[0] != nil {
		t.Fatal(errs)
	}
	port := s.Addr().(*net.TCPAddr).Port
	s.Shutdown()
	s.WaitForShutdown()
	if failed, refused := failures(sender.Send(t.Context(), messages(3, 1))); failed != 3 || refused != 0 {
		t.Errorf("%d failed, %d refused", failed, refused)
	}
	again := run(t, server.Options{StoreDir: dir, Port: port})
	for { // until the connection is back
		if failed, _ := failures(sender.Send(t.Context(), messages(3, 1))); failed == 0 {
			break
		}
	}
	kept := stream(t, again, jetstream.StreamConfig{Subjects: []string{"findings"}})
	if info, err := kept.Info(t.Context()); err != nil || info.State.Msgs != 3 {
		t.Errorf("%d messages, error %v", info.State.Msgs, err)
	}
}

// A Send ends with its context, whoever answers.
func TestContext(t *testing.T) {
	t.Parallel()
	s := run(t, server.Options{StoreDir: t.TempDir()})
	conn, err := nats.Connect(s.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ctx, cancel := context.WithCancel(t.Context())
	// Somebody listens who is no stream and says nothing.
	if _, err := conn.Subscribe("findings", func(*nats.Msg) { cancel() }); err != nil {
		t.Fatal(err)
	}
	if err := conn.Flush(); err != nil {
		t.Fatal(err)
	}
	if errs := open(t, s, "findings").Send(ctx, messages(1, 1)); !errors.Is(errs[0], context.Canceled) {
		t.Errorf("errors %v", errs)
	}
}

// A server that wants a token gets it, and refuses another.
func TestToken(t *testing.T) {
	t.Parallel()
	s := run(t, server.Options{StoreDir: t.TempDir(), Authorization: "right"})
	for token, want := range map[string]bool{"right": true, "wrong": false, "": false} {
		sender, err := Open(Settings{URLs: []string{s.ClientURL()}, Subject: "x", Token: token, Timeout: 10 * time.Second})
		if (err == nil) != want {
			t.Errorf("token %q: %v", token, err)
		}
		if err == nil {
			_ = sender.Close()
		}
	}
}

// Subjects are checked, and no finding can make other words of one.
func TestSubjects(t *testing.T) {
	t.Parallel()
	for subject, good := range map[string]bool{
		"findings": true, "a.{account}.{region}.{company}.{product}": true, "x-{region}": true,
		"": false, "a..b": false, ".a": false, "a.": false, "a.*": false, "a.>": false, "a b": false, "a.{id}": false, "a.{": false,
	} {
		s := Settings{URLs: []string{"x"}, Subject: subject}
		if err := s.Check(); (err == nil) != good {
			t.Errorf("%q: %v", subject, err)
		}
	}
	if err := (&Settings{Subject: "x"}).Check(); err == nil {
		t.Error("no URLs")
	}
	n := &sender{subject: "f.{account}.{region}.{company}.{product}"}
	for arn, want := range map[string]string{
		"arn:aws:securityhub:r::product/a/b":      "f.1_2.__x.a.b",
		"arn:aws:securityhub:r::product/a.b/c/>*": "f.1_2.__x.a_b.c/__",
		"nothing": "f.1_2.__x._._",
	} {
		m := events.Message{Key: finding.Key{Account: "1.2", Region: "* x", ProductArn: arn}}
		if got := n.subjectOf(&m); got != want {
			t.Errorf("%s goes to %s, want %s", arn, got, want)
		}
	}
}
