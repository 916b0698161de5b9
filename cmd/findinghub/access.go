package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/findinghub/findinghub/api"
	"github.com/findinghub/findinghub/audit"
	"github.com/findinghub/findinghub/auth/identity"
	"github.com/findinghub/findinghub/quota"
	"github.com/findinghub/findinghub/store"
)

// The files of the data directory that access needs.
const (
	managedFile = "identity.json"
	sealKeyFile = "identity.key"
	auditFile   = "audit.jsonl"
)

// sealKeyVariable holds the sealing key itself, where it is not to be on a disk.
const sealKeyVariable = environment + "SEAL_KEY"

// accessFlags are who may call the hub, from where and how often, and where that is recorded.
type accessFlags struct {
	Identity     string   `placeholder:"FILE" help:"Accounts, users, roles, keys and policies in YAML or JSON, beside those of findinghub identity; read again when it changes."`
	SealKeyFile  string   `placeholder:"FILE" help:"The key that secrets are sealed with; identity.key in the data directory unless given, made when it is needed."`
	AdminAccount string   `default:"${dev_account}" placeholder:"ACCOUNT" help:"The account of the administrator key that the first start without --dev makes and shows once."`
	Audit        string   `placeholder:"FILE" help:"Where every call is recorded: a file, - for the standard output, or off; audit.jsonl in the data directory unless given, off with --dev."`
	AuditMaxSize int64    `default:"100" placeholder:"MB" help:"How large a file of the record grows before a new one is begun."`
	AuditKeep    int      `default:"10" placeholder:"N" help:"How many old files of the record are kept."`
	AuditFailure string   `enum:"fail-writes,fail-all,continue" default:"fail-writes" help:"What becomes of calls while they cannot be recorded: fail-writes, fail-all or continue."`
	AwsQuotas    bool     `help:"Throttle callers at the service's rates, for each account, region and operation."`
	TrustedProxy []string `placeholder:"CIDR" help:"Networks whose X-Forwarded-For and X-Forwarded-Proto headers are believed."`
}

// newSealer finds the key that secrets are sealed with, without looking at it yet.
func newSealer(m *Main, dataDir, file string) (*identity.Sealer, error) {
	key := m.Getenv(sealKeyVariable)
	if key != "" && file != "" {
		return nil, usagef("--seal-key-file and %s both give a key; leave one out", sealKeyVariable)
	}
	if file == "" {
		file = filepath.Join(dataDir, sealKeyFile)
	}
	return identity.NewSealer(file, key), nil
}

// proxies reads --trusted-proxy.
func (c *serveCommand) proxies() ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, text := range c.TrustedProxy {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, usagef("--trusted-proxy %q is not a network such as 10.0.0.0/8", text)
		}
		all = append(all, p.Masked())
	}
	return all, nil
}

// admission is what the hub's access needs beside the store.
type admission struct {
	directory *identity.Directory // nil with --dev
	api       api.Config
}

// admit opens the identities and the record of calls.
func (s *serving) admit(ctx context.Context, engine store.Engine, registry *prometheus.Registry) (*admission, error) {
	a := &admission{api: api.Config{DefaultRegion: s.Region, Registry: registry, Logger: s.log}}
	var err error
	if a.api.TrustedProxies, err = s.proxies(); err != nil {
		return nil, err
	}
	if s.AwsQuotas {
		a.api.Quotas = quota.New(quota.Config{Now: time.Now})
	}
	if !s.Dev {
		if err := s.identify(ctx, a, engine); err != nil {
			return nil, err
		}
		registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "findinghub_identity_refused", Help: "1 while the identity files are bad and what they said before holds.",
		}, func() float64 {
			if a.directory.Err() != nil {
				return 1
			}
			return 0
		}))
	}
	a.api.Audit, err = s.record(registry)
	return a, err
}

