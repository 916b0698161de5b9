package proof

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

const product = "arn:aws:securityhub:us-east-1:" + account + ":product/" + account + "/default"

// answer is what a request got: err when the connection gave none.
type answer struct {
	status int
	header http.Header
	body   []byte
	err    error
}

// request makes a request as the account.
func (p *process) request(ctx context.Context, method, path, body string) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, p.url+path, strings.NewReader(body))
	if err == nil {
		req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+account+"/20260101/us-east-1/securityhub/aws4_request, SignedHeaders=host, Signature=0")
	}
	return req, err
}

// send sends one request once. The client library must not repeat it, which is what POST and PATCH are for.
func (p *process) send(method, path, body string) answer {
	req, err := p.request(context.Background(), method, path, body)
	if err != nil {
		return answer{err: err}
	}
	req.GetBody = nil // so that it is never sent again behind our back
	resp, err := p.client.Do(req)
	if err != nil {
		return answer{err: err}
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return answer{status: resp.StatusCode, header: resp.Header, body: text, err: err}
}

// outcome is what a caller knows of a write.
type outcome int

const (
	applied outcome = iota // it was acknowledged
	refused                // it was answered that it did not happen
	unknown                // it may have happened
)

// document is what an import at a version sends: all of it says the version.
func document(id string, version int) string {
	return fmt.Sprintf(`{"SchemaVersion":"2018-10-08","Id":"%s","ProductArn":"%s","GeneratorId":"g%d","AwsAccountId":"%s","Types":["Effects"],`+
		`"CreatedAt":"2020-01-01T00:00:00Z","UpdatedAt":"%s","Severity":{"Label":"LOW"},"Title":"%s","Description":"%s","Resources":[{"Type":"Other","Id":"r%d"}]}`,
		id, product, version, account, updatedAt(version), title(id, version), strings.Repeat(fmt.Sprintf("v%d ", version), 50), version)
}

func title(id string, version int) string { return fmt.Sprintf("%s at %d", id, version) }

// updatedAt orders versions as the hub does.
func updatedAt(version int) string {
	return fmt.Sprintf("2021-01-%02dT%02d:%02d:%02dZ", 1+version/86400, version/3600%24, version/60%60, version%60)
}

// importAll imports findings at a version and says for each what is known of it.
func (p *process) importAll(ids []string, version int) []outcome {
	var docs []string
	for _, id := range ids {
		docs = append(docs, document(id, version))
	}
	a := p.send("POST", "/findings/import", `{"Findings":[`+strings.Join(docs, ",")+`]}`)
	var out struct {
		SuccessCount   int
		FailedFindings []struct{ Id, ErrorCode string }
	}
	if a.err != nil || a.status != http.StatusOK || json.Unmarshal(a.body, &out) != nil {
		return every(len(ids), unknown)
	}
	results := every(len(ids), applied)
	for _, f := range out.FailedFindings {
		mark(results, ids, f.Id, refused)
	}
	return results
}

// updateAll changes customers' members of findings to a number, all of which say it, and says for each what is known of it.
func (p *process) updateAll(ids []string, n int) []outcome {
	var list []string
	for _, id := range ids {
		list = append(list, fmt.Sprintf(`{"Id":"%s","ProductArn":"%s"}`, id, product))
	}
	a := p.send("PATCH", "/findings/batchupdate", fmt.Sprintf(`{"FindingIdentifiers":[%s],"UserDefinedFields":{"n":"%d"},"Note":{"Text":"n%d","UpdatedBy":"u"},"Criticality":%d}`, strings.Join(list, ","), n, n, n%101))
	var out struct{ ProcessedFindings []struct{ Id string } }
	if a.err != nil || a.status != http.StatusOK || json.Unmarshal(a.body, &out) != nil {
		return every(len(ids), unknown)
	}
	results := every(len(ids), refused)
	for _, f := range out.ProcessedFindings {
		mark(results, ids, f.Id, applied)
	}
	return results
}

// mark notes what became of one finding, as often as it was named.
func mark(results []outcome, ids []string, id string, as outcome) {
	for i := range ids {
		if ids[i] == id {
			results[i] = as
		}
	}
}

func every(n int, o outcome) []outcome {
	all := make([]outcome, n)
	for i := range all {
		all[i] = o
	}
	return all
}

// state is a finding as a hub shows it. 0 is no version, and no update.
type state struct{ version, update int }

// errHalf is a finding whose members are not of one state.
var errHalf = errors.New("half-written")

// stateOf reads a finding and wants all its members to be of one import and one update.
func stateOf(raw json.RawMessage) (id string, s state, err error) {
	var f struct {
		Id, GeneratorId, UpdatedAt, Title, Description string
		Resources                                      []struct{ Id string }
		UserDefinedFields                              map[string]string
		Note                                           struct{ Text string }
		Criticality                                    int
	}
	if err := json.Unmarshal(raw, &f); err != nil {
		return "", s, err
	}
	_, err = fmt.Sscanf(f.GeneratorId, "g%d", &s.version)
	if n := f.UserDefinedFields["n"]; err == nil && n != "" {
		_, err = fmt.Sscan(n, &s.update)
	}
	var want struct{ UpdatedAt, Title, Description string }
	if err == nil {
		err = json.Unmarshal([]byte(document(f.Id, s.version)), &want)
	}
	note := ""
	if s.update > 0 {
		note = fmt.Sprint("n", s.update)
	}
	if err != nil || f.Title != want.Title || f.Description != want.Description || f.UpdatedAt != want.UpdatedAt ||
		len(f.Resources) != 1 || f.Resources[0].Id != fmt.Sprint("r", s.version) || f.Note.Text != note || f.Criticality != s.update%101 {
		return f.Id, s, fmt.Errorf("%w: %s: %v", errHalf, raw, err)
	}
	return f.Id, s, nil
}

// get reads findings by id, at most 20; those that are not there are not in the answer.
func (p *process) get(ids ...string) (map[string]json.RawMessage, error) {
	var values []string
	for _, id := range ids {
		values = append(values, `{"Value":"`+id+`","Comparison":"EQUALS"}`)
	}
	a := p.send("POST", "/findings", `{"MaxResults":100,"Filters":{"Id":[`+strings.Join(values, ",")+`]}}`)
	var out struct{ Findings []json.RawMessage }
	if err := a.read(&out); err != nil {
		return nil, err
	}
	found := map[string]json.RawMessage{}
	for _, raw := range out.Findings {
		var f struct{ Id string }
		if err := json.Unmarshal(raw, &f); err != nil {
			return nil, err
		}
		if found[f.Id] != nil {
			return nil, fmt.Errorf("%s is there twice", f.Id)
		}
		found[f.Id] = raw
	}
	return found, nil
}

// read reads a successful answer.
func (a *answer) read(into any) error {
	if a.err != nil {
		return a.err
	}
	if a.status != http.StatusOK {
		return fmt.Errorf("the hub answers %d %s", a.status, a.body)
	}
	return json.Unmarshal(a.body, into)
}

// records counts a finding's history: its creation and later imports, and updates.
func (p *process) records(id string) (imports, updates int, err error) {
	token := ""
	for {
		a := p.send("POST", "/findingHistory/get", `{"FindingIdentifier":{"Id":"`+id+`","ProductArn":"`+product+`"},"MaxResults":100`+token+`}`)
		var out struct {
			Records   []struct{ UpdateSource struct{ Type string } }
			NextToken string
		}
		if err := a.read(&out); err != nil {
			return 0, 0, err
		}
		for _, r := range out.Records {
			if r.UpdateSource.Type == "BATCH_UPDATE_FINDINGS" {
				updates++
			} else {
				imports++
			}
		}
		if out.NextToken == "" {
			return imports, updates, nil
		}
		token = `,"NextToken":"` + out.NextToken + `"`
	}
}

// told is what a stream has told of one finding.
type told struct {
	events int
	last   json.RawMessage
}

// reader reads a hub's stream of events on and on, over restarts.
type reader struct {
	cursor   string
	findings map[string]*told
	seen     map[string]bool // ids of events
}

// until reads up to the first event of a finding, which ends the stretch.
func (r *reader) until(p *process, id string) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	req, err := p.request(ctx, "GET", "/events?oldest=true", "")
	if err != nil {
		return err
	}
	if r.cursor != "" {
		req.Header.Set("Last-Event-ID", r.cursor)
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	in := bufio.NewReader(resp.Body)
	for cursor := ""; ; {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return fmt.Errorf("the stream ended before the event of %s: %w", id, err)
		}
		if c, ok := bytes.CutPrefix(line, []byte("id: ")); ok {
			cursor = string(bytes.TrimSpace(c))
		}
		data, ok := bytes.CutPrefix(line, []byte("data: "))
		if !ok {
			continue
		}
		got, err := r.take(data)
		if err != nil {
			return err
		}
		r.cursor = cursor
		if got == id {
			return nil
		}
	}
}

// take takes in one event and gives its finding's id. No event comes twice.
func (r *reader) take(data []byte) (string, error) {
	var e struct {
		ID     string
		Detail struct{ Findings []json.RawMessage }
	}
	if err := json.Unmarshal(data, &e); err != nil || len(e.Detail.Findings) != 1 {
		return "", fmt.Errorf("not an event: %s, %w", data, err)
	}
	if r.seen[e.ID] {
		return "", fmt.Errorf("the event %s was told twice", e.ID)
	}
	r.seen[e.ID] = true
	id, _, err := stateOf(e.Detail.Findings[0])
	if err != nil {
		return "", err
	}
	t := r.findings[id]
	if t == nil {
		t = &told{}
		r.findings[id] = t
	}
	t.events, t.last = t.events+1, e.Detail.Findings[0]
	return id, nil
}
