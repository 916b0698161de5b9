package events_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/findinghub/findinghub/events"
	"github.com/findinghub/findinghub/events/config"
	"github.com/findinghub/findinghub/finding"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// told are events as they arrived somewhere: ids by finding.
type told struct {
	mu  sync.Mutex
	ids map[string][]string
	n   int
}

// take reads an event; it says whether it has seen n different ones.
func (a *told) take(t *testing.T, document []byte, n int) bool {
	var e struct {
		ID        string
		Resources []string
	}
	if err := json.Unmarshal(document, &e); err != nil {
		t.Errorf("%v: %s", err, document)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if !slices.Contains(a.ids[e.Resources[0]], e.ID) {
		a.ids[e.Resources[0]] = append(a.ids[e.Resources[0]], e.ID)
		a.n++
	}
	return a.n == n
}

func (a *told) compare(t *testing.T, kind string, want map[finding.Key][]string) {
	for key, ids := range want {
		if got := a.ids[key.ProductArn+"/"+key.ID]; !slices.Equal(got, ids) {
			t.Errorf("%s: of %s arrived %v, written were %v", kind, key.ID, got, ids)
		}
	}
}

func newTold() *told { return &told{ids: map[string][]string{}} }

// startNATS starts a server with a stream and gives its URL and a function that reads the stream.
func startNATS(t *testing.T) (url string, next func() []byte) {
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(), NoLog: true, NoSigs: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(time.Minute) {
		t.Fatal("NATS does not start")
	}
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	conn, err := nats.Connect(s.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "findings", Subjects: []string{"findings.>"}}); err != nil {
		t.Fatal(err)
	}
	consumer, err := js.OrderedConsumer(t.Context(), "findings", jetstream.OrderedConsumerConfig{})
	if err != nil {
		t.Fatal(err)
	}
	messages, err := consumer.Messages()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(messages.Stop)
	return s.ClientURL(), func() []byte {
		m, err := messages.Next()
		if err != nil {
			t.Error(err)
			return nil
		}
		return m.Data()
	}
}

// One deliverer, four targets, real servers: every event is everywhere, in order for each finding, though the
// webhook fails every third time.
func TestKinds(t *testing.T) {
	t.Parallel()
	const n = 1000
	urlOfNATS, next := startNATS(t)
	broker, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(4, "findings"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(broker.Close)
	hooked, all, requests := newTold(), make(chan struct{}), 0
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body bytes.Buffer
		_, _ = body.ReadFrom(r.Body)
		hooked.mu.Lock()
		requests++
		fail := requests%3 == 0
		hooked.mu.Unlock()
		if fail {
			w.WriteHeader(http.StatusServiceUnavailable)
		} else if hooked.take(t, body.Bytes(), n) {
			close(all)
		}
	}))
	t.Cleanup(hook.Close)
	path := filepath.Join(t.TempDir(), "events.jsonl")
	c, err := config.Parse(fmt.Appendf(nil, `
targets:
  - {name: hook, kind: webhook, url: %q, secret-env: SECRET, min-pause: 10ms, max-pause: 20ms}
  - {name: bus, kind: nats, urls: [%q]}
  - {name: log, kind: kafka, brokers: [%q], topic: findings}
  - {name: disk, kind: file, path: %q}
`, hook.URL, urlOfNATS, broker.ListenAddrs()[0], path), config.Options{
		Getenv: func(string) string { return "0123456789abcdef" }, Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	w := events.NewWorld()
	o := events.NewOptions(w, c.Targets)
	o.Bell = &events.Bell{}
	d, err := events.New(o)
	if err != nil {
		t.Fatal(err)
	}
	stop := events.Start(d)
	for i := range n {
		events.Write(w, events.KeyOf(fmt.Sprint("f", i*7%40)))
		o.Bell.Ring()
	}
	onBus, inLog, onDisk := newTold(), newTold(), newTold()
	for done := false; !done; {
		done = onBus.take(t, next(), n)
	}
	consumeAll(t, broker, inLog, n)
	<-all
	for onDisk.n < n {
		readLines(t, path, onDisk, n)
	}
	stop()
	want := events.IDs(w)
	hooked.compare(t, "webhook", want)
	onBus.compare(t, "nats", want)
	inLog.compare(t, "kafka", want)
	onDisk.compare(t, "file", want)
}

// consumeAll reads a topic until all events are there.
func consumeAll(t *testing.T, broker *kfake.Cluster, to *told, n int) {
	client, err := kgo.NewClient(kgo.SeedBrokers(broker.ListenAddrs()...), kgo.ConsumeTopics("findings"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for done := false; !done; {
		fetches := client.PollFetches(t.Context())
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		fetches.EachRecord(func(r *kgo.Record) { done = to.take(t, r.Value, n) || done })
	}
}

// readLines reads the whole lines of a file that may still grow.
func readLines(t *testing.T, path string, to *told, n int) {
	data, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	whole := string(data[:bytes.LastIndexByte(data, '\n')+1])
	for lines := bufio.NewScanner(strings.NewReader(whole)); lines.Scan(); {
		to.take(t, lines.Bytes(), n)
	}
}
