// Package kafka produces events to a Kafka topic. The record's key is the finding's, so that one finding's
// events are in one partition and in order; acknowledgement is by all in-sync replicas, and the
// producer is idempotent. The event's id is the header "id".
package kafka

import (
	"context"
	"crypto/tls"
	"errors"
	"strings"

	"github.com/findinghub/findinghub/events"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// Settings is what a topic needs.
type Settings struct {
	// Brokers are host:port.
	Brokers []string
	Topic   string
	// Mechanism is how to log in: "", plain, scram-sha-256 or scram-sha-512.
	Mechanism      string
	User, Password string
	// TLS is the client's side of TLS; nil for none.
	TLS *tls.Config
	// MaxBytes bounds a batch of records, and so one record; it must not be above the topic's.
	MaxBytes int32
}

// Check says what is wrong with settings, nil for nothing.
func (s *Settings) Check() error {
	switch {
	case len(s.Brokers) == 0:
		return errors.New("brokers: there is none")
	case s.Topic == "":
		return errors.New("topic: it is missing")
	case s.MaxBytes < 1<<10:
		return errors.New("max-bytes: it must be 1024 or more")
	case s.Mechanism != "" && (s.User == "" || s.Password == ""):
		return errors.New("user, password: they are missing")
	case s.Mechanism == "plain" && s.TLS == nil:
		return errors.New("mechanism: plain sends the password as it is; it needs tls: true")
	}
	_, err := s.mechanism()
	return err
}

// mechanism is how the client logs in, nil for not at all.
func (s *Settings) mechanism() (sasl.Mechanism, error) {
	switch auth := (scram.Auth{User: s.User, Pass: s.Password}); s.Mechanism {
	case "":
		return nil, nil
	case "plain":
		return plain.Auth{User: s.User, Pass: s.Password}.AsMechanism(), nil
	case "scram-sha-256":
		return auth.AsSha256Mechanism(), nil
	case "scram-sha-512":
		return auth.AsSha512Mechanism(), nil
	}
	return nil, errors.New("mechanism: it must be plain, scram-sha-256 or scram-sha-512")
}

// sender is an events.Sender.
type sender struct{ client *kgo.Client }

// Open makes the client and asks a broker whether it is there.
func Open(ctx context.Context, s Settings) (events.Sender, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	o := []kgo.Opt{
		kgo.SeedBrokers(s.Brokers...), kgo.DefaultProduceTopic(s.Topic), kgo.ClientID("findinghub"),
		kgo.RequiredAcks(kgo.AllISRAcks()), kgo.ProducerBatchMaxBytes(s.MaxBytes),
		kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil)), kgo.ProducerLinger(0),
		// A Send ends when its time is over, broker or not. Records that come twice carry one id.
		kgo.AllowIdempotentProduceCancellation(),
	}
	if s.TLS != nil {
		o = append(o, kgo.DialTLSConfig(s.TLS))
	}
	if m, err := s.mechanism(); err != nil {
		return nil, err
	} else if m != nil {
		o = append(o, kgo.SASL(m))
	}
	client, err := kgo.NewClient(o...)
	if err != nil {
		return nil, err
	}
	if err := client.Ping(ctx); err != nil {
		client.Close()
		return nil, err
	}
	return &sender{client}, nil
}

// Send implements events.Sender.
func (k *sender) Send(ctx context.Context, batch []events.Message) []error {
	records := make([]*kgo.Record, len(batch))
	index := make(map[*kgo.Record]int, len(batch))
	for i := range batch {
		m := &batch[i]
		records[i] = &kgo.Record{
			Key: key(m), Value: m.Body, Timestamp: m.Time,
			Headers: []kgo.RecordHeader{{Key: "id", Value: []byte(m.ID)}},
		}
		index[records[i]] = i
	}
	errs := make([]error, len(batch))
	// Results come in the order in which partitions answer.
	for _, r := range k.client.ProduceSync(ctx, records...) {
		errs[index[r.Record]] = judge(r.Err)
	}
	return errs
}

// key is the finding's, in one string: none of the first three parts has a line feed.
func key(m *events.Message) []byte {
	return []byte(strings.Join([]string{m.Key.Account, m.Key.Region, m.Key.ProductArn, m.Key.ID}, "\n"))
}

// judge tells what no further try can help.
func judge(err error) error {
	if errors.Is(err, kerr.MessageTooLarge) || errors.Is(err, kerr.RecordListTooLarge) || errors.Is(err, kerr.InvalidRecord) {
		return &events.Refusal{Err: err}
	}
	return err
}

// Close implements events.Sender.
func (k *sender) Close() error {
	k.client.Close()
	return nil
}
