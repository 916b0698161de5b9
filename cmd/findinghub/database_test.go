package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/findinghub/findinghub/store/postgres"
	"github.com/findinghub/findinghub/store/postgres/pgtest"
)

// TestHubsShareADatabase: two hubs over one PostgreSQL database are one hub: what one answers the other knows.
func TestHubsShareADatabase(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t, t.TempDir())
	one := startHub(t, t.TempDir(), "--database-url", url, "--event-stream")
	two := startHub(t, t.TempDir(), "--database-url", url, "--event-stream")
	for i, hubs := range [][2]*running{{one, two}, {two, one}, {one, two}} {
		id := fmt.Sprint("f", i)
		if status, body := hubs[0].post(t, alice, "/findings/import", `{"Findings":[`+wholeFinding(id, alice, "us-east-1")+`]}`); status != http.StatusOK || !strings.Contains(body, `"SuccessCount":1`) {
			t.Fatalf("importing answers %d %s", status, body)
		}
		if _, body := hubs[1].post(t, alice, "/findings", `{"Filters":{"Id":[{"Value":"`+id+`","Comparison":"EQUALS"}]}}`); !strings.Contains(body, `"Id":"`+id+`"`) {
			t.Errorf("the other hub does not see %s: %s", id, body)
		}
	}
	// A page that one began the other goes on with.
	_, body := one.post(t, alice, "/findings", `{"MaxResults":1}`)
	_, token, _ := strings.Cut(body, `"NextToken":"`)
	token, _, _ = strings.Cut(token, `"`)
	if status, body := two.post(t, alice, "/findings", `{"MaxResults":1,"NextToken":"`+token+`"}`); status != http.StatusOK || !strings.Contains(body, `"Id":"f`) {
		t.Errorf("the next page on the other hub: %d %s", status, body)
	}
	if strings.Contains(one.stderr.String(), "error") {
		t.Errorf("the log says %s", one.stderr)
	}
}

// TestHubsChangeOneFinding: updates of one finding by two hubs at once all count, or say that they did not.
func TestHubsChangeOneFinding(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t, t.TempDir())
	hubs := []*running{startHub(t, t.TempDir(), "--database-url", url), startHub(t, t.TempDir(), "--database-url", url)}
	hubs[0].post(t, alice, "/findings/import", `{"Findings":[`+wholeFinding("a", alice, "us-east-1")+`]}`)
	id := `{"Id":"a","ProductArn":"arn:aws:securityhub:us-east-1:` + alice + `:product/` + alice + `/default"}`
	var mu sync.Mutex
	processed := 0
	var wg sync.WaitGroup
	for i, hub := range hubs {
		wg.Go(func() {
			for n := range 20 {
				req := fmt.Sprintf(`{"FindingIdentifiers":[%s],"UserDefinedFields":{"by":"%d-%d"}}`, id, i, n)
				status, body, err := hub.patch(alice, "/findings/batchupdate", req)
				if err != nil || status != http.StatusOK {
					t.Errorf("%d %s %v", status, body, err)
					return
				}
				if strings.Contains(body, `"ProcessedFindings":[{`) {
					mu.Lock()
					processed++
					mu.Unlock()
				} else if !strings.Contains(body, "ConcurrentUpdateError") {
					t.Errorf("got %s", body)
				}
			}
		})
	}
	wg.Wait()
	_, body := hubs[1].post(t, alice, "/findingHistory/get", `{"FindingIdentifier":`+id+`,"MaxResults":100}`)
	if n := strings.Count(body, `"BATCH_UPDATE_FINDINGS"`); n != processed || processed == 0 {
		t.Errorf("the history has %d updates, %d were acknowledged", n, processed)
	}
}

// patch sends one update as an account.
func (r *running) patch(account, path, body string) (int, string, error) {
	return r.trySend(http.MethodPatch, account, path, body)
}

// TestCannotUseDatabase: what is wrong is said in one line, without the password.
func TestCannotUseDatabase(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"postgres://hub:sesame@127.0.0.1:1/none?connect_timeout=1", "nonsense://"} {
		r := program(t, "serve", "--dev", "--listen", "127.0.0.1:0", "--data-dir", t.TempDir(), "--database-url", url)
		r.wants(t, exitFailed, "database")
		if strings.Contains(r.stderr, "sesame") {
			t.Errorf("the error holds the password: %s", r.stderr)
		}
	}
}

