// Package nats publishes events to NATS JetStream. A message is sent once the stream that listens to its
// subject has stored it. The event's id is the message's Nats-Msg-Id, so that the stream drops what comes
// twice within its duplicate window.
package nats

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/findinghub/findinghub/events"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Settings is what a stream needs.
type Settings struct {
	// URLs are the servers', nats:// or tls://.
	URLs []string
	// Subject is the subject to publish to. {account}, {region}, {company} and {product} stand for the finding's; the
	// last two are the parts of the product's ARN. A stream must listen to it: none is made.
	Subject string
	// CredentialsFile is a file that nsc made; "" for none.
	CredentialsFile string
	// Token is a token; "" for none.
	Token string
	// TLS is the client's side of TLS; nil for what the URL says.
	TLS *tls.Config
	// Timeout bounds a connection attempt and the wait for an answer.
	Timeout time.Duration
}

// placeholders are what a subject may hold.
var placeholders = []string{"{account}", "{region}", "{company}", "{product}"}

// Check says what is wrong with settings, nil for nothing.
func (s *Settings) Check() error {
	if len(s.URLs) == 0 {
		return errors.New("urls: there is none")
	}
	bare := s.Subject
	for _, p := range placeholders {
		bare = strings.ReplaceAll(bare, p, "x")
	}
	if bare == "" || strings.ContainsAny(bare, " \t\r\n*>{}") || strings.HasPrefix(bare, ".") || strings.HasSuffix(bare, ".") || strings.Contains(bare, "..") {
		return fmt.Errorf("subject: %.100q is none; it has words with dots between them and knows %s", s.Subject, strings.Join(placeholders, ", "))
	}
	return nil
}

// sender is an events.Sender.
type sender struct {
	conn    *nats.Conn
	stream  jetstream.JetStream
	subject string
}

// Open connects. The connection comes back by itself after it was lost.
func Open(s Settings) (events.Sender, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	o := []nats.Option{
		nats.Name("findinghub"), nats.Timeout(s.Timeout), nats.MaxReconnects(-1),
		nats.ReconnectBufSize(-1), // what cannot be sent now is tried again by the deliverer, in order
	}
	if s.CredentialsFile != "" {
		o = append(o, nats.UserCredentials(s.CredentialsFile))
	}
	if s.Token != "" {
		o = append(o, nats.Token(s.Token))
	}
	if s.TLS != nil {
		o = append(o, nats.Secure(s.TLS))
	}
	conn, err := nats.Connect(strings.Join(s.URLs, ","), o...)
	if err != nil {
		return nil, err
	}
	stream, err := jetstream.New(conn, jetstream.WithPublishAsyncTimeout(s.Timeout))
	if err != nil {
		conn.Close()
		return nil, err
	}
	return &sender{conn, stream, s.Subject}, nil
}

// Send implements events.Sender: it publishes all and then waits for the answers.
func (n *sender) Send(ctx context.Context, batch []events.Message) []error {
	errs := make([]error, len(batch))
	futures := make([]jetstream.PubAckFuture, len(batch))
	for i := range batch {
		m := &nats.Msg{Subject: n.subjectOf(&batch[i]), Data: batch[i].Body}
		futures[i], errs[i] = n.stream.PublishMsgAsync(m, jetstream.WithMsgID(batch[i].ID), jetstream.WithRetryAttempts(0))
	}
	for i, f := range futures {
		if errs[i] == nil {
			errs[i] = await(ctx, f)
		}
		errs[i] = judge(errs[i])
	}
	return errs
}

// await waits for a stream's answer.
func await(ctx context.Context, f jetstream.PubAckFuture) error {
	select {
	case <-f.Ok():
		return nil
	case err := <-f.Err():
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// judge tells what no further try can help: a message that the server or the stream finds too large.
func judge(err error) error {
	var api *jetstream.APIError
	if errors.Is(err, nats.ErrMaxPayload) || errors.As(err, &api) && api.ErrorCode == codeMessageTooLarge {
		return &events.Refusal{Err: err}
	}
	return err
}

// codeMessageTooLarge is the server's "message size exceeds maximum allowed".
const codeMessageTooLarge jetstream.ErrorCode = 10054

// subjectOf fills in the placeholders.
func (n *sender) subjectOf(m *events.Message) string {
	company, product := "", ""
	if _, rest, ok := strings.Cut(m.Key.ProductArn, ":product/"); ok {
		company, product, _ = strings.Cut(rest, "/")
	}
	return strings.NewReplacer("{account}", token(m.Key.Account), "{region}", token(m.Key.Region),
		"{company}", token(company), "{product}", token(product)).Replace(n.subject)
}

// token makes one word of a subject: what would end it or mean something becomes _.
func token(text string) string {
	if text == "" {
		return "_"
	}
	return strings.Map(func(r rune) rune {
		if r <= ' ' || strings.ContainsRune(".*>", r) {
			return '_'
		}
		return r
	}, text)
}

// Close implements events.Sender.
func (n *sender) Close() error {
	n.conn.Close()
	return nil
}
