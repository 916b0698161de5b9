package config

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"

	"github.com/findinghub/findinghub/events"
	"github.com/findinghub/findinghub/events/file"
	"github.com/findinghub/findinghub/events/kafka"
	"github.com/findinghub/findinghub/events/nats"
	"github.com/findinghub/findinghub/events/webhook"
)

// open connects to a target.
type open = func(context.Context) (events.Sender, error)

// kinds read what each kind needs beside what all have.
var kinds = map[string]func(*section, *Options, *events.Target) open{
	"webhook": readWebhook, "nats": readNATS, "kafka": readKafka, "file": readFile,
}

// readWebhook: url, secret-file or secret-env, array (a request has a batch as one JSON array), concurrency
// (requests at once without array, default 8), insecure (http), ca-file.
func readWebhook(s *section, o *Options, t *events.Target) open {
	w := webhook.Settings{
		URL: s.required("url"), Insecure: s.flag("insecure"), Batch: s.flag("array"),
		Concurrency: s.number("concurrency", 8, 1, 64),
		Secret:      s.secret("secret", o), TLS: s.tls(o), Now: o.Now,
	}
	if len(w.Secret) == 0 {
		s.fail(s.node, "key %q or %q is missing", "secret-file", "secret-env")
	}
	if !w.Batch {
		t.Batch = min(t.Batch, w.Concurrency) // the timeout is of a Send: none must wait for its turn in one
	}
	s.check(w.Check())
	return func(context.Context) (events.Sender, error) { return webhook.Open(w) }
}

// readNATS: urls, subject (default findings.{account}.{region}), credentials-file, token-file or token-env, ca-file.
func readNATS(s *section, o *Options, t *events.Target) open {
	n := nats.Settings{
		URLs: s.list("urls"), Subject: s.text("subject", "findings.{account}.{region}"),
		CredentialsFile: s.text("credentials-file", ""), Token: string(s.secret("token", o)),
		TLS: s.tls(o), Timeout: t.Timeout,
	}
	s.check(n.Check())
	return func(context.Context) (events.Sender, error) { return nats.Open(n) }
}

// readKafka: brokers, topic, mechanism (plain, scram-sha-256, scram-sha-512), user, password-file or
// password-env, tls, ca-file, max-bytes (of a batch, default 1,000,000).
func readKafka(s *section, o *Options, _ *events.Target) open {
	k := kafka.Settings{
		Brokers: s.list("brokers"), Topic: s.required("topic"),
		Mechanism: s.text("mechanism", ""), User: s.text("user", ""), Password: string(s.secret("password", o)),
		MaxBytes: int32(s.number("max-bytes", 1_000_000, 1<<10, 1<<30)), TLS: s.tls(o),
	}
	if s.flag("tls") && k.TLS == nil {
		k.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	s.check(k.Check())
	return func(ctx context.Context) (events.Sender, error) { return kafka.Open(ctx, k) }
}

// readFile: path, max-bytes (when to rotate, default 100 MiB), keep (rotated files, default 10).
func readFile(s *section, _ *Options, _ *events.Target) open {
	f := file.Settings{
		Path: s.required("path"), MaxBytes: int64(s.number("max-bytes", 100<<20, 1, 1<<40)),
		Keep: s.number("keep", 10, 0, 1000),
	}
	s.check(f.Check())
	return func(context.Context) (events.Sender, error) { return file.Open(f) }
}

// check takes over what a kind finds wrong.
func (s *section) check(err error) {
	if err != nil {
		s.fail(s.node, "%w", err)
	}
}

// secret reads NAME-file or NAME-env, of which one may be given; nil when neither is. A line feed at a file's end does
// not belong to the secret.
func (s *section) secret(name string, o *Options) []byte {
	path, variable := s.text(name+"-file", ""), s.text(name+"-env", "")
	var v []byte
	switch {
	case path != "" && variable != "":
		s.fail(s.node, "keys %q and %q: only one may be given", name+"-file", name+"-env")
	case path != "":
		data, err := o.ReadFile(path)
		if err != nil {
			s.fail(s.node, "key %q: %w", name+"-file", err)
		}
		v = bytes.TrimRight(data, "\r\n")
	case variable != "":
		v = []byte(o.Getenv(variable))
	default:
		return nil
	}
	if len(v) == 0 {
		s.fail(s.node, "the secret %q is empty", name)
	}
	return v
}

// tls reads ca-file, the certificates that the target's must come from; nil for the system's.
func (s *section) tls(o *Options) *tls.Config {
	path := s.text("ca-file", "")
	if path == "" {
		return nil
	}
	data, err := o.ReadFile(path)
	if err != nil {
		s.fail(s.node, "key %q: %w", "ca-file", err)
		return nil
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(data) {
		s.fail(s.node, "key %q: it has no certificate", "ca-file")
	}
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
}
