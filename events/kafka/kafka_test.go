package kafka

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/findinghub/findinghub/events"
	"github.com/findinghub/findinghub/finding"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// run starts a broker in this process with a topic of four partitions.
func run(t *testing.T, o ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	c, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(1), kfake.SeedTopics(4, "findings")}, o...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func open(t *testing.T, c *kfake.Cluster, change func(*Settings)) events.Sender {
	t.Helper()
	s := Settings{Brokers: c.ListenAddrs(), Topic: "findings", MaxBytes: 1_000_000}
	if change != nil {
		change(&s)
	}
	sender, err := Open(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sender.Close() })
	return sender
}

// messages are one event for each of n findings.
func messages(round, n int) []events.Message {
	all := make([]events.Message, n)
	for i := range all {
		all[i] = events.Message{
			ID: fmt.Sprint("e", round), Body: fmt.Appendf(nil, `{"n":%d}`, round),
			Key: finding.Key{Account: "111122223333", Region: "eu-west-1", ProductArn: "arn", ID: fmt.Sprint(i)},
		}
	}
	return all
}

// consume reads n records, by key.
func consume(t *testing.T, c *kfake.Cluster, n int) map[string][]*kgo.Record {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.ConsumeTopics("findings"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	all := map[string][]*kgo.Record{}
	for got := 0; got < n; {
		fetches := client.PollFetches(t.Context())
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			all[string(r.Key)] = append(all[string(r.Key)], r)
			got++
		})
	}
	return all
}

// A finding's events are in one partition, in order, with their ids; findings are spread.
func TestProduce(t *testing.T) {
	t.Parallel()
	c := run(t)
	sender := open(t, c, nil)
	for round := range 10 {
		for i, err := range sender.Send(t.Context(), messages(round, 50)) {
			if err != nil {
				t.Fatalf("message %d: %v", i, err)
			}
		}
	}
	all, partitions := consume(t, c, 500), map[int32]bool{}
	if len(all) != 50 {
		t.Errorf("%d keys", len(all))
	}
	for key, records := range all {
		partitions[records[0].Partition] = true
		if len(records) != 10 || !strings.HasPrefix(key, "111122223333\neu-west-1\narn\n") {
			t.Errorf("key %q has %d records", key, len(records))
		}
		for i, r := range records {
			if r.Partition != records[0].Partition || string(r.Value) != fmt.Sprintf(`{"n":%d}`, i) || string(r.Headers[0].Value) != fmt.Sprint("e", i) {
				t.Errorf("record %d of %q: partition %d, %s %s", i, key, r.Partition, r.Headers[0].Value, r.Value)
			}
		}
	}
	if len(partitions) != 4 {
		t.Errorf("50 findings are in %d of 4 partitions", len(partitions))
	}
}

// The producer asks for the acknowledgement of all replicas and is idempotent.
func TestAcknowledgement(t *testing.T) {
	t.Parallel()
	c := run(t)
	var acks int16
	ids := 0
	c.ControlKey(int16(kmsg.Produce), func(r kmsg.Request) (kmsg.Response, error, bool) {
		acks = r.(*kmsg.ProduceRequest).Acks
		return nil, nil, false
	})
	c.ControlKey(int16(kmsg.InitProducerID), func(kmsg.Request) (kmsg.Response, error, bool) {
		ids++
		return nil, nil, false
	})
	if err := open(t, c, nil).Send(t.Context(), messages(0, 1))[0]; err != nil || acks != -1 || ids == 0 {
		t.Errorf("acks %d, %d producer ids, error %v", acks, ids, err)
	}
}

// Results belong to their messages: one that is too large is refused, the others are there.
func TestTooLarge(t *testing.T) {
	t.Parallel()
	c := run(t)
	sender := open(t, c, func(s *Settings) { s.MaxBytes = 2000 })
	batch := messages(0, 5)
	batch[2].Body = make([]byte, 5000)
	for i, err := range sender.Send(t.Context(), batch) {
		var refusal *events.Refusal
		if i == 2 && !errors.As(err, &refusal) || i != 2 && err != nil {
			t.Errorf("message %d: %v", i, err)
		}
	}
}

