package main

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

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