// identify opens the directory and lets the first administrator in.
func (s *serving) identify(ctx context.Context, a *admission, engine store.Engine) error {
	sealer, err := newSealer(s.main, s.DataDir, s.SealKeyFile)
	if err != nil {
		return err
	}
	key, err := sessionKey(ctx, engine, sealer)
	if err != nil {
		return err
	}
	a.directory, err = identity.Open(identity.Config{
		DeclaredFile: s.Identity, ManagedFile: filepath.Join(s.DataDir, managedFile), Sealer: sealer, TokenKey: key,
		Random: rand.Reader, Now: time.Now, Getenv: s.main.Getenv, Logger: s.log,
	})
	if err != nil {
		return fmt.Errorf("the identities cannot be used: %w", err)
	}
	id, secret, made, err := a.directory.Bootstrap(s.AdminAccount)
	if err != nil {
		return fmt.Errorf("the administrator key cannot be made: %w", err)
	}
	if made {
		s.firstKey, s.firstSecret = id, string(secret)
	}
	a.api.Identity, err = identity.NewAuthenticator(a.directory)
	return err
}

// sessionKeys is the collection of the one key that seals the tokens of sessions. It is in the store,
// sealed, so that sessions outlive a restart and hold on every process of a hub.
const sessionKeys = "session-key"

// sessionKeyID stands in the place of an access key's id where the key is sealed.
const sessionKeyID = "FINDINGHUBSESSIONS"

// sessionKey reads the key, or makes it when this hub is the first of its store.
func sessionKey(ctx context.Context, engine store.Engine, sealer *identity.Sealer) ([]byte, error) {
	sealed, err := engine.GetRecord(ctx, sessionKeys, "", "", sessionKeys)
	if errors.Is(err, store.ErrNoRecord) {
		key := make([]byte, 32)
		_, _ = rand.Read(key) // it never fails
		text, err := sealer.Seal(sessionKeyID, identity.Secret(base64.StdEncoding.EncodeToString(key)))
		if err != nil {
			return nil, err
		}
		err = engine.PutRecord(ctx, store.Record{Collection: sessionKeys, Name: sessionKeys, Body: []byte(text)}, true)
		if err != nil && !errors.Is(err, store.ErrExists) {
			return nil, err
		}
		sealed, err = engine.GetRecord(ctx, sessionKeys, "", "", sessionKeys) // another hub may have been faster
		if err != nil {
			return nil, err
		}
		return openSessionKey(sealed, sealer)
	}
	if err != nil {
		return nil, err
	}
	return openSessionKey(sealed, sealer)
}

func openSessionKey(sealed []byte, sealer *identity.Sealer) ([]byte, error) {
	text, err := sealer.Unseal(sessionKeyID, string(sealed))
	if err != nil {
		return nil, fmt.Errorf("the key of sessions cannot be opened; is the sealing key the one of this hub? %w", err)
	}
	return base64.StdEncoding.DecodeString(string(text))
}

// record opens the record of calls, nil for none.
func (s *serving) record(registry *prometheus.Registry) (*audit.Log, error) {
	path := s.Audit
	switch {
	case path == "off" || path == "" && s.Dev:
		return nil, nil
	case path == "":
		path = filepath.Join(s.DataDir, auditFile)
	}
	log, err := audit.Open(audit.Config{
		Path: path, Stdout: s.main.Stdout, MaxSize: s.AuditMaxSize << 20, Keep: s.AuditKeep,
		Mode: auditModes[s.AuditFailure], Logger: s.log, Now: time.Now, NewID: newUUID,
	})
	if err != nil {
		return nil, err
	}
	registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "findinghub_audit_lost_total", Help: "Calls whose record could not be written.",
	}, func() float64 { return float64(log.Lost()) }))
	return log, nil
}

var auditModes = map[string]audit.Mode{"fail-writes": audit.FailWrites, "fail-all": audit.FailAll, "continue": audit.Continue}

// newUUID makes a random id.
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