// What the broker says about a record decides between again and never.
func TestJudge(t *testing.T) {
	t.Parallel()
	for err, never := range map[error]bool{
		kerr.MessageTooLarge: true, kerr.RecordListTooLarge: true, kerr.InvalidRecord: true,
		kerr.TopicAuthorizationFailed: false, kerr.NotEnoughReplicas: false, kerr.UnknownTopicOrPartition: false, context.Canceled: false,
	} {
		var refusal *events.Refusal
		if got := judge(fmt.Errorf("producing: %w", err)); errors.As(got, &refusal) != never {
			t.Errorf("%v: %v", err, got)
		}
	}
	if judge(nil) != nil {
		t.Error("success is an error")
	}
}

// A broker that keeps silent costs the time that a Send has; the next Send goes through, in order.
func TestSilentBroker(t *testing.T) {
	t.Parallel()
	c := run(t)
	sender := open(t, c, nil)
	if err := sender.Send(t.Context(), messages(0, 1))[0]; err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	release := make(chan struct{})
	c.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		cancel()
		c.SleepControl(func() { <-release })
		return nil, errors.New("gone"), true
	})
	err := sender.Send(ctx, messages(1, 1))[0]
	close(release)
	if err == nil {
		t.Error("no error")
	}
	if err := sender.Send(t.Context(), messages(1, 1))[0]; err != nil {
		t.Errorf("the next one: %v", err)
	}
	for _, records := range consume(t, c, 2) {
		if string(records[0].Value) != `{"n":0}` || string(records[1].Value) != `{"n":1}` {
			t.Errorf("records %s, %s", records[0].Value, records[1].Value)
		}
	}
}

// Nobody there is found out when opening.
func TestNobodyThere(t *testing.T) {
	t.Parallel()
	c := run(t)
	addrs := c.ListenAddrs()
	c.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, Settings{Brokers: addrs, Topic: "x", MaxBytes: 1 << 20}); err == nil {
		t.Error("no error")
	}
}

// Who logs in may produce.
func TestSASL(t *testing.T) {
	t.Parallel()
	c := run(t, kfake.EnableSASL(), kfake.User("SCRAM-SHA-256", "u", "p"), kfake.User("SCRAM-SHA-512", "u5", "p5"))
	for mechanism, user := range map[string][2]string{"scram-sha-256": {"u", "p"}, "scram-sha-512": {"u5", "p5"}} {
		sender := open(t, c, func(s *Settings) { s.Mechanism, s.User, s.Password = mechanism, user[0], user[1] })
		if err := sender.Send(t.Context(), messages(0, 1))[0]; err != nil {
			t.Errorf("%s: %v", mechanism, err)
		}
	}
	wrong := Settings{Brokers: c.ListenAddrs(), Topic: "findings", MaxBytes: 1 << 20, Mechanism: "scram-sha-256", User: "u", Password: "wrong"}
	if _, err := Open(t.Context(), wrong); err == nil || strings.Contains(err.Error(), "wrong") {
		t.Errorf("error %v", err)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*Settings){
		"":          func(*Settings) {},
		"brokers":   func(s *Settings) { s.Brokers = nil },
		"topic":     func(s *Settings) { s.Topic = "" },
		"max-bytes": func(s *Settings) { s.MaxBytes = 1000 },
		"user":      func(s *Settings) { s.Mechanism = "scram-sha-256" },
		"tls":       func(s *Settings) { s.Mechanism, s.User, s.Password = "plain", "u", "p" },
		"scram-sha-512": func(s *Settings) {
			s.Mechanism, s.User, s.Password = "gssapi", "u", "p"
		},
	} {
		s := Settings{Brokers: []string{"x:1"}, Topic: "t", MaxBytes: 1 << 20}
		change(&s)
		if err := s.Check(); want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
	s := Settings{Brokers: []string{"x:1"}, Topic: "t", MaxBytes: 1 << 20, Mechanism: "plain", User: "u", Password: "p", TLS: &tls.Config{MinVersion: tls.VersionTLS12}}
	if err := s.Check(); err != nil {
		t.Error(err)
	}
}