// TestDatabaseFlagsRefused: a value that PostgreSQL would not take, or for something else, is named with its bound.
func TestDatabaseFlagsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args  []string
		wants []string
	}{
		{[]string{"--database-writers=-1"}, []string{"--database-writers", "0 to 10000", "-1"}},
		{[]string{"--database-writers=10001"}, []string{"--database-writers", "0 to 10000"}},
		{[]string{"--database-readers=-5"}, []string{"--database-readers", "0 to 10000"}},
		{[]string{"--database-statement-timeout=0s"}, []string{"--database-statement-timeout", "1s to 10m0s", "0s"}},
		{[]string{"--database-statement-timeout=999ms"}, []string{"--database-statement-timeout", "1s"}},
		{[]string{"--database-lock-wait=500us"}, []string{"--database-lock-wait", "10ms to 1m0s"}},
		{[]string{"--database-lock-wait=-1s"}, []string{"--database-lock-wait", "10ms"}},
		{[]string{"--database-patience=0s"}, []string{"--database-patience", "10ms to 10m0s"}},
		{[]string{"--database-patience=11m"}, []string{"--database-patience", "10m0s"}},
		{[]string{"--database-lock-wait=5s", "--database-statement-timeout=5s"}, []string{"--database-lock-wait", "less than", "--database-statement-timeout"}},
		{[]string{"--database-url=postgres://hub:sesame@db/hub?pool_max_conns=4"}, []string{"pool_max_conns", "--database-url", "--database-writers", "--database-readers"}},
		{[]string{"--database-url=host=db password=sesame pool_max_conns=4"}, []string{"pool_max_conns", "--database-url"}},
	} {
		r := program(t, append([]string{"serve", "--dev", "--listen", "127.0.0.1:0", "--data-dir", t.TempDir()}, c.args...)...)
		r.wants(t, exitUsage, c.wants...)
		if strings.Contains(r.stderr, "sesame") {
			t.Errorf("the error holds the password: %s", r.stderr)
		}
	}
	dir := t.TempDir()
	program(t, "migrate", "--from", dir, "--to", "postgres://db/hub?pool_max_conns=4").wants(t, exitUsage, "pool_max_conns", "--to")
	program(t, "migrate", "--from", "postgresql://db/hub?sslmode=disable&pool_max_conns=4", "--to", dir).wants(t, exitUsage, "pool_max_conns", "--from")
}

// TestDatabaseFlagsDefault: what is not given is the engine's own choice, or the same.
func TestDatabaseFlagsDefault(t *testing.T) {
	t.Parallel()
	m, _, _ := call{args: []string{"serve"}}.main()
	c := &commands{}
	if _, err := m.parse(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	want := postgres.Options{StatementTimeout: 30 * time.Second, LockWait: 2 * time.Second, Patience: 10 * time.Second}
	if got := c.Serve.options(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	m, _, _ = call{args: []string{"serve", "--database-patience=3s", "--database-url=postgres://db/hub"}}.main()
	if _, err := m.parse(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if got := c.Serve.options(); got.Patience != 3*time.Second || got.URL != "postgres://db/hub" {
		t.Errorf("got %+v", got)
	}
}

// TestDatabasePools: a hub makes no more connections than it is told, sets the timeouts that it is told, and serves
// more callers than it has connections.
func TestDatabasePools(t *testing.T) {
	t.Parallel()
	u, err := url.Parse(pgtest.Database(t, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	starts := 0
	p := pgtest.NewProxy(t, u.Port(), func(fromServer bool, data []byte) bool {
		if fromServer || !bytes.Contains(data, []byte("application_name\x00findinghub\x00")) {
			return false
		}
		mu.Lock()
		defer mu.Unlock()
		starts++
		for _, setting := range []string{"statement_timeout\x0043000\x00", "lock_timeout\x001700\x00"} {
			if !bytes.Contains(data, []byte(setting)) {
				t.Errorf("a connection begins without %q: %q", setting, data)
			}
		}
		return false
	})
	hub := startHub(t, t.TempDir(), "--database-url", p.URL(u.Path[1:]), "--database-writers=1", "--database-readers=2",
		"--database-statement-timeout=43s", "--database-lock-wait=1700ms")
	var callers sync.WaitGroup
	for i := range 12 {
		callers.Go(func() {
			for n := range 5 {
				id := fmt.Sprint(i, "-", n)
				status, body, err := hub.trySend(http.MethodPost, alice, "/findings/import", `{"Findings":[`+wholeFinding(id, alice, "us-east-1")+`]}`)
				if err != nil || status != http.StatusOK || !strings.Contains(body, `"SuccessCount":1`) {
					t.Errorf("importing: %d %s %v", status, body, err)
				}
				status, body, err = hub.trySend(http.MethodPost, alice, "/findings", `{"Filters":{"Id":[{"Value":"`+id+`","Comparison":"EQUALS"}]}}`)
				if err != nil || status != http.StatusOK || !strings.Contains(body, `"Id":"`+id+`"`) {
					t.Errorf("searching: %d %s %v", status, body, err)
				}
			}
		})
	}
	callers.Wait()
	mu.Lock()
	defer mu.Unlock()
	// None was lost, so that all that were ever made are at most those of the pools.
	if starts < 2 || starts > 3 {
		t.Errorf("%d connections were made, want at most 3", starts)
	}
}
