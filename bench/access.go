package bench

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// accessing times what it costs to know who imports and whether they may: a hub that checks signatures
// and asks policies against one that believes callers, with the same findings, in turn.
func (b *Bench) accessing(ctx context.Context) error {
	// Without the record of calls, which --dev has not either, and then with it.
	for _, record := range []string{"off", filepath.Join(b.Dir, "audit.jsonl")} {
		if err := b.accessAgainst(ctx, record); err != nil {
			return err
		}
	}
	return nil
}

// accessAgainst begins with new hubs on both sides: what is imported again is another thing.
func (b *Bench) accessAgainst(ctx context.Context, record string) error {
	dev, err := b.serve(ctx, filepath.Join(b.Dir, "believing-"+filepath.Base(record)))
	if err != nil {
		return err
	}
	defer dev.stop()
	name := "signature and policies"
	if record != "off" {
		name += ", and a record of each call"
	}
	checking, err := b.serveChecking(ctx, filepath.Join(b.Dir, "checking-"+filepath.Base(record)), record)
	if err != nil {
		return err
	}
	defer checking.stop()
	if err := enableAll(ctx, checking.addr); err != nil {
		return err
	}
	g := NewGenerator(2, b.Size, b.Now)
	var rates [2][]float64
	var cpu [2]float64
	// The first round is not counted: neither pays for its first allocations.
	for round := range 2*b.Rounds + 1 {
		rs := imports(g, round*slice, slice, 0)
		for i, p := range []*process{dev, checking} {
			if i == 1 {
				if rs, err = signed(ctx, p.addr, rs); err != nil {
					return err
				}
			}
			before := p.cpu()
			rate, err := send(ctx, p.addr, rs)
			if err != nil {
				return err
			}
			if round > 0 {
				rates[i], cpu[i] = append(rates[i], rate), cpu[i]+p.cpu()-before
			}
		}
	}
	each := 1e6 / float64(2*b.Rounds*slice)
	b.row("access", "import of 100 findings: "+name, fmt.Sprintf("%.0f/s, %.1f us CPU each", median(rates[1]), cpu[1]*each),
		fmt.Sprintf("--dev %.0f/s, %.1f us", median(rates[0]), cpu[0]*each), fmt.Sprintf("rate %.2f, CPU %.2f", median(rates[1])/median(rates[0]), cpu[1]/cpu[0]))
	return nil
}

// secretOf and keyOf are the credentials of an account's scanner.
func secretOf(account string) string { return "secret-of-the-scanner-of-" + account }
func keyOf(account string) string    { return "AKIA" + account }

// serveChecking starts a hub without --dev where every account has a scanner with a few policies.
func (b *Bench) serveChecking(ctx context.Context, dir, record string) (*process, error) {
	var doc strings.Builder
	doc.WriteString("accounts:\n")
	for i := range Accounts {
		fmt.Fprintf(&doc, `  "%[1]s":
    users:
      scanner:
        policies: [FindingProvider]
        inline-policies:
          Own: {Version: "2012-10-17", Statement: {Effect: Deny, Action: "securityhub:BatchImportFindings", Resource: "*", Condition: {StringNotEquals: {"securityhub:TargetAccount": "%[1]s"}}}}
          Setup: {Version: "2012-10-17", Statement: {Effect: Allow, Action: ["securityhub:EnableSecurityHub", "securityhub:EnableImportFindingsForProduct"], Resource: "*", Condition: {IpAddress: {"aws:SourceIp": 127.0.0.0/8}}}}
        access-keys: [{id: %[2]s, secret: %[3]s}]
`, Account(i), keyOf(Account(i)), secretOf(Account(i)))
	}
	file := dir + ".yaml"
	if err := os.WriteFile(file, []byte(doc.String()), 0o600); err != nil {
		return nil, err
	}
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	return start(ctx, b.serverLog(), addr, "/healthz", nil, b.Self, "serve", "--listen", addr, "--data-dir", dir, "--log-level", "warn", "--identity", file, "--audit", record)
}

// enableAll switches on what --dev has on from the start.
func enableAll(ctx context.Context, addr string) error {
	client := &http.Client{}
	defer client.CloseIdleConnections()
	var rs []request
	for i := range Accounts {
		rs = append(rs, request{method: http.MethodPost, path: "/accounts", account: Account(i), body: []byte(`{}`), anyAnswer: true},
			request{method: http.MethodPost, path: "/productSubscriptions", account: Account(i), body: []byte(`{"ProductArn":"arn:aws:securityhub:` + Region + `::product/prowler/prowler"}`), anyAnswer: true})
	}
	rs, err := signed(ctx, addr, rs)
	if err != nil {
		return err
	}
	for _, r := range rs {
		if err := call(ctx, client, addr, r); err != nil {
			return err
		}
	}
	return nil
}

// signed signs requests ahead of time, so that what is timed is checking and not signing.
func signed(ctx context.Context, addr string, rs []request) ([]request, error) {
	signer := v4.NewSigner()
	all := make([]request, len(rs))
	for i, r := range rs {
		req, err := http.NewRequestWithContext(ctx, r.method, "http://"+addr+r.path, strings.NewReader(string(r.body)))
		if err != nil {
			return nil, err
		}
		req.Header.Set("Content-Type", "application/json")
		sum := sha256.Sum256(r.body)
		credentials := aws.Credentials{AccessKeyID: keyOf(r.account), SecretAccessKey: secretOf(r.account)}
		if err := signer.SignHTTP(ctx, credentials, req, hex.EncodeToString(sum[:]), "securityhub", Region, time.Now()); err != nil {
			return nil, err
		}
		r.header = req.Header
		all[i] = r
	}
	return all, nil
}
