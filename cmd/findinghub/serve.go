package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync"
	"syscall"
	"time"

	"github.com/findinghub/findinghub/auth"
	"github.com/findinghub/findinghub/events"
)

type serveCommand struct {
	Listen            string        `default:"${listen}" placeholder:"HOST:PORT" help:"Where to listen; port 0 takes any that is free."`
	DataDir           string        `default:"./findinghub-data" placeholder:"DIR" help:"Where everything is kept; made if it is not there."`
	Dev               bool          `help:"Take callers at their word: no signature is checked, a 12-digit access key id is the account, any other is ${dev_account}, and every hub and product is enabled."`
	InsecureDevListen bool          `help:"Let --dev listen beyond this machine, where anybody who can reach it can read and change everything."`
	TLSCert           string        `name:"tls-cert" placeholder:"FILE" help:"Serve HTTPS with this certificate and those between it and its authority, in PEM; read again when it is renewed."`
	TLSKey            string        `name:"tls-key" placeholder:"FILE" help:"The private key of --tls-cert, in PEM."`
	InsecureHTTP      bool          `name:"insecure-http" help:"Listen beyond this machine without TLS, where anybody on the way can read and change what is sent."`
	Strict            bool          `help:"Refuse what the service refuses although the hub could take it: members that the format does not know, CONTAINS filters."`
	Region            string        `default:"${region}" placeholder:"REGION" help:"The region of requests that name none."`
	DrainTimeout      time.Duration `default:"25s" help:"How long requests under way may take to finish after SIGTERM."`
	MaxRequests       int           `default:"64" placeholder:"N" help:"How many requests are executed at once; their bodies and answers are what memory goes to."`
	MaxWaiting        int           `default:"256" placeholder:"N" help:"How many more requests wait for their turn; others are answered with 503 at once."`
	QueueTimeout      time.Duration `default:"2s" help:"How long a request waits for its turn before it is answered with 503."`
	LogFormat         string        `enum:"text,json" default:"text" help:"text or json."`
	LogLevel          slog.Level    `default:"INFO" help:"DEBUG, INFO, WARN or ERROR."`

	databaseFlags  `embed:""`
	accessFlags    `embed:""`
	eventFlags     `embed:""`
	retentionFlags `embed:""`
}

// Help is what serve --help says beyond its flags.
func (*serveCommand) Help() string {
	return `The hub answers on GET /healthz with 200 once it is ready; while it builds its index, every request is answered with 503
and Retry-After, which AWS clients wait for. SIGTERM or SIGINT ends it after the requests under way; a second signal, at once.

  findinghub serve --dev
  FINDINGHUB_DEV=1 FINDINGHUB_DATA_DIR=/var/lib/findinghub findinghub serve --log-format json`
}

// Run serves until the context ends.
func (c *serveCommand) Run(ctx context.Context, m *Main) error {
	if err := c.check(); err != nil {
		return err
	}
	log := c.logger(m)
	cert, err := c.certificate(log)
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return listenError(c.Listen, err)
	}
	s := &serving{serveCommand: c, main: m, log: log, door: newDoor(c.Dev), bell: &events.Bell{}, cert: cert}
	s.door.local = c.Dev && !c.InsecureDevListen
	return s.run(ctx, listener)
}

// check refuses what would be dangerous or could not work.
func (c *serveCommand) check() error {
	if !auth.ValidRegion(c.Region) {
		return usagef("--region %q is not a region's name", c.Region)
	}
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return usagef("--listen %q is not of the form HOST:PORT", c.Listen)
	}
	if c.Dev && !c.InsecureDevListen && !isLoopback(host) {
		return usagef("--dev checks no signatures and --listen %s can be reached from other machines; listen on 127.0.0.1, or add --insecure-dev-listen if that is meant", c.Listen)
	}
	if !c.Dev && !auth.ValidAccount(c.AdminAccount) {
		return usagef("--admin-account %q is not an account's 12 digits", c.AdminAccount)
	}
	if c.MaxRequests < 1 || c.MaxWaiting < 0 || c.QueueTimeout < 0 {
		return usagef("--max-requests must be at least 1, --max-waiting and --queue-timeout not negative")
	}
	if c.AuditMaxSize < 1 || c.AuditKeep < 1 {
		return usagef("--audit-max-size and --audit-keep must be at least 1")
	}
	if err := c.databaseFlags.check(); err != nil {
		return err
	}
	if _, err := c.proxies(); err != nil {
		return err
	}
	return c.checkTransport(host)
}

