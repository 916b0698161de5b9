package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Batch is how many findings one request carries, and connections how many requests
// are under way at once.
const (
	Batch       = 100
	connections = 4
)

// request is one call, ready to be sent.
type request struct {
	method, path, account string
	body                  []byte
	findings              int
	// header has the signature, nil for a hub that asks for none.
	header http.Header
	// anyAnswer takes every body with 200 for success.
	anyAnswer bool
}

// imports prepares import requests for findings [from, from+n). They are made before
// the clock starts: what is timed is the server and a client that only sends.
func imports(g *Generator, from, n, round int) []request {
	rs := make([]request, 0, n/Batch)
	for at := from; at < from+n; at += Batch {
		rs = append(rs, request{method: http.MethodPost, path: "/findings/import", account: g.AccountOf(at), body: g.Request(nil, at, Batch, round), findings: Batch})
	}
	return rs
}

// updates prepares BatchUpdateFindings requests for the same findings.
func updates(g *Generator, from, n, round int) ([]request, error) {
	rs := make([]request, 0, n/Batch)
	var buf []byte
	for at := from; at < from+n; at += Batch {
		var ids []map[string]string
		for i := at; i < at+Batch; i++ {
			buf = g.Append(buf[:0], i, 0)
			var f struct{ Id, ProductArn string }
			if err := json.Unmarshal(buf, &f); err != nil {
				return nil, err
			}
			ids = append(ids, map[string]string{"Id": f.Id, "ProductArn": f.ProductArn})
		}
		body, err := json.Marshal(map[string]any{
			"FindingIdentifiers": ids,
			"Note":               map[string]string{"Text": fmt.Sprintf("Looked at in round %d", round), "UpdatedBy": "triage"},
			"Workflow":           map[string]string{"Status": []string{"NOTIFIED", "RESOLVED"}[round%2]},
		})
		if err != nil {
			return nil, err
		}
		rs = append(rs, request{method: http.MethodPatch, path: "/findings/batchupdate", account: g.AccountOf(at), body: body, findings: Batch})
	}
	return rs, nil
}

// send posts the requests over some connections and returns findings per second.
// Any answer but 200, or one that counts a failure, ends the run.
func send(ctx context.Context, addr string, rs []request) (float64, error) {
	rate, _, err := sendCounting(ctx, addr, rs)
	return rate, err
}

// sendCounting is send for a run that may end early: it also tells how many findings
// were acknowledged, of which the rate is made.
func sendCounting(ctx context.Context, addr string, rs []request) (rate float64, acknowledged int, err error) {
	return sendOver(ctx, connections, addr, rs)
}

// sendOver is sendCounting over a number of connections.
func sendOver(ctx context.Context, connections int, addr string, rs []request) (rate float64, acknowledged int, err error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections}}
	defer client.CloseIdleConnections()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next, done atomic.Int64
	var wg sync.WaitGroup
	begin := time.Now()
	for range connections {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(rs) || ctx.Err() != nil {
					return
				}
				if err := call(ctx, client, addr, rs[i]); err != nil {
					cancel(err)
					return
				}
				done.Add(int64(rs[i].findings))
			}
		})
	}
	wg.Wait()
	return float64(done.Load()) / time.Since(begin).Seconds(), int(done.Load()), context.Cause(ctx)
}

// accepted are the answers in which no finding of the batch failed; moto puts a blank after the colon.
var accepted = [][]byte{[]byte(`"FailedCount":0`), []byte(`"FailedCount": 0`), []byte(`"UnprocessedFindings":[]`)}

func call(ctx context.Context, client *http.Client, addr string, r request) error {
	req, err := http.NewRequestWithContext(ctx, r.method, "http://"+addr+r.path, bytes.NewReader(r.body))
	if err != nil {
		return err
	}
	if r.header != nil {
		req.Header = r.header
	} else {
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+r.account+"/20260101/"+Region+"/securityhub/aws4_request, SignedHeaders=host, Signature=00")
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if r.anyAnswer && resp.StatusCode == http.StatusOK {
		return nil
	}
	for _, ok := range accepted {
		if resp.StatusCode == http.StatusOK && bytes.Contains(answer, ok) {
			return nil
		}
	}
	return fmt.Errorf("%s %s: %s: %.300s", r.method, r.path, resp.Status, answer)
}