// isLoopback says whether only this machine can reach a host. A name other than
// localhost may mean anything tomorrow, so that it does not count.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// listenError says in one line what is wrong with an address.
func listenError(addr string, err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%s is in use by another process; choose another address with --listen", addr)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("%s may only be listened on by root; choose a port above 1023 with --listen", addr)
	default:
		return fmt.Errorf("cannot listen: %w", err)
	}
}

// logger writes to the standard error: what serve prints on the standard output is for people.
func (c *serveCommand) logger(m *Main) *slog.Logger {
	options := &slog.HandlerOptions{Level: c.LogLevel}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(m.Stderr, options))
	}
	return slog.New(slog.NewTextHandler(m.Stderr, options))
}

// serving is one run of serve.
type serving struct {
	*serveCommand
	main *Main
	log  *slog.Logger
	door *door
	bell *events.Bell
	// stopping is closed when the hub begins to stop.
	stopping <-chan struct{}
	// firstKey and firstSecret are the administrator's when this start has made them.
	firstKey, firstSecret string
	cert                  *certificate // nil without TLS
}

// run listens from the first moment, so that whoever waits for the hub learns that it
// is starting, and opens the door when the index is built.
func (s *serving) run(ctx context.Context, listener net.Listener) error {
	stopping := make(chan struct{})
	s.stopping = stopping
	server := s.server()
	server.RegisterOnShutdown(sync.OnceFunc(func() { close(stopping) }))
	lost := make(chan error, 1)
	go func() { lost <- s.serve(server, listener) }()
	closeStore, err := s.open(ctx)
	if err != nil {
		server.Close()
		return err
	}
	s.greet(s.scheme() + "://" + listener.Addr().String())
	select {
	case err = <-lost:
		err = fmt.Errorf("the listener failed: %w", err)
	case <-ctx.Done():
		err = s.drain(context.WithoutCancel(ctx), server)
	}
	return errors.Join(err, closeStore())
}

// drain closes the listener, which is how load balancers learn of it, and lets requests
// under way finish. Requests that take too long are cut off: their
// findings are stored or not, as their callers' retries will find out.
func (s *serving) drain(ctx context.Context, server *http.Server) error {
	s.log.Info("stopping", "drain_timeout", s.DrainTimeout)
	ctx, cancel := context.WithTimeout(ctx, s.DrainTimeout)
	defer cancel()
	err := server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		s.log.Warn("requests were cut off at the drain timeout")
		return server.Close()
	}
	return err
}

// place is where findings are kept, without the password that a database's URL may have.
func (s *serving) place() string {
	if s.DatabaseURL == "" {
		return s.DataDir
	}
	u, err := url.Parse(s.DatabaseURL)
	if err != nil {
		return "PostgreSQL"
	}
	return "PostgreSQL at " + u.Host + u.Path
}

// greet tells the person who started the hub how to use it.
func (s *serving) greet(endpoint string) {
	how := "it checks no signatures (--dev)"
	if !s.Dev {
		how = "it checks signatures"
	}
	fmt.Fprintf(s.main.Stdout, "findinghub is ready at %s in %s; %s.\nFindings are kept in %s. Point AWS clients at it with\n\n", endpoint, s.Region, how, s.place())
	fmt.Fprintf(s.main.Stdout, "  export AWS_ENDPOINT_URL_SECURITYHUB=%[1]s AWS_ENDPOINT_URL_STS=%[1]s AWS_REGION=%[2]s AWS_DEFAULT_REGION=%[2]s\n", endpoint, s.Region)
	switch {
	case s.Dev:
		fmt.Fprintf(s.main.Stdout, "  export AWS_ACCESS_KEY_ID=%s AWS_SECRET_ACCESS_KEY=dev\n", auth.DevAccount)
	case s.firstKey != "":
		fmt.Fprintf(s.main.Stdout, "  export AWS_ACCESS_KEY_ID=%s AWS_SECRET_ACCESS_KEY=%s\n", s.firstKey, s.firstSecret)
	}
	fmt.Fprintf(s.main.Stdout, "  aws securityhub get-findings\n\nor, where the client is older than those variables, with --endpoint-url %s.\n", endpoint)
	if s.firstKey != "" {
		fmt.Fprintf(s.main.Stdout, "\nThis is the key of user admin in account %s, who may do everything. It is shown this once.\nEnable the account's hub with it first: aws securityhub enable-security-hub\n", s.AdminAccount)
		s.firstSecret = ""
	}
}
